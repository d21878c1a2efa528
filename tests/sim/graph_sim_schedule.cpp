#include <algorithm>
#include <cctype>

#include "tests/sim/graph_sim_state.hpp"

/// Free and busy times (Graph: getSchedule), and what a permission reaches.
namespace calgate::testing {

namespace {

constexpr std::size_t kMostAddresses = 20;
constexpr std::chrono::days kLongestSchedule{62};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

bool has_permission(const std::string& scope, const std::string& name) {
    const std::string padded = " " + lower(scope) + " ", wanted = lower(name) + " ";
    return padded.find(" " + wanted) != std::string::npos || padded.find("/" + wanted) != std::string::npos;
}

/// The day and time as they are written, in a zone that is named beside them.
std::optional<Instant> asked_time(const Json& body, const char* name, const ZoneResolver& zones) {
    const Json time = body.value(name, Json::object());
    std::string text = time.value("dateTime", "");
    if (const auto dot = text.find('.'); dot != std::string::npos)
        text.erase(dot, text.find_first_not_of("0123456789", dot + 1) - dot);
    const auto local = parse_local(text);
    const auto zone = zones.canonical_name(time.value("timeZone", ""));
    if (!local || !zone) return std::nullopt;
    return zones.to_instant({When::Kind::Zoned, *local, *zone}, *zone);
}

char digit_of(const std::string& status) {
    if (status == "tentative") return '1';
    if (status == "busy") return '2';
    if (status == "oof") return '3';
    return status == "workingElsewhere" ? '4' : '0';
}

struct Taken {
    Interval when{};
    std::string status{};
};

std::string view_of(const std::vector<Taken>& items, Interval window, std::chrono::minutes step) {
    std::string out;
    for (Instant at = window.start; at < window.end; at += step) {
        char digit = '0';
        for (const Taken& item : items)
            if (item.when.start < at + step && item.when.end > at) digit = std::max(digit, digit_of(item.status));
        out += digit;
    }
    return out;
}

Json items_of(const std::vector<Taken>& items, const ZoneResolver& zones, const std::string& asked) {
    const std::string zone = zones.canonical_name(asked).value_or("UTC");
    const auto shown = [&](Instant at) {
        return Json{{"dateTime", seven_digits(zones.to_local(at, zone))}, {"timeZone", asked}};
    };
    Json out = Json::array();
    for (const Taken& item : items)
        out.push_back({{"status", item.status}, {"start", shown(item.when.start)}, {"end", shown(item.when.end)}});
    return out;
}

Json working_hours() {
    return {
        {"daysOfWeek", {"monday", "tuesday", "wednesday", "thursday", "friday"}},
        {"startTime", "08:00:00.0000000"},
        {"endTime", "17:00:00.0000000"},
        {"timeZone", {{"name", "W. Europe Standard Time"}}}};
}

}  // namespace

/// Without a calendar permission among them, as tests issue tokens, everything is allowed.
bool GraphSim::State::permits(const std::string& scope, GraphCall& call) const {
    if (lower(scope).find("calendars.") == std::string::npos || has_permission(scope, "Calendars.ReadWrite"))
        return true;
    const auto passes = [&](const char* name) {
        return std::find(call.path.begin(), call.path.end(), name) != call.path.end();
    };
    if (passes("$batch") || passes("getSchedule")) return true;  // The parts of a batch are asked one by one.
    const bool reads = call.method == "GET";
    if (has_permission(scope, "Calendars.Read")) return reads || call.path.front() == "subscriptions";
    call.basic = true;
    return has_permission(scope, "Calendars.ReadBasic") && reads && !passes("delta") && !passes("attachments") &&
           call.path.front() != "subscriptions";
}

http::Response GraphSim::State::schedule(const GraphCall& call, const std::string& calendar_id) {
    if (quirks.is_personal && quirks.personal_schedule_is_400)
        return graph_error(400, "ErrorInvalidRequest", "The request is not supported for this mailbox.");
    if (quirks.is_personal)
        return graph_error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
    const Json addresses = call.body.value("schedules", Json::array());
    const bool are_texts =
        std::all_of(addresses.begin(), addresses.end(), [](const Json& one) { return one.is_string(); });
    const auto start = asked_time(call.body, "startTime", zones), end = asked_time(call.body, "endTime", zones);
    const int step = call.body.value("availabilityViewInterval", 30);
    if (!start || !end || *end <= *start || *end - *start > kLongestSchedule)
        return graph_error(400, "ErrorInvalidParameter", "FreeBusyViewOptions.TimeWindow is not valid.");
    if (!are_texts || addresses.empty() || addresses.size() > kMostAddresses || step < 5 || step > 1440)
        return graph_error(400, "ErrorInvalidParameter", "The request is not valid.");
    const Interval window{*start, *end};
    std::vector<Taken> items;
    const auto add = [&](const GraphEvent& event, const GraphTimes& times) {
        const Interval when = span(times);
        if (when.start < window.end && when.end > window.start)
            items.push_back({when, event.members.value("showAs", "busy")});
    };
    for (const auto& id : event_order) {
        const GraphEvent& event = events.at(id);
        if (event.deleted || event.calendar != calendar_id) continue;
        if (!event.is_series()) {
            add(event, event.times);
            continue;
        }
        for (const GraphSlot& slot : slots(event, window))
            if (!event.cancelled.contains(slot.date) && !event.exceptions.contains(slot.date)) add(event, slot.times);
        for (const auto& [slot, exception] : event.exceptions) add(exception, exception.times);
    }
    std::sort(items.begin(), items.end(), [](const Taken& a, const Taken& b) { return a.when < b.when; });
    Json out = {{"value", Json::array()}};
    for (const Json& address : addresses) {
        Json entry = {{"scheduleId", address}};
        const bool known = lower(address.get<std::string>()) == kGraphPerson;
        if (!known || !quirks.schedule_error.empty()) {
            entry["availabilityView"] = "";
            entry["error"] = {
                {"message", "The mailbox could not be read."},
                {"responseCode", known ? quirks.schedule_error : "ErrorMailRecipientNotFound"}};
        } else {
            entry["availabilityView"] = view_of(items, window, std::chrono::minutes(step));
            entry["scheduleItems"] = items_of(items, zones, call.zone);
            entry["workingHours"] = working_hours();
        }
        out["value"].push_back(std::move(entry));
    }
    return graph_json(200, out);
}

}  // namespace calgate::testing
