#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/zone.hpp"

namespace calgate::caldav {

struct CaldavSettings {
    std::string url{};  ///< Of the host, the principal, a home or one calendar.
    std::string user{};
    std::string password{};
    std::string default_zone{};                ///< For times in zones that nobody knows.
    std::vector<std::string> own_addresses{};  ///< The owner's, for PARTSTAT; list_calendars() adds the principal's.
    bool sync_collection = true;               ///< false: the service's sync-collection is known to be broken.
    bool query_first_read = true;              ///< A first full read uses one calendar-query; false: multiget only.
    std::size_t page_size = 500;               ///< Events with content per ChangeSet.
    bool signed_in_before = false;             ///< This password let us in once; tells a revoked one from a wrong one.
};

/// CalDAV (RFC 4791, 6578, 6764). An Href is an absolute URL with a canonical path; a SyncToken carries its kind,
/// "sync:" or "ctag:". An account at iCloud (by the host of its URL) has Hrefs at the entry host while its requests go
/// to the partition that it lies on; the ETag of a write counts for nothing there.
class CaldavConnector final : public Connector {
public:
    CaldavConnector(http::HttpTransport&, const Clock&, const ZoneResolver&, CaldavSettings);
    ~CaldavConnector() override;
    CaldavConnector(const CaldavConnector&) = delete;
    CaldavConnector& operator=(const CaldavConnector&) = delete;

    Capabilities capabilities() const override;
    Result<Event> read_source(const std::string& source) const override;
    Result<std::vector<RemoteCalendar>> list_calendars(const Context&) override;
    Result<ChangeSet> fetch_changes(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override;
    Result<RemoteEvent> fetch_event(const Context&, const Href& event) override;
    Result<RemoteEvent> find_event(const Context&, const Href& calendar, const Uid& uid) override;
    Result<WriteReceipt> create_event(const Context&, const Href& calendar, const Event&) override;
    Result<WriteReceipt> update_event(const Context&, const Href& event, const Version& if_match, const Event&)
        override;
    Status delete_event(const Context&, const Href& event, const Version& if_match) override;
    /// Several PUTs at the same time; null at iCloud, which admits few calls a second.
    BatchService* batch() override;

    /// Those of the settings and what the service said to list_calendars(). Whoever opens the account again gives them
    /// back in the settings: no other call asks for them.
    const std::vector<std::string>& own_addresses() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calgate::caldav
