#include "connectors/graph/graph_series.hpp"

#include <algorithm>
#include <set>

#include "core/recurrence.hpp"

namespace calgate::graph {

namespace {

/// How far occurrences of a series are listed; /instances takes 1825 days at most.
constexpr std::chrono::days kListedBack{60};
constexpr std::chrono::days kListedAhead{730};
constexpr std::chrono::days kLongestListing{1825};
constexpr std::size_t kMaxInstances = 5000;
constexpr int kMaxPages = 100;

Instant day_of(Instant instant) { return std::chrono::floor<std::chrono::days>(instant); }

bool is_all_day(const Event& event) { return event.master.start.kind == When::Kind::Date; }

/// Where occurrences of one listing stand in their series.
class Slots {
public:
    Slots(const std::vector<Item>& listed, bool all_day, const ZoneResolver& zones) : all_day_(all_day), zones_(zones) {
        const auto plain =
            std::find_if(listed.begin(), listed.end(), [](const Item& item) { return item.type == "occurrence"; });
        if (plain != listed.end()) series_zone_ = plain->slot_zone;
    }
    std::optional<Instant> operator()(const Item& item) const {
        if (item.type == "exception") return exception_slot(item, all_day_, series_zone_, zones_);
        return item.start && all_day_ ? std::optional(day_of(*item.start)) : item.start;
    }

private:
    bool all_day_;
    const ZoneResolver& zones_;
    std::string series_zone_{};
};

/// What the rule and the service's list of occurrences say about each other.
void compare(
    SeriesParts& parts,
    const Event& event,
    const Expansion& expected,
    const std::vector<Item>& listed,
    const ZoneResolver& zones
) {
    const Slots slot_of(listed, is_all_day(event), zones);
    std::set<Instant> there, slots;
    for (const Item& item : listed)
        if (const auto slot = slot_of(item)) there.insert(*slot);
    for (const Occurrence& occurrence : expected.occurrences) slots.insert(occurrence.key);
    const bool strange = std::any_of(listed.begin(), listed.end(), [&](const Item& item) {
        const auto slot = slot_of(item);
        return item.type == "occurrence" && slot && !slots.contains(*slot);
    });
    parts.as_listed = event.partial || strange;
    if (parts.as_listed) {
        for (const Item& item : listed)
            if (item.start && item.end) parts.listed.push_back({*item.start, *item.end});
        return;
    }
    for (const Instant slot : slots)
        if (!there.contains(slot)) parts.cancelled.push_back(slot);
}

Error cannot_bring_back() {
    return {
        ErrorCode::Rejected,
        "Microsoft Graph cannot bring back a deleted occurrence of a series; enter it as a single event.",
        {}};
}

Error changed_meanwhile() {
    return {
        ErrorCode::VersionMismatch, "An occurrence of the series was deleted meanwhile; the series is read again.", {}};
}

}  // namespace

EventReader::EventReader(
    const Session& session, const Clock& clock, const ZoneResolver& zones, const GraphSettings& settings
)
    : session_(session), clock_(clock), zones_(zones), settings_(settings) {}

WireContext EventReader::wire() const { return {zones_, settings_.default_zone}; }

Result<Item> EventReader::get(const Context& context, const Href& event) const {
    Ask ask;
    ask.url = session_.mailbox_url(event.value, {{"$expand", expand_properties()}});
    CALGATE_TRY(const http::Response response, session_.done(context, ask));
    return parse_item(response.body);
}

RemoteEvent EventReader::understood(const Href& event, const std::string& etag, std::string source) const {
    RemoteEvent out{event, std::nullopt, {}, {}};
    if (!etag.empty()) out.version = Version{etag};
    auto read = read_event(source, wire());
    if (read) {
        out.event = std::move(*read);
    } else {
        out.unreadable = read.error().detail;
    }
    out.event.source = std::move(source);
    return out;
}

Result<RemoteEvent> EventReader::complete(const Context& context, const Href& event, const Item& item) const {
    if (item.type != "seriesMaster") return understood(event, item.etag, item.json);
    CALGATE_TRY(std::string source, series_source(context, event, item));
    return understood(event, item.etag, std::move(source));
}

Result<std::string> EventReader::series_source(const Context& context, const Href& event, const Item& master) const {
    SeriesParts parts;
    parts.master = master.json;
    const auto read = read_event(master.json, wire());
    if (!read) return write_series_source(parts);  // Whoever reads it says why it cannot be read.
    const Instant now = day_of(clock_.now());
    const Interval window{now - kListedBack, now + kListedAhead};
    CALGATE_TRY(const std::vector<Item> listed, instances(context, event, window));
    const std::string zone = settings_.default_zone.empty() ? "UTC" : settings_.default_zone;
    const Expansion expected = expand(*read, window, zones_, is_all_day(*read) ? "UTC" : zone, clock_);
    if (!expected.truncated) compare(parts, *read, expected, listed, zones_);
    if (!parts.as_listed)
        for (const Item& item : listed)
            if (item.type == "exception") parts.exceptions.push_back(item.json);
    return write_series_source(parts);
}

Result<std::vector<Item>> EventReader::instances(const Context& context, const Href& event, Interval window) const {
    Ask ask;
    ask.url = session_.mailbox_url(
        event.value + "/instances",
        {{"startDateTime", format_instant(window.start)},
         {"endDateTime", format_instant(window.end)},
         {"$top", std::to_string(settings_.page_size)}}
    );
    std::vector<Item> out;
    for (int pages = 0; !ask.url.empty(); ++pages) {
        CALGATE_TRY(const http::Response response, session_.done(context, ask));
        CALGATE_TRY(Page page, parse_page(response.body));
        std::move(page.items.begin(), page.items.end(), std::back_inserter(out));
        if (out.size() > kMaxInstances || (pages > kMaxPages && page.items.empty()))
            return Error{
                ErrorCode::InvalidResponse, "The series has more than 5000 occurrences in two years; shorten it.", {}};
        ask.url = page.next_link;
    }
    return out;
}

Result<std::string> EventReader::etag_now(const Context& context, const Href& occurrence) const {
    CALGATE_TRY(Item item, get(context, occurrence));
    if (item.etag.empty())
        return Error{ErrorCode::InvalidResponse, "Microsoft Graph gave an occurrence of the series no version.", {}};
    return std::move(item.etag);
}

Status EventReader::check_exceptions(const Event& wanted, const Event& stored) const {
    if (wanted.master.rules != stored.master.rules || wanted.master.start != stored.master.start) return {};
    std::set<Instant> kept_out;
    for (const When& slot : wanted.master.excluded_dates) kept_out.insert(zones_.to_instant(slot, "UTC"));
    for (const When& slot : stored.master.excluded_dates)
        if (!kept_out.contains(zones_.to_instant(slot, "UTC"))) return cannot_bring_back();
    return {};
}

Status EventReader::write_exceptions(
    const Context& context, const Href& event, const Event& wanted, const Event& stored
) const {
    const auto instant = [&](const When& when) { return zones_.to_instant(when, "UTC"); };
    std::set<Instant> gone, touched;
    for (const When& slot : stored.master.excluded_dates) gone.insert(instant(slot));
    std::set<Instant> delete_slots;
    for (const When& slot : wanted.master.excluded_dates)
        if (!gone.contains(instant(slot))) delete_slots.insert(instant(slot));
    std::vector<std::pair<EventInstance, EventInstance>> changes;
    const auto stored_at = [&](const When& slot) {
        for (const EventInstance& instance : stored.overrides)
            if (instant(*instance.recurrence_id) == instant(slot)) return instance;
        EventInstance plain = stored.master;
        plain.start = slot;
        plain.end.local = slot.local + (stored.master.end.local - stored.master.start.local);
        return plain;
    };
    for (const EventInstance& instance : wanted.overrides) {
        touched.insert(instant(*instance.recurrence_id));
        changes.emplace_back(instance, stored_at(*instance.recurrence_id));
    }
    for (const EventInstance& instance : stored.overrides) {
        const Instant slot = instant(*instance.recurrence_id);
        if (touched.contains(slot) || delete_slots.contains(slot)) continue;
        EventInstance plain = wanted.master;
        plain.start = *instance.recurrence_id;
        plain.end.local = plain.start.local + (wanted.master.end.local - wanted.master.start.local);
        plain.recurrence_id = instance.recurrence_id;
        touched.insert(slot);
        changes.emplace_back(plain, instance);
    }
    std::set<Instant> all = touched;
    all.insert(delete_slots.begin(), delete_slots.end());
    if (all.empty()) return {};
    const Interval span{*all.begin() - std::chrono::days(1), *all.rbegin() + std::chrono::days(2)};
    if (span.end - span.start > kLongestListing)
        return Error{ErrorCode::Rejected, "The changed occurrences of the series lie more than five years apart.", {}};
    CALGATE_TRY(const std::vector<Item> occurrences, instances(context, event, span));
    for (const auto& [change, from] : changes)
        CALGATE_TRY_STATUS(write_exception(context, event, occurrences, change, from));
    const Slots slot_of(occurrences, is_all_day(wanted), zones_);
    for (const Item& item : occurrences) {
        const auto slot = slot_of(item);
        if (!slot || !delete_slots.contains(*slot)) continue;
        const Href occurrence = event_href(calendar_of(event), item.id);
        auto now = etag_now(context, occurrence);
        if (!now && now.error().code == ErrorCode::NotFound) continue;
        if (!now) return now.error();
        const Ask ask{Call::Delete, "DELETE", session_.mailbox_url(occurrence.value), {}, std::move(*now), false};
        CALGATE_TRY_STATUS(session_.gone(context, ask));
    }
    return {};
}

Status EventReader::write_exception(
    const Context& context,
    const Href& event,
    const std::vector<Item>& occurrences,
    const EventInstance& wanted,
    const EventInstance& stored
) const {
    CALGATE_TRY(std::string body, graph::write_exception(wanted, stored, wire()));
    if (body.empty()) return {};
    const Slots slot_of(occurrences, wanted.recurrence_id->kind == When::Kind::Date, zones_);
    const Instant slot = zones_.to_instant(*wanted.recurrence_id, "UTC");
    for (const Item& item : occurrences) {
        if (slot_of(item) != slot) continue;
        const Href occurrence = event_href(calendar_of(event), item.id);
        auto now = etag_now(context, occurrence);
        if (!now) return now.error().code == ErrorCode::NotFound ? changed_meanwhile() : now.error();
        const Ask ask{
            Call::Update, "PATCH", session_.mailbox_url(occurrence.value), std::move(body), std::move(*now), false};
        const auto response = session_.done(context, ask);
        // Of the series nothing is said by an occurrence that is gone.
        if (!response && response.error().code == ErrorCode::NotFound) return changed_meanwhile();
        if (!response) return response.error();
        CALGATE_TRY_STATUS(parse_item(response->body));
        return {};
    }
    return cannot_bring_back();
}

}  // namespace calgate::graph
