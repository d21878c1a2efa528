#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "connectors/oauth/token_source.hpp"
#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/zone.hpp"

namespace calgate::ews {

struct EwsSettings {
    std::string url{};            ///< "https://mail.example.com/EWS/Exchange.asmx"
    std::string user{};           ///< DOMAIN\user or an address; empty with a token source.
    std::string password{};       ///< Basic, or NTLM where the server asks for nothing else.
    std::string mailbox{};        ///< SMTP address to act for (ExchangeImpersonation); empty: the one that signed in.
    std::string default_zone{};   ///< IANA; of the mailbox. For whole days, floating times and zones that nobody knows.
    int page_size = 100;          ///< MaxChangesReturned, 1 to 512.
    std::size_t batch_size = 10;  ///< Ids in one GetItem; Microsoft recommends 10.
};

/// Exchange Web Services of Exchange Server 2016, 2019 and SE and of compatible servers. An Href is "folders/{id}" or
/// "folders/{id}/items/{id}", ids percent-encoded and case-sensitive; a Version is a ChangeKey; a SyncToken carries the
/// SyncState, marks of items that the server told about, and a checksum. Nothing is mailed: every write says
/// SendToNone.
class EwsConnector final : public Connector {
public:
    /// @param tokens bearer tokens instead of user and password; nullptr: none.
    EwsConnector(
        http::HttpTransport&, const Clock&, const ZoneResolver&, EwsSettings, oauth::TokenSource* tokens = nullptr
    );
    ~EwsConnector() override;
    EwsConnector(const EwsConnector&) = delete;
    EwsConnector& operator=(const EwsConnector&) = delete;

    /// Conditional writes are the service's (ConflictResolution NeverOverwrite), and each is preceded by a reading,
    /// because some compatible servers do not look at the ChangeKey.
    Capabilities capabilities() const override;
    Result<Event> read_source(const std::string& source) const override;
    Result<std::vector<RemoteCalendar>> list_calendars(const Context&) override;
    /// A server that answers a SyncState it does not know with everything, instead of a refusal, is found out by items
    /// called new that it had told about before. @return SyncTokenExpired then as well.
    Result<ChangeSet> fetch_changes(
        const Context&, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override;
    Result<RemoteEvent> fetch_event(const Context&, const Href& event) override;
    /// By our own property, then by the GlobalObjectId, in which Exchange keeps a foreign UID (MS-OXOCAL 2.2.1.27).
    Result<RemoteEvent> find_event(const Context&, const Href& calendar, const Uid& uid) override;
    /// EWS lets no client choose an id: what carries our property is looked for first. Exceptions of a series take
    /// requests of their own after the series itself.
    Result<WriteReceipt> create_event(const Context&, const Href& calendar, const Event&) override;
    /// @return also Rejected for a meeting that somebody else organises.
    Result<WriteReceipt> update_event(const Context&, const Href& event, const Version& if_match, const Event&)
        override;
    Status delete_event(const Context&, const Href& event, const Version& if_match) override;
    /// Streaming notifications, see ews_stream.hpp.
    HintService* hints() override;
    /// See ews_together.hpp.
    BatchService* batch() override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calgate::ews
