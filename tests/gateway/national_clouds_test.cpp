/// Microsoft's clouds have hosts of their own, for signing in and for calendars.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "tests/gateway/sign_in_stage.hpp"

namespace calgate {
namespace {

using namespace calgate::testing;
using Json = nlohmann::json;

struct CloudRow {
    const char* name;
    const char* login;
    const char* issuer;
    const char* graph;
};
std::ostream& operator<<(std::ostream& out, const CloudRow& row) { return out << row.name; }

// clang-format off
const CloudRow kClouds[] = {
    {"worldwide",         "https://login.microsoftonline.com", "https://login.microsoftonline.com",         "https://graph.microsoft.com"},
    {"us-government",     "https://login.microsoftonline.us",  "https://login.microsoftonline.us",          "https://graph.microsoft.us"},
    {"us-government-dod", "https://login.microsoftonline.us",  "https://login.microsoftonline.us",          "https://dod-graph.microsoft.us"},
    {"china",             "https://login.chinacloudapi.cn",    "https://login.partner.microsoftonline.cn",  "https://microsoftgraph.chinacloudapi.cn"},
};
// clang-format on

struct CloudStage : SignInStage {
    void choose(const std::string& name) {
        const oauth::MicrosoftCloud* found = oauth::microsoft_cloud(name);
        BOOST_REQUIRE(found != nullptr);
        cloud = *found;
        open();
    }
    Json sign_in(const std::string& issuer, const std::string& graph) {
        const Json begun = begin({}, "microsoft");
        script_microsoft("t-1", graph + "/Calendars.ReadWrite openid", issuer);
        status = come_back(begun["state"]).status;
        return begun;
    }
    /// What is asked for when an account's calendars are listed with a new token.
    std::vector<http::Request> listing(const Account& account) {
        const std::size_t before = transport.asked().size();
        transport.then(200, R"({"token_type":"Bearer","expires_in":3600,"access_token":"at"})");
        transport.then(200, R"({"value":[]})");
        const Context context{clock.steady() + std::chrono::seconds{20}, {}};
        auto opened = connectors->open(account);
        BOOST_REQUIRE(opened.has_value());
        BOOST_TEST((*opened)->list_calendars(context).has_value());
        const auto asked = transport.asked();
        BOOST_REQUIRE(asked.size() == before + 2);
        return {asked.begin() + static_cast<std::ptrdiff_t>(before), asked.end()};
    }
    int status = 0;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(national_clouds, CloudStage)

BOOST_DATA_TEST_CASE(
    a_person_signs_in_and_is_read_in_the_cloud_of_the_business, boost::unit_test::data::make(kClouds), row
) {
    choose(row.name);
    const Json begun = sign_in(row.issuer, row.graph);
    BOOST_TEST(status == 200);
    const std::string url = begun["url"];
    BOOST_TEST(url.starts_with(std::string(row.login) + "/common/oauth2/v2.0/authorize?"), url);
    BOOST_TEST(form_of(url)["scope"].find(std::string(row.graph) + "/Calendars.ReadWrite") != std::string::npos);
    BOOST_TEST(transport.asked().front().url == std::string(row.login) + "/common/oauth2/v2.0/token");
    BOOST_REQUIRE(accounts().size() == 1u);
    BOOST_TEST(accounts()[0].url == row.graph);
    // It stays where it was connected, whatever the configuration says later.
    choose("worldwide");
    const auto asked = listing(accounts()[0]);
    BOOST_TEST(asked[0].url.starts_with(std::string(row.login) + "/"), asked[0].url);
    BOOST_TEST(asked[1].url.starts_with(std::string(row.graph) + "/v1.0/me/calendars"), asked[1].url);
}

BOOST_AUTO_TEST_CASE(a_token_of_another_cloud_names_nobody) {
    choose("us-government");
    sign_in("https://login.microsoftonline.com", "https://graph.microsoft.us");
    BOOST_TEST(status == 422);
    BOOST_TEST(accounts().empty());
}

BOOST_DATA_TEST_CASE(an_application_is_known_in_its_cloud_only, boost::unit_test::data::make(kClouds), row) {
    choose(row.name);
    transport.then(200, R"({"token_type":"Bearer","expires_in":3600,"access_token":"at"})");
    transport.then(200, R"({"value":[]})");
    const auto got = call(
        "POST",
        "/v1/accounts/application",
        {{"kind", "graph"},
         {"mailbox", "room@contoso.example"},
         {"tenant", "contoso.example"},
         {"client_id", "app"},
         {"client_secret", "hush"}}
    );
    BOOST_REQUIRE_MESSAGE(got.status == 200, got.body);
    const auto asked = transport.asked();
    BOOST_REQUIRE(asked.size() == 2u);
    BOOST_TEST(asked[0].url == std::string(row.login) + "/contoso.example/oauth2/v2.0/token");
    BOOST_TEST(form_of(asked[0].body)["scope"] == std::string(row.graph) + "/.default");
    BOOST_TEST(asked[1].url.starts_with(std::string(row.graph) + "/v1.0/users/"), asked[1].url);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
