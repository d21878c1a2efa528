#include <boost/test/unit_test.hpp>

#include "tests/gateway/street.hpp"

namespace calgate {
namespace {

using namespace calgate::testing;

using Route = Api::Route;

/// A body with which the address would do its work, were the object there.
Json body_for(const Route& route) {
    if (route.pattern == "/v1/appointments/{id}" && route.method == "PUT")
        return booking("ann", "2027-04-01T09:00:00", "2027-04-01T10:00:00");
    if (route.pattern == "/v1/staff/{id}" && route.method == "PUT") return {{"name", "N"}, {"zone", "Europe/Berlin"}};
    if (route.pattern == "/v1/services/{id}" && route.method == "PUT") return {{"name", "N"}, {"duration_min", 30}};
    if (route.pattern == "/v1/accounts/sign-in/{id}") return {{"state", "s"}, {"code", "c"}};
    if (route.pattern == "/v1/calendars/{id}/rehearsal") return {{"drill", "clock"}};
    if (route.pattern == "/v1/conflicts/{id}/resolution") return {{"resolution", "ours"}};
    return nullptr;
}

std::string at(const std::string& pattern, const std::string& id) {
    std::string path = pattern;
    return path.replace(path.find("{id}"), 4, id);
}

bool names_an_object(const Route& route) { return route.pattern.find("{id}") != std::string::npos; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(businesses, Street)

BOOST_AUTO_TEST_CASE(what_belongs_to_another_business_is_not_there_at_any_address) {
    const std::string before = state_of_b();
    const auto try_all = [&](bool creating) {
        for (const Route& route : Api::routes()) {
            if (!names_an_object(route) || (route.method == "PUT") != creating) continue;
            for (const auto& [what, id] : ids_of_b) {
                const int status = as_a(route.method, at(route.pattern, id), body_for(route));
                // These have numbers; nothing else is looked for among them.
                const bool numbered = route.pattern.find("/conflicts/") != std::string::npos ||
                                      route.pattern.find("/runs/") != std::string::npos;
                const bool no_number =
                    numbered && status == 400 && id.find_first_not_of("0123456789") != std::string::npos;
                BOOST_TEST(
                    (status == 404 || (creating && status == 201) || no_number),
                    route.method << ' ' << route.pattern << " with the " << what << ' ' << id << ": " << status
                );
            }
        }
    };
    try_all(false);
    try_all(true);  // The id is free here: each becomes an object of the first, and the other's stays.
    BOOST_TEST(state_of_b() == before);
    BOOST_TEST(ask("GET", "/v1/appointments/b-one", nullptr, a.authorization(), "a.example").second["customer"] == "");
}

BOOST_AUTO_TEST_CASE(for_its_own_business_each_object_is_there) {
    const std::map<std::string, std::string> kinds = {
        {"/v1/appointments/{id}", "appointment"},
        {"/v1/appointments/{id}/history", "appointment"},
        {"/v1/links/{id}", "link"},
        {"/v1/feeds/{id}", "feed"},
        {"/feeds/{id}", "address of a feed"},
        {"/v1/staff/{id}", "staff"},
        {"/v1/services/{id}", "service"},
        {"/v1/accounts/sign-in/{id}", "sign-in"},
        {"/v1/accounts/{id}", "account"},
        {"/v1/calendars/{id}", "calendar"},
        {"/v1/calendars/{id}/sync", "calendar"},
        {"/v1/calendars/{id}/preview", "calendar"},
        {"/v1/calendars/{id}/verify", "calendar"},
        {"/v1/calendars/{id}/drill", "calendar"},
        {"/v1/calendars/{id}/rehearsal", "calendar"},
        {"/v1/conflicts/{id}/resolution", "conflict"},
        {"/v1/runs/{id}/undo", "run"},
        {"/v1/keys/{id}", "key"}};
    for (const bool deleting : {false, true}) {
        for (const Route& route : Api::routes()) {
            if (!names_an_object(route) || (route.method == "DELETE") != deleting) continue;
            const auto kind = kinds.find(route.pattern);
            BOOST_REQUIRE_MESSAGE(kind != kinds.end(), route.pattern << " is new: say here what its id is");
            Json body = body_for(route);
            if (body.is_object() && body.contains("staff")) body["staff"] = "bea";
            if (body.is_object() && body.contains("state")) body["state"] = sign_in["state"];
            // The account goes last: its calendar goes with it.
            if (route.pattern == "/v1/accounts/{id}") continue;
            const int status =
                ask(route.method, at(route.pattern, ids_of_b[kind->second]), body, b.authorization(), "b.example")
                    .first;
            BOOST_TEST(status != 404, route.method << ' ' << route.pattern);
            BOOST_TEST(status != 401, route.method << ' ' << route.pattern);
        }
    }
    BOOST_TEST(ask("DELETE", "/v1/accounts/acc-b", nullptr, b.authorization(), "b.example").first == 200);
}

BOOST_AUTO_TEST_CASE(addresses_without_an_object_tell_of_the_own_business_only) {
    const std::string before = state_of_b();
    const std::map<std::string, std::string> parameters = {
        {"/v1/availability", "?staff=ann&from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z"},
        {"/v1/slots", "?service=acut&from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z"},
        {"/book/slots", "?service=acut&day=" + tomorrow()}};
    int reading = 0, writing = 0;
    for (const Route& route : Api::routes()) {
        if (names_an_object(route)) continue;
        const auto more = parameters.find(route.pattern);
        const std::string target = route.pattern + (more == parameters.end() ? "" : more->second);
        const int status = as_a(route.method, target, route.fields.empty() ? Json() : Json::object());
        (route.method == "GET" ? reading : writing) += 1;
        const bool unsaid = route.pattern == "/oauth/callback";
        if (route.method == "GET") BOOST_TEST((status == 200 || unsaid), target << ": " << status << last_.body);
    }
    BOOST_TEST(reading > 20);
    BOOST_TEST(writing > 20);
    BOOST_TEST(state_of_b() == before);
    // The same at the host of the other, which the key has nothing to do with.
    BOOST_TEST(ask("GET", "/v1/staff", nullptr, a.authorization(), "b.example").second["staff"][0]["id"] == "ann");
    BOOST_TEST(ask("GET", "/v1/staff", nullptr, b.authorization(), "a.example").second["staff"][0]["id"] == "bea");
}

BOOST_AUTO_TEST_CASE(without_a_key_the_host_says_whose_page_it_is) {
    const auto first_service = [&](const std::string& host) {
        return ask("GET", "/book/services", nullptr, "", host).second["services"][0]["id"].get<std::string>();
    };
    BOOST_TEST(first_service("a.example") == "acut");
    BOOST_TEST(first_service("B.Example:8443") == "bcut");
    BOOST_TEST(first_service("elsewhere.example") == "acut");
    BOOST_TEST(first_service("") == "acut");
    // A key opens no door for whose page it is.
    const auto told = ask("GET", "/book/services", nullptr, a.authorization(), "b.example").second;
    BOOST_TEST(told["services"][0]["id"] == "bcut");
    const std::string path = feed["path"];
    BOOST_TEST(ask("GET", path, nullptr, "", "b.example").first == 200);
    BOOST_TEST(ask("GET", path, nullptr, "", "a.example").first == 404);
    BOOST_TEST(ask("GET", path, nullptr, b.authorization(), "a.example").first == 404);
}

BOOST_AUTO_TEST_CASE(a_key_of_nobody_is_refused_and_a_host_belongs_to_one) {
    BOOST_TEST(ask("GET", "/v1/staff", nullptr, "Bearer cg_none", "b.example").first == 401);
    BOOST_TEST(ask("GET", "/v1/staff", nullptr, "", "b.example").first == 401);
    BOOST_TEST(!both.add(a.api(), "https://B.example").has_value());
    BOOST_TEST(ask("GET", "/ready", nullptr, "", "a.example").first == 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
