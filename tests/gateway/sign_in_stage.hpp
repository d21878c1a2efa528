#pragma once

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "connectors/memory/memory_connector.hpp"
#include "gateway/api.hpp"
#include "gateway/keys.hpp"
#include "gateway/system_random.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/connectors/oauth_samples.hpp"
#include "tests/connectors/scripted_transport.hpp"
#include "tests/support/fault_vfs.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

/// Hands every call on, so that many owners share one transport.
class SharedTransport final : public http::HttpTransport {
public:
    explicit SharedTransport(http::HttpTransport& to) : to_(to) {}
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        return to_.send(request, context);
    }

private:
    http::HttpTransport& to_;
};

/// A calendar service in memory that asks for an access token before every call.
class TokenedConnector final : public Connector {
public:
    TokenedConnector(memory::MemoryService& service, oauth::TokenSource& tokens) : inner_(service), tokens_(tokens) {}
    Capabilities capabilities() const override { return inner_.capabilities(); }
    Result<Event> read_source(const std::string& source) const override { return inner_.read_source(source); }
    Result<std::vector<RemoteCalendar>> list_calendars(const Context& c) override {
        CALGATE_TRY_STATUS(signed_in(c));
        return inner_.list_calendars(c);
    }
    Result<ChangeSet> fetch_changes(
        const Context& c, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        CALGATE_TRY_STATUS(signed_in(c));
        return inner_.fetch_changes(c, calendar, since, known);
    }
    Result<RemoteEvent> fetch_event(const Context& c, const Href& event) override {
        CALGATE_TRY_STATUS(signed_in(c));
        return inner_.fetch_event(c, event);
    }
    Result<RemoteEvent> find_event(const Context& c, const Href& calendar, const Uid& uid) override {
        CALGATE_TRY_STATUS(signed_in(c));
        return inner_.find_event(c, calendar, uid);
    }
    Result<WriteReceipt> create_event(const Context& c, const Href& calendar, const Event& event) override {
        CALGATE_TRY_STATUS(signed_in(c));
        return inner_.create_event(c, calendar, event);
    }
    Result<WriteReceipt> update_event(const Context& c, const Href& h, const Version& v, const Event& e) override {
        CALGATE_TRY_STATUS(signed_in(c));
        return inner_.update_event(c, h, v, e);
    }
    Status delete_event(const Context& c, const Href& event, const Version& version) override {
        CALGATE_TRY_STATUS(signed_in(c));
        return inner_.delete_event(c, event, version);
    }

private:
    Status signed_in(const Context& context) {
        CALGATE_TRY(const std::string token, tokens_.access_token(context));
        return {};
    }
    memory::MemoryConnector inner_;
    oauth::TokenSource& tokens_;
};

class TokenedFactory final : public ConnectorFactory {
public:
    TokenedFactory(memory::MemoryService& service, GatewayConnectors& connectors)
        : service_(service), connectors_(connectors) {}
    Result<std::unique_ptr<Connector>> open(const Account& account) override {
        CALGATE_TRY(oauth::TokenSource * tokens, connectors_.tokens(account));
        return std::unique_ptr<Connector>(std::make_unique<TokenedConnector>(service_, *tokens));
    }

private:
    memory::MemoryService& service_;
    GatewayConnectors& connectors_;
};

/// The API over a store on disk and providers that answer from a script.
class SignInStage {
public:
    static constexpr const char* kClientSecret = "CANARY-client-secret";

    SignInStage() {
        store = SqliteStore::open(folder.file("calgate.db"));
        store->write([](Writer& writer) {
            writer.put(Business{.id = "b1", .name = "Salon", .zone = "Europe/Berlin", .epoch = "e1"});
            writer.put(Staff{.id = {"anna"}, .name = "Anna", .zone = "Europe/Berlin"});
            for (const char* key : {"cg_one", "cg_two"}) writer.put(ApiKey{sha256_hex(key), key});
        });
        BOOST_REQUIRE(save_keys(folder.path(), keys).has_value());
        open();
    }
    /// As a restart does; what is in memory only is gone.
    void open() {
        api.reset();
        engine.reset();
        connectors.reset();
        vault.emplace(folder.path(), load_keys(folder.path()).value().vault, random);
        ConnectorSettings settings;
        settings.default_zone = "Europe/Berlin";
        settings.google = {oauth::Provider::Google, "client-g", {}, kClientSecret, {}};
        settings.microsoft = {oauth::Provider::Microsoft, "client-m", "common", kClientSecret, {}};
        settings.microsoft.cloud = cloud;
        settings.public_url = "https://gateway.example";
        settings.ca_file = "/etc/calgate/ca.pem";
        settings.connect_to = {"oauth2.googleapis.com:443:127.0.0.1:8443"};
        connectors.emplace(
            ConnectorParts{*store, *vault, zones, clock, random},
            settings,
            [this](const http::CurlTransport::Settings& wanted) {
                wanted_transports.push_back(wanted);
                return std::make_unique<SharedTransport>(transport);
            }
        );
        factory.emplace(service, *connectors);
        engine.emplace(
            EngineParts{
                *store,
                index,
                *factory,
                zones,
                clock,
                random,
                keys.keys,
                [this](const std::string& line) { log += line + "\n"; }},
            Engine::Settings{}
        );
        engine->load();
        api.emplace(ApiParts{*store, index, *engine, *connectors, zones, clock, random, keys.keys, "", true, limits});
    }

