#include <algorithm>

#include "connectors/google/google_wire.hpp"
#include "core/identity.hpp"
#include "core/recurrence.hpp"
#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::days kBack{365}, kAhead{730};

bool is_cancelled(const GoogleJson& event) { return text_of(event, "status") == "cancelled"; }

/// Opaque and checked: "kind|calendar|parameters|a|b" with a digest.
std::string sealed(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) all += part + "|";
    return base64url(all + sha256_hex(all).substr(0, 8)) + "=";
}

std::optional<std::vector<std::string>> opened(std::string token) {
    if (!token.ends_with('=')) return std::nullopt;
    token.pop_back();
    const auto all = from_base64url(token);
    const auto end = all ? all->rfind('|') : std::string::npos;
    if (end == std::string::npos || sha256_hex(all->substr(0, end + 1)).substr(0, 8) != all->substr(end + 1))
        return std::nullopt;
    std::vector<std::string> parts{""};
    for (const char c : all->substr(0, end)) {
        if (c == '|')
            parts.emplace_back();
        else
            parts.back() += c;
    }
    return parts;
}

/// What has to stay the same over the pages and rounds that belong together.
std::string parameters_of(const GoogleCall& call, bool with_sync) {
    std::string all;
    for (const auto& [name, value] : call.query) {
        const bool varies = name == "pageToken" || name == "alt" || name == "prettyPrint" || name == "key" ||
                            name == "quotaUser" || (name == "syncToken" && !with_sync) ||
                            (!with_sync && name == "maxResults");
        if (!varies) all += name + "=" + value + "&";
    }
    return sha256_hex(all).substr(0, 12);
}

bool gives_no_token(const GoogleCall& call) {
    for (const char* name :
         {"orderBy", "q", "iCalUID", "privateExtendedProperty", "sharedExtendedProperty", "updatedMin"})
        if (call.query.contains(name)) return true;
    return false;
}

std::optional<http::Response> unfit_query(const GoogleCall& call) {
    const bool with_token = call.query.contains("syncToken");
    for (const char* name :
         {"iCalUID",
          "orderBy",
          "privateExtendedProperty",
          "q",
          "sharedExtendedProperty",
          "timeMin",
          "timeMax",
          "updatedMin"})
        if (with_token && call.query.contains(name))
            return google_error(400, "global", "invalid", "Sync token cannot be used with other query restrictions.");
    if (with_token && call.one("showDeleted") == "false")
        return google_error(400, "global", "invalid", "Sync token cannot be used with showDeleted=false.");
    if (call.one("orderBy") == "startTime" && !call.flag("singleEvents"))
        return google_error(
            400, "global", "badRequest", "The requested ordering is not available for the particular query."
        );
    for (const char* name : {"timeMin", "timeMax", "updatedMin"})
        if (call.query.contains(name) && !parse_instant(call.one(name).substr(0, 19) + "Z"))
            return google_error(400, "badRequest");
    if (call.query.contains("timeMin") && call.query.contains("timeMax") && call.one("timeMax") <= call.one("timeMin"))
        return google_error(400, "timeRangeEmpty");
    return std::nullopt;
}

std::optional<Instant> instant_of(const GoogleCall& call, const char* name) {
    std::string text = call.one(name);
    const auto dot = text.find('.');
    if (dot != std::string::npos) text.erase(dot, text.find_first_not_of("0123456789", dot + 1) - dot);
    return parse_instant(text);
}

bool has_property(const GoogleJson& event, const char* kind, const std::string& wanted) {
    const auto equals = wanted.find('=');
    const GoogleJson::json_pointer at(std::string("/extendedProperties/") + kind);
    if (equals == std::string::npos || !event.contains(at)) return false;
    return text_of(event.at(at), wanted.substr(0, equals).c_str()) == wanted.substr(equals + 1);
}

}  // namespace

Instant GoogleSim::State::start_of(const GoogleCalendar& owner, const GoogleJson& event, const char* name) const {
    const GoogleJson& time = event.at(name);
    const std::string date = text_of(time, "date");
    if (!date.empty()) return zones.to_instant(*parse_local(date), owner.zone);
    return parse_instant(text_of(time, "dateTime")).value_or(Instant{});
}

bool GoogleSim::State::fits(const GoogleCalendar& owner, const GoogleJson& event, const GoogleCall& call) const {
    if (call.query.contains("iCalUID") && text_of(event, "iCalUID") != call.one("iCalUID")) return false;
    if (const auto since = instant_of(call, "updatedMin"))
        if (text_of(event, "updated") < format_instant(*since)) return false;
    const auto types = call.query.equal_range("eventTypes");
    if (types.first != types.second &&
        std::none_of(types.first, types.second, [&](const auto& t) { return t.second == text_of(event, "eventType"); }))
        return false;
    for (const auto& [name, value] : call.query) {
        if (name == "privateExtendedProperty" && !has_property(event, "private", value)) return false;
        if (name == "sharedExtendedProperty" && !has_property(event, "shared", value)) return false;
        if (name == "q" && event.dump().find(value) == std::string::npos) return false;
    }
    if (!event.contains("start") || event.contains("recurrence")) return true;
    const auto from = instant_of(call, "timeMin"), to = instant_of(call, "timeMax");
    if (from && start_of(owner, event, "end") <= *from) return false;
    return !to || start_of(owner, event, "start") < *to;
}

