#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectors/exchange/exchange_recurrence.hpp"
#include "connectors/graph/graph_terms.hpp"
#include "connectors/graph/graph_text.hpp"
#include "connectors/graph/graph_wire.hpp"

namespace calgate::graph {

namespace {

using Json = nlohmann::ordered_json;
using exchange::Pattern;
using exchange::pattern_of_rule;
using exchange::rule_of_pattern;

constexpr std::size_t kMaxBody = 256 * 1024;
constexpr std::size_t kMaxExceptions = 2000;
constexpr int kMaxInterval = 999;

Error unreadable(std::string sentence) { return {ErrorCode::InvalidResponse, std::move(sentence), {}}; }

const Json& member(const Json& object, const char* name) {
    static const Json kNothing;
    if (!object.is_object()) return kNothing;
    const auto at = object.find(name);
    return at == object.end() ? kNothing : *at;
}

std::string text(const Json& object, const char* name) {
    const Json& value = member(object, name);
    return value.is_string() ? value.get<std::string>() : std::string();
}

bool flag(const Json& object, const char* name) {
    const Json& value = member(object, name);
    return value.is_boolean() && value.get<bool>();
}

int number(const Json& object, const char* name, int least, int most) {
    const Json& value = member(object, name);
    if (!value.is_number_integer()) return least;
    return static_cast<int>(std::clamp<std::int64_t>(value.get<std::int64_t>(), least, most));
}

std::string property(const Json& event, std::string_view name) {
    const std::string id = property_id(name);
    const Json& all = member(event, "singleValueExtendedProperties");
    if (!all.is_array()) return {};
    for (const Json& one : all)
        if (text(one, "id") == id) return text(one, "value");
    return {};
}

bool same_zone(const std::string& a, const std::string& b, const ZoneResolver& zones) {
    return a == b || (zones.canonical_name(a) && zones.canonical_name(a) == zones.canonical_name(b));
}

/// Reads the members of one event resource.
class InstanceReader {
public:
    InstanceReader(const Json& json, const WireContext& context, Event& event)
        : json_(json), context_(context), event_(event) {}

    /// The zone that the series or event lives in. @return false when it had to be guessed.
    bool choose_zone(const Wording& wording) {
        std::string said = text(member(member(json_, "recurrence"), "range"), "recurrenceTimeZone");
        if (said.empty() || said.starts_with("tzone://")) said = text(json_, "originalStartTimeZone");
        if (said.empty()) said = "UTC";
        const bool ours = !wording.zone.empty() && context_.zones.knows(wording.zone) &&
                          same_zone(graph_zone(wording.zone), said, context_.zones);
        const auto known = ours ? wording.zone : context_.zones.canonical_name(said);
        if (known && context_.zones.knows(*known)) {
            zone_ = *known;
            return true;
        }
        zone_ = context_.zones.knows(context_.default_zone) ? context_.default_zone : "UTC";
        event_.warnings.push_back(
            "Its time zone is not known here (" + printable(said, 60) + "); it is shown in " + zone_ + "."
        );
        return false;
    }
    void use_zone(const std::string& zone) { zone_ = zone; }
    const std::string& zone() const { return zone_; }

    When in_zone(Instant instant) const {
        const When utc{When::Kind::Utc, LocalSeconds{instant.time_since_epoch()}, {}};
        if (zone_ == "UTC") return utc;
        const LocalSeconds local = context_.zones.to_local(instant, zone_);
        // The second of two equal wall times cannot be said in a zone.
        return context_.zones.to_instant(local, zone_) == instant ? When{When::Kind::Zoned, local, zone_} : utc;
    }

    Result<When> when(const char* name) const {
        const Json& value = member(json_, name);
        const std::string date_time = text(value, "dateTime");
        const auto local = parse_local(std::string_view(date_time).substr(0, 19));
        if (!local) return unreadable("The event has no " + std::string(name) + " that can be read.");
        if (flag(json_, "isAllDay")) return When{When::Kind::Date, std::chrono::floor<std::chrono::days>(*local), {}};
        const auto zone =
            context_.zones.canonical_name(text(value, "timeZone").empty() ? "UTC" : text(value, "timeZone"));
        if (!zone || !context_.zones.knows(*zone))
            return unreadable("The event's times are in a zone that is not known here.");
        return in_zone(context_.zones.to_instant(*local, *zone));
    }