    HttpResponse call(
        const std::string& method,
        const std::string& path,
        const nlohmann::json& body = nullptr,
        const std::string& key = "cg_one",
        const std::map<std::string, std::string>& query = {}
    ) {
        HttpRequest request;
        request.method = method;
        request.path = path;
        request.address = address;
        if (!key.empty()) request.headers = {{"authorization", "Bearer " + key}};
        for (const auto& [name, value] : query) request.query.emplace_back(name, value);
        if (!body.is_null()) request.body = body.dump();
        const HttpResponse response = api->handle(request);
        answers += response.body + "\n";
        return response;
    }
    nlohmann::json begin(nlohmann::json wanted = {}, const std::string& provider = "google") {
        wanted["provider"] = provider;
        const auto response = call("POST", "/v1/accounts/sign-in", wanted);
        BOOST_REQUIRE_MESSAGE(response.status == 201, response.body);
        return nlohmann::json::parse(response.body);
    }
    void script_google(
        const std::string& refresh, const std::string& sub, const std::string& email, nlohmann::json more = {}
    ) {
        const nlohmann::json claims = {
            {"iss", "https://accounts.google.com"},
            {"aud", "client-g"},
            {"sub", sub},
            {"email", email},
            {"exp", clock.now().time_since_epoch().count() + 3600}};
        nlohmann::json answer = {
            {"access_token", "CANARY-access"}, {"refresh_token", refresh}, {"id_token", id_token(claims.dump())}};
        if (more.is_object()) answer.update(more);
        transport.then(200, answer.dump());
    }
    void script_microsoft(
        const std::string& tenant,
        const std::string& scope,
        const std::string& issuer = "https://login.microsoftonline.com"
    ) {
        const nlohmann::json claims = {
            {"iss", issuer + "/" + tenant + "/v2.0"},
            {"aud", "client-m"},
            {"tid", tenant},
            {"oid", "o-1"},
            {"preferred_username", "anna@" + tenant + ".example"},
            {"exp", clock.now().time_since_epoch().count() + 3600}};
        transport.then(
            200,
            nlohmann::json{
                {"access_token", "at"},
                {"refresh_token", "rt-1"},
                {"scope", scope},
                {"id_token", id_token(claims.dump())}}
                .dump()
        );
    }
    HttpResponse come_back(const std::string& state, const std::string& code = "CANARY-code") {
        return call("GET", "/oauth/callback", nullptr, "", {{"state", state}, {"code", code}, {"authuser", "0"}});
    }
    void connect(
        const std::string& refresh, const std::string& sub, const std::string& email, nlohmann::json wanted = {}
    ) {
        const nlohmann::json begun = begin(std::move(wanted));
        script_google(refresh, sub, email);
        const auto page = come_back(begun["state"]);
        BOOST_REQUIRE_MESSAGE(page.status == 200, page.body);
    }
    std::vector<Account> accounts() const {
        return read(*store, [](const Reader& r) { return r.accounts(); });
    }
    std::string secret(const Account& account) {
        const auto sealed =
            read(*store, [&](const Reader& r) { return r.secret(account.id, secret_name(account.method)); });
        return sealed ? vault->open(*sealed).value_or("does not open") : "none";
    }

    ScratchFolder folder{};
    ManualClock clock{};
    SystemRandom random{};
    ZoneResolver zones{};
    KeyFile keys = make_keys(random);
    ScriptedTransport transport{};
    std::vector<http::CurlTransport::Settings> wanted_transports{};
    std::unique_ptr<SqliteStore> store{};
    AvailabilityIndex index{};
    memory::MemoryService service{zones, clock};
    std::optional<Vault> vault{};
    std::optional<GatewayConnectors> connectors{};
    std::optional<TokenedFactory> factory{};
    std::optional<Engine> engine{};
    std::optional<Api> api{};
    CallLimits limits{};
    oauth::MicrosoftCloud cloud = oauth::kWorldwide;
    std::string address{};  ///< That requests come from.
    std::string log{};      ///< Of the engine.
    std::string answers{};  ///< Every body that the API gave.
};

}  // namespace calgate::testing
