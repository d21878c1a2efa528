#include <algorithm>

#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::days kLongestQuery{90};
constexpr std::size_t kMostCalendars = 50;

/// The owner of the calendar said no to it.
bool is_declined(const GoogleJson& event) {
    if (!event.contains("attendees")) return false;
    const auto& guests = event["attendees"];
    return std::any_of(guests.begin(), guests.end(), [](const GoogleJson& guest) {
        return is_true(guest, "self") && text_of(guest, "responseStatus") == "declined";
    });
}

GoogleJson failed(const std::string& reason) {
    return {{"errors", GoogleJson::array({{{"domain", "global"}, {"reason", reason}}})}, {"busy", GoogleJson::array()}};
}

}  // namespace

GoogleJson GoogleSim::State::busy_of(const GoogleCalendar& owner, Interval window, const std::string& zone) const {
    std::vector<Interval> busy;
    for (const auto& [name, event] : owner.events) {
        const bool gone = text_of(event, "status") == "cancelled";
        if (gone || text_of(event, "transparency") == "transparent" || is_declined(event)) continue;
        const bool repeats = event.contains("recurrence");
        for (const GoogleJson& e : repeats ? expanded(owner, event, window) : std::vector<GoogleJson>{event}) {
            const bool replaced = repeats && owner.events.contains(text_of(e, "id"));
            const Interval there{start_of(owner, e, "start"), start_of(owner, e, "end")};
            if (!replaced && there.start < window.end && there.end > window.start) busy.push_back(there);
        }
    }
    std::sort(busy.begin(), busy.end());
    GoogleJson out = GoogleJson::array();
    for (std::size_t i = 0; i < busy.size();) {
        Interval merged = busy[i];
        for (++i; i < busy.size() && busy[i].start <= merged.end; ++i) merged.end = std::max(merged.end, busy[i].end);
        out.push_back({{"start", with_offset(merged.start, zone, zones)}, {"end", with_offset(merged.end, zone, zones)}}
        );
    }
    return out;
}

http::Response GoogleSim::State::free_busy(const GoogleCall& call) {
    const GoogleJson asked = GoogleJson::parse(call.request.body, nullptr, false);
    const auto from = google_instant(text_of(asked, "timeMin")), to = google_instant(text_of(asked, "timeMax"));
    if (!from || !to || !asked.contains("items") || !asked["items"].is_array()) return google_error(400, "badRequest");
    if (*to <= *from) return google_error(400, "timeRangeEmpty");
    if (*to - *from > kLongestQuery) return google_error(400, "timeRangeTooLong");
    const std::string zone = text_of(asked, "timeZone").empty() ? "UTC" : text_of(asked, "timeZone");
    const auto known_zone = zones.canonical_name(zone);
    if (!known_zone) return google_error(400, "global", "invalid", "Invalid time zone definition.");
    const auto most = asked.find("calendarExpansionMax");
    std::size_t limit = kMostCalendars;
    if (most != asked.end()) {
        if (!most->is_number_unsigned() || most->get<std::uint64_t>() > kMostCalendars)
            return google_error(400, "global", "invalid", "Invalid value for: calendarExpansionMax");
        limit = most->get<std::size_t>();
    }
    GoogleJson answers = GoogleJson::object();
    for (const auto& wanted : asked["items"]) {
        const std::string id = text_of(wanted, "id");
        const GoogleCalendar* owner = calendar(id);
        if (asked["items"].size() > limit)
            answers[id] = failed("tooManyCalendarsRequested");
        else if (!owner)
            answers[id] = failed("notFound");
        else if (!quirks.free_busy_error.empty())
            answers[id] = failed(quirks.free_busy_error);
        else
            answers[id] = {{"busy", busy_of(*owner, {*from, *to}, *known_zone)}};
    }
    return google_answer(
        200,
        {{"kind", "calendar#freeBusy"},
         {"timeMin", with_offset(*from, *known_zone, zones)},
         {"timeMax", with_offset(*to, *known_zone, zones)},
         {"calendars", answers}}
    );
}

}  // namespace calgate::testing
