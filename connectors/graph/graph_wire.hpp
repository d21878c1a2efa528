#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/connector.hpp"
#include "core/push.hpp"
#include "core/zone.hpp"

namespace calgate::graph {

/// One event of a list, a delta page or a single get, judged no further than its kind.
struct Item {
    std::string id{};
    std::string etag{};             ///< @odata.etag, else made of changeKey.
    std::string type{};             ///< singleInstance, occurrence, exception, seriesMaster; empty when unsaid.
    std::string master_id{};        ///< seriesMasterId.
    bool removed = false;           ///< @removed, whatever its reason.
    bool has_guests = false;        ///< attendees is there and not empty.
    bool is_ours_to_change = true;  ///< Unless isOrganizer says that somebody else organizes it.
    std::optional<Instant> start{}, end{};
    std::optional<Instant> slot{};  ///< originalStart of an exception, see exception_slot.
    std::string slot_zone{};        ///< originalStartTimeZone, in the service's words.
    std::string json{};             ///< As it came, every unknown member included.
};
struct Page {
    std::vector<Item> items{};
    std::string next_link{}, delta_link{};
};
/// @return InvalidResponse for anything that is not a whole collection. An item without an id is left out.
Result<Page> parse_page(std::string_view body);
Result<Item> parse_item(std::string_view body);
/// Where an exception stands in its series. Of a series of whole days originalStart is midnight in the event's own zone
/// or the series': that date, as midnight in UTC; where it is midnight in neither, the nearest date.
std::optional<Instant>
exception_slot(const Item& exception, bool whole_days, const std::string& series_zone, const ZoneResolver&);

struct CalendarPage {
    std::vector<RemoteCalendar> calendars{};  ///< `href` holds the bare id.
    std::string next_link{};
};
Result<CalendarPage> parse_calendars(std::string_view body);

/// What a series is put together from.
struct SeriesParts {
    std::string master{};
    std::vector<std::string> exceptions{};
    std::vector<Instant> cancelled{};  ///< Slots without an occurrence.
    bool as_listed = false;            ///< The rule cannot be walked here: `listed` counts, nothing else.
    std::vector<Interval> listed{};
};
std::string write_series_source(const SeriesParts&);

struct WireContext {
    const ZoneResolver& zones;
    std::string default_zone{};  ///< Of the mailbox; empty: UTC.
};

/// @param source an event as it came, or what write_series_source made. @return InvalidResponse with a sentence.
Result<Event> read_event(std::string_view source, const WireContext&);

/// Body of a POST: with transactionId, without guests, reminders or invitations to answer.
/// @return Rejected for what Graph cannot hold.
Result<std::string> write_create(const Event&, const std::string& transaction_id, const WireContext&);
/// Body of a PATCH: what differs in meaning between the two, and nothing else. Empty when nothing does.
Result<std::string> write_patch(const Event& wanted, const Event& current, const WireContext&);
/// The same for one occurrence.
Result<std::string> write_exception(const EventInstance& wanted, const EventInstance& current, const WireContext&);

/// The value of a single-value extended property of ours; the namespace never changes.
std::string property_id(std::string_view name);
constexpr std::string_view kUidProperty = "calgateUid";
constexpr std::string_view kMarkProperty = "calgateMark";
constexpr std::string_view kCapsuleProperty = "calgateCapsule";
constexpr std::string_view kWordingProperty = "calgateWording";
/// $expand that brings them, not encoded.
std::string expand_properties();

/// "W/\"…\"" without a time zone: "2026-03-09T09:00:00Z", seven-digit fractions dropped.
std::optional<Instant> parse_graph_instant(std::string_view text);

struct Subscription {
    PushChannel channel{};
    std::string resource{};
};
std::string write_subscription(const PushRequest&, const std::string& resource, Instant expires);
std::string write_renewal(Instant expires);
Result<Subscription> parse_subscription(std::string_view body);
Result<std::vector<Subscription>> parse_subscriptions(std::string_view body, std::string& next_link);

}  // namespace calgate::graph
