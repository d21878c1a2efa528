#include <boost/test/unit_test.hpp>

#include "tests/gateway/sign_in_stage.hpp"

namespace calgate {
namespace {

using namespace calgate::testing;
using Json = nlohmann::json;

/// What becomes of a consent after the person gave it.
BOOST_FIXTURE_TEST_SUITE(consent, SignInStage)

BOOST_AUTO_TEST_CASE(F25_a_rotated_refresh_token_survives_a_restart) {
    connect("rt-1", "1001", "anna@example.com");
    const Context context{clock.steady() + std::chrono::seconds{60}, {}};
    transport.then(200, R"({"access_token":"at-1","refresh_token":"rt-2","expires_in":3600})");
    BOOST_TEST(connectors->tokens(accounts().at(0)).value()->access_token(context).value() == "at-1");
    BOOST_TEST(secret(accounts().at(0)) == "rt-2");
    open();
    transport.then(200, R"({"access_token":"at-2","expires_in":3600})");
    BOOST_TEST(connectors->tokens(accounts().at(0)).value()->access_token(context).value() == "at-2");
    BOOST_TEST(form_of(transport.asked().back().body)["refresh_token"] == "rt-2");
}

BOOST_AUTO_TEST_CASE(F25_an_earlier_sign_in_never_overwrites_the_token_of_a_later_one) {
    connect("rt-1", "1001", "anna@example.com");
    const Account before = accounts().at(0);
    oauth::TokenSource* tokens = connectors->tokens(before).value();
    const Context context{clock.steady() + std::chrono::seconds{60}, {}};
    transport.then([&](const http::Request& request, const Context&) -> Result<http::Response> {
        connect("rt-new", "1001", "anna@example.com");
        return http::Response{200, {}, R"({"access_token":"at","refresh_token":"rt-old"})", request.url};
    });
    BOOST_TEST((tokens->access_token(context).error().code == ErrorCode::Cancelled));
    BOOST_TEST(secret(accounts().at(0)) == "rt-new");
    transport.then(200, R"({"access_token":"at-new"})");
    BOOST_TEST(connectors->tokens(accounts().at(0)).value() == tokens);
    BOOST_TEST(tokens->access_token(context).value() == "at-new");
}

BOOST_AUTO_TEST_CASE(applications_connect_without_a_person) {
    const auto connect_with = [&](Json body) { return call("POST", "/v1/accounts/application", body); };
    const Json google = {
        {"kind", "google"}, {"service_account", service_account_file(rsa_key())}, {"subject", "anna@example.com"}};
    transport.then(401, R"({"error":"unauthorized_client"})");
    const auto refused = connect_with(google);
    BOOST_TEST(refused.status == 422);
    BOOST_TEST(refused.body.find("Workspace administrator") != std::string::npos);
    BOOST_TEST(accounts().empty());
    transport.then(200, R"({"access_token":"at"})");
    BOOST_TEST(connect_with(google).status == 200);
    BOOST_TEST(secret(accounts().at(0)).find("PRIVATE KEY") != std::string::npos);

    Json graph = {
        {"kind", "graph"}, {"tenant", "contoso.example"}, {"client_id", "app"}, {"mailbox", "anna@contoso.example"}};
    BOOST_TEST(connect_with(graph).status == 400);
    graph["client_secret"] = "s3cret";
    transport.then(200, R"({"access_token":"at"})");
    BOOST_TEST(connect_with(graph).status == 200);
    graph.erase("client_secret");
    graph["certificate"] = certificate_with_key();
    transport.then(200, R"({"access_token":"at"})");
    BOOST_TEST(connect_with(graph).status == 200);
    BOOST_TEST(accounts().size() == 2u);
    graph["tenant"] = "common";
    BOOST_TEST(connect_with(graph).status == 400);
    graph["tenant"] = "a/b";
    BOOST_TEST(connect_with(graph).status == 400);
    BOOST_TEST(connect_with({{"kind", "caldav"}}).status == 400);
}

BOOST_AUTO_TEST_CASE(R15_a_revoked_consent_parks_with_one_alarm_and_reconnecting_lands_what_waited) {
    connect("rt-1", "1001", "anna@example.com");
    const AccountId id = accounts().at(0).id;
    const Href href = service.add_calendar("Anna");
    const Json chosen = {
        {"account", id.value}, {"href", href.value}, {"staff", "anna"}, {"mirror", true}, {"busy", true}};
    const Json calendar = Json::parse(call("POST", "/v1/calendars", chosen).body);
    const CalendarId target{calendar["id"].get<std::string>()};
    const auto book = [&](const std::string& name, int hour) {
        const std::string day = "2026-03-10T" + std::to_string(hour);
        const Json body = {
            {"staff", "anna"},
            {"start", day + ":00:00"},
            {"end", day + ":30:00"},
            {"zone", "Europe/Berlin"},
            {"title", name}};
        BOOST_TEST(call("PUT", "/v1/appointments/" + name, body).status == 201);
    };
    transport.then(200, R"({"access_token":"at-1","expires_in":3600})");
    book("first", 10);
    BOOST_TEST(engine->run_pass(target).created == 1);

    clock.advance(std::chrono::hours{2});
    transport.then(400, R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})");
    for (int i = 0; i < 3; ++i) {
        book("parked-" + std::to_string(i), 11 + i);
        BOOST_TEST(!engine->run_pass(target).completed);
    }
    const auto asked = transport.asked().size();
    BOOST_TEST((accounts().at(0).state == AccountState::NeedsAttention));
    BOOST_TEST(accounts().at(0).detail.find("sign in once more") != std::string::npos, accounts().at(0).detail);
    const auto alarms = read(*store, [](const Reader& r) {
        int count = 0;
        for (const Change& change : r.changes(0, 1000)) count += change.kind == "account.attention";
        return count;
    });
    BOOST_TEST(alarms == 1);
    BOOST_TEST(asked == 3u);

