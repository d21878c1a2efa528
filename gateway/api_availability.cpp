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
constexpr std::size_t kUsualAnswer = 4096;  ///< Of one person.
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

// Answers hold thousands of times, so they are written as text at once; a tree of JSON values costs ten times as much.

void append_string(std::string& out, std::string_view name, std::string_view value) { ((out += name) += value) += '"'; }

std::string quoted(const std::string& text) {
    const bool plain =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
    if (plain) return '"' + text + '"';
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What an answer about a person rests on, and what it is worth.
struct Rested {
    std::string sources{};  ///< A JSON array.
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
        out.sources += out.sources.empty() ? "[{\"source\":" : ",{\"source\":";
        out.sources += quoted(source);
        if (as_of) {
            append_instant(out.sources += ",\"as_of\":\"", *as_of);
            out.sources += "\",\"age_s\":" + std::to_string((now - *as_of).count());
        } else {
            out.sources += ",\"as_of\":null,\"age_s\":null";
        }
        append_string(out.sources, ",\"freshness\":\"", own ? "live" : freshness_name(state.freshness));
        append_string(out.sources, ",\"offer\":\"", offer_name(stale, policy.stale));
        out.sources += '}';
    }
    out.sources += out.sources.empty() ? "[]" : "]";
    out.offer = offer_name(any_stale, policy.stale);
    return out;
}

/// The people of a question about slots, those who are refused for stale data left out, and what each answer rests on.
struct Asked {
    SlotQuestion question{};
    std::string people{};    ///< Members of a JSON array.
    std::uint64_t firm = 0;  ///< Bits as in Slot.
    bool refused = false;    ///< Somebody who is needed is refused, so nothing is offered.
    std::vector<std::string> quoted{};
};

void append_window(std::string& out, Interval window) {
    if (out.back() != '{') out += ',';
    append_instant(out += "\"from\":\"", window.start);
    append_instant(out += "\",\"to\":\"", window.end);
    out += '"';
}

void append_interval(std::string& out, Instant start, Instant end) {
    if (out.back() != '[') out += ',';
    append_instant(out += "{\"start\":\"", start);
    append_instant(out += "\",\"end\":\"", end);
}

void append_busy(std::string& out, const std::vector<BusyInterval>& busy) {
    for (const BusyInterval& one : busy) {
        append_interval(out, one.start, one.end);
        out += one.kind == BusyKind::Busy ? "\",\"kind\":\"busy\"}" : "\",\"kind\":\"tentative\"}";
    }
}

void append_free(std::string& out, const std::vector<Interval>& free) {
    for (const Interval& one : free) {
        append_interval(out, one.start, one.end);
        out += "\"}";
    }
}

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

std::string slots_text(
    const std::vector<Slot>& slots, const Asked& asked, const std::string& zone, const ZoneResolver& zones
) {
    std::string out = "[";
    for (const Slot& slot : slots) {
        if (out.size() > 1) out += ',';
        append_instant(out += "{\"start\":\"", slot.start);
        append_instant(out += "\",\"end\":\"", slot.end);
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
    HttpResponse response;
    std::string& out = response.body;
    out.reserve(names.size() * kUsualAnswer);
    out = "{";
    append_window(out, window);
    out += ",\"staff\":[";
    for (const std::string& name : names) {
        const auto person = parts_.index.person(StaffId{name});
        if (!person) return problem(404, "Not Found", "There is no person " + name.substr(0, 128) + ".");
        const Rested rested = rested_on(*person, now, policy_);
        out += &name == &names.front() ? "{\"id\":" : ",{\"id\":";
        out += quoted(name) + ",\"busy\":[";
        append_busy(out, busy_within(*person, window));
        out += "],\"free\":[";
        if (rested.offer != "refused") append_free(out, free_within(*person, window, person->staff, parts_.zones));
        append_string(out, "],\"offer\":\"", rested.offer);
        out += ",\"sources\":" + rested.sources + "}";
    }
    out += "]}";
    return response;
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
        const Rested rested = rested_on(*person, asked.question.now, policy_);
        if (!asked.people.empty()) asked.people += ',';
        asked.people += "{\"id\":" + quoted(name);
        append_string(asked.people, ",\"offer\":\"", rested.offer);
        asked.people += ",\"sources\":" + rested.sources + "}";
        asked.refused = asked.refused || (n < needed && rested.offer == "refused");
        if (rested.offer == "refused") continue;
        if (n < needed) asked.question.all |= std::uint64_t{1} << asked.question.people.size();
        if (rested.offer == "firm") asked.firm |= std::uint64_t{1} << asked.question.people.size();
        asked.question.people.push_back(person);
        asked.quoted.push_back(quoted(name));
    }
    const bool nobody_left = needed > 0 && names.size() > needed && asked.question.people.size() == needed;
    if (nobody_left) asked.refused = true;  // Everybody of whom any would do is refused.
    HttpResponse response;
    response.body = "{\"service\":" + quoted(service->id.value);
    append_window(response.body, asked.question.window);
    response.body += ",\"people\":[" + asked.people + "],\"slots\":";
    response.body +=
        slots_text(
            asked.refused ? std::vector<Slot>{} : slots_for(asked.question, parts_.zones), asked, zone, parts_.zones
        ) +
        "}";
    return response;
}

}  // namespace calgate
