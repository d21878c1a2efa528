#include <algorithm>

#include "tests/gateway/sign_in_stage.hpp"

using namespace calgate;
using namespace calgate::testing;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(delegation)

/// Google counts the calls of a service account together unless each names whom it is for.
BOOST_FIXTURE_TEST_CASE(each_person_of_a_service_account_has_a_quota_of_their_own, SignInStage) {
    const auto counted_for = [&](const std::string& person) {
        const Json asked = {
            {"kind", "google"}, {"service_account", service_account_file(rsa_key())}, {"subject", person}};
        transport.then(200, R"({"access_token":"at","expires_in":3600})");
        BOOST_REQUIRE(call("POST", "/v1/accounts/application", asked).status == 200);
        const auto all = accounts();
        const auto account = std::find_if(all.begin(), all.end(), [&](const Account& a) { return a.user == person; });
        BOOST_REQUIRE((account != all.end()));
        transport.then(200, R"({"access_token":"at","expires_in":3600})");
        transport.then(200, R"({"items":[]})");
        const auto connector = connectors->open(*account);
        BOOST_REQUIRE(connector);
        BOOST_TEST((*connector)->list_calendars({clock.steady() + std::chrono::seconds{20}, {}}).has_value());
        const http::Headers sent = transport.asked().back().headers;
        return http::Response{200, sent, {}, {}}.header("X-Goog-Quota-User").value_or("");
    };
    const std::string anna = counted_for("anna@example.com"), ben = counted_for("ben@example.com");
    BOOST_TEST(anna != ben);
    BOOST_TEST(anna.size() == 40u);
    BOOST_TEST(anna.find("anna") == std::string::npos);
    BOOST_TEST(counted_for("anna@example.com") == anna);
}

BOOST_AUTO_TEST_SUITE_END()
