#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/connector.hpp"
#include "core/push.hpp"
#include "core/zone.hpp"

namespace calgate::google {

/// One event resource: a single event, the master of a series, or an exception of one.
struct Item {
    std::string id{};
    std::string series{};              ///< Of an exception: the master's id.
    std::string ical_uid{};            ///< Empty when unsaid (bare stubs).
    std::optional<Version> version{};  ///< etag; "updated:…" where the answer has none; absent when both are missing.
    bool cancelled = false;
    bool recurring = false;  ///< A master.
    std::string text{};      ///< JSON as it came.
};

/// A whole event: a single one, or a master and its exceptions. An instance of a series whose master is not on the
/// calendar stands alone and counts as single.
struct Whole {
    Item master{};
    std::vector<Item> exceptions{};  ///< Cancelled ones included.

    /// Of everything: the master's own where there is no exception. Absent when Google left one out.
    std::optional<Version> version() const;
    /// A JSON object, or an array for a series.
    std::string source() const;
};

/// If-Match compares strongly (RFC 9110 13.1.1): weak tags and our own substitutes have to be compared by reading.
bool is_strong(const std::optional<Version>&);

struct EventsPage {
    std::vector<Item> items{};
    std::string next_page{};      ///< nextPageToken; an empty page may have one (trap G7).
    std::string next_sync{};      ///< nextSyncToken, on the last page only.
    bool free_busy_only = false;  ///< Items are expanded instances without content, and belong to no series.
};
struct CalendarsPage {
    std::vector<RemoteCalendar> calendars{};
    std::string next_page{};
};

/// The readers below give InvalidResponse for anything that is not the whole JSON object they expect, for more than 64
/// levels, and for an item without an id: what cannot be named may not look deleted. Unknown members, unknown values
/// and missing members never fail. They never throw.
Result<EventsPage> read_events_page(std::string_view body);
Result<Item> read_item(std::string_view body);
Result<CalendarsPage> read_calendars_page(std::string_view body);
Result<PushChannel> read_channel(std::string_view body);
/// What `Whole::source` wrote.
Result<Whole> read_whole(std::string_view source);

struct ReadContext {
    const ZoneResolver& zones;
    std::string default_zone{};  ///< For times whose zone nobody knows; the event then carries a warning.
};

/// @return InvalidResponse with a sentence when it cannot be used at all; `source` is set by the caller.
Result<Event> read_event(const Whole&, const ReadContext&);
/// With source, version, and the reason when it is unreadable.
RemoteEvent remote_event(const Href& calendar, const Whole&, const ReadContext&);

/// One PATCH of one resource.
struct Patch {
    std::string id{};
    std::optional<Version> version{};  ///< As it was read; absent for an instance that is no exception yet.
    std::string body{};
};

/// What events.insert takes for the event itself; `detached` brings what of a series has to follow.
/// @return Rejected with a sentence for what Google cannot hold (cancelled, floating, THISANDFUTURE, too large).
Result<std::string> insert_body(const Event&, const std::string& id, const ReadContext&);
/// Patches that turn `now` into `wanted`: only members that we own and that differ. The master's comes first.
/// @return Rejected also for an event that is `partial`, that someone else organizes, or that is locked; and for a
/// moved or re-ruled series that has exceptions, because Google would lose its history (trap G26).
Result<std::vector<Patch>> patches(const Whole& now, const Event& wanted, const ReadContext&);
/// Whether the answer to a write still has the mark: Google drops and cuts properties without a word (trap G24).
bool keeps_mark(const Item& answer, const Event& wanted);

/// events.watch; `ttl` in whole seconds.
std::string watch_body(const PushRequest&, std::int64_t ttl_s);
std::string stop_body(const PushChannel&);

}  // namespace calgate::google
