#include "gateway/api_keys.hpp"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <set>

#include "core/identity.hpp"
#include "tests/gateway/api_stage.hpp"
#include "tests/gateway/sign_in_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

constexpr const char* kScopes[] = {"monitor", "read", "write", "admin"};

/// The clock stands still until a test moves it.
struct KeyStage : SignInStage {
    Json make(const Json& wanted) {
        const auto made = call("POST", "/v1/keys", wanted);
        BOOST_REQUIRE_MESSAGE(made.status == 201, made.body);
        return Json::parse(made.body);
    }
    int status(const std::string& key) { return call("GET", "/v1/staff", nullptr, key).status; }
};

std::string retry_after(const HttpResponse& response) {
    for (const auto& [name, value] : response.headers) {
        if (name == "Retry-After") return value;
    }
    return {};
}

HeaderList bearer(const std::string& key) { return {{"Authorization", "Bearer " + key}}; }

}  // namespace

BOOST_AUTO_TEST_SUITE(api_keys)

BOOST_AUTO_TEST_CASE(a_key_has_256_bits_and_tells_when_it_was_mistyped) {
    SystemRandom random;
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const std::string key = make_api_key(random);
        BOOST_TEST(key.starts_with("cg_"));
        BOOST_TEST(from_base64url(key.substr(3, 43))->size() == 32u);
        BOOST_TEST(!is_damaged_key(key));
        BOOST_TEST(seen.insert(key).second);
    }
    const std::string key = *seen.begin();
    for (std::size_t at = 3; at < key.size(); ++at) {
        std::string mistyped = key;
        mistyped[at] = mistyped[at] == '7' ? '1' : '7';
        BOOST_TEST(is_damaged_key(mistyped), mistyped);
    }
    for (const std::string& other : {std::string(), std::string("cg_"), std::string("cg_one"), key.substr(0, 46)})
        BOOST_TEST(!is_damaged_key(other), other);
}

BOOST_FIXTURE_TEST_CASE(I25_a_key_lies_nowhere_in_the_store, ApiStage) {
    const auto made = call("POST", "/v1/keys", Json{{"label", "till"}}).json();
    const std::string key = made["key"];
    const auto kept = read(*gateway().store, [](const Reader& r) { return r.api_keys(); });
    BOOST_REQUIRE(kept.size() == 2u);
    BOOST_TEST(kept.back().hash == sha256_hex(key));
    for (const char* file : {"/data/calgate.db", "/data/calgate.db-wal"}) {
        std::ifstream in(folder() + file, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(in), {}};
        BOOST_TEST(!bytes.empty());
        BOOST_TEST(bytes.find(key.substr(3, 20)) == std::string::npos);
    }
    BOOST_TEST(call("GET", "/v1/keys").body.find(key.substr(3, 20)) == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(every_route_wants_its_scope_and_no_less, ApiStage) {
    std::vector<std::string> keys;
    for (const char* scope : kScopes)
        keys.push_back(call("POST", "/v1/keys", Json{{"label", scope}, {"scope", scope}}).json()["key"]);
    std::set<KeyScope> needed;
    for (const Api::Route& route : Api::routes()) {
        if (!route.scope) continue;
        needed.insert(*route.scope);
        std::string target = route.pattern;
        if (const auto at = target.find("{id}"); at != std::string::npos) target.replace(at, 4, "none");
        for (std::size_t i = 0; i < keys.size(); ++i) {
            BOOST_TEST_CONTEXT(route.method << " " << target << " with " << kScopes[i]) {
                const auto got = call(route.method, target, std::string{}, bearer(keys[i]));
                const bool enough = static_cast<std::size_t>(*route.scope) <= i;
                BOOST_TEST((got.status != 403) == enough);
                BOOST_TEST(got.status != 401);
                if (enough) continue;
                BOOST_TEST(got.detail().find("--scope " + std::string(to_string(*route.scope))) != std::string::npos);
                BOOST_TEST(got.header("www-authenticate").find("insufficient_scope") != std::string::npos);
            }
        }
    }
    BOOST_TEST(needed.size() == 4u);
}

BOOST_FIXTURE_TEST_CASE(no_key_but_the_owners_makes_keys_or_reads_everything, ApiStage) {
    const auto key = call("POST", "/v1/keys", Json{{"label", "till"}}).json();
    BOOST_TEST(key["scope"] == "write");
    for (const auto& [method, target] : std::vector<std::pair<const char*, const char*>>{
             {"POST", "/v1/keys"}, {"GET", "/v1/export"}, {"GET", "/v1/accounts"}, {"DELETE", "/v1/accounts/a"}})
        BOOST_TEST(call(method, target, std::string{}, bearer(key["key"])).status == 403, target);
    BOOST_TEST(call("POST", "/v1/keys", Json{{"label", "x"}, {"scope", "owner"}}).status == 400);
    BOOST_TEST(call("POST", "/v1/keys", Json{{"label", "x"}, {"expires_in_s", 0}}).status == 400);
}

BOOST_FIXTURE_TEST_CASE(a_key_is_revoked_within_a_second_also_on_an_open_connection, ApiStage) {
    const auto made = call("POST", "/v1/keys", Json{{"label", "till"}}).json();
    const std::string id = made["id"];
    Wire open(port());
    const auto ask = [&] {
        open.send(request_text("GET", "/v1/staff", {}, bearer(made["key"])));
        return open.read().status;
    };
    BOOST_TEST(ask() == 200);
    const auto begin = std::chrono::steady_clock::now();
    BOOST_TEST(call("DELETE", "/v1/keys/" + id).status == 200);
    BOOST_TEST(ask() == 401);
    BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds{1}));
    const auto feed = call("GET", "/v1/changes").json()["changes"];
    BOOST_TEST(feed.at(feed.size() - 1)["kind"] == "key.revoked");
    BOOST_TEST(feed.at(feed.size() - 1)["subject"] == id);
}

