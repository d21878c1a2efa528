#include "gateway/connector_factory.hpp"

#include <sstream>

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/ews/ews_autodiscover.hpp"
#include "connectors/ews/ews_connector.hpp"
#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_free_busy.hpp"
#include "connectors/graph/graph_connector.hpp"
#include "connectors/graph/graph_free_busy.hpp"
#include "connectors/http/url.hpp"
#include "connectors/oauth/authorization.hpp"
#include "connectors/oauth/shared_token_source.hpp"
#include "core/carrier.hpp"
#include "core/identity.hpp"

namespace calgate {
namespace {

constexpr std::size_t kMaxAddresses = 4096;  // Bytes, of an account in all.
constexpr std::size_t kQuotaUserLength = 40;

Error error(ErrorCode code, std::string sentence) { return {code, std::move(sentence), {}}; }

std::string host_in(const std::string& connect_to) {
    const auto end = connect_to.starts_with('[') ? connect_to.find(']') + 1 : connect_to.find(':');
    return connect_to.substr(0, end);
}

/// Of an account that was disconnected.
class NoTokens final : public oauth::TokenSource {
public:
    Result<std::string> access_token(const Context&) override {
        return error(ErrorCode::Cancelled, "The account was disconnected.");
    }
    void refused(const std::string&) override {}
};

std::unique_ptr<Connector> reading_times(std::unique_ptr<freebusy::FreeBusySource> source, const Clock& clock) {
    return std::make_unique<freebusy::FreeBusyConnector>(std::move(source), clock);
}

oauth::Access access_of(const Account& account) {
    return account.may_write ? oauth::Access::Mirror : oauth::Access::Busy;
}

}  // namespace

oauth::Provider provider_of(const Account& account) {
    return account.kind == "google" ? oauth::Provider::Google : oauth::Provider::Microsoft;
}

GatewayConnectors::GatewayConnectors(ConnectorParts parts, ConnectorSettings settings, TransportMaker make_transport)
    : parts_(parts),
      cut_(parts.clock, parts.random),
      settings_(std::move(settings)),
      make_transport_(
          make_transport
              ? std::move(make_transport)
              : [&clock = parts.clock](const http::CurlTransport::Settings& wanted
                ) { return std::unique_ptr<http::HttpTransport>(std::make_unique<http::CurlTransport>(wanted, clock)); }
      ) {}
GatewayConnectors::~GatewayConnectors() = default;

const oauth::Client& GatewayConnectors::client(oauth::Provider provider) const {
    return provider == oauth::Provider::Google ? settings_.google : settings_.microsoft;
}

http::HttpTransport& GatewayConnectors::transport_for(const std::string& url) {
    const auto parsed = http::parse_url(url);
    const std::string host = parsed ? parsed->host : std::string{};
    const std::lock_guard lock(mutex_);
    auto& transport = transports_[host];
    if (!transport) {
        http::CurlTransport::Settings wanted;
        wanted.ca_file = settings_.ca_file;
        wanted.connect_to = settings_.connect_to;
        if (!host.empty()) wanted.private_hosts = {host};
        for (const std::string& entry : settings_.connect_to) wanted.private_hosts.push_back(host_in(entry));
        transport = make_transport_(wanted);
    }
    return *transport;
}

Result<std::string> GatewayConnectors::secret_of(const Account& account) const {
    const char* name = secret_name(account.method);
    const auto sealed = read(parts_.store, [&](const Reader& r) { return r.secret(account.id, name); });
    if (!sealed) {
        return error(
            ErrorCode::Unauthorized, "Account " + account.id.value + " has no " + name + "; connect it again."
        );
    }
    auto secret = parts_.vault.open(*sealed);
    if (secret) return secret;
    return error(
        ErrorCode::Unauthorized,
        "The stored " + std::string(name) + " of account " + account.id.value +
            " does not open: " + secret.error().detail
    );
}

Result<std::unique_ptr<Connector>> GatewayConnectors::open(const Account& account) {
    std::unique_ptr<Connector> connector;
    if (account.method == SignInMethod::Password) {
        CALGATE_TRY(const std::string password, secret_of(account));
        CALGATE_TRY(connector, open_with_password(account, password, true));
    } else {
        CALGATE_TRY(oauth::TokenSource * source, tokens(account));
        CALGATE_TRY(connector, open_with_tokens(account, *source));
    }
    return cuttable(reading_notes(std::move(connector)), cut_, account.kind, account.id.value);
}

Result<GatewayConnectors::Trial> GatewayConnectors::open(
    const Account& account, const std::string& secret, const Context& context
) {
    Trial trial;
    if (account.method == SignInMethod::Password) {
        CALGATE_TRY(trial.connector, open_with_password(account, secret, false));
        return trial;
    }
    CALGATE_TRY(std::unique_ptr<oauth::Grant> proof, grant(account, secret));
    trial.tokens = std::make_unique<oauth::SharedTokenSource>(parts_.clock, std::move(proof));
    if (const auto token = trial.tokens->access_token(context); !token) return token.error();
    CALGATE_TRY(trial.connector, open_with_tokens(account, *trial.tokens));
    return trial;
}

std::string GatewayConnectors::addresses_of(const Trial& trial) {
    std::string lines;
    const auto* caldav = dynamic_cast<const caldav::CaldavConnector*>(trial.connector.get());
    if (!caldav) return lines;
    for (const std::string& address : caldav->own_addresses()) {
        const bool mail = address.find('@') != std::string::npos && address.find('\n') == std::string::npos;
        if (mail && lines.size() + address.size() < kMaxAddresses) lines += (lines.empty() ? "" : "\n") + address;
    }
    return lines;
}

Result<oauth::TokenSource*> GatewayConnectors::tokens(const Account& account) {
    AccountTokens* known = nullptr;
    {
        const std::lock_guard lock(mutex_);
        auto& slot = tokens_[account.id];
        if (!slot) slot = std::make_unique<AccountTokens>();
        known = slot.get();
    }
    if (known->sign_in() == account.sign_ins) return known;
    CALGATE_TRY(const std::string secret, secret_of(account));
    CALGATE_TRY(std::unique_ptr<oauth::Grant> made, grant(account, secret));
    const std::lock_guard lock(mutex_);
    if (known->sign_in() < account.sign_ins)
        known->use(std::make_shared<oauth::SharedTokenSource>(parts_.clock, std::move(made)), account.sign_ins);
    return known;
}

Result<std::optional<std::string>> GatewayConnectors::consent_of(const Account& account) const {
    if (account.method != SignInMethod::Person || account.kind != "google") return std::optional<std::string>{};
    CALGATE_TRY(std::string secret, secret_of(account));
    return std::optional(std::move(secret));
}

Status GatewayConnectors::end_consent(const std::string& refresh_token, const Context& context) {
    return oauth::revoke_at_google(provider_transport(), context, refresh_token);
}

void GatewayConnectors::forget(const Account& account) {
    const std::lock_guard lock(mutex_);
    const auto known = tokens_.find(account.id);
    if (known != tokens_.end()) known->second->use(std::make_shared<NoTokens>(), account.sign_ins);
}

Result<std::unique_ptr<oauth::Grant>> GatewayConnectors::grant(const Account& account, const std::string& secret) {
    const oauth::GrantParts parts{provider_transport(), parts_.clock, parts_.random};
    oauth::Client own{oauth::Provider::Microsoft, account.client_id, account.tenant, {}, {}, {}};
    own.cloud = account.kind == "graph" ? oauth::microsoft_cloud_at(account.url) : settings_.microsoft.cloud;
    if (const auto url = http::parse_url(account.url); account.kind == "ews" && url) own.resource = url->origin();
    switch (account.method) {
        case SignInMethod::Person: {
            const oauth::Client& configured = client(provider_of(account));
            if (configured.id.empty() || configured.id != account.client_id) {
                return error(
                    ErrorCode::Unauthorized,
                    "This account was signed in for another client_id than the one in calgate.toml; put that back, or "
                    "connect the account again."
                );
            }
            oauth::Client used = configured;
            if (!account.tenant.empty()) used.tenant = account.tenant;
            used.cloud = own.cloud;
            return std::unique_ptr<oauth::Grant>(
                std::make_unique<oauth::RefreshGrant>(parts, std::move(used), keeper(account))
            );
        }
        case SignInMethod::ServiceAccount: {
            CALGATE_TRY(oauth::ServiceAccount file, oauth::read_service_account(secret));
            return std::unique_ptr<oauth::Grant>(
                std::make_unique<oauth::ServiceAccountGrant>(parts, std::move(file), account.user, access_of(account))
            );
        }
        case SignInMethod::ApplicationSecret:
            own.secret = secret;
            return std::unique_ptr<oauth::Grant>(std::make_unique<oauth::ClientCredentialsGrant>(parts, std::move(own))
            );
        case SignInMethod::ApplicationCertificate:
            own.certificate = secret;
            return std::unique_ptr<oauth::Grant>(std::make_unique<oauth::ClientCredentialsGrant>(parts, std::move(own))
            );
        case SignInMethod::Password:
            break;
    }
    return error(ErrorCode::Unsupported, "This account signs in with a password, not with tokens.");
}

oauth::RefreshTokenKeeper GatewayConnectors::keeper(const Account& account) {
    const AccountId id = account.id;
    const int sign_in = account.sign_ins;
    const std::string name = secret_name(SignInMethod::Person);
    const auto guarded = [](auto&& work) -> decltype(work()) {
        try {
            return work();
        } catch (const StoreFailure& failure) {
            return error(ErrorCode::Unavailable, failure.what());
        }
    };
    // A grant that was replaced by a new sign-in must not touch the token of that one.
    const auto replaced = [id, sign_in](const Reader& reader) {
        const auto now = reader.account(id);
        return !now || now->sign_ins != sign_in;
    };
    const Error left = error(ErrorCode::Cancelled, "The account was signed in anew meanwhile.");
    return {
        [this, id, name, guarded, replaced, left]() -> Result<std::string> {
            return guarded([&]() -> Result<std::string> {
                const auto sealed = read(parts_.store, [&](const Reader& reader) {
                    return replaced(reader) ? std::nullopt : reader.secret(id, name);
                });
                if (!sealed) return left;
                auto plain = parts_.vault.open(*sealed);
                if (!plain) return error(ErrorCode::Unauthorized, plain.error().detail);
                return plain;
            });
        },
        [this, id, name, guarded, replaced, left](const std::string& rotated) -> Status {
            return guarded([&]() -> Status {
                const bool kept = write(parts_.store, [&](Writer& writer) {
                    if (replaced(writer)) return false;
                    parts_.vault.keep(writer, id, name, rotated);
                    return true;
                });
                return kept ? Status{} : Status{left};
            });
        }};
}

Result<std::string> GatewayConnectors::find_exchange(
    const std::string& address, const http::Credentials& credentials, const Context& context
) {
    const auto transports = [this](const std::string& url) -> http::HttpTransport& { return transport_for(url); };
    return ews::discover_ews(transports, context, address, credentials);
}

ews::EwsSettings GatewayConnectors::exchange_settings(const Account& account) const {
    ews::EwsSettings settings;
    settings.url = account.url;
    // An application acts for a mailbox; a person may.
    settings.mailbox = account.method == SignInMethod::Password ? account.identity : account.user;
    settings.default_zone = settings_.default_zone;
    return settings;
}

Result<std::unique_ptr<Connector>> GatewayConnectors::open_with_password(
    const Account& account, const std::string& password, bool signed_in_before
) {
    if (account.kind == "ews") {
        ews::EwsSettings settings = exchange_settings(account);
        settings.user = account.user;
        settings.password = password;
        return std::unique_ptr<Connector>(
            std::make_unique<ews::EwsConnector>(transport_for(account.url), parts_.clock, parts_.zones, settings)
        );
    }
    if (account.kind != "caldav" && account.kind != "icloud") {
        return error(
            ErrorCode::Unsupported,
            "Accounts of the kind " + account.kind +
                " are not known to this version; connect iCloud, a CalDAV or an Exchange server."
        );
    }
    caldav::CaldavSettings settings;
    settings.url = account.url;
    settings.user = account.user;
    settings.password = password;
    settings.default_zone = settings_.default_zone;
    settings.signed_in_before = signed_in_before;
    std::istringstream addresses(account.identity);
    for (std::string line; std::getline(addresses, line);) settings.own_addresses.push_back(line);
    return std::unique_ptr<Connector>(
        std::make_unique<caldav::CaldavConnector>(transport_for(account.url), parts_.clock, parts_.zones, settings)
    );
}

Result<std::unique_ptr<Connector>> GatewayConnectors::open_with_tokens(
    const Account& account, oauth::TokenSource& source
) {
    if (account.kind == "google") {
        google::GoogleSettings settings;
        settings.default_zone = settings_.default_zone;
        // Whom a service account acts for would share one quota otherwise.
        if (account.method == SignInMethod::ServiceAccount)
            settings.quota_user = sha256_hex(account.user).substr(0, kQuotaUserLength);
        if (!account.may_write)
            return reading_times(
                google::free_busy_source(provider_transport(), parts_.clock, source, std::move(settings)), parts_.clock
            );
        return std::unique_ptr<Connector>(std::make_unique<google::GoogleConnector>(
            provider_transport(), parts_.clock, parts_.zones, source, std::move(settings)
        ));
    }
    if (account.kind == "graph") {
        graph::GraphSettings settings;
        settings.base_url = std::string(oauth::microsoft_cloud_at(account.url).graph) + "/v1.0";
        settings.default_zone = settings_.default_zone;
        // An application has no mailbox of its own; a person's is /me.
        if (account.method != SignInMethod::Person) settings.user = account.user;
        if (!account.may_write)
            return reading_times(
                graph::free_busy_source(provider_transport(), parts_.clock, parts_.zones, source, std::move(settings)),
                parts_.clock
            );
        return std::unique_ptr<Connector>(std::make_unique<graph::GraphConnector>(
            provider_transport(), parts_.clock, parts_.zones, source, std::move(settings)
        ));
    }
    if (account.kind == "ews") {
        return std::unique_ptr<Connector>(std::make_unique<ews::EwsConnector>(
            transport_for(account.url), parts_.clock, parts_.zones, exchange_settings(account), &source
        ));
    }
    return error(ErrorCode::Unsupported, "Accounts of the kind " + account.kind + " are not known to this version.");
}

}  // namespace calgate