    connect("rt-2", "1001", "anna@example.com");
    BOOST_TEST(accounts().at(0).id.value == id.value);
    BOOST_TEST((accounts().at(0).state == AccountState::Active));
    transport.then(200, R"({"access_token":"at-2","expires_in":3600})");
    const auto report = engine->run_pass(target);
    BOOST_TEST(report.completed);
    BOOST_TEST(report.created == 3);
    BOOST_TEST(form_of(transport.asked().back().body)["refresh_token"] == "rt-2");
}

BOOST_AUTO_TEST_CASE(R15_a_refused_request_of_an_application_parks_its_account_and_no_copy) {
    const auto connect_application = [&] {
        Json graph = {
            {"kind", "graph"},
            {"tenant", "contoso.example"},
            {"client_id", "app"},
            {"mailbox", "anna@contoso.example"}};
        graph["client_secret"] = "s3cret";
        transport.then(200, R"({"access_token":"at-1","expires_in":3600})");
        return call("POST", "/v1/accounts/application", graph).status;
    };
    BOOST_REQUIRE(connect_application() == 200);
    const Href href = service.add_calendar("Anna");
    const Json chosen = {
        {"account", accounts().at(0).id.value}, {"href", href.value}, {"staff", "anna"}, {"mirror", true}};
    const Json calendar = Json::parse(call("POST", "/v1/calendars", chosen).body);
    const CalendarId target{calendar["id"].get<std::string>()};
    const auto book = [&](const std::string& name, int hour) {
        const std::string day = "2026-03-10T" + std::to_string(hour);
        const Json body = {
            {"staff", "anna"},
            {"start", day + ":00:00"},
            {"end", day + ":30:00"},
            {"zone", "Europe/Berlin"},
            {"title", name}};
        BOOST_TEST(call("PUT", "/v1/appointments/" + name, body).status == 201);
    };
    transport.then(400, R"({"error":"invalid_request"})");
    for (int i = 0; i < 3; ++i) {
        book("waits-" + std::to_string(i), 11 + i);
        BOOST_TEST(!engine->run_pass(target).completed);
    }
    BOOST_TEST((accounts().at(0).state == AccountState::NeedsAttention));
    store->read([&](const Reader& reader) {
        int alarms = 0;
        for (const Change& change : reader.changes(0, 1000)) {
            alarms += change.kind == "account.attention";
            BOOST_TEST(change.kind != "copy.parked");
        }
        BOOST_TEST(alarms == 1);
        BOOST_TEST(reader.count_open_mirrors(target) == 3);
    });
    BOOST_REQUIRE(connect_application() == 200);
    transport.then(200, R"({"access_token":"at-2","expires_in":3600})");
    BOOST_TEST(engine->run_pass(target).created == 3);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_certificate_is_known_before_it_comes) {
    Json graph = {
        {"kind", "graph"}, {"tenant", "contoso.example"}, {"client_id", "app"}, {"mailbox", "anna@contoso.example"}};
    graph["certificate"] = certificate_with_key();
    transport.then(200, R"({"access_token":"at"})");
    BOOST_REQUIRE(call("POST", "/v1/accounts/application", graph).status == 200);
    const auto listed = [&] { return Json::parse(call("GET", "/v1/accounts").body)["accounts"][0]; };
    const auto end = parse_instant(listed()["certificate_ends"].get<std::string>());
    BOOST_REQUIRE(end.has_value());
    const auto label = "calgate_certificate_end_seconds{account=\"" + accounts().at(0).id.value + "\"} ";
    const std::string metrics = call("GET", "/metrics").body;
    BOOST_TEST(metrics.find(label + std::to_string((*end - clock.now()).count()) + "\n") != std::string::npos, metrics);
    graph.erase("certificate");
    graph["client_secret"] = "s3cret";
    transport.then(200, R"({"access_token":"at"})");
    BOOST_REQUIRE(call("POST", "/v1/accounts/application", graph).status == 200);
    BOOST_TEST(listed()["certificate_ends"].is_null());
    BOOST_TEST(call("GET", "/metrics").body.find(label) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace calgate
