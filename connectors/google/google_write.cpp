#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "connectors/google/google_ids.hpp"
#include "connectors/google/google_properties.hpp"
#include "connectors/google/google_time.hpp"
#include "connectors/google/google_wire.hpp"

namespace calgate::google {

namespace {

using json = nlohmann::ordered_json;

Error rejected(const std::string& sentence) { return {ErrorCode::Rejected, sentence, {}}; }

std::string dumped(const json& body) { return body.dump(-1, ' ', false, json::error_handler_t::replace); }

bool repeats(const EventInstance& i) { return !i.rules.empty() || !i.extra_dates.empty(); }

const char* name_of(EventStatus status) {
    if (status == EventStatus::Cancelled) return "cancelled";
    return status == EventStatus::Tentative ? "tentative" : "confirmed";
}

const char* name_of(Classification classification) {
    if (classification == Classification::Private) return "private";
    return classification == Classification::Confidential ? "confidential" : "default";
}

const char* name_of(Transparency transparency) {
    return transparency == Transparency::Transparent ? "transparent" : "opaque";
}

/// Members of one instance as Google names them.
class Writer {
public:
    explicit Writer(const ReadContext& context) : context_(context) {}

    Instant instant(const When& when) const {
        return context_.zones.to_instant(when, context_.default_zone.empty() ? "UTC" : context_.default_zone);
    }
    std::set<Instant> instants(const std::vector<When>& dates) const {
        std::set<Instant> out;
        for (const When& date : dates) out.insert(instant(date));
        return out;
    }
    /// The end as a time of its own; Google knows no durations.
    When end_of(const EventInstance& i) const {
        if (!i.exact_duration || i.start.kind == When::Kind::Date) return i.end;
        When end = i.start;
        end.local += i.nominal_days;
        const Instant exact = instant(end) + *i.exact_duration;
        if (end.kind == When::Kind::Zoned) {
            end.local = context_.zones.to_local(exact, end.zone);
            if (instant(end) == exact) return end;
        }
        return {When::Kind::Utc, LocalSeconds{exact.time_since_epoch()}, {}};
    }
    bool same_times(const EventInstance& a, const EventInstance& b) const {
        const auto is_date = [](const When& when) { return when.kind == When::Kind::Date; };
        if (is_date(a.start) != is_date(b.start)) return false;
        if (repeats(b) && a.start.zone != b.start.zone) return false;
        return instant(a.start) == instant(b.start) && instant(end_of(a)) == instant(end_of(b));
    }
    /// @param clear says what the other kind of time has to lose, as PATCH wants it.
    Status set_times(json& body, const EventInstance& i, bool clear) const {
        const When end = end_of(i);
        if ((i.start.kind == When::Kind::Date) != (end.kind == When::Kind::Date))
            return rejected("The event starts with a day and ends with a time, or the other way round.");
        for (const auto& [name, when] : {std::pair<const char*, When>{"start", i.start}, {"end", end}}) {
            const auto written = written_when(when, context_.zones, context_.default_zone, repeats(i));
            if (!written) return rejected("Google needs a named time zone for this event; give the appointment one.");
            json& member = body[name];
            if (written->date.empty()) {
                member = {{"dateTime", written->date_time}, {"timeZone", written->zone}};
                if (clear) member["date"] = nullptr;
            } else {
                member = {{"date", written->date}};
                if (clear) member["dateTime"] = nullptr;
            }
        }
        return {};
    }
    /// Only what differs between two instances, for a PATCH.
    Result<json> difference(const EventInstance& from, const EventInstance& to) const {
        json body = json::object();
        if (from.title != to.title) body["summary"] = to.title;
        if (from.place != to.place) body["location"] = to.place;
        if (from.notes != to.notes) body["description"] = to.notes;
        if (!same_times(from, to)) CALGATE_TRY_STATUS(set_times(body, to, true));
        if (from.status != to.status) body["status"] = name_of(to.status);
        if (from.transparency != to.transparency) body["transparency"] = name_of(to.transparency);
        if (from.classification != to.classification) body["visibility"] = name_of(to.classification);
        return body;
    }

private:
    const ReadContext& context_;
};

Status writable(const Event& event) {
    if (event.partial) return rejected("The event is only partly understood, so it is not rewritten.");
    if (!event.has_master) return rejected("The event is only instances of a series that is not there.");
    if (event.master.status == EventStatus::Cancelled)
        return rejected("Google keeps no cancelled events; delete the event instead.");
    for (const EventInstance& instance : event.overrides) {
        if (instance.this_and_future)
            return rejected("Google cannot change a series from an instance on; write two series.");
        if (!instance.recurrence_id) return rejected("An instance of the series does not say which one it is.");
    }
    return {};
}

/// Names with null are deleted; names of other programs are not mentioned.
Result<json> property_changes(const Item& now, const Event& wanted) {
    const auto values = written_properties(wanted.mark, wanted.capsule);
    if (!values) return rejected("The appointment is too large to be kept inside a Google event; shorten its notes.");
    const json resource = json::parse(now.text, nullptr, false);
    const json::json_pointer own("/extendedProperties/private");
    const json present = resource.contains(own) && resource.at(own).is_object() ? resource.at(own) : json::object();
    json changes = json::object();
    for (const auto& [name, value] : *values) {
        const auto at = present.find(name);
        if (at == present.end() || *at != value) changes[name] = value;
    }
    for (const auto& [name, value] : present.items())
        if (is_our_property(name) && !values->contains(name)) changes[name] = nullptr;
    return changes;
}

/// Someone else's events change only on our copy, and come back (page 12).
Status ours_to_change(const Item& master) {
    const json resource = json::parse(master.text, nullptr, false);
    const auto flag = [&](const char* pointer) {
        const json::json_pointer at(pointer);
        return resource.contains(at) && resource.at(at).is_boolean() && resource.at(at).get<bool>();
    };
    if (flag("/locked")) return rejected("Google has locked this event; it is changed where it comes from.");
    if (resource.contains("organizer") && !flag("/organizer/self") && !flag("/guestsCanModify"))
        return rejected("Someone else organizes this event; only they can change it.");
    return {};
}

class Planner {
public:
    Planner(const Whole& now, const Event& wanted, const ReadContext& context)
        : now_(now), wanted_(wanted), context_(context), writer_(context) {}

