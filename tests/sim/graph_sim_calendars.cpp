// Calendars of a mailbox, and the zones that it knows.
#include "core/windows_zones.hpp"
#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

Json calendar_json(const GraphCalendar& one) {
    return {
        {"id", one.id},
        {"name", one.name},
        {"color", one.color},
        {"hexColor", ""},
        {"isDefaultCalendar", one.is_default},
        {"changeKey", "5Xy"},
        {"canShare", true},
        {"canViewPrivateItems", true},
        {"canEdit", one.can_edit},
        {"isRemovable", !one.is_default},
        {"owner", {{"name", "Shop"}, {"address", kGraphPerson}}}};
}

bool is_color(const std::string& name) {
    static const std::set<std::string> kColors{
        "auto",
        "lightBlue",
        "lightGreen",
        "lightOrange",
        "lightGray",
        "lightYellow",
        "lightTeal",
        "lightPink",
        "lightBrown",
        "lightRed"};
    return kColors.contains(name);
}

http::Response no_such_method() { return graph_error(405, "BadRequest", "Method not allowed."); }

}  // namespace

/// Name and color as a body wishes them. @return why it is refused; nothing is changed then.
std::optional<http::Response> GraphSim::State::wish(GraphCalendar& one, const Json& body) const {
    const std::string name = body.value("name", one.name), color = body.value("color", one.color);
    if (name.empty()) return graph_error(400, "ErrorInvalidRequest", "A calendar needs a name.");
    if (!is_color(color)) return graph_error(400, "ErrorInvalidRequest", "This is no color of a calendar.");
    for (const auto& [id, other] : calendars)
        if (id != one.id && other.name == name && !other.removed)
            return graph_error(409, "ErrorFolderExists", "A folder with the specified name already exists.");
    one.name = name;
    one.color = color;
    return std::nullopt;
}

http::Response GraphSim::State::calendar_list(const GraphCall& call) {
    if (call.method == "POST") {
        GraphCalendar wanted;
        if (auto refused = wish(wanted, without_nulls(call.body))) return *refused;
        wanted.id = next_name("AAMkAGI1CAL");
        calendar_order.push_back(wanted.id);
        return graph_json(201, calendar_json(calendars[wanted.id] = wanted));
    }
    if (call.method != "GET") return no_such_method();
    std::vector<GraphTerm> terms;
    if (auto refused = read_filter(call, terms)) return *refused;
    std::vector<Json> items;
    for (const auto& id : calendar_order)
        if (const GraphCalendar& one = calendars.at(id); !one.removed) items.push_back(calendar_json(one));
    std::erase_if(items, [&](const Json& item) { return !all_hold(terms, item, {}); });
    return list(call, std::move(items));
}

http::Response GraphSim::State::calendar(GraphCall& call, const std::string& id) {
    const auto at = calendars.find(id);
    if (at == calendars.end() || at->second.removed)
        return graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.");
    if (call.path.size() > 2) return in_calendar(call, id, 2);
    GraphCalendar& one = at->second;
    if (call.method == "DELETE") {
        if (one.is_default) return graph_error(403, "ErrorCannotDeleteObject", "Object cannot be deleted.");
        one.removed = true;
        return graph_json(204, nullptr);
    }
    if (call.method == "PATCH") {
        if (auto refused = wish(one, without_nulls(call.body))) return *refused;
    } else if (call.method != "GET") {
        return no_such_method();
    }
    return graph_json(200, calendar_json(one));
}

/// outlook/supportedTimeZones: the names of Windows, or those of IANA where these are asked for.
http::Response GraphSim::State::supported_zones(const GraphCall& call) const {
    const std::string wanted = call.path.size() == 2 ? call.path[1] : "";
    const bool iana = wanted == "supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')";
    const bool windows = wanted == "supportedTimeZones" ||
                         wanted == "supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Windows')";
    if (!iana && !windows) return graph_error(404, "ResourceNotFound", "Resource not found for the segment.");
    if (call.method != "GET") return no_such_method();
    Json out = {{"value", Json::array()}};
    for (const char* name :
         {"UTC",
          "W. Europe Standard Time",
          "GMT Standard Time",
          "Romance Standard Time",
          "Eastern Standard Time",
          "Pacific Standard Time",
          "India Standard Time",
          "Tokyo Standard Time",
          "AUS Eastern Standard Time"}) {
        const std::string shown = iana ? std::string(iana_of_windows(name)) : name;
        out["value"].push_back({{"alias", shown}, {"displayName", shown}});
    }
    return graph_json(200, out);
}

}  // namespace calgate::testing
