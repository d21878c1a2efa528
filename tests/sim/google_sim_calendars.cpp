#include <algorithm>

#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

http::Response no_such() { return google_error(404, "notFound"); }

http::Response done() {
    http::Response response;
    response.status = 204;
    return response;
}

GoogleJson calendar_json(const GoogleCalendar& calendar) {
    return {
        {"kind", "calendar#calendar"},
        {"etag", "\"1\""},
        {"id", calendar.id},
        {"summary", calendar.name},
        {"timeZone", calendar.zone}};
}

/// Weaker roles first; 0: no role.
std::size_t rank_of(const std::string& role) {
    static const std::vector<std::string> kRoles{"", "freeBusyReader", "reader", "writer", "owner"};
    const auto at = std::find(kRoles.begin() + 1, kRoles.end(), role);
    return at == kRoles.end() ? 0 : static_cast<std::size_t>(at - kRoles.begin());
}

}  // namespace

GoogleCalendar* GoogleSim::State::calendar(const std::string& id) {
    const auto at = calendars.find(id == "primary" ? GoogleSim::owner() : id);
    return at == calendars.end() || at->second.removed ? nullptr : &at->second;
}

GoogleCalendar& GoogleSim::State::make_calendar(const std::string& name, const std::string& role) {
    const std::string id = "c_" + std::to_string(++made) + "#x@group.calendar.google.com";
    GoogleCalendar& fresh = calendars[id];
    fresh.id = id;
    fresh.name = name;
    fresh.role = role;
    fresh.listed = ++change;
    order.push_back(id);
    notify("calendarList", "exists");
    return fresh;
}

GoogleJson GoogleSim::State::list_entry(const GoogleCalendar& calendar) const {
    GoogleJson entry{
        {"kind", "calendar#calendarListEntry"},
        {"etag", "\"" + std::to_string(calendar.listed) + "\""},
        {"id", calendar.id}};
    if (calendar.removed || calendar.unlisted) {
        entry["deleted"] = true;
        return entry;
    }
    entry["summary"] = calendar.name;
    entry["timeZone"] = calendar.zone;
    entry["accessRole"] = calendar.role;
    entry["selected"] = true;
    entry["defaultReminders"] = GoogleJson::array();
    if (calendar.id == GoogleSim::owner()) entry["primary"] = true;
    for (const auto& [name, value] : calendar.personal.items()) entry[name] = value;
    return entry;
}

http::Response GoogleSim::State::calendar_list(const GoogleCall& call) {
    if (call.path.size() == 4 && call.path[3] == "watch" && call.method == "POST") return watch("calendarList", call);
    if (call.path.size() == 3 && call.method == "GET") return list_of_calendars(call);
    const GoogleJson body = GoogleJson::parse(call.request.body, nullptr, false);
    const bool subscribes = call.path.size() == 3 && call.method == "POST";
    GoogleCalendar* owner = subscribes              ? calendar(text_of(body, "id"))
                            : call.path.size() == 4 ? calendar(call.path[3])
                                                    : nullptr;
    if (!owner || (owner->unlisted && !subscribes)) return no_such();
    if (call.method == "GET") return google_answer(200, list_entry(*owner));
    if (!subscribes && call.method != "PATCH" && call.method != "PUT" && call.method != "DELETE") return no_such();
    if (call.method == "DELETE" && owner->id == GoogleSim::owner()) return google_error(400, "badRequest");
    owner->unlisted = call.method == "DELETE";
    if (call.method != "PATCH") owner->personal = GoogleJson::object();
    for (const char* name : {"summaryOverride", "selected", "hidden", "colorId", "backgroundColor", "foregroundColor"})
        if (body.contains(name)) owner->personal[name] = body[name];
    owner->listed = ++change;
    notify("calendarList", "exists");
    return call.method == "DELETE" ? done() : google_answer(200, list_entry(*owner));
}

