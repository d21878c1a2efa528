#include <algorithm>
#include <cctype>

#include "tests/sim/graph_sim_state.hpp"

/// Free and busy times (Graph: getSchedule), and what a permission reaches.
namespace calgate::testing {

namespace {

constexpr std::size_t kMostAddresses = 20;
constexpr std::chrono::days kLongestSchedule{62};
constexpr const char* kAddress = "shop@example.com";

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
    const auto local = parse_local(time.value("dateTime", ""));
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

Json items_of(const std::vector<Taken>& items) {
    Json out = Json::array();
    for (const Taken& item : items)
        out.push_back(
            {{"status", item.status},
             {"start",
              {{"dateTime", seven_digits(LocalSeconds{item.when.start.time_since_epoch()})}, {"timeZone", "UTC"}}},
             {"end", {{"dateTime", seven_digits(LocalSeconds{item.when.end.time_since_epoch()})}, {"timeZone", "UTC"}}}}
        );
    return out;
}

}  // namespace

/// Without a calendar permission among them, as tests issue tokens, everything is allowed.
bool GraphSim::State::permits(const std::string& scope, const GraphCall& call) const {
    if (lower(scope).find("calendars.") == std::string::npos || has_permission(scope, "Calendars.ReadWrite"))
        return true;
    const bool is_batch = call.path.front() == "$batch";  // Its parts are asked one by one.
    const bool asks_schedule = call.path.back() == "getSchedule";
    if (is_batch || asks_schedule) return true;
    if (call.method != "GET") return false;
    if (has_permission(scope, "Calendars.Read")) return true;
    const std::string& last = call.path.back();
    return has_permission(scope, "Calendars.ReadBasic") && (last == "calendar" || last == "calendars");
}

http::Response GraphSim::State::schedule(const GraphCall& call, const std::string& calendar_id) {
    if (quirks.is_personal)
        return graph_error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.");
    const Json addresses = call.body.value("schedules", Json::array());
    const auto start = asked_time(call.body, "startTime", zones), end = asked_time(call.body, "endTime", zones);
    const int step = call.body.value("availabilityViewInterval", 30);
    if (!start || !end || *end <= *start || *end - *start > kLongestSchedule)
        return graph_error(400, "ErrorInvalidParameter", "FreeBusyViewOptions.TimeWindow is not valid.");
    if (addresses.empty() || addresses.size() > kMostAddresses || step < 5 || step > 1440)
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
        const bool known = lower(address.get<std::string>()) == kAddress;
        if (!known || !quirks.schedule_error.empty()) {
            entry["availabilityView"] = "";
            entry["error"] = {
                {"message", "The mailbox could not be read."},
                {"responseCode", known ? quirks.schedule_error : "ErrorMailRecipientNotFound"}};
        } else {
            entry["availabilityView"] = view_of(items, window, std::chrono::minutes(step));
            entry["scheduleItems"] = items_of(items);
        }
        out["value"].push_back(std::move(entry));
    }
    return graph_json(200, out);
}

}  // namespace calgate::testing