    Result<std::vector<Patch>> plan() {
        CALGATE_TRY_STATUS(writable(wanted_));
        CALGATE_TRY_STATUS(ours_to_change(now_.master));
        CALGATE_TRY(current_, read_event(now_, context_));
        CALGATE_TRY(alone_, read_event(Whole{now_.master, {}}, context_));
        if (current_.partial) return rejected("The event at Google is only partly understood, so it is not rewritten.");
        sort_exceptions();
        CALGATE_TRY_STATUS(plan_master());
        for (const EventInstance& instance : wanted_.overrides) CALGATE_TRY_STATUS(plan_override(instance));
        CALGATE_TRY_STATUS(plan_reverts());
        return std::move(patches_);
    }

private:
    void sort_exceptions() {
        std::size_t live = 0, cancelled = alone_.master.excluded_dates.size();
        for (const Item& item : now_.exceptions) {
            if (item.cancelled) {
                cancelled_[writer_.instant(current_.master.excluded_dates[cancelled++])] = &item;
            } else {
                const EventInstance& instance = current_.overrides[live++];
                live_[writer_.instant(*instance.recurrence_id)] = {&item, &instance};
            }
        }
    }

    void add(const std::string& id, const std::optional<Version>& version, const json& body) {
        if (!body.empty()) patches_.push_back({id, version, dumped(body)});
    }

    Status plan_master() {
        const EventInstance &from = alone_.master, &to = wanted_.master;
        CALGATE_TRY(json body, writer_.difference(from, to));
        std::vector<When> excluded;
        for (const When& date : to.excluded_dates)
            if (!cancelled_.contains(writer_.instant(date))) excluded.push_back(date);
        EventInstance rules_from = from, rules_to = to;
        const auto rules = [](EventInstance& i) { return written_recurrence(i, {}); };
        const bool same_rules = rules(rules_from) == rules(rules_to);
        if (!same_rules || writer_.instants(from.excluded_dates) != writer_.instants(excluded))
            body["recurrence"] = written_recurrence(to, excluded);
        if (!now_.exceptions.empty() && (!same_rules || writer_.instant(from.start) != writer_.instant(to.start)))
            return rejected("The series has changed instances, which Google would lose; end it and begin another.");
        CALGATE_TRY(const json properties, property_changes(now_.master, wanted_));
        if (!properties.empty()) body["extendedProperties"]["private"] = properties;
        add(now_.master.id, now_.master.version, body);
        return {};
    }

