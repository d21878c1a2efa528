#include "connectors/google/google_wire.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>

#include "connectors/google/google_ids.hpp"
#include "connectors/http/text_bounds.hpp"
#include "core/identity.hpp"

namespace calgate::google {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t kMaxItems = 10'000;
constexpr std::size_t kMaxId = 2048;

Error unreadable(const std::string& what) {
    return {ErrorCode::InvalidResponse, "Google answered with " + what + "; we ask again later.", {}};
}

/// A discarded value for anything that is no JSON, or too much of it.
json parsed(std::string_view text) {
    if (!http::json_within_bounds(text)) return json(json::value_t::discarded);
    return json::parse(text, nullptr, false);
}

std::string text_at(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

bool true_at(const json& object, const char* name) {
    const auto at = object.find(name);
    return at != object.end() && at->is_boolean() && at->get<bool>();
}

std::optional<Item> item_of(const json& resource) {
    if (!resource.is_object()) return std::nullopt;
    Item item;
    item.id = text_at(resource, "id");
    if (item.id.empty() || item.id.size() > kMaxId) return std::nullopt;
    item.ical_uid = text_at(resource, "iCalUID");
    item.cancelled = text_at(resource, "status") == "cancelled";
    item.recurring = resource.contains("recurrence");
    item.series = text_at(resource, "recurringEventId");
    // A stub may say nothing but its id (trap G5).
    if (item.series.empty() && item.cancelled && !item.recurring)
        if (const auto instance = split_instance_id(item.id)) item.series = instance->series;
    const std::string etag = text_at(resource, "etag"), updated = text_at(resource, "updated");
    if (!etag.empty()) {
        item.version = Version{etag};
    } else if (!updated.empty()) {
        item.version = Version{"updated:" + updated};
    }
    item.text = resource.dump();
    return item;
}

RemoteCalendar calendar_of(const json& entry, const std::string& id) {
    RemoteCalendar calendar;
    calendar.href = calendar_href(id);
    calendar.name = text_at(entry, "summaryOverride");
    if (calendar.name.empty()) calendar.name = text_at(entry, "summary");
    if (calendar.name.empty()) calendar.name = id;
    const std::string role = text_at(entry, "accessRole");
    calendar.writable = role == "owner" || role == "writer";
    if (role == "freeBusyReader") calendar.name += " (free/busy only)";
    calendar.zone = text_at(entry, "timeZone");
    return calendar;
}

}  // namespace

std::optional<Version> Whole::version() const {
    if (exceptions.empty() || !master.version) return master.version;
    std::vector<std::string> parts;
    for (const Item& item : exceptions) {
        if (!item.version) return std::nullopt;
        parts.push_back(item.id + "=" + item.version->value);
    }
    std::sort(parts.begin(), parts.end());
    std::string all;
    for (const std::string& part : parts) all += part + "\n";
    return Version{master.version->value + "+" + sha256_hex(all).substr(0, 20)};
}

std::string Whole::source() const {
    if (exceptions.empty()) return master.text;
    std::string text = master.text;
    for (const Item& item : exceptions) text += ",\n" + item.text;
    return "[" + text + "]";
}

bool is_strong(const std::optional<Version>& version) { return version && version->value.starts_with('"'); }

Result<EventsPage> read_events_page(std::string_view body) {
    const json document = parsed(body);
    if (!document.is_object()) return unreadable("something that is no list of events");
    const auto items = document.find("items");
    EventsPage page;
    page.next_page = text_at(document, "nextPageToken");
    page.next_sync = text_at(document, "nextSyncToken");
    page.free_busy_only = text_at(document, "accessRole") == "freeBusyReader";
    if (items == document.end() || !items->is_array()) return unreadable("a list of events without its items");
    if (items->size() > kMaxItems) return unreadable("more events on one page than it may hold");
    for (const json& resource : *items) {
        auto item = item_of(resource);
        if (!item) return unreadable("an event that has no id");
        page.items.push_back(std::move(*item));
    }
    return page;
}

Result<Item> read_item(std::string_view body) {
    auto item = item_of(parsed(body));
    if (!item) return unreadable("something that is no event");
    return std::move(*item);
}

Result<CalendarsPage> read_calendars_page(std::string_view body) {
    const json document = parsed(body);
    if (!document.is_object()) return unreadable("something that is no list of calendars");
    const auto items = document.find("items");
    if (items == document.end() || !items->is_array()) return unreadable("a list of calendars without its items");
    CalendarsPage page;
    page.next_page = text_at(document, "nextPageToken");
    for (const json& entry : *items) {
        const std::string id = entry.is_object() ? text_at(entry, "id") : std::string();
        if (id.empty() || id.size() > kMaxId || true_at(entry, "deleted")) continue;
        page.calendars.push_back(calendar_of(entry, id));
    }
    return page;
}

Result<PushChannel> read_channel(std::string_view body) {
    const json document = parsed(body);
    if (!document.is_object()) return unreadable("something that is no channel");
    PushChannel channel;
    channel.id = text_at(document, "id");
    channel.resource = text_at(document, "resourceId");
    const std::string expiration = text_at(document, "expiration");
    std::int64_t milliseconds = 0;
    const auto [at, failure] = std::from_chars(expiration.data(), expiration.data() + expiration.size(), milliseconds);
    const bool is_number = failure == std::errc{} && at == expiration.data() + expiration.size();
    if (channel.id.empty() || channel.resource.empty() || !is_number)
        return unreadable("a channel without id, resource or end");
    channel.expires = Instant{std::chrono::floor<std::chrono::seconds>(std::chrono::milliseconds(milliseconds))};
    return channel;
}

Result<Whole> read_whole(std::string_view source) {
    const Error not_ours{ErrorCode::InvalidResponse, "The stored event is not what Google sends.", {}};
    const json document = parsed(source);
    if (document.is_object()) {
        auto single = item_of(document);
        if (!single) return not_ours;
        return Whole{std::move(*single), {}};
    }
    if (!document.is_array() || document.empty() || document.size() > kMaxItems) return not_ours;
    std::vector<Item> items;
    for (const json& resource : document) {
        auto item = item_of(resource);
        if (!item) return not_ours;
        items.push_back(std::move(*item));
    }
    Whole whole{std::move(items.front()), {}};
    std::move(std::next(items.begin()), items.end(), std::back_inserter(whole.exceptions));
    for (const Item& item : whole.exceptions)
        if (item.series != whole.master.id) return not_ours;
    return whole;
}

RemoteEvent remote_event(const Href& calendar, const Whole& whole, const ReadContext& context) {
    RemoteEvent remote{event_href(calendar, whole.master.id), whole.version(), {}, {}};
    auto event = read_event(whole, context);
    if (event) {
        remote.event = std::move(*event);
    } else {
        remote.unreadable = event.error().detail;
    }
    remote.event.source = whole.source();
    return remote;
}

std::string watch_body(const PushRequest& request, std::int64_t ttl_s) {
    json body{{"id", request.id}, {"type", "web_hook"}, {"address", request.callback}};
    if (!request.secret.empty()) body["token"] = request.secret;
    body["params"] = {{"ttl", std::to_string(ttl_s)}};
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string stop_body(const PushChannel& channel) {
    return json{{"id", channel.id}, {"resourceId", channel.resource}}.dump(
        -1, ' ', false, json::error_handler_t::replace
    );
}

}  // namespace calgate::google