BOOST_FIXTURE_TEST_CASE(a_mistyped_key_is_called_that, ApiStage) {
    std::string key = call("POST", "/v1/keys", Json{{"label", "till"}}).json()["key"];
    key[10] = key[10] == 'a' ? 'b' : 'a';
    const auto got = call("GET", "/v1/staff", std::string{}, bearer(key));
    BOOST_TEST(got.status == 401);
    BOOST_TEST(got.detail().find("damaged") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_key_ends_when_it_expires, KeyStage) {
    const Json made = make({{"label", "fair"}, {"expires_in_s", 60}});
    BOOST_TEST(made["expires"] == format_instant(clock.now() + std::chrono::seconds{60}));
    clock.advance(std::chrono::seconds{59});
    BOOST_TEST(status(made["key"]) == 200);
    clock.advance(std::chrono::seconds{1});
    BOOST_TEST(status(made["key"]) == 401);
    open();
    BOOST_TEST(status(made["key"]) == 401);
    const Json listed = Json::parse(call("GET", "/v1/keys").body)["keys"];
    const auto fair =
        std::find_if(listed.begin(), listed.end(), [](const Json& key) { return key["label"] == "fair"; });
    BOOST_REQUIRE(fair != listed.end());
    BOOST_TEST(fair->at("expired") == true);
    BOOST_TEST(status("cg_one") == 200);
}

BOOST_FIXTURE_TEST_CASE(a_key_that_asks_too_often_waits_and_delays_no_other, KeyStage) {
    limits.per_key = 6;
    open();
    for (int i = 0; i < 6; ++i) BOOST_TEST(status("cg_one") == 200);
    const auto refused = call("GET", "/v1/staff");
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(retry_after(refused) == "10");
    BOOST_TEST(status("cg_two") == 200);
    clock.advance(std::chrono::seconds{10});
    BOOST_TEST(status("cg_one") == 200);
    BOOST_TEST(status("cg_one") == 429);
}

BOOST_FIXTURE_TEST_CASE(an_address_that_tries_keys_waits_while_a_valid_key_from_there_goes_on, KeyStage) {
    limits.per_address = 5;
    open();
    address = "203.0.113.7";
    for (int i = 0; i < 5; ++i) BOOST_TEST(status("cg_wrong" + std::to_string(i)) == 401);
    const auto refused = call("GET", "/v1/staff", nullptr, "cg_wrong");
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(retry_after(refused) == "12");
    BOOST_TEST(come_back("guessed").status == 429);
    BOOST_TEST(call("GET", "/live", nullptr, "").status == 200);
    BOOST_TEST(status("cg_one") == 200);
    address = "203.0.113.8";
    BOOST_TEST(status("cg_wrong") == 401);
}

BOOST_AUTO_TEST_CASE(the_address_is_the_connections_own) {
    Config config;
    config.address_per_minute = 3;
    const ApiStage stage({}, config);
    for (const int expected : {401, 401, 401, 429, 429})
        BOOST_TEST(stage.call("GET", "/v1/staff", std::string{}, bearer("cg_wrong")).status == expected);
    BOOST_TEST(stage.call("GET", "/v1/staff").status == 200);
}

BOOST_AUTO_TEST_CASE(what_a_key_changed_is_told_by_its_label_I30) {
    KeyStage stage;
    const Json made = stage.make({{"label", "website"}, {"scope", "admin"}});
    const std::string key = made["key"];
    const Json eve = {{"id", "eve"}, {"name", "Eve"}, {"zone", "Europe/Berlin"}};
    BOOST_REQUIRE_EQUAL(stage.call("PUT", "/v1/staff/eve", eve, key).status, 201);
    const Json cut = {{"id", "cut"}, {"name", "Cut"}, {"duration_min", 30}, {"staff", {"eve"}}};
    const auto service = stage.call("PUT", "/v1/services/cut", cut, key);
    BOOST_REQUIRE_MESSAGE(service.status == 201, service.body);
    const Json booking = {
        {"id", "b1"},
        {"staff", "eve"},
        {"start", "2027-03-01T09:00:00"},
        {"end", "2027-03-01T10:00:00"},
        {"zone", "Europe/Berlin"},
        {"title", "Cut"}};
    BOOST_REQUIRE_EQUAL(stage.call("PUT", "/v1/appointments/b1", booking, key).status, 201);
    BOOST_REQUIRE_EQUAL(stage.call("DELETE", "/v1/appointments/b1").status, 200);
    std::string told;
    const Json feed = Json::parse(stage.call("GET", "/v1/changes").body);
    for (const Json& change : feed["changes"])
        told += change["kind"].get<std::string>() + " by " + change["actor"].get<std::string>() + "; ";
    BOOST_TEST(
        told ==
        "key.created by api:cg_one; staff.created by api:website; service.created by api:website; "
        "appointment.created by api:website; appointment.cancelled by api:cg_one; "
    );
}

BOOST_AUTO_TEST_SUITE_END()
