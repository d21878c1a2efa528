#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/gateway/api_stage.hpp"
#include "tests/gateway/sign_in_stage.hpp"
#include "tests/sim/caldav_site.hpp"
#include "tests/sim/ews_sim.hpp"
#include "tests/sim/ews_site.hpp"
#include "tests/sim/sim_world.hpp"

namespace bdata = boost::unit_test::data;
using namespace calgate;
using namespace calgate::testing;

namespace {

/// iCloud and an Exchange server over HTTPS under their own names.
struct Services {
    SystemClock clock{};
    ZoneResolver zones{};
    ScratchFolder folder{};
    std::shared_ptr<CaldavSim> icloud{};
    SimWorld world{clock, sites(), folder.path()};

    std::vector<SimSite> sites() { return {caldav_site("icloud", clock, &icloud), ews_site("plain", clock, zones)}; }
    Config config() const {
        Config out;
        out.ca_file = world.ca_file();
        out.connect_to = world.client_settings().connect_to;
        return out;
    }
    std::string make_calendar(const std::string& site) {
        std::string made;
        world.run([&](SimSites& all) { made = all.named(site)->person->make_calendar("Bookings"); });
        return made;
    }
    std::vector<SimPerson::Entry> events(const std::string& site, const std::string& calendar) {
        std::vector<SimPerson::Entry> found;
        world.run([&](SimSites& all) { found = all.named(site)->person->events(calendar); });
        return found;
    }
};

struct Stage : Services, ApiStage {
    Stage() : ApiStage({}, config()) { add_staff("anna"); }

