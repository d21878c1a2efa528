#include <algorithm>

#include "connectors/google/google_wire.hpp"
#include "core/identity.hpp"
#include "core/recurrence.hpp"
#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::days kBack{365}, kAhead{730};

bool is_cancelled(const GoogleJson& event) { return text_of(event, "status") == "cancelled"; }

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

std::optional<Instant> instant_of(const GoogleCall& call, const char* name) { return google_instant(call.one(name)); }

std::size_t items_on_a_page(const GoogleCall& call, std::size_t usual) {
    return std::clamp<std::size_t>(count_of(call.one("maxResults")).value_or(usual), 1, 2500);
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
        if (call.query.contains(name) && !instant_of(call, name))
            return google_error(
                400, "global", "badRequest", std::string("Invalid value for: ") + name + ". Give an offset, %2B for +."
            );
    const auto from = instant_of(call, "timeMin"), to = instant_of(call, "timeMax");
    if (from && to && *to <= *from) return google_error(400, "timeRangeEmpty");
    if (call.query.contains("maxResults") && !count_of(call.one("maxResults")))
        return google_error(400, "global", "invalid", "Invalid value for: maxResults");
    return std::nullopt;
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
        if (google_instant(text_of(event, "updated")).value_or(Instant{}) < *since) return false;
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
    if (!item) return out;
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
        const bool known = parts && parts->size() == 5 && (*parts)[0] == "s" && (*parts)[1] == owner.id;
        if (!known && quirks.bad_token_is_400)
            return google_error(400, "global", "invalid", "Invalid sync token value.");
        if (known) since = std::stoll((*parts)[3]);
        const bool aged = known && quirks.token_life.count() > 0 &&
                          std::stoll((*parts)[4]) + quirks.token_life.count() <= clock.now().time_since_epoch().count();
        if (!known || aged || since < owner.tokens_from)
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
    std::size_t limit = items_on_a_page(call, 250);
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
        body["nextSyncToken"] = sealed(
            {"s", owner.id, round, std::to_string(snapshot), std::to_string(clock.now().time_since_epoch().count())}
        );
    }
    body["items"] = std::move(items);
    return google_answer(200, masked(body, call.one("fields")));
}

http::Response GoogleSim::State::instances(GoogleCalendar& owner, const GoogleCall& call, const std::string& id) {
    const auto master = owner.events.find(id);
    if (master == owner.events.end() || is_cancelled(master->second)) return google_error(404, "notFound");
    if (const auto refused = unfit_query(call)) return *refused;
    const auto from =
        call.query.contains("pageToken") ? count_of(call.one("pageToken")) : std::optional<std::size_t>(0);
    if (!from) return google_error(400, "global", "invalid", "Invalid page token value.");
    const Interval window{
        instant_of(call, "timeMin").value_or(clock.now() - kBack),
        instant_of(call, "timeMax").value_or(clock.now() + kAhead)};
    std::vector<GoogleJson> all;
    for (const GoogleJson& one : expanded(owner, master->second, window)) {
        const auto own = owner.events.find(text_of(one, "id"));
        const GoogleJson& event = own == owner.events.end() ? one : own->second;
        if (!is_cancelled(event) || call.flag("showDeleted")) all.push_back(shown(owner, event));
    }
    std::size_t limit = items_on_a_page(call, 250);
    if (quirks.page > 0) limit = std::min(limit, quirks.page);
    GoogleJson items = GoogleJson::array();
    for (std::size_t i = *from; i < all.size() && items.size() < limit; ++i) items.push_back(std::move(all[i]));
    GoogleJson body{{"kind", "calendar#events"}, {"timeZone", owner.zone}, {"accessRole", owner.role}};
    if (*from + items.size() < all.size()) body["nextPageToken"] = std::to_string(*from + items.size());
    body["items"] = std::move(items);
    return google_answer(200, masked(body, call.one("fields")));
}

}  // namespace calgate::testing