    Status read(EventInstance& out, const Wording& wording) const {
        CALGATE_TRY(out.start, when("start"));
        CALGATE_TRY(out.end, when("end"));
        if (out.end.kind == When::Kind::Date && out.end.local <= out.start.local)
            out.end.local = out.start.local + std::chrono::days(1);
        out.title = text(json_, "subject");
        out.place = text(member(json_, "location"), "displayName");
        out.notes = notes();
        if (out.notes.size() > kMaxBody || out.title.size() > kMaxBody)
            return unreadable("The event's text is longer than 256 KiB; shorten it at the service.");
        if (!wording.notes.empty() && loose_text(wording.notes) == loose_text(out.notes)) out.notes = wording.notes;
        const std::string show_as = text(json_, "showAs");
        if (!apply_state_word(wording.state, show_as, out)) apply_show_as(show_as, out);
        if (flag(json_, "isCancelled")) out.status = EventStatus::Cancelled;
        if (flag(json_, "isDraft")) out.transparency = Transparency::Transparent;
        out.classification = classification_of(text(json_, "sensitivity"));
        out.reply = reply();
        out.last_modified = parse_graph_instant(text(json_, "lastModifiedDateTime"));
        return {};
    }

private:
    std::string notes() const {
        const Json& body = member(json_, "body");
        const std::string content = text(body, "content");
        return text(body, "contentType") == "html" ? text_of_html(content) : plain_text(content);
    }
    /// notResponded is as showAs says: Exchange shows such a meeting as tentative until its owner answers.
    Reply reply() const {
        const std::string response = text(member(json_, "responseStatus"), "response");
        if (response == "accepted") return Reply::Accepted;
        if (response == "tentativelyAccepted") return Reply::Tentative;
        return response == "declined" ? Reply::Declined : Reply::None;
    }