std::vector<GoogleJson> GoogleSim::State::expanded(
    const GoogleCalendar& owner, const GoogleJson& master, Interval window
) const {
    std::vector<GoogleJson> out;
    const auto item = google::read_item(master.dump());
    const auto event = google::read_event(google::Whole{*item, {}}, google::ReadContext{zones, owner.zone});
    if (!event) return out;
    for (const Occurrence& one : expand(*event, window, zones, owner.zone, clock).occurrences) {
        GoogleJson instance = master;
        instance.erase("recurrence");
        const auto moved = [&](const char* name, Instant at) {
            GoogleJson time = master.at(name);
            const std::string day = format_date(zones.to_local(at, owner.zone));
            if (one.all_day) {
                time["date"] = day;
            } else {
                time["dateTime"] = format_instant(at);
            }
            return time;
        };
        std::string suffix = text_of(moved("start", one.key), one.all_day ? "date" : "dateTime");
        std::erase_if(suffix, [](char c) { return c == '-' || c == ':'; });
        instance["id"] = text_of(master, "id") + "_" + suffix;
        instance["recurringEventId"] = text_of(master, "id");
        instance["start"] = moved("start", one.start);
        instance["end"] = moved("end", one.end);
        instance["originalStartTime"] = instance["start"];
        out.push_back(std::move(instance));
    }
    return out;
}

http::Response GoogleSim::State::list(GoogleCalendar& owner, const GoogleCall& call) {
    if (const auto refused = unfit_query(call)) return *refused;
    if (const auto since = instant_of(call, "updatedMin"); since && *since < clock.now() - std::chrono::days(30))
        return google_error(410, "updatedMinTooLongAgo");
    std::int64_t since = -1, snapshot = change;
    const std::string round = parameters_of(call, false);
    if (call.query.contains("syncToken")) {
        const auto parts = opened(call.one("syncToken"));
        const bool known = parts && parts->size() == 4 && (*parts)[0] == "s" && (*parts)[1] == owner.id;
        if (!known && quirks.bad_token_is_400)
            return google_error(400, "global", "invalid", "Invalid sync token value.");
        if (known) since = std::stoll((*parts)[3]);
        if (!known || since < owner.tokens_from)
            return google_error(
                410,
                quirks.bare_gone ? "global" : "calendar",
                quirks.bare_gone ? "" : "fullSyncRequired",
                "Sync token is no longer valid, a full sync is required."
            );
    }
    std::string after;
    bool pause = false;
    if (call.query.contains("pageToken")) {
        const auto parts = opened(call.one("pageToken"));
        const bool fits_round = parts && parts->size() == 6 && (*parts)[0] == "p" && (*parts)[1] == owner.id &&
                                (*parts)[2] == parameters_of(call, true);
        if (!fits_round) return google_error(400, "global", "invalid", "Invalid page token value.");
        snapshot = std::stoll((*parts)[3]);
        after = (*parts)[4];
        pause = (*parts)[5] == "pause";
        if (snapshot < owner.tokens_from) return google_error(410, "fullSyncRequired");
    }
    const bool all_deleted = call.flag("showDeleted") || since >= 0 || call.query.contains("updatedMin");
    const bool single = call.flag("singleEvents") || owner.role == "freeBusyReader";
    std::map<std::string, GoogleJson, std::greater<>> found;
    for (const auto& [id, event] : owner.events) {
        if (since >= 0 && owner.changed.at(id) <= since) continue;
        const auto master = owner.events.find(text_of(event, "recurringEventId"));
        const bool of_living = master != owner.events.end() && !is_cancelled(master->second) && !single;
        if (is_cancelled(event) && !all_deleted && !of_living) continue;
        if (!fits(owner, event, call)) continue;
        if (!single || !event.contains("recurrence") || is_cancelled(event)) {
            found[id] = event;
            continue;
        }
        const Interval window{
            instant_of(call, "timeMin").value_or(clock.now() - kBack),
            instant_of(call, "timeMax").value_or(clock.now() + kAhead)};
        for (GoogleJson& one : expanded(owner, event, window)) {
            const std::string name = text_of(one, "id");
            if (!owner.events.contains(name)) found[name] = std::move(one);
        }
    }
    std::vector<GoogleJson> sorted;
    for (auto& [id, event] : found) sorted.push_back(std::move(event));
    const std::string ordering = call.one("orderBy");
    if (!ordering.empty())
        std::stable_sort(sorted.begin(), sorted.end(), [&](const GoogleJson& a, const GoogleJson& b) {
            if (ordering == "updated") return text_of(a, "updated") < text_of(b, "updated");
            return start_of(owner, a, "start") < start_of(owner, b, "start");
        });
    std::size_t limit = 250;
    if (call.query.contains("maxResults"))
        limit = std::clamp<std::size_t>(std::stoul("0" + call.one("maxResults")), 1, 2500);
    if (quirks.page > 0) limit = std::min(limit, quirks.page);
    // By id and not by number: what is deleted between two pages moves nothing.
    auto at = sorted.begin();
    if (!after.empty()) {
        if (ordering.empty())
            at = std::find_if(sorted.begin(), sorted.end(), [&](const auto& e) { return text_of(e, "id") < after; });
        else if ((at = std::find_if(sorted.begin(), sorted.end(), [&](const auto& e) {
                      return text_of(e, "id") == after;
                  })) != sorted.end())
            ++at;
    }
    if (pause) limit = 0;
    GoogleJson items = GoogleJson::array();
    for (; at != sorted.end() && items.size() < limit; ++at) {
        after = text_of(*at, "id");
        items.push_back(shown(owner, *at));
    }
    GoogleJson body{
        {"kind", "calendar#events"},
        {"etag", "\"p" + std::to_string(change) + "\""},
        {"summary", owner.name},
        {"updated", format_instant(clock.now())},
        {"timeZone", owner.zone},
        {"accessRole", owner.role},
        {"defaultReminders", GoogleJson::array()}};
    const bool pausing = quirks.empty_pages && !pause && !items.empty();
    if (at != sorted.end() || pausing) {
        body["nextPageToken"] =
            sealed({"p", owner.id, parameters_of(call, true), std::to_string(snapshot), after, pausing ? "pause" : "go"}
            );
    } else if (!gives_no_token(call) && quirks.short_listing_token) {
        body["nextSyncToken"] = sealed({"s", owner.id, round, std::to_string(snapshot)});
    }
    body["items"] = std::move(items);
    return google_answer(200, masked(body, call.one("fields")));
}