    Status plan_override(const EventInstance& instance) {
        const Instant at = writer_.instant(*instance.recurrence_id);
        handled_.insert(at);
        const auto live = live_.find(at);
        if (live != live_.end()) {
            CALGATE_TRY(const json body, writer_.difference(*live->second.second, instance));
            add(live->second.first->id, live->second.first->version, body);
            return {};
        }
        const auto gone = cancelled_.find(at);
        if (gone != cancelled_.end() && instance.status == EventStatus::Cancelled) return {};
        // Nothing is known of an instance without its own resource: everything is said.
        json body{{"summary", instance.title}, {"location", instance.place}, {"description", instance.notes}};
        CALGATE_TRY_STATUS(writer_.set_times(body, instance, false));
        body["status"] = name_of(instance.status);
        body["transparency"] = name_of(instance.transparency);
        body["visibility"] = name_of(instance.classification);
        const When slot = *instance.recurrence_id;
        const std::string id = now_.master.id + "_" + instance_suffix(slot, context_.zones, context_.default_zone);
        add(gone == cancelled_.end() ? id : gone->second->id,
            gone == cancelled_.end() ? std::nullopt : gone->second->version,
            body);
        return {};
    }

    /// Google keeps an exception for ever: one that is no longer wanted is made equal to its series.
    Status plan_reverts() {
        const auto excluded = writer_.instants(wanted_.master.excluded_dates);
        for (const auto& [at, exception] : live_) {
            if (handled_.contains(at)) continue;
            if (excluded.contains(at)) {
                add(exception.first->id, exception.first->version, {{"status", "cancelled"}});
                continue;
            }
            EventInstance regular = wanted_.master;
            const auto length = writer_.instant(writer_.end_of(regular)) - writer_.instant(regular.start);
            regular.start = *exception.second->recurrence_id;
            regular.end = regular.start;
            regular.end.local += length;
            regular.exact_duration.reset();
            CALGATE_TRY(const json body, writer_.difference(*exception.second, regular));
            add(exception.first->id, exception.first->version, body);
        }
        for (const auto& [at, item] : cancelled_)
            if (!excluded.contains(at) && !handled_.contains(at))
                add(item->id, item->version, {{"status", "confirmed"}});
        return {};
    }

    const Whole& now_;
    const Event& wanted_;
    const ReadContext& context_;
    Writer writer_;
    Event current_{}, alone_{};  ///< `alone_` is the master without what its exceptions add.
    std::map<Instant, std::pair<const Item*, const EventInstance*>> live_{};
    std::map<Instant, const Item*> cancelled_{};
    std::set<Instant> handled_{};
    std::vector<Patch> patches_{};
};

}  // namespace

Result<std::string> insert_body(const Event& event, const std::string& id, const ReadContext& context) {
    CALGATE_TRY_STATUS(writable(event));
    const auto properties = written_properties(event.mark, event.capsule);
    if (!properties)
        return rejected("The appointment is too large to be kept inside a Google event; shorten its notes.");
    const EventInstance& master = event.master;
    json body{{"id", id}};
    if (!master.title.empty()) body["summary"] = master.title;
    if (!master.place.empty()) body["location"] = master.place;
    if (!master.notes.empty()) body["description"] = master.notes;
    CALGATE_TRY_STATUS(Writer(context).set_times(body, master, false));
    body["status"] = name_of(master.status);
    body["transparency"] = name_of(master.transparency);
    if (master.classification != Classification::Public) body["visibility"] = name_of(master.classification);
    const auto recurrence = written_recurrence(master, master.excluded_dates);
    if (!recurrence.empty()) body["recurrence"] = recurrence;
    if (!properties->empty()) body["extendedProperties"]["private"] = *properties;
    // The owner's default reminders would ring for every copy.
    body["reminders"] = {{"useDefault", false}, {"overrides", json::array()}};
    return dumped(body);
}

Result<std::vector<Patch>> patches(const Whole& now, const Event& wanted, const ReadContext& context) {
    return Planner(now, wanted, context).plan();
}

bool keeps_mark(const Item& answer, const Event& wanted) {
    const Properties kept = read_properties(answer.text);
    return kept.mark == wanted.mark && kept.capsule == wanted.capsule;
}

}  // namespace calgate::google
