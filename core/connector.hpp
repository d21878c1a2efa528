#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "core/ids.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace calgate {

/// An event as a service holds it.
struct RemoteEvent {
    Href href{};
    std::optional<Version> version{};  ///< Absent when the service does not say.
    Event event{};                     ///< `source` is always the text as it came.
    std::optional<std::string>
        unreadable{};  ///< Why `event` could not be understood; only href, version, source count.
};

/// One page of what happened on a calendar since a SyncToken.
struct ChangeSet {
    std::vector<RemoteEvent> changed{};  ///< Created or updated, full content.
    std::vector<Href> removed{};         ///< Named as gone by the service.
    std::vector<Href> unchanged{};       ///< Listed by the service at the version the caller already holds.
    std::vector<Href> unread{};          ///< Listed, but its content did not come: keep what is cached, ask again.
    std::optional<SyncToken> next{};     ///< Give to the next call; commit with this page.
    bool more = false;                   ///< Another page waits behind `next`.
    bool snapshot = false;               ///< Page of a full listing: once complete, unnamed means "no longer listed".
};

struct WriteReceipt {
    Href href{};
    std::optional<Version> version{};  ///< Absent when the service does not say; the next pull will.
    std::string source{};              ///< As RemoteEvent's, of `version`; empty: the answer did not tell all of it.
};

struct Capabilities {
    bool incremental = false;         ///< fetch_changes honours `since`; otherwise always a snapshot.
    bool conditional_writes = false;  ///< if_match is enforced by the service, not by us.
    int sign_in_tries = 1;            ///< Refusals in a row, apart in time, until a person has to sign in again.
    double writes_per_second = 0;     ///< Copies that the quota of one account lets through; 0: unsaid.
    double writes_at_once = 0;        ///< Besides, where its quota is of a longer time; 0: unsaid.
    bool polled_by_hours = false;     ///< It never notifies and counts calls: often by day, rarely at night.
    bool reads_back = false;          ///< A write's receipt has no version, so a pull follows at once.
};

/// A calendar as its service lists it.
struct RemoteCalendar {
    Href href{};
    std::string name{};
    bool writable = true;
    bool holds_events = true;    ///< false: tasks only.
    bool counts_as_busy = true;  ///< false: the service says transparent (RFC 6638 9.1).
    std::string zone{};          ///< IANA name for floating times; empty when unsaid.
};

struct Context {
    SteadyInstant deadline{};  ///< For the whole call, token refresh included.
    std::stop_token stop{};
};

/// The version the caller holds for an event, so that content that did not change is not fetched again.
using KnownVersion = std::function<std::optional<Version>(const Href&)>;

class BatchService;  // core/batch.hpp
class HintService;   // core/hints.hpp
class PushService;   // core/push.hpp

/// A calendar service as one account sees it. One call is one attempt: no retries, cache, sleeping or
/// policy inside. Called by one thread at a time.
class Connector {
public:
    virtual ~Connector() = default;
    virtual Capabilities capabilities() const = 0;
    /// Understands once more what an earlier call gave as `Event::source`. No I/O.
    /// @return InvalidResponse where fetch_event would call the event unreadable.
    virtual Result<Event> read_source(const std::string& source) const = 0;
    virtual Result<std::vector<RemoteCalendar>> list_calendars(const Context&) = 0;
    /// @param since absent for a full listing.
    /// @param known what the caller has cached; may return nothing for everything.
    /// @return SyncTokenExpired when the service refuses `since`.
    virtual Result<ChangeSet> fetch_changes(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) = 0;
    /// @return NotFound only when the service said that this very event is gone.
    virtual Result<RemoteEvent> fetch_event(const Context&, const Href& event) = 0;
    /// The event whose Uid this is, wherever it lies in the calendar. @return NotFound when there is none.
    virtual Result<RemoteEvent> find_event(const Context&, const Href& calendar, const Uid& uid) = 0;
    /// The place is chosen from the Uid, so repeating a create leaves one event, also after a Timeout.
    /// @return AlreadyExists when something is at that name or has that Uid; nothing was written then.
    virtual Result<WriteReceipt> create_event(const Context&, const Href& calendar, const Event&) = 0;
    /// Writes `event` over `event.source`, keeping every field that we do not own.
    /// @return VersionMismatch when the event is no longer at `if_match`; nothing was written then.
    virtual Result<WriteReceipt>
    update_event(const Context&, const Href& event, const Version& if_match, const Event&) = 0;
    /// Deleting what is already gone succeeds.
    /// @return VersionMismatch when the event is no longer at `if_match`; nothing was deleted then.
    virtual Status delete_event(const Context&, const Href& event, const Version& if_match) = 0;
    /// Null where the service cannot notify; owned by the connector.
    virtual PushService* push() { return nullptr; }
    /// Null where the service tells nothing over an open connection; owned by the connector.
    virtual HintService* hints() { return nullptr; }
    /// Null where every write takes a request of its own; owned by the connector.
    virtual BatchService* batch() { return nullptr; }
};

}  // namespace calgate
