#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/gateway/sign_in_stage.hpp"

namespace calgate {
namespace {

using namespace calgate::testing;
using Json = nlohmann::json;

/// Keeps what the process logs while it lives.
class CapturedLog {
public:
    CapturedLog() {
        auto logger =
            std::make_shared<spdlog::logger>("captured", std::make_shared<spdlog::sinks::ostream_sink_mt>(out_));
        logger->set_level(spdlog::level::trace);
        spdlog::set_default_logger(logger);
    }
    ~CapturedLog() { spdlog::set_default_logger(before_); }
    CapturedLog(const CapturedLog&) = delete;
    CapturedLog& operator=(const CapturedLog&) = delete;
    std::string text() const { return out_.str(); }

private:
    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
    std::ostringstream out_{};
};

/// A secret and the forms in which it could get out.
struct Canary {
    std::string name{};
    std::string plain{};

    std::vector<std::string> forms() const {
        std::string hex;
        for (const char c : plain) {
            hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
            hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
        }
        return {plain, hex, base64url(plain).substr(0, plain.size() / 3 * 4), sha256_hex(plain).substr(0, 32)};
    }
};

struct Fixture : SignInStage {
    CapturedLog captured{};
    std::vector<Canary> canaries{
        {"client secret", kClientSecret},
        {"code", "CANARY-code"},
        {"access token", "CANARY-access"},
        {"refresh token", "CANARY-refresh-1"},
        {"rotated refresh token", "CANARY-refresh-2"},
        {"application secret", "CANARY-application"},
        {"CalDAV password", "CANARY-password"},
        {"service account key", rsa_key().substr(40, 200)},
        {"certificate key", rsa_key().substr(400, 60)},
        {"vault key", keys.vault.at(1)},
        {"recovery key", keys.keys.recovery_key},
        {"mark key", keys.keys.mark_key},
    };