http::Response GoogleSim::State::instances(GoogleCalendar& owner, const GoogleCall& call, const std::string& id) {
    const auto master = owner.events.find(id);
    if (master == owner.events.end() || is_cancelled(master->second)) return google_error(404, "notFound");
    GoogleJson items = GoogleJson::array();
    const Interval window{
        instant_of(call, "timeMin").value_or(clock.now() - kBack),
        instant_of(call, "timeMax").value_or(clock.now() + kAhead)};
    for (const GoogleJson& one : expanded(owner, master->second, window)) {
        const auto own = owner.events.find(text_of(one, "id"));
        const GoogleJson& event = own == owner.events.end() ? one : own->second;
        if (!is_cancelled(event) || call.flag("showDeleted")) items.push_back(shown(owner, event));
    }
    GoogleJson body{{"kind", "calendar#events"}, {"timeZone", owner.zone}, {"accessRole", owner.role}};
    body["items"] = std::move(items);
    return google_answer(200, masked(body, call.one("fields")));
}

http::Response GoogleSim::State::free_busy(const GoogleCall& call) {
    const GoogleJson asked = GoogleJson::parse(call.request.body, nullptr, false);
    const auto from = parse_instant(text_of(asked, "timeMin")), to = parse_instant(text_of(asked, "timeMax"));
    if (!from || !to || !asked.contains("items")) return google_error(400, "badRequest");
    if (*to <= *from) return google_error(400, "timeRangeEmpty");
    if (*to - *from > std::chrono::days(90)) return google_error(400, "timeRangeTooLong");
    GoogleJson calendars_json = GoogleJson::object();
    for (const auto& wanted : asked["items"]) {
        const std::string id = text_of(wanted, "id");
        GoogleCalendar* owner = calendar(id);
        GoogleJson& entry = calendars_json[id];
        entry["busy"] = GoogleJson::array();
        if (!owner) {
            entry["errors"] = GoogleJson::array({{{"domain", "global"}, {"reason", "notFound"}}});
            continue;
        }
        if (!quirks.free_busy_error.empty()) {
            entry["errors"] = GoogleJson::array({{{"domain", "global"}, {"reason", quirks.free_busy_error}}});
            continue;
        }
        std::vector<Interval> busy;
        for (const auto& [name, event] : owner->events) {
            if (is_cancelled(event) || text_of(event, "transparency") == "transparent") continue;
            std::vector<GoogleJson> one{event};
            if (event.contains("recurrence")) one = expanded(*owner, event, {*from, *to});
            for (const GoogleJson& e : one) {
                const bool replaced = event.contains("recurrence") && owner->events.contains(text_of(e, "id"));
                const Interval there{start_of(*owner, e, "start"), start_of(*owner, e, "end")};
                if (!replaced && there.start < *to && there.end > *from) busy.push_back(there);
            }
        }
        std::sort(busy.begin(), busy.end());
        for (std::size_t i = 0; i < busy.size();) {
            Interval merged = busy[i];
            for (++i; i < busy.size() && busy[i].start <= merged.end; ++i)
                merged.end = std::max(merged.end, busy[i].end);
            entry["busy"].push_back({{"start", format_instant(merged.start)}, {"end", format_instant(merged.end)}});
        }
    }
    return google_answer(
        200,
        {{"kind", "calendar#freeBusy"},
         {"timeMin", format_instant(*from)},
         {"timeMax", format_instant(*to)},
         {"calendars", calendars_json}}
    );
}

}  // namespace calgate::testing
