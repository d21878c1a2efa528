#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/vault.hpp"
#include "tests/scheduler/notifying_business.hpp"

namespace calgate {
namespace {

using namespace testing;
using Json = nlohmann::json;

struct Hooks : NotifyingBusiness {
    Vault vault{".", VaultKeys{{1, std::string(32, 'v')}}, random};
    GatewayConnectors connectors{{store, vault, zones, clock, random}, {}};
    Api api{ApiParts{store, index, *notified, connectors, zones, clock, random, keys}};
    std::string id{}, secret{};

    explicit Hooks(const std::string& resource = "resource") {
        push.resource = resource;
        notified->start();
        BOOST_REQUIRE(wait_for_passes(2));  // The second closes the gap before the channel.
        id = push.opened.at(0).id;
        secret = push.opened.at(0).secret;
    }
    HttpResponse google(const std::string& channel, const std::string& token, const std::string& state = "exists") {
        return api.handle(
            {"POST",
             "/hooks/google",
             {},
             {{"x-goog-channel-id", channel},
              {"x-goog-channel-token", token},
              {"x-goog-resource-id", "resource"},
              {"x-goog-resource-state", state}},
             "not looked at"}
        );
    }
    HttpResponse graph(const std::string& body, std::vector<std::pair<std::string, std::string>> query = {}) {
        return api.handle({"POST", "/hooks/graph", std::move(query), {}, body});
    }
};

struct GraphHooks : Hooks {
    GraphHooks() : Hooks("") {}
};

std::string note(const std::string& channel, const std::string& secret) {
    return Json{{"value", {{{"subscriptionId", channel}, {"clientState", secret}, {"changeType", "deleted"}}}}}.dump();
}

BOOST_FIXTURE_TEST_SUITE(hooks, Hooks)

BOOST_AUTO_TEST_CASE(a_notification_of_google_causes_a_read_and_a_sync_message_does_not) {
    BOOST_TEST(google(id, secret, "sync").status == 200);
    BOOST_TEST(google(id, secret).status == 200);
    BOOST_TEST(wait_for_passes(3));
    notified->stop();
    BOOST_TEST(passes == 3);
}

BOOST_AUTO_TEST_CASE(whatever_else_google_calls_a_change_is_read_too_G15) {
    int expected = 2;
    for (const char* state : {"not_exists", "update", ""}) {
        BOOST_TEST(google(id, secret, state).status == 200);
        BOOST_TEST(wait_for_passes(++expected), state);
    }
}

BOOST_AUTO_TEST_CASE(a_forged_or_unknown_notification_of_google_is_404_and_causes_nothing_F22_G17) {
    BOOST_TEST(google(id, secret + "x").status == 404);
    BOOST_TEST(google("unknown", secret).status == 404);
    BOOST_TEST(google(id, "").status == 404);
    BOOST_TEST(google("", "").status == 404);
    BOOST_TEST(google(id, std::string(10'000, 'x')).status == 404);
    BOOST_TEST(api.handle({"POST", "/hooks/google", {}, {}, ""}).status == 404);
    BOOST_TEST(api.handle({"GET", "/hooks/google", {}, {}, ""}).status == 405);
    notified->stop();
    BOOST_TEST(passes == 2);
}

BOOST_AUTO_TEST_CASE(the_handshake_of_graph_is_answered_with_the_bare_token) {
    const std::string token = "Validation: Testing client <b>&\"1+2\"";
    const auto answer = graph("", {{"validationToken", token}});
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.type == "text/plain");
    BOOST_TEST(answer.body == token);
    BOOST_TEST(graph("", {{"validationToken", std::string(5000, 'x')}}).status == 400);
    BOOST_TEST(graph("", {{"other", "1"}}).status == 400);
}

BOOST_AUTO_TEST_CASE(hooks_are_answered_on_the_thread_that_reads_requests_M29) {
    BOOST_TEST((api.lane({"POST", "/hooks/google", {}, {}, ""}) == Lane::Inline));
    BOOST_TEST((api.lane({"POST", "/hooks/graph", {}, {}, ""}) == Lane::Inline));
}

BOOST_FIXTURE_TEST_CASE(a_right_notification_among_wrong_ones_causes_a_read, GraphHooks) {
    Json body = Json::parse(note(id, "guess"));
    body["value"].push_back(42);
    body["value"].push_back(Json{{"subscriptionId", 7}, {"clientState", nullptr}});
    BOOST_TEST(graph(body.dump()).status == 202);
    body["value"].push_back(Json::parse(note(id, secret))["value"][0]);
    body["value"].back()["later"] = body["later"] = {{"member", 1}};
    BOOST_TEST(graph(body.dump()).status == 202);
    BOOST_TEST(wait_for_passes(3));
    notified->stop();
    BOOST_TEST(passes == 3);
}

BOOST_FIXTURE_TEST_CASE(a_subscription_that_graph_removed_is_opened_anew, GraphHooks) {
    Json body = Json::parse(note(id, secret));
    body["value"][0]["lifecycleEvent"] = "subscriptionRemoved";
    BOOST_TEST(graph(body.dump()).status == 202);
    BOOST_TEST(wait_for_passes(4));  // One for the news, one for the gap.
    notified->stop();
    BOOST_TEST(push.opened.size() == 2u);
    BOOST_TEST(push.closed.empty());
}

struct Body {
    std::string text;
    int status;
};
std::ostream& operator<<(std::ostream& out, const Body& body) { return out << body.text.substr(0, 60); }

const std::vector<Body> kBodies{
    {"", 400},
    {"[]", 400},
    {"{", 400},
    {"\xff", 400},
    {R"({"value": {}})", 400},
    {R"({"value": []})", 202},
    {R"({})", 202},
    {R"({"value": [null, 1, "x", [], {}]})", 202},
    {R"({"value": [], "@odata.context": "x", "command": {"deep": [1]}})", 202},
    {R"({"value": [{"later": [[[[[[[[[[1]]]]]]]]]]}]})", 202},
    {R"({"value": 7, "later": 1})", 400},
    {"{\"value\":" + std::string(100'000, '[') + "}", 400},
};

BOOST_DATA_TEST_CASE(a_body_of_graph_is_never_trusted, boost::unit_test::data::make(kBodies), body) {
    BOOST_TEST(graph(body.text).status == body.status);
    Json many = {{"value", Json::array()}};
    for (int i = 0; i < 1001; ++i) many["value"].push_back(nullptr);
    BOOST_TEST(graph(many.dump()).status == 400);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace calgate
