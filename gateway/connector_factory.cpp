#include "gateway/connector_factory.hpp"

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/http/curl_transport.hpp"
#include "connectors/http/url.hpp"

namespace calgate {

GatewayConnectors::GatewayConnectors(
    const Keys& keys, const ZoneResolver& zones, const Clock& clock, std::string default_zone
)
    : keys_(keys), zones_(zones), clock_(clock), default_zone_(std::move(default_zone)) {}
GatewayConnectors::~GatewayConnectors() = default;

std::string secret_binding(const Account& account) { return "account password " + account.id.value; }

http::HttpTransport& GatewayConnectors::transport_for(const std::string& url) {
    const auto parsed = http::parse_url(url);
    const std::string host = parsed ? parsed->host : std::string{};
    const std::lock_guard lock(mutex_);
    auto& transport = transports_[host];
    if (!transport) {
        http::CurlTransport::Settings settings;
        settings.private_hosts = {host};
        transport = std::make_unique<http::CurlTransport>(settings, clock_);
    }
    return *transport;
}

Result<std::unique_ptr<Connector>> GatewayConnectors::open(const Account& account) {
    const auto password = open_secret(account.sealed_secret, keys_.vault_key, secret_binding(account));
    if (!password) {
        return Error{
            ErrorCode::Unauthorized,
            "The stored password of account " + account.id.value + " does not open: " + password.error().detail};
    }
    return open(account, *password);
}

Result<std::unique_ptr<Connector>> GatewayConnectors::open(const Account& account, const std::string& password) {
    if (account.kind != "caldav") {
        return Error{
            ErrorCode::Unsupported,
            "Accounts of the kind " + account.kind + " are not known to this version; connect a CalDAV server."};
    }
    caldav::CaldavSettings settings;
    settings.url = account.url;
    settings.user = account.user;
    settings.password = password;
    settings.default_zone = default_zone_;
    return std::unique_ptr<Connector>(
        std::make_unique<caldav::CaldavConnector>(transport_for(account.url), clock_, zones_, settings)
    );
}

}  // namespace calgate
