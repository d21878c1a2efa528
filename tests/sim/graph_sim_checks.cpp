// What a body of an event may hold; only what passes is stored, so that everything stored can be shown.
#include <algorithm>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

using GraphNames = std::initializer_list<const char*>;

constexpr GraphNames kDayNames{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

bool is_one_of(const Json& value, GraphNames names) {
    if (!value.is_string()) return false;
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return value == name; });
}

bool is_number(const Json& object, const char* name, int least, int most) {
    if (!object.contains(name)) return true;
    const Json& value = object[name];
    return value.is_number_integer() && value >= least && value <= most;
}

std::optional<std::string> check_pattern(const Json& pattern) {
    const auto has = [&](const char* name) { return pattern.contains(name); };
    const Json type = pattern.value("type", Json());
    if (!is_one_of(type, {"daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"}))
        return "Unknown pattern type.";
    if (!has("interval") || !is_number(pattern, "interval", 1, 999)) return "The interval has to be positive.";
    // Answers fill what a type does not have with zeros, and what is sent back as it came is taken.
    if (!is_number(pattern, "dayOfMonth", 0, 31) || !is_number(pattern, "month", 0, 12)) return "There is no such day.";
    const Json days = pattern.value("daysOfWeek", Json::array());
    if (!days.is_array() ||
        !std::all_of(days.begin(), days.end(), [](const Json& day) { return is_one_of(day, kDayNames); }))
        return "Unknown day of the week.";
    if (has("firstDayOfWeek") && !is_one_of(pattern["firstDayOfWeek"], kDayNames)) return "Unknown day of the week.";
    if (has("index") && !is_one_of(pattern["index"], {"first", "second", "third", "fourth", "last"}))
        return "Unknown index.";
    if (type == "weekly" && (days.empty() || !has("firstDayOfWeek")))
        return "A weekly pattern needs daysOfWeek and firstDayOfWeek.";
    const std::string kind = type;
    const bool by_date = kind.starts_with("absolute"), by_day = kind.starts_with("relative");
    if (by_date && pattern.value("dayOfMonth", 0) == 0) return "The pattern needs dayOfMonth.";
    if (by_day && days.empty()) return "The pattern needs daysOfWeek.";
    if (kind.ends_with("Yearly") && pattern.value("month", 0) == 0) return "The pattern needs its month.";
    return std::nullopt;
}

std::optional<std::string> check_range(const Json& range) {
    const Json type = range.value("type", Json());
    if (!is_one_of(type, {"endDate", "noEnd", "numbered"})) return "Unknown range type.";
    if (!is_number(range, "numberOfOccurrences", 0, 1'000'000)) return "numberOfOccurrences is no number.";
    if (type == "numbered" && range.value("numberOfOccurrences", 0) == 0) return "The range needs its number.";
    for (const char* name : {"startDate", "endDate"})
        if (range.contains(name) && (!range[name].is_string() || !parse_local(range[name].get<std::string>())))
            return std::string(name) + " is no date.";
    if (type == "endDate" && !range.contains("endDate")) return "The range needs its endDate.";
    return std::nullopt;
}

std::optional<std::string> check_recurrence(const Json& recurrence) {
    const auto is_object = [&](const char* name) { return recurrence.contains(name) && recurrence[name].is_object(); };
    if (!is_object("pattern") || !is_object("range")) return "A recurrence needs a pattern and a range.";
    if (auto why = check_pattern(recurrence["pattern"])) return why;
    return check_range(recurrence["range"]);
}

std::optional<std::string> check_body(const Json& body) {
    const Json type = body.value("contentType", Json("html")), content = body.value("content", Json(""));
    const bool known = type.is_string() && (same_without_case(type, "html") || same_without_case(type, "text"));
    return known && content.is_string() ? std::nullopt : std::optional<std::string>("The body is no itemBody.");
}

bool is_property(const Json& one) {
    return one.is_object() && one.value("id", Json()).is_string() && one.value("value", Json()).is_string();
}

bool has_shape(const Json& value, const std::string& name) {
    using Type = Json::value_t;
    static const std::map<Type, std::set<std::string>> kShapes{
        {Type::string, {"subject", "transactionId", "iCalUId", "importance", "sensitivity", "showAs"}},
        {Type::boolean,
         {"isAllDay",
          "isReminderOn",
          "hasAttachments",
          "isCancelled",
          "isOrganizer",
          "responseRequested",
          "isOnlineMeeting",
          "allowNewTimeProposals",
          "isDraft",
          "hideAttendees"}},
        {Type::object, {"start", "end", "body", "location", "recurrence", "organizer", "responseStatus"}},
        {Type::array, {"categories", "attendees", "singleValueExtendedProperties", "locations"}}};
    for (const auto& [type, names] : kShapes)
        if (names.contains(name)) return value.type() == type;
    return name != "reminderMinutesBeforeStart" || value.is_number_integer();
}

}  // namespace

Json without_nulls(const Json& given) {
    if (!given.is_object()) return given;
    Json out = Json::object();
    for (const auto& [name, value] : given.items())
        if (!value.is_null()) out[name] = without_nulls(value);
    return out;
}

std::optional<std::string> check_members(const Json& body) {
    for (const auto& [name, value] : body.items())
        if (!has_shape(value, name)) return "The member " + name + " is not of its type.";
    const auto names = [&](const char* name, GraphNames known) {
        return !body.contains(name) || is_one_of(body[name], known);
    };
    if (!names("showAs", {"free", "tentative", "busy", "oof", "workingElsewhere", "unknown"})) return "Unknown showAs.";
    if (!names("sensitivity", {"normal", "personal", "private", "confidential"})) return "Unknown sensitivity.";
    if (!names("importance", {"low", "normal", "high"})) return "Unknown importance.";
    for (const char* name : {"start", "end"})
        if (body.contains(name) && (!body[name].value("dateTime", Json()).is_string() ||
                                    !body[name].value("timeZone", Json("UTC")).is_string()))
            return std::string(name) + " is no dateTimeTimeZone.";
    if (body.contains("body"))
        if (auto why = check_body(body["body"])) return why;
    if (body.contains("recurrence"))
        if (auto why = check_recurrence(body["recurrence"])) return why;
    const Json properties = body.value("singleValueExtendedProperties", Json::array());
    if (!std::all_of(properties.begin(), properties.end(), is_property))
        return "An extended property needs id and value.";
    return std::nullopt;
}

}  // namespace calgate::testing
