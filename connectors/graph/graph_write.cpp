#include <nlohmann/json.hpp>

#include "connectors/exchange/exchange_recurrence.hpp"
#include "connectors/graph/graph_terms.hpp"
#include "connectors/graph/graph_text.hpp"
#include "connectors/graph/graph_wire.hpp"
#include "core/windows_zones.hpp"

namespace calgate::graph {

namespace {

using Json = nlohmann::ordered_json;
using exchange::Pattern;
using exchange::pattern_of_rule;
using exchange::rule_of_pattern;

constexpr std::size_t kMaxTitle = 255;  ///< Characters that Exchange keeps of a subject.
constexpr std::size_t kMaxKeptNotes = 16 * 1024;

Error rejected(std::string sentence) { return {ErrorCode::Rejected, std::move(sentence), {}}; }

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json wall_time(LocalSeconds local, const std::string& zone) {
    Json out;
    out["dateTime"] = format_local(local);
    out["timeZone"] = zone;
    return out;
}

/// A zone that only a VTIMEZONE of somebody describes cannot be named to Graph.
bool has_a_name(const When& when) {
    return when.kind != When::Kind::Zoned || !(when.zone.starts_with("embedded:") || when.zone.starts_with("UTC"));
}

Json time_of(const When& when, const WireContext& context) {
    switch (when.kind) {
        case When::Kind::Date:
        case When::Kind::Utc:
            return wall_time(when.local, "UTC");
        case When::Kind::Floating:
            return wall_time(when.local, context.default_zone.empty() ? "UTC" : graph_zone(context.default_zone));
        case When::Kind::Zoned:
            break;
    }
    if (!has_a_name(when))
        return wall_time(LocalSeconds{context.zones.to_instant(when, "UTC").time_since_epoch()}, "UTC");
    return wall_time(when.local, graph_zone(when.zone));
}

When end_of(const EventInstance& instance, const WireContext& context) {
    if (instance.start.kind == When::Kind::Date) {
        When end = instance.end;
        if (end.local <= instance.start.local) end.local = instance.start.local + std::chrono::days(1);
        return end;
    }
    if (!instance.exact_duration) return instance.end;
    When nominal = instance.start;
    nominal.local += instance.nominal_days;
    const Instant end = context.zones.to_instant(nominal, context.default_zone.empty() ? "UTC" : context.default_zone) +
                        *instance.exact_duration;
    return {When::Kind::Utc, LocalSeconds{end.time_since_epoch()}, {}};
}

Status check(const EventInstance& instance, const WireContext& context) {
    if (characters(instance.title) > kMaxTitle)
        return rejected("Exchange keeps 255 characters of a title and this one is longer; shorten it.");
    const std::string fallback = context.default_zone.empty() ? "UTC" : context.default_zone;
    const When end = end_of(instance, context);
    if (context.zones.to_instant(end, fallback) < context.zones.to_instant(instance.start, fallback))
        return rejected("The event ends before it starts; correct its times.");
    return {};
}

/// What an instance shows, in Graph's members; the same meaning gives the same members.
Json fields_of(const EventInstance& instance, const WireContext& context) {
    Json out;
    out["subject"] = instance.title;
    out["body"] = {{"contentType", "text"}, {"content", instance.notes}};
    out["start"] = time_of(instance.start, context);
    out["end"] = time_of(end_of(instance, context), context);
    out["isAllDay"] = instance.start.kind == When::Kind::Date;
    out["location"] = {{"displayName", instance.place}};
    out["showAs"] = show_as_of(instance);
    out["sensitivity"] = sensitivity_of(instance.classification);
    return out;
}

Json pattern_json(const Pattern& pattern) {
    constexpr const char* kNames[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
    Json out;
    out["type"] = pattern.type;
    out["interval"] = pattern.interval;
    if (pattern.month != 0) out["month"] = pattern.month;
    if (pattern.day_of_month != 0) out["dayOfMonth"] = pattern.day_of_month;
    for (const unsigned day : pattern.days) out["daysOfWeek"].push_back(kNames[day % 7]);
    if (pattern.type == "weekly") out["firstDayOfWeek"] = kNames[pattern.first_day % 7];
    if (!pattern.index.empty()) out["index"] = pattern.index;
    return out;
}

Json range_json(const Pattern& pattern, const When& start) {
    Json out;
    out["type"] = pattern.count ? "numbered" : pattern.until ? "endDate" : "noEnd";
    out["startDate"] = format_date(start.local);
    if (pattern.until) out["endDate"] = format_date(*pattern.until);
    if (pattern.count) out["numberOfOccurrences"] = *pattern.count;
    out["recurrenceTimeZone"] = start.kind == When::Kind::Zoned ? graph_zone(start.zone) : "UTC";
    return out;
}

Result<Pattern> pattern_of(const EventInstance& master, const WireContext& context) {
    if (!has_a_name(master.start))
        return rejected("The series lives in a time zone that Exchange does not know; choose a named one.");
    return pattern_of_rule(master.rules.front(), master.start, context.zones);
}

Status check_series(const Event& event) {
    const EventInstance& master = event.master;
    if (event.partial) return rejected("The event was only partly understood; it is not written.");
    if (!event.has_master) return rejected("Only single occurrences of the series are known; it is not written.");
    if (master.rules.size() > 1 || !master.exclusion_rules.empty() || !master.extra_dates.empty())
        return rejected("Microsoft Graph repeats an event by one rule only; enter the other dates as single events.");
    if (master.rules.empty() && (!event.overrides.empty() || !master.excluded_dates.empty()))
        return rejected("An event that does not repeat cannot have changed occurrences.");
    for (const EventInstance& instance : event.overrides)
        if (instance.this_and_future || !instance.recurrence_id)
            return rejected("Microsoft Graph cannot change a series from one date on; split the series.");
    return {};
}

Wording wording_of(const EventInstance& instance, const std::optional<Pattern>& pattern, const WireContext& context) {
    Wording out;
    const bool zoned = instance.start.kind == When::Kind::Zoned && has_a_name(instance.start);
    if (zoned && iana_of_windows(graph_zone(instance.start.zone)) != instance.start.zone)
        out.zone = instance.start.zone;
    if (pattern) {
        const auto shortest = rule_of_pattern(*pattern, instance.start, context.zones);
        if (!shortest || *shortest != instance.rules.front()) out.rule = instance.rules.front();
    }
    if (instance.notes.size() <= kMaxKeptNotes) out.notes = instance.notes;
    out.state = state_word(instance);
    return out;
}

struct Written {
    Json fields{};                                                       ///< Without properties.
    std::vector<std::pair<std::string_view, std::string>> properties{};  ///< Empty values included.
};

Result<Written> written(const Event& event, const WireContext& context) {
    CALGATE_TRY_STATUS(check_series(event));
    CALGATE_TRY_STATUS(check(event.master, context));
    Written out;
    out.fields = fields_of(event.master, context);
    std::optional<Pattern> pattern;
    if (!event.master.rules.empty()) {
        CALGATE_TRY(pattern, pattern_of(event.master, context));
        out.fields["recurrence"] = {
            {"pattern", pattern_json(*pattern)}, {"range", range_json(*pattern, event.master.start)}};
    } else {
        out.fields["recurrence"] = nullptr;
    }
    out.properties = {
        {kUidProperty, event.uid.value},
        {kMarkProperty, event.mark},
        {kCapsuleProperty, event.capsule},
        {kWordingProperty, write_wording(wording_of(event.master, pattern, context))}};
    return out;
}

Json property_json(std::string_view name, const std::string& value) {
    return {{"id", property_id(name)}, {"value", value}};
}

void drop_equal(Json& fields, const Json& current) {
    for (auto at = current.begin(); at != current.end(); ++at)
        if (fields.contains(at.key()) && fields[at.key()] == at.value()) fields.erase(at.key());
}

/// start and end are given together, with the flag that says what they mean (Graph: event, update).
void complete_times(Json& changed, const Json& wanted) {
    if (!changed.contains("start") && !changed.contains("end") && !changed.contains("isAllDay")) return;
    for (const char* name : {"start", "end", "isAllDay"}) changed[name] = wanted[name];
}

bool is_online_meeting(const std::string& source) {
    const Json json = Json::parse(cleaned_json(source), nullptr, false);
    if (!json.is_object()) return false;
    const Json& event = json.contains("master") ? json["master"] : json;
    return event.is_object() && event.contains("isOnlineMeeting") && event["isOnlineMeeting"] == true;
}

}  // namespace

Result<std::string> write_create(const Event& event, const std::string& transaction_id, const WireContext& context) {
    CALGATE_TRY(Written all, written(event, context));
    Json& body = all.fields;
    if (body["recurrence"].is_null()) body.erase("recurrence");
    body["isReminderOn"] = false;
    body["responseRequested"] = false;
    body["allowNewTimeProposals"] = false;
    body["transactionId"] = transaction_id;
    for (const auto& [name, value] : all.properties)
        if (!value.empty()) body["singleValueExtendedProperties"].push_back(property_json(name, value));
    return dumped(body);
}

Result<std::string> write_patch(const Event& wanted, const Event& current, const WireContext& context) {
    CALGATE_TRY(Written all, written(wanted, context));
    CALGATE_TRY(const Written old, written(current, context));
    Json changed = all.fields;
    drop_equal(changed, old.fields);
    complete_times(changed, all.fields);
    if (changed.contains("body") && is_online_meeting(current.source))
        return rejected(
            "The event has become an online meeting, and writing its notes would take its link away; change the notes "
            "in Outlook."
        );
    for (std::size_t i = 0; i < all.properties.size(); ++i)
        if (all.properties[i].second != old.properties[i].second)
            changed["singleValueExtendedProperties"].push_back(
                property_json(all.properties[i].first, all.properties[i].second)
            );
    return changed.empty() ? std::string() : dumped(changed);
}

Result<std::string> write_exception(
    const EventInstance& wanted, const EventInstance& current, const WireContext& context
) {
    CALGATE_TRY_STATUS(check(wanted, context));
    const Json all = fields_of(wanted, context);
    Json changed = all;
    drop_equal(changed, fields_of(current, context));
    complete_times(changed, all);
    const std::string wording = write_wording(wording_of(wanted, {}, context));
    if (changed.empty()) return std::string();
    if (!wording.empty()) changed["singleValueExtendedProperties"].push_back(property_json(kWordingProperty, wording));
    return dumped(changed);
}

}  // namespace calgate::graph