    static Json icloud_account(const std::string& password = CaldavSim::credentials().password) {
        return {{"kind", "icloud"}, {"user", CaldavSim::credentials().user}, {"password", password}};
    }
    static Json exchange_account(const std::string& password = EwsSim::credentials().password) {
        return {{"kind", "ews"}, {"url", EwsSim::url()}, {"user", EwsSim::credentials().user}, {"password", password}};
    }
    Json connected(const Json& account) const {
        const auto got = call("POST", "/v1/accounts", account);
        BOOST_REQUIRE_MESSAGE(got.status == 200, got.body);
        return got.json();
    }
    /// The calendar "Bookings" becomes a target. @return its id.
    std::string target(const Json& account) const {
        for (const Json& calendar : account["calendars"]) {
            if (calendar["name"] != "Bookings") continue;
            const auto kept = call(
                "POST",
                "/v1/calendars",
                Json{
                    {"account", account["id"]},
                    {"href", calendar["href"]},
                    {"staff", "anna"},
                    {"name", "Bookings"},
                    {"mirror", true}}
            );
            BOOST_REQUIRE_MESSAGE(kept.status == 200, kept.body);
            BOOST_TEST(kept.json()["keeps"].is_null());
            return kept.json()["id"];
        }
        BOOST_FAIL("The calendar is not listed: " << account.dump());
        return {};
    }
    Json calendar(const std::string& id) const {
        const Json all = call("GET", "/v1/calendars").json();
        for (const Json& one : all["calendars"])
            if (one["id"] == id) return one;
        return {};
    }
};

struct Refused {
    const char* name;
    Json body;
    int status;
    const char* says;
};
std::ostream& operator<<(std::ostream& out, const Refused& row) { return out << row.name; }

const Json kIcloud = Stage::icloud_account();
Json icloud_with(const Json& more) {
    Json body = kIcloud;
    body.update(more);
    return body;
}
Json exchange_with(const Json& more) {
    Json body = Stage::exchange_account();
    body.update(more);
    return body;
}

const Refused kRefused[] = {
    {"unknown kind", icloud_with({{"kind", "apple"}}), 400, "\"icloud\""},
    {"foreign host", icloud_with({{"url", "https://cal.example.org/"}}), 400, "caldav.icloud.com"},
    {"host that looks alike", icloud_with({{"url", "https://caldav.icloud.com.evil.example/"}}), 400, "leave it out"},
    {"not encrypted", icloud_with({{"url", "http://caldav.icloud.com/"}}), 400, "leave it out"},
    {"mailbox of iCloud", icloud_with({{"mailbox", "a@b.example"}}), 400, "\"ews\""},
    {"ordinary password", icloud_with({{"password", "Summer2026!"}}), 422, "app-specific"},
    {"wrong app-specific password", icloud_with({{"password", "zzzz-zzzz-zzzz-zzzz"}}), 422, "check the address"},
    {"Exchange, wrong password", exchange_with({{"password", "wrong"}}), 422, "password"},
    {"Exchange, no place", Json{{"kind", "ews"}, {"user", "u"}, {"password", "p"}}, 400, "address"},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(own_accounts, Stage)

BOOST_DATA_TEST_CASE(what_is_wrong_is_told_and_nothing_is_kept, bdata::make(kRefused), row) {
    const auto got = call("POST", "/v1/accounts", row.body);
    BOOST_TEST(got.status == row.status, got.body);
    const std::string sentence = got.detail();
    BOOST_TEST(sentence.find(row.says) != std::string::npos, sentence);
    BOOST_TEST(call("GET", "/v1/accounts").json()["accounts"].empty());
}

BOOST_AUTO_TEST_CASE(icloud_needs_no_address_and_keeps_no_partition_T1) {
    make_calendar("caldav-icloud");
    const Json plain = connected(icloud_account());
    BOOST_TEST(plain["kind"] == "icloud");
    BOOST_TEST(plain["url"] == "https://caldav.icloud.com/");
    BOOST_TEST(plain.dump().find("p42-") == std::string::npos);
    const Json by_partition = connected(icloud_with({{"url", "https://p42-caldav.icloud.com/"}}));
    BOOST_TEST(by_partition["id"] == plain["id"]);
    BOOST_TEST(by_partition["url"] == "https://caldav.icloud.com/");
}

BOOST_AUTO_TEST_CASE(icloud_and_exchange_get_copies_and_say_what_they_keep) {
    struct Row {
        const char* site;
        Json account;
        const char* version;
        const char* reuse;
    };
    int hour = 9;
    for (const Row& row :
         {Row{"caldav-icloud", icloud_account(), "missing", "yes"}, Row{"ews", exchange_account(), "given", "yes"}}) {
        const std::string place = make_calendar(row.site);
        const std::string id = target(connected(row.account));
        const std::string start = "2027-03-01T" + std::string(hour < 10 ? "0" : "") + std::to_string(hour) + ":00:00";
        const std::string end = "2027-03-01T" + std::string(hour < 10 ? "0" : "") + std::to_string(hour) + ":30:00";
        ++hour;
        BOOST_REQUIRE(
            call("PUT", "/v1/appointments/a-" + std::string(row.site), booking("anna", start, end)).status == 201
        );
        const auto synced = call("POST", "/v1/calendars/" + id + "/sync");
        BOOST_REQUIRE_MESSAGE(synced.status == 200, synced.body);
        BOOST_TEST_CONTEXT(row.site) {
            const Json keeps = calendar(id)["keeps"];
            BOOST_REQUIRE_MESSAGE(keeps.is_object(), synced.body);
            BOOST_TEST(keeps["carrier"] == "properties");
            BOOST_TEST(keeps["capsule"] == 24'000);
            BOOST_TEST(keeps["transparency"] == true);
            BOOST_TEST(keeps["version"] == row.version);
            BOOST_TEST(keeps["name_reuse"] == row.reuse);
            BOOST_TEST(!keeps["summary"].get<std::string>().empty());
            for (const auto& event : events(row.site, place))
                BOOST_TEST(event.content.find("calgate probe") == std::string::npos);
            BOOST_TEST(call("POST", "/v1/calendars/" + id + "/verify").status == 200);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_application_signs_in_at_an_exchange_server_with_tokens_for_it) {
    ScriptedTransport scripted;
    GatewayConnectors connectors{
        {*gateway().store, gateway().connectors.vault(), gateway().zones, gateway().clock, gateway().random},
        {},
        [&](const http::CurlTransport::Settings&) {
            return std::unique_ptr<http::HttpTransport>(std::make_unique<SharedTransport>(scripted));
        }};
    Account account{.id = {"acc"}, .kind = "ews", .url = EwsSim::url(), .user = "room@corp.example"};
    account.method = SignInMethod::ApplicationSecret;
    account.tenant = "corp.example";
    account.client_id = "app";
    scripted.then(200, R"({"token_type":"Bearer","expires_in":3600,"access_token":"the-token"})");
    scripted.then(503, "");
    const Context context{gateway().clock.steady() + std::chrono::seconds{20}, {}};
    auto trial = connectors.open(account, "hush", context);
    BOOST_REQUIRE(trial);
    BOOST_TEST(!trial->connector->list_calendars(context));
    const auto asked = scripted.asked();
    BOOST_REQUIRE(asked.size() == 2u);
    BOOST_TEST(asked[0].url.starts_with("https://login.microsoftonline.com/corp.example/"));
    BOOST_TEST(asked[0].body.find("scope=https%3A%2F%2Fmail.corp.example%2F.default") != std::string::npos);
    BOOST_TEST(asked[1].url == EwsSim::url());
    BOOST_TEST(http::Response{.headers = asked[1].headers}.header("Authorization").value_or("") == "Bearer the-token");
    BOOST_TEST(asked[1].body.find("<t:PrimarySmtpAddress>room@corp.example<") != std::string::npos);
    BOOST_TEST(!asked[1].credentials.has_value());
}

BOOST_AUTO_TEST_CASE(an_application_at_an_exchange_server_says_where_it_is) {
    const Json body = {
        {"kind", "ews"},
        {"mailbox", "room@corp.example"},
        {"tenant", "corp.example"},
        {"client_id", "app"},
        {"client_secret", "hush"}};
    const auto got = call("POST", "/v1/accounts/application", body);
    BOOST_TEST(got.status == 400);
    BOOST_TEST(got.detail().find("url") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_password_revoked_in_mid_run_waits_for_a_person_after_three_tries_R16) {
    make_calendar("caldav-icloud");
    const std::string id = target(connected(icloud_account()));
    call("POST", "/v1/calendars/" + id + "/sync");
    world.run([&](SimSites&) { icloud->unauthorized_after(0); });
    reopen();  // The gateway remembers that the password worked.
    call("POST", "/v1/calendars/" + id + "/sync");
    const Json account = call("GET", "/v1/accounts").json()["accounts"][0];
    BOOST_TEST(account["state"] == "active");  // One refusal is not believed yet.
    std::string status = call("GET", "/v1/status").body;
    BOOST_TEST(status.find("revoked") != std::string::npos, status);
    std::size_t before = 0, after = 0;
    world.run([&](SimSites&) { before = icloud->requests().size(); });
    call("POST", "/v1/calendars/" + id + "/sync");  // Too soon: it does not ask.
    world.run([&](SimSites&) { after = icloud->requests().size(); });
    BOOST_TEST(before == after);
}

BOOST_AUTO_TEST_SUITE_END()
