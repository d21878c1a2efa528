#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "connectors/oauth/token_source.hpp"
#include "core/batch.hpp"
#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/push.hpp"
#include "core/zone.hpp"

namespace calgate::graph {

struct GraphSettings {
    std::string base_url = "https://graph.microsoft.com/v1.0";  ///< National clouds have other hosts.
    std::string user{};          ///< Directory object id of the mailbox; empty: the signed-in person (/me).
    std::string default_zone{};  ///< IANA; of the mailbox. For times in zones that nobody knows, and floating ones.
    std::chrono::days window_back{30};
    std::chrono::days window_ahead{
        400};                         ///< Of calendarView/delta. Cut at its past end to 1825 days with `window_back`.
    std::chrono::days roll_after{7};  ///< A window that has lost so much of its future is replaced.
    std::size_t page_size = 50;       ///< Items asked for per page, 1 to 1000.
    bool events_delta = false;        ///< Follow events/delta, which has no window and is documented on beta only.
};

/// Microsoft Graph v1.0 calendars. An Href is a path below the mailbox, "calendars/{id}" or
/// "calendars/{id}/events/{id}", ids percent-encoded and case-sensitive; a Version is an @odata.etag; a SyncToken
/// carries the delta link, its window and a checksum. One request at a time, so one connector takes one of the four
/// requests that a mailbox answers at once.
class GraphConnector final : public Connector {
public:
    GraphConnector(http::HttpTransport&, const Clock&, const ZoneResolver&, oauth::TokenSource&, GraphSettings);
    ~GraphConnector() override;
    GraphConnector(const GraphConnector&) = delete;
    GraphConnector& operator=(const GraphConnector&) = delete;

    Capabilities capabilities() const override;
    Result<Event> read_source(const std::string& source) const override;
    Result<std::vector<RemoteCalendar>> list_calendars(const Context&) override;
    /// Full listings come from /events, whole and without a window; changes from the delta feed. What the feed calls
    /// removed is asked for by id before it is named so: an event that left the window is still there.
    Result<ChangeSet> fetch_changes(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override;
    Result<RemoteEvent> fetch_event(const Context&, const Href& event) override;
    /// Our property first, then iCalUId.
    Result<RemoteEvent> find_event(const Context&, const Href& calendar, const Uid& uid) override;
    /// transactionId is the Uid; where that id is used up by an event that is gone, "~1" and so on behind it.
    /// Exceptions of a series take a request each, after the series itself.
    Result<WriteReceipt> create_event(const Context&, const Href& calendar, const Event&) override;
    /// @return also Rejected for an event with guests: Graph would mail them.
    Result<WriteReceipt> update_event(const Context&, const Href& event, const Version& if_match, const Event&)
        override;
    Status delete_event(const Context&, const Href& event, const Version& if_match) override;
    PushService* push() override;
    /// See graph_together.hpp.
    BatchService* batch() override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calgate::graph