    void absent(const std::string& where, const std::string& text) const {
        for (const Canary& canary : canaries) {
            for (const std::string& form : canary.forms())
                BOOST_TEST(text.find(form) == std::string::npos, where << " holds the " << canary.name);
        }
    }
    /// A backup as SQLite makes one, beside the store.
    void back_up() const {
        sqlite3* db = nullptr;
        BOOST_TEST(sqlite3_open_v2(folder.file("calgate.db").c_str(), &db, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
        const std::string sql = "VACUUM INTO '" + folder.file("backup.db") + "'";
        BOOST_TEST(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
        sqlite3_close(db);
        BOOST_TEST(std::filesystem::file_size(folder.file("backup.db")) > 0u);
    }
    /// Everything that a careless backup takes along: all but the key file.
    void search_files() {
        int files = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            if (entry.path().filename() == "keys.json") continue;
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string bytes{std::istreambuf_iterator<char>(in), {}};
            absent(entry.path().filename().string(), bytes);
            files += !bytes.empty();
        }
        BOOST_TEST(files >= 2);
    }
};

BOOST_FIXTURE_TEST_CASE(I25_planted_secrets_are_found_nowhere, Fixture) {
    const Json begun = begin();
    script_google("CANARY-refresh-1", "1001", "anna@example.com");
    BOOST_TEST(come_back(begun["state"]).status == 200);
    const AccountId id = accounts().at(0).id;

    transport.then(200, R"({"access_token":"CANARY-access"})");
    Json graph = {
        {"kind", "graph"}, {"tenant", "contoso.example"}, {"client_id", "app"}, {"mailbox", "m@contoso.example"}};
    graph["client_secret"] = "CANARY-application";
    BOOST_TEST(call("POST", "/v1/accounts/application", graph).status == 200);
    graph["mailbox"] = "n@contoso.example";
    graph.erase("client_secret");
    graph["certificate"] = certificate_with_key();
    transport.then(200, R"({"access_token":"CANARY-access"})");
    BOOST_TEST(call("POST", "/v1/accounts/application", graph).status == 200);
    const Json google = {
        {"kind", "google"}, {"service_account", service_account_file(rsa_key())}, {"subject", "s@example.com"}};
    transport.then(200, R"({"access_token":"CANARY-access"})");
    BOOST_TEST(call("POST", "/v1/accounts/application", google).status == 200);

    // Refusals, also those in which a provider says back what it was sent.
    transport.then(400, R"({"error":"invalid_grant","error_description":"bad code CANARY-code CANARY-refresh-1"})");
    BOOST_TEST(come_back(begin()["state"]).status == 422);
    transport.then(401, R"({"error":"invalid_client","error_description":"CANARY-application is wrong"})");
    graph.erase("certificate");
    graph["client_secret"] = "CANARY-application";
    BOOST_TEST(call("POST", "/v1/accounts/application", graph).status == 422);
    transport.then(401, "CANARY-password is wrong");
    const Json caldav = {{"url", "https://cal.example/"}, {"user", "anna"}, {"password", "CANARY-password"}};
    BOOST_TEST(call("POST", "/v1/accounts", caldav).status >= 400);
    BOOST_TEST(call("POST", "/v1/accounts", {{"url", 1}, {"password", "CANARY-password"}}).status == 400);
    BOOST_TEST(call("POST", "/v1/accounts", {{"pass word", "CANARY-password"}}).status == 400);
    store->write([&](Writer& writer) {
        writer.put(Account{.id = {"acc-caldav"}, .kind = "caldav", .url = "https://cal.example/", .user = "anna"});
        vault->keep(writer, {"acc-caldav"}, "password", "CANARY-password");
    });

    // A rotated token, then work that fails for want of a sign-in.
    const Href href = service.add_calendar("Anna");
    const Json chosen = {
        {"account", id.value}, {"href", href.value}, {"staff", "anna"}, {"mirror", true}, {"busy", true}};
    const CalendarId target{Json::parse(call("POST", "/v1/calendars", chosen).body)["id"].get<std::string>()};
    transport.then(200, R"({"access_token":"CANARY-access","refresh_token":"CANARY-refresh-2","expires_in":60})");
    BOOST_TEST(engine->run_pass(target).completed);
    clock.advance(std::chrono::hours{1});
    transport.then(400, R"({"error":"invalid_grant","error_description":"CANARY-refresh-2 was revoked"})");
    BOOST_TEST(!engine->run_pass(target).completed);
    BOOST_TEST(secret(accounts().at(0)).size() > 0u);

    const std::vector<std::string> places = {
        "/v1/export",
        "/v1/status",
        "/metrics",
        "/v1/accounts",
        "/v1/calendars",
        "/v1/changes",
        "/v1/keys",
        "/v1/conflicts",
        "/v1/openapi.json"};
    for (const std::string& place : places) BOOST_TEST(call("GET", place).status == 200, place);
    BOOST_TEST(call("POST", "/v1/keys/rotate").status == 200);
    canaries.push_back({"new vault key", load_keys(folder.path()).value().vault.at(2)});

    absent("an answer", answers);
    absent("the engine's log", log);
    absent("the log", captured.text());
    for (const http::Request& request : transport.asked()) absent("an address", request.url);
    BOOST_TEST(std::filesystem::file_size(folder.file("calgate.db-wal")) > 0u);
    back_up();
    search_files();
    bool opens = false;
    for (const Account& account : accounts()) opens = opens || secret(account) == "CANARY-refresh-2";
    BOOST_TEST(opens);
}

BOOST_FIXTURE_TEST_CASE(I25_the_search_itself_finds_what_is_planted, Fixture) {
    std::ofstream(folder.file("note.txt")) << "password: CANARY-password";
    std::string found;
    for (const Canary& canary : canaries) {
        std::ifstream in(folder.file("note.txt"));
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        for (const std::string& form : canary.forms())
            if (bytes.find(form) != std::string::npos) found += canary.name;
    }
    BOOST_TEST(found == "CalDAV password");
}

}  // namespace
}  // namespace calgate
