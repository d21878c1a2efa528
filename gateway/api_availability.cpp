#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "core/slots.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/free_busy_text.hpp"
#include "gateway/holidays.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr auto kMaxWindow = std::chrono::hours{24 * 400};
constexpr auto kMaxSlotWindow = std::chrono::hours{24 * 62};

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        if (comma > 0) out.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return out;
}

Instant instant_parameter(const HttpRequest& request, const char* name) {
    const auto instant = parse_instant(request.parameter(name));
    if (!instant)
        throw InputError(
            std::string("The parameter \"") + name +
            "\" is an instant such as 2026-12-01T08:00:00Z; a + in it is written %2B."
        );
    return *instant;
}

Interval window_of(const HttpRequest& request, std::chrono::hours longest) {
    const Interval window{instant_parameter(request, "from"), instant_parameter(request, "to")};
    if (window.start >= window.end || window.end - window.start > longest)
        throw InputError(
            "\"to\" has to lie after \"from\", " + std::to_string(longest.count() / 24) + " days at most."
        );
    return window;
}

const char* freshness_name(SourceState::Freshness freshness) {
    switch (freshness) {
        case SourceState::Freshness::Live:
            return "live";
        case SourceState::Freshness::Cached:
            return "cached";
        case SourceState::Freshness::Unknown:
            return "unknown";
    }
    return "unknown";
}

/// What a slot is worth that rests on sources of this age.
const char* offer_name(bool stale, StalePolicy policy) {
    if (!stale || policy == StalePolicy::Offer) return "firm";
    return policy == StalePolicy::Provisional ? "provisional" : "refused";
}

/// What an answer about a person rests on, and what it is worth.
struct Rested {
    Json sources = Json::array();
    std::string offer{};
};

Rested rested_on(const PersonBusy& person, Instant now, const Business& policy) {
    Rested out;
    bool any_stale = false;
    for (const auto& [source, state] : person.sources) {
        const bool own = source == "appointments";
        const auto as_of = own ? std::optional(now) : state.as_of;
        const bool stale = !own && is_stale(source, state, now, policy.stale_after);
        any_stale = any_stale || stale;
        out.sources.push_back(
            {{"source", source},
             {"as_of", instant_json(as_of)},
             {"age_s", as_of ? Json((now - *as_of).count()) : Json(nullptr)},
             {"freshness", own ? "live" : freshness_name(state.freshness)},
             {"offer", offer_name(stale, policy.stale)}}
        );
    }
    out.offer = offer_name(any_stale, policy.stale);
    return out;
}

/// The people of a question about slots, those who are refused for stale data left out, and what each answer rests on.
struct Asked {
    SlotQuestion question{};
    Json people = Json::array();
    std::uint64_t firm = 0;  ///< Bits as in Slot.
    bool refused = false;    ///< Somebody who is needed is refused, so nothing is offered.
    std::vector<std::string> quoted{};
};

/// @param firm whose data is fresh, of those who are free.
bool is_firm(std::uint64_t firm, const SlotQuestion& question) {
    const bool choice = static_cast<std::size_t>(std::popcount(question.all)) < question.people.size();
    return (firm & question.all) == question.all && (!choice || (firm & ~question.all) != 0);
}

bool wants_calendar(const HttpRequest& request) {
    const std::string_view format = request.parameter("format");
    if (!format.empty() && format != "json" && format != "ics")
        throw InputError("The parameter \"format\" is \"json\" or \"ics\".");
    if (!format.empty()) return format == "ics";
    return request.header("accept").find("text/calendar") != std::string_view::npos;
}

/// Slots as JSON text: an answer has thousands of them, so no tree is built.
std::string slots_text(
    const std::vector<Slot>& slots, const Asked& asked, const std::string& zone, const ZoneResolver& zones
) {
    std::string out = "[";
    for (const Slot& slot : slots) {
        if (out.size() > 1) out += ',';
        out += "{\"start\":\"" + format_instant(slot.start) + "\",\"end\":\"" + format_instant(slot.end);
        if (!zone.empty()) out += "\",\"local\":\"" + format_local(zones.to_local(slot.start, zone));
        out += "\",\"offer\":\"";
        out += is_firm(slot.people & asked.firm, asked.question) ? "firm" : "provisional";
        out += "\",\"staff\":[";
        bool first = true;
        for (std::uint64_t left = slot.people; left != 0; left &= left - 1) {
            if (!std::exchange(first, false)) out += ',';
            out += asked.quoted[static_cast<std::size_t>(std::countr_zero(left))];
        }
        out += "]}";
    }
    return out + "]";
}

}  // namespace