/// An incremental round names entries that the person changed, made or lost, not those whose calendar or access right
/// changed (page 3).
http::Response GoogleSim::State::list_of_calendars(const GoogleCall& call) {
    std::int64_t since = -1;
    if (call.query.contains("syncToken")) {
        if (call.query.contains("minAccessRole") || call.one("showDeleted") == "false" ||
            call.one("showHidden") == "false")
            return google_error(400, "global", "invalid", "Sync token cannot be used with other query restrictions.");
        const auto parts = opened(call.one("syncToken"));
        const bool known = parts && parts->size() == 2 && (*parts)[0] == "l";
        if (!known && quirks.bad_token_is_400)
            return google_error(400, "global", "invalid", "Invalid sync token value.");
        if (known) since = std::stoll((*parts)[1]);
        if (!known || since < list_tokens_from) return google_error(410, "fullSyncRequired");
    }
    const std::size_t least = rank_of(call.one("minAccessRole"));
    std::vector<const GoogleCalendar*> there;
    for (const std::string& id : order) {
        const GoogleCalendar& owner = calendars.at(id);
        const bool gone = owner.removed || owner.unlisted;
        const bool hidden = is_true(owner.personal, "hidden") && !call.flag("showHidden");
        const bool shown = since < 0 ? (!gone || call.flag("showDeleted")) && !hidden : owner.listed > since;
        if (shown && rank_of(owner.role) >= least) there.push_back(&owner);
    }
    const auto wanted = count_of(call.query.contains("maxResults") ? call.one("maxResults") : "100");
    const auto from = count_of(call.query.contains("pageToken") ? call.one("pageToken") : "0");
    if (!wanted || !from) return google_error(400, "global", "invalid", "Invalid value for: maxResults, pageToken");
    std::size_t limit = std::clamp<std::size_t>(*wanted, 1, 250);
    if (quirks.page > 0) limit = std::min(limit, quirks.page);
    GoogleJson items = GoogleJson::array();
    for (std::size_t i = *from; i < there.size() && items.size() < limit; ++i) items.push_back(list_entry(*there[i]));
    GoogleJson body{{"kind", "calendar#calendarList"}, {"etag", "\"p" + std::to_string(change) + "\""}};
    if (*from + items.size() < there.size()) {
        body["nextPageToken"] = std::to_string(*from + items.size());
    } else {
        body["nextSyncToken"] = sealed({"l", std::to_string(change)});
    }
    body["items"] = std::move(items);
    return google_answer(200, masked(body, call.one("fields")));
}

http::Response GoogleSim::State::new_calendar(const GoogleCall& call) {
    const GoogleJson body = GoogleJson::parse(call.request.body, nullptr, false);
    if (text_of(body, "summary").empty()) return google_error(400, "required");
    const std::string zone = text_of(body, "timeZone");
    if (!zone.empty() && !zones.canonical_name(zone))
        return google_error(400, "global", "invalid", "Invalid time zone definition.");
    GoogleCalendar& fresh = make_calendar(text_of(body, "summary"), "owner");
    if (!zone.empty()) fresh.zone = zone;
    return google_answer(200, calendar_json(fresh));
}

http::Response GoogleSim::State::calendar_resource(const GoogleCall& call) {
    if (call.path.size() == 1) return call.method == "POST" ? new_calendar(call) : no_such();
    GoogleCalendar* owner = calendar(call.path[1]);
    if (!owner) return no_such();
    if (call.path.size() == 3) {
        if (call.method != "POST") return no_such();
        owner->events.clear();
        owner->tokens_from = ++change;
        return done();
    }
    if (call.method == "GET") return google_answer(200, calendar_json(*owner));
    if (call.method == "PATCH" || call.method == "PUT") {
        const GoogleJson body = GoogleJson::parse(call.request.body, nullptr, false);
        const std::string zone = text_of(body, "timeZone");
        if (!zone.empty() && !zones.canonical_name(zone))
            return google_error(400, "global", "invalid", "Invalid time zone definition.");
        if (!zone.empty()) owner->zone = zone;
        if (const std::string name = text_of(body, "summary"); !name.empty()) owner->name = name;
        return google_answer(200, calendar_json(*owner));
    }
    if (call.method != "DELETE" || owner->id == GoogleSim::owner()) return google_error(400, "badRequest");
    owner->removed = true;
    owner->listed = ++change;
    notify(owner->id, "not_exists");
    return done();
}

}  // namespace calgate::testing
