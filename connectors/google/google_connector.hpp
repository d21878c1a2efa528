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

namespace calgate::google {

struct GoogleSettings {
    std::string base_url = "https://www.googleapis.com/calendar/v3";
    std::string batch_url = "https://www.googleapis.com/batch/calendar/v3";
    std::string default_zone{};        ///< For times that name no zone or one that nobody knows.
    std::string quota_user{};          ///< Whom calls count for, at most 40 characters; empty: who signed in.
    int page_size = 2500;              ///< maxResults; Google allows at most 2500.
    std::size_t series_per_page = 40;  ///< Series that one fetch_changes reads anew before it hands out what it has.
};

/// Google Calendar API v3. An Href is the path below the base URL; a SyncToken wraps Google's with a fingerprint of the
/// query it belongs to. An Event is a whole series: what Google keeps as single resources (master, exceptions,
/// cancelled instances) is put together here, and its Version covers all of them.
/// Every write says sendUpdates=none and carries no attendees: nobody is mailed (R21).
class GoogleConnector final : public Connector {
public:
    GoogleConnector(http::HttpTransport&, const Clock&, const ZoneResolver&, oauth::TokenSource&, GoogleSettings);
    ~GoogleConnector() override;
    GoogleConnector(const GoogleConnector&) = delete;
    GoogleConnector& operator=(const GoogleConnector&) = delete;

    Capabilities capabilities() const override;
    /// @param source a JSON object, or an array for a series: master first, then its exceptions.
    Result<Event> read_source(const std::string& source) const override;
    Result<std::vector<RemoteCalendar>> list_calendars(const Context&) override;
    Result<ChangeSet> fetch_changes(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override;
    Result<RemoteEvent> fetch_event(const Context&, const Href& event) override;
    Result<RemoteEvent> find_event(const Context&, const Href& calendar, const Uid& uid) override;
    /// A name that a deleted event holds is AlreadyExists too, and find_event then says NotFound: Google never frees an
    /// id (trap G20).
    Result<WriteReceipt> create_event(const Context&, const Href& calendar, const Event&) override;
    Result<WriteReceipt> update_event(const Context&, const Href& event, const Version& if_match, const Event&)
        override;
    Status delete_event(const Context&, const Href& event, const Version& if_match) override;
    PushService* push() override;
    /// See google_together.hpp.
    BatchService* batch() override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calgate::google
