#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/connector.hpp"

namespace calgate::freebusy {

/// A time that a service calls taken, without saying by what.
struct TakenTime {
    Interval when{};
    ShownAs shown_as = ShownAs::Busy;
};

/// What a service tells of a calendar to somebody who may know when it is taken and nothing else (Google:
/// freebusy.query; Graph: getSchedule; EWS: GetUserAvailability). One call is one attempt; called by one thread at a
/// time.
class FreeBusySource {
public:
    virtual ~FreeBusySource() = default;
    virtual Result<std::vector<RemoteCalendar>> list_calendars(const Context&) = 0;
    /// The longest window that one question may have.
    virtual std::chrono::days longest_window() const = 0;
    /// All times taken within a window, in any order, overlapping or not. An answer that leaves this calendar out, or
    /// says that it could not be read, is an error: it is never free time (I18).
    virtual Result<std::vector<TakenTime>> taken(const Context&, const Href& calendar, Interval window) = 0;
};

/// What may be known by free and busy times only, an account or a calendar of one, as a connector that reads. Time is
/// cut into blocks of the longest window, counted from 1970; each block is an event "<calendar>free-busy/<number>" that
/// holds what is taken in it, so that busy time is cached, aged and published like any other. Every pull is a full
/// listing, a block a page, from yesterday to kAhead: no service says what changed, and none notifies.
class FreeBusyConnector final : public Connector {
public:
    FreeBusyConnector(std::unique_ptr<FreeBusySource>, const Clock&);

    Capabilities capabilities() const override { return {}; }
    Result<Event> read_source(const std::string& source) const override;
    Result<std::vector<RemoteCalendar>> list_calendars(const Context&) override;
    /// @param since only between the pages of one listing; SyncTokenExpired for any other.
    Result<ChangeSet> fetch_changes(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override;
    /// @return NotFound for a block that has passed, and for what is no block.
    Result<RemoteEvent> fetch_event(const Context&, const Href& event) override;
    /// Unsupported, as everything that follows: there are no events to be found or written.
    Result<RemoteEvent> find_event(const Context&, const Href& calendar, const Uid&) override;
    Result<WriteReceipt> create_event(const Context&, const Href& calendar, const Event&) override;
    Result<WriteReceipt> update_event(const Context&, const Href&, const Version&, const Event&) override;
    Status delete_event(const Context&, const Href&, const Version&) override;

private:
    struct Blocks {
        std::int64_t first = 0, last = 0;
    };
    Blocks blocks() const;
    Result<RemoteEvent> block(const Context&, const Href& calendar, std::int64_t number) const;

    std::unique_ptr<FreeBusySource> source_;
    const Clock& clock_;
};

/// As far as busy time is expanded at all, and a month more.
inline constexpr std::chrono::days kAhead{760};

}  // namespace calgate::freebusy
