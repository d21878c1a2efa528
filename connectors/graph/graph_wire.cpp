#include "connectors/graph/graph_wire.hpp"

#include <nlohmann/json.hpp>

#include "connectors/graph/graph_text.hpp"

namespace calgate::graph {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNamespace = "{8f2f5d7e-43c1-4c0b-9d57-6b1c0a4e2f91}";

Error unreadable(std::string sentence) { return {ErrorCode::InvalidResponse, std::move(sentence), {}}; }

Json parsed(std::string_view body) { return Json::parse(cleaned_json(body), nullptr, false); }

std::string text(const Json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool flag(const Json& object, const char* name, bool otherwise) {
    const auto at = object.find(name);
    return at != object.end() && at->is_boolean() ? at->get<bool>() : otherwise;
}

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Answers are asked for in UTC; an item in another zone is read by read_event only.
std::optional<Instant> utc_of(const Json& item, const char* name) {
    const auto at = item.find(name);
    if (at == item.end() || !at->is_object()) return std::nullopt;
    return parse_graph_instant(text(*at, "dateTime").substr(0, 19) + "Z");
}

std::optional<Item> item_of(const Json& json) {
    if (!json.is_object()) return std::nullopt;
    Item item;
    item.id = text(json, "id");
    if (item.id.empty()) return std::nullopt;
    item.etag = text(json, "@odata.etag");
    if (const std::string key = text(json, "changeKey"); item.etag.empty() && !key.empty())
        item.etag = "W/\"" + key + "\"";
    item.type = text(json, "type");
    item.master_id = text(json, "seriesMasterId");
    item.removed = json.contains("@removed");
    const auto guests = json.find("attendees");
    item.has_guests = guests != json.end() && guests->is_array() && !guests->empty();
    item.start = utc_of(json, "start");
    item.end = utc_of(json, "end");
    item.is_ours_to_change = flag(json, "isOrganizer", true);
    item.slot = parse_graph_instant(text(json, "originalStart"));
    item.slot_zone = text(json, "originalStartTimeZone");
    item.json = dumped(json);
    return item;
}

}  // namespace

std::optional<Instant> parse_graph_instant(std::string_view value) {
    const auto dot = value.find('.');
    if (dot == std::string_view::npos) return parse_instant(value);
    const auto rest = value.find_first_not_of("0123456789", dot + 1);
    if (rest == std::string_view::npos) return std::nullopt;
    return parse_instant(std::string(value.substr(0, dot)) + std::string(value.substr(rest)));
}

Result<Page> parse_page(std::string_view body) {
    const Json page = parsed(body);
    if (!page.is_object() || !page.contains("value") || !page["value"].is_array())
        return unreadable("Microsoft Graph's answer is no list of events; nothing was changed. We ask again later.");
    Page out;
    out.next_link = text(page, "@odata.nextLink");
    out.delta_link = text(page, "@odata.deltaLink");
    for (const Json& json : page["value"])
        if (auto item = item_of(json)) out.items.push_back(std::move(*item));
    return out;
}

Result<Item> parse_item(std::string_view body) {
    auto item = item_of(parsed(body));
    if (!item) return unreadable("Microsoft Graph's answer is no event; nothing was changed. We ask again later.");
    return std::move(*item);
}

std::optional<Instant> exception_slot(
    const Item& exception, bool whole_days, const std::string& series_zone, const ZoneResolver& zones
) {
    using std::chrono::days;
    if (!exception.slot || !whole_days) return exception.slot;
    for (const std::string& said : {exception.slot_zone, series_zone}) {
        const auto zone = zones.canonical_name(said);
        if (!zone || !zones.knows(*zone)) continue;
        const LocalSeconds local = zones.to_local(*exception.slot, *zone);
        if (local == std::chrono::floor<days>(local)) return Instant{local.time_since_epoch()};
    }
    return std::chrono::floor<days>(*exception.slot + std::chrono::hours(12));
}

Result<CalendarPage> parse_calendars(std::string_view body) {
    const Json page = parsed(body);
    if (!page.is_object() || !page.contains("value") || !page["value"].is_array())
        return unreadable("Microsoft Graph's answer is no list of calendars. We ask again later.");
    CalendarPage out;
    out.next_link = text(page, "@odata.nextLink");
    for (const Json& json : page["value"]) {
        if (!json.is_object() || text(json, "id").empty()) continue;
        RemoteCalendar calendar;
        calendar.href = Href{text(json, "id")};
        calendar.name = text(json, "name");
        if (calendar.name.empty()) calendar.name = "Calendar";
        calendar.writable = flag(json, "canEdit", false);
        out.calendars.push_back(std::move(calendar));
    }
    return out;
}

std::string write_series_source(const SeriesParts& parts) {
    Json out;
    out["master"] = parsed(parts.master);
    out["exceptions"] = Json::array();
    for (const auto& exception : parts.exceptions) out["exceptions"].push_back(parsed(exception));
    out["cancelled"] = Json::array();
    for (const Instant slot : parts.cancelled) out["cancelled"].push_back(format_instant(slot));
    if (parts.as_listed) {
        out["listed"] = Json::array();
        for (const Interval& occurrence : parts.listed)
            out["listed"].push_back({format_instant(occurrence.start), format_instant(occurrence.end)});
    }
    return dumped(out);
}

std::string property_id(std::string_view name) {
    return "String " + std::string(kNamespace) + " Name " + std::string(name);
}

std::string expand_properties() {
    std::string filter;
    for (const auto name : {kUidProperty, kMarkProperty, kCapsuleProperty, kWordingProperty})
        filter += (filter.empty() ? "" : " or ") + ("id eq '" + property_id(name)) + "'";
    return "singleValueExtendedProperties($filter=" + filter + ")";
}

std::string write_subscription(const PushRequest& request, const std::string& resource, Instant expires) {
    Json out;
    out["changeType"] = "created,updated,deleted";
    out["notificationUrl"] = request.callback;
    out["lifecycleNotificationUrl"] =
        request.lifecycle_callback.empty() ? request.callback : request.lifecycle_callback;
    out["resource"] = resource;
    out["expirationDateTime"] = format_instant(expires);
    out["clientState"] = request.secret;
    return dumped(out);
}

std::string write_renewal(Instant expires) {
    Json out;
    out["expirationDateTime"] = format_instant(expires);
    return dumped(out);
}

namespace {

std::optional<Subscription> subscription_of(const Json& json) {
    if (!json.is_object()) return std::nullopt;
    const auto expires = parse_graph_instant(text(json, "expirationDateTime"));
    if (text(json, "id").empty() || !expires) return std::nullopt;
    return Subscription{PushChannel{text(json, "id"), {}, *expires}, text(json, "resource")};
}

}  // namespace

Result<Subscription> parse_subscription(std::string_view body) {
    auto found = subscription_of(parsed(body));
    if (!found) return unreadable("Microsoft Graph's answer is no subscription. We ask again later.");
    return std::move(*found);
}

Result<std::vector<Subscription>> parse_subscriptions(std::string_view body, std::string& next_link) {
    const Json page = parsed(body);
    if (!page.is_object() || !page.contains("value") || !page["value"].is_array())
        return unreadable("Microsoft Graph's answer is no list of subscriptions. We ask again later.");
    next_link = text(page, "@odata.nextLink");
    std::vector<Subscription> out;
    for (const Json& json : page["value"])
        if (auto found = subscription_of(json)) out.push_back(std::move(*found));
    return out;
}

}  // namespace calgate::graph
