#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "connectors/ews/ews_connector.hpp"
#include "connectors/http/curl_transport.hpp"
#include "connectors/oauth/grant.hpp"
#include "core/clock.hpp"
#include "core/zone.hpp"
#include "gateway/account_tokens.hpp"
#include "gateway/traffic_cut.hpp"
#include "gateway/vault.hpp"
#include "scheduler/engine.hpp"

namespace calgate {

/// What connectors are made from; outlives them.
struct ConnectorParts {
    Store& store;
    Vault& vault;
    const ZoneResolver& zones;
    const Clock& clock;
    Random& random;
};

struct ConnectorSettings {
    std::string default_zone{};
    oauth::Client google{};  ///< Without an id: people cannot sign in there.
    oauth::Client microsoft{};
    std::string public_url{};  ///< Where the browser comes back to after a sign-in.
    std::string ca_file{};
    std::vector<std::string> connect_to{};
};

using TransportMaker = std::function<std::unique_ptr<http::HttpTransport>(const http::CurlTransport::Settings&)>;

/// Opens accounts' secrets and makes their connectors. One transport per configured host, so that a host that the
/// operator put into a private network is reachable for its own account only; the providers share one that reaches
/// private addresses only where `connect_to` says so. Connectors of an account share its access tokens. Any thread.
class GatewayConnectors final : public ConnectorFactory {
public:
    /// @param make_transport for tests; otherwise libcurl.
    GatewayConnectors(ConnectorParts, ConnectorSettings, TransportMaker make_transport = {});
    ~GatewayConnectors() override;

    Result<std::unique_ptr<Connector>> open(const Account&) override;
    /// What to try a secret with before it is kept.
    struct Trial {
        std::unique_ptr<oauth::TokenSource> tokens{};  ///< Null with a password; outlives the connector.
        std::unique_ptr<Connector> connector{};
    };
    /// Asks for a token where there are any. @return what that means.
    Result<Trial> open(const Account&, const std::string& secret, const Context&);

    /// The mail addresses of the owner of a CalDAV account, one a line, as far as the service told them when its
    /// calendars were listed: `Account::identity` of such an account. Empty for any other kind.
    static std::string addresses_of(const Trial&);

    /// Of an account with an OAuth sign-in; lives as long as this. A rotated refresh token is sealed and stored before
    /// the access token is given out.
    Result<oauth::TokenSource*> tokens(const Account&);

    /// What `end_consent` needs, to be asked for before the account is forgotten; nothing where the provider has no
    /// address for that (all but Google).
    Result<std::optional<std::string>> consent_of(const Account&) const;
    /// Takes back the consent that a person gave at Google.
    Status end_consent(const std::string& refresh_token, const Context&);
    /// The account is gone: its access tokens go too.
    void forget(const Account&);

    /// The EWS address of a mailbox, by Autodiscover. @param address whose domain is asked.
    Result<std::string> find_exchange(const std::string& address, const http::Credentials&, const Context&);

    /// What a drill cuts off; hits the connectors of open(const Account&).
    TrafficCut& traffic_cut() { return cut_; }
    http::HttpTransport& provider_transport() { return transport_for({}); }
    const oauth::Client& client(oauth::Provider) const;
    const ConnectorSettings& settings() const { return settings_; }
    Vault& vault() { return parts_.vault; }

private:
    http::HttpTransport& transport_for(const std::string& url);
    Result<std::string> secret_of(const Account&) const;
    Result<std::unique_ptr<oauth::Grant>> grant(const Account&, const std::string& secret);
    oauth::RefreshTokenKeeper keeper(const Account&);
    ews::EwsSettings exchange_settings(const Account&) const;
    Result<std::unique_ptr<Connector>> open_with_password(
        const Account&, const std::string& password, bool signed_in_before
    );
    Result<std::unique_ptr<Connector>> open_with_tokens(const Account&, oauth::TokenSource&);

    const ConnectorParts parts_;
    TrafficCut cut_;
    const ConnectorSettings settings_;
    const TransportMaker make_transport_;
    std::mutex mutex_{};
    std::map<std::string, std::unique_ptr<http::HttpTransport>> transports_{};  ///< Under mutex_.
    std::map<AccountId, std::unique_ptr<AccountTokens>> tokens_{};              ///< Under mutex_; never erased.
};

/// The account's provider. Only for kinds "google" and "graph".
oauth::Provider provider_of(const Account&);

}  // namespace calgate