    const Json& json_;
    const WireContext& context_;
    Event& event_;
    std::string zone_ = "UTC";
};

unsigned weekday_of(const std::string& name) {
    constexpr std::string_view kNames[] = {
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
    for (unsigned day = 0; day < 7; ++day)
        if (kNames[day] == name) return day;
    return 7;
}

Pattern pattern_of(const Json& recurrence) {
    const Json& json = member(recurrence, "pattern");
    const Json& range = member(recurrence, "range");
    Pattern out;
    out.type = text(json, "type");
    out.interval = number(json, "interval", 1, kMaxInterval);
    const bool weekdays = out.type == "weekly" || out.type.starts_with("relative");
    if (weekdays && member(json, "daysOfWeek").is_array())
        for (const Json& day : member(json, "daysOfWeek"))
            if (const unsigned found = day.is_string() ? weekday_of(day.get<std::string>()) : 7; found < 7)
                out.days.push_back(found);
    std::sort(out.days.begin(), out.days.end());
    out.days.erase(std::unique(out.days.begin(), out.days.end()), out.days.end());
    if (out.type == "weekly") out.first_day = weekday_of(text(json, "firstDayOfWeek")) % 7;
    if (out.type.starts_with("absolute")) out.day_of_month = number(json, "dayOfMonth", 1, 31);
    if (out.type.ends_with("Yearly")) out.month = number(json, "month", 1, 12);
    if (out.type.starts_with("relative")) out.index = text(json, "index").empty() ? "first" : text(json, "index");
    if (text(range, "type") == "numbered") out.count = number(range, "numberOfOccurrences", 1, 1'000'000);
    if (text(range, "type") == "endDate") out.until = parse_local(text(range, "endDate"));
    return out;
}

bool same_occurrence(EventInstance exception, EventInstance plain) {
    exception.recurrence_id = plain.recurrence_id = std::nullopt;
    exception.last_modified = plain.last_modified = std::nullopt;
    return exception == plain;
}

/// The occurrence that the rule alone puts at a slot.
EventInstance plain_occurrence(const EventInstance& master, const When& slot) {
    EventInstance out = master;
    out.rules.clear();
    out.excluded_dates.clear();
    out.extra_dates.clear();
    out.start = slot;
    out.end.local = slot.local + (master.end.local - master.start.local);
    return out;
}

class SeriesReader {
public:
    SeriesReader(const Json& source, const WireContext& context, Event& event)
        : source_(source), context_(context), event_(event) {}

    Status read(const InstanceReader& master, const Json& json, const Wording& wording, bool zone_is_known) {
        if (member(source_, "listed").is_array()) return read_as_listed(master);
        const Pattern pattern = pattern_of(member(json, "recurrence"));
        auto rule = rule_of_pattern(pattern, event_.master.start, context_.zones);
        if (!rule || !zone_is_known) {
            event_.partial = true;
            event_.warnings.push_back(rule ? "Its occurrences are known to the service only." : rule.error().detail);
        }
        if (!rule) return {};
        if (!wording.rule.empty()) {
            const auto ours = pattern_of_rule(wording.rule, event_.master.start, context_.zones);
            if (ours && *ours == pattern) *rule = wording.rule;
        }
        event_.master.rules = {std::move(*rule)};
        for (const Json& slot : member(source_, "cancelled"))
            if (const auto instant = slot.is_string() ? parse_instant(slot.get<std::string>()) : std::nullopt)
                event_.master.excluded_dates.push_back(slot_when(master, *instant));
        return read_exceptions(master);
    }

private:
    When slot_when(const InstanceReader& master, Instant slot) const {
        if (event_.master.start.kind != When::Kind::Date) return master.in_zone(slot);
        return {When::Kind::Date, LocalSeconds{std::chrono::floor<std::chrono::days>(slot).time_since_epoch()}, {}};
    }

    Status read_exceptions(const InstanceReader& master) {
        const Json& exceptions = member(source_, "exceptions");
        if (!exceptions.is_array()) return {};
        if (exceptions.size() > kMaxExceptions) return unreadable("The series has more than 2000 changed occurrences.");
        for (const Json& json : exceptions) {
            const auto item = parse_item(json.dump(-1, ' ', false, Json::error_handler_t::replace));
            if (!item || !item->slot) continue;
            const bool whole_days = event_.master.start.kind == When::Kind::Date;
            const std::string series_zone = text(member(source_, "master"), "originalStartTimeZone");
            const auto slot = exception_slot(*item, whole_days, series_zone, context_.zones);
            InstanceReader reader(json, context_, event_);
            reader.use_zone(master.zone());
            EventInstance exception;
            CALGATE_TRY_STATUS(reader.read(exception, read_wording(property(json, kWordingProperty))));
            exception.recurrence_id = slot_when(master, *slot);
            if (!same_occurrence(exception, plain_occurrence(event_.master, *exception.recurrence_id)))
                event_.overrides.push_back(std::move(exception));
        }
        return {};
    }

    /// Without a rule that can be walked, the occurrences are what the service listed.
    Status read_as_listed(const InstanceReader& master) {
        event_.partial = true;
        event_.warnings.push_back("Only the occurrences that the service listed are known.");
        for (const Json& one : member(source_, "listed")) {
            if (!one.is_array() || one.size() != 2 || !one[0].is_string() || !one[1].is_string()) continue;
            const auto start = parse_instant(one[0].get<std::string>()), end = parse_instant(one[1].get<std::string>());
            if (!start || !end) continue;
            event_.master.extra_dates.push_back({slot_when(master, *start), slot_when(master, *end)});
        }
        auto& dates = event_.master.extra_dates;
        if (dates.empty()) return {};
        std::sort(dates.begin(), dates.end());
        event_.master.start = dates.front().start;
        event_.master.end = dates.front().end.value_or(event_.master.end);
        dates.erase(dates.begin());
        return {};
    }

    const Json& source_;
    const WireContext& context_;
    Event& event_;
};

Status read_into(Event& event, const Json& source, const WireContext& context) {
    const bool composite = member(source, "master").is_object();
    const Json& json = composite ? member(source, "master") : source;
    event.uid = Uid{property(json, kUidProperty)};
    if (event.uid.empty()) event.uid = Uid{text(json, "iCalUId")};
    if (event.uid.empty()) event.uid = Uid{text(json, "id")};
    if (event.uid.empty()) return unreadable("The event names neither itself nor its iCalUId.");
    event.mark = property(json, kMarkProperty);
    event.capsule = property(json, kCapsuleProperty);
    const Wording wording = read_wording(property(json, kWordingProperty));
    InstanceReader master(json, context, event);
    const bool zone_is_known = master.choose_zone(wording);
    CALGATE_TRY_STATUS(master.read(event.master, wording));
    if (!member(json, "recurrence").is_object()) return {};
    return SeriesReader(source, context, event).read(master, json, wording, zone_is_known);
}

}  // namespace

Result<Event> read_event(std::string_view source, const WireContext& context) {
    const Json json = Json::parse(cleaned_json(source), nullptr, false);
    if (!json.is_object()) return unreadable("This is no event of Microsoft Graph.");
    Event event;
    CALGATE_TRY_STATUS(read_into(event, json, context));
    event.source = std::string(source);
    return event;
}

}  // namespace calgate::graph