HttpResponse Api::get_availability(const HttpRequest& request, const PathValues&) {
    const Interval window = window_of(request, kMaxWindow);
    const auto names = split(request.parameter("staff"));
    if (names.empty() || names.size() > 100)
        throw InputError("The parameter \"staff\" names 1 to 100 people, with commas between.");
    if (wants_calendar(request)) return calendar_of(names, window);
    const Instant now = parts_.clock.now();
    Json people = Json::array();
    for (const std::string& name : names) {
        const auto person = parts_.index.person(StaffId{name});
        if (!person) return problem(404, "Not Found", "There is no person " + name.substr(0, 128) + ".");
        Json busy = Json::array();
        const auto intervals = busy_within(*person, window);
        for (const BusyInterval& i : intervals) {
            busy.push_back(
                {{"start", format_instant(i.start)},
                 {"end", format_instant(i.end)},
                 {"kind", i.kind == BusyKind::Busy ? "busy" : "tentative"}}
            );
        }
        const Rested rested = rested_on(*person, now, policy_);
        Json free = Json::array();
        for (const Interval& i : rested.offer == "refused"
                                     ? std::vector<Interval>{}
                                     : free_within(*person, window, person->staff, parts_.zones)) {
            free.push_back({{"start", format_instant(i.start)}, {"end", format_instant(i.end)}});
        }
        people.push_back(
            {{"id", name}, {"busy", busy}, {"free", free}, {"offer", rested.offer}, {"sources", rested.sources}}
        );
    }
    return answer(
        200, Json{{"from", format_instant(window.start)}, {"to", format_instant(window.end)}, {"staff", people}}
    );
}

HttpResponse Api::calendar_of(const std::vector<std::string>& names, Interval window) {
    const Instant now = parts_.clock.now();
    std::vector<std::shared_ptr<const PersonBusy>> kept;  // Shared: snapshots stay while the answer is written.
    std::vector<FreeBusyPerson> people;
    for (const std::string& name : names) {
        kept.push_back(parts_.index.person(StaffId{name}));
        if (!kept.back()) return problem(404, "Not Found", "There is no person " + name.substr(0, 128) + ".");
        people.push_back({*kept.back(), rested_on(*kept.back(), now, policy_).offer == "refused"});
    }
    HttpResponse response;
    response.type = "text/calendar; charset=utf-8";
    response.body = free_busy_text(people, window, now, parts_.zones);
    return response;
}

HttpResponse Api::get_slots(const HttpRequest& request, const PathValues&) {
    const auto service = parts_.index.service(ServiceId{std::string(request.parameter("service"))});
    if (!service) return problem(404, "Not Found", "There is no such service; GET /v1/services lists them.");
    const std::string zone(request.parameter("zone"));
    if (!zone.empty() && !parts_.zones.knows(zone))
        throw InputError("The parameter \"zone\" is an IANA name such as Europe/Berlin.");
    Asked asked;
    asked.question.service = *service;
    asked.question.window = window_of(request, kMaxSlotWindow);
    asked.question.now = parts_.clock.now();
    auto names = split(request.parameter("all"));
    const std::size_t needed = names.size();
    for (const std::string& name : split(request.parameter("staff"))) names.push_back(name);
    if (names.empty())
        for (const StaffId& id : service->staff) names.push_back(id.value);
    if (names.empty() || names.size() > kMostSlotPeople)
        throw InputError(
            "Name 1 to " + std::to_string(kMostSlotPeople) +
            " people in \"staff\" and \"all\", with commas between; the service itself names none or more."
        );
    for (std::size_t n = 0; n < names.size(); ++n) {
        const std::string& name = names[n];
        const auto person = parts_.index.person(StaffId{name});
        const auto& able = service->staff;
        const bool twice = std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(n), name) !=
                           names.begin() + static_cast<std::ptrdiff_t>(n);
        if (twice) throw InputError("The person " + name.substr(0, 128) + " is named twice; once is enough.");
        // Whoever is needed besides may be a room that no service names.
        if (!person ||
            (n >= needed && !able.empty() && std::find(able.begin(), able.end(), StaffId{name}) == able.end()))
            return problem(404, "Not Found", "Nobody named " + name.substr(0, 128) + " does this service.");
        Rested rested = rested_on(*person, asked.question.now, policy_);
        asked.people.push_back({{"id", name}, {"offer", rested.offer}, {"sources", std::move(rested.sources)}});
        asked.refused = asked.refused || (n < needed && rested.offer == "refused");
        if (rested.offer == "refused") continue;
        if (n < needed) asked.question.all |= std::uint64_t{1} << asked.question.people.size();
        if (rested.offer == "firm") asked.firm |= std::uint64_t{1} << asked.question.people.size();
        asked.question.people.push_back(person);
        asked.quoted.push_back(Json(name).dump());
    }
    const bool nobody_left = needed > 0 && names.size() > needed && asked.question.people.size() == needed;
    if (nobody_left) asked.refused = true;  // Everybody of whom any would do is refused.
    HttpResponse response;
    const Json head = {
        {"service", service->id.value},
        {"from", format_instant(asked.question.window.start)},
        {"to", format_instant(asked.question.window.end)},
        {"people", asked.people}};
    response.body = head.dump();
    response.body.pop_back();
    response.body +=
        ",\"slots\":" +
        slots_text(
            asked.refused ? std::vector<Slot>{} : slots_for(asked.question, parts_.zones), asked, zone, parts_.zones
        ) +
        "}";
    return response;
}

}  // namespace calgate
