#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "gateway/api_json.hpp"
#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

std::string target_of(const std::string& pattern) {
    std::string target = pattern;
    const auto at = target.find("{id}");
    if (at != std::string::npos) target.replace(at, 4, "1");
    return target;
}

/// Any value of the right shape for a field; good enough to get past "is not known here".
Json value_of(const std::string& field) {
    static const Json kValues = {
        {"start", "2027-03-01T09:00:00"},
        {"end", "2027-03-01T10:00:00"},
        {"zone", "Europe/Berlin"},
        {"state", "confirmed"},
        {"capacity", 1},
        {"override_busy", true},
        {"mirror", false},
        {"busy", false},
        {"show", "busy"},
        {"working_hours", Json::object()},
        {"duration_min", 30},
        {"buffer_before_min", 0},
        {"buffer_after_min", 0},
        {"url", "http://127.0.0.1:1/"},
        {"resolution", "ours"},
        {"format", 1},
        {"id", "1"}};
    return kValues.contains(field) ? kValues[field] : Json("1");
}

Json body_of(const Api::Route& route) {
    Json body = Json::object();
    for (const std::string& field : route.fields) body[field] = value_of(field);
    if (route.pattern == "/v1/services/{id}") body["staff"] = Json::array();
    if (route.pattern == "/v1/import")
        for (const std::string& list : export_fields())
            if (list != "format" && list != "icalendar") body[list] = Json::array();
    return body;
}

const Json& operation_of(const Json& document, const Api::Route& route) {
    std::string method = route.method;
    for (char& c : method) c = static_cast<char>(c | 0x20);
    return document.at("paths").at(route.pattern).at(method);
}

bool connects(const Api::Route& route) { return route.method == "POST" && route.pattern.starts_with("/v1/accounts"); }

/// A page that a provider sends the browser to, with parameters of its own choice.
bool for_a_browser(const Api::Route& route) { return !route.parameters.empty() && route.parameters.back() == "*"; }

/// With everything switched on that can be off.
class Everything : public ApiStage {
public:
    Everything() : ApiStage({}, config()) {}

private:
    static Config config() {
        Config out;
        out.booking.page = true;
        return out;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(openapi, Everything)

BOOST_AUTO_TEST_CASE(every_route_answers_and_knows_every_field_it_documents) {
    add_staff("1");
    for (const Api::Route& route : Api::routes()) {
        BOOST_TEST_CONTEXT(route.method << " " << route.pattern) {
            const auto got = call(
                route.method, target_of(route.pattern), route.fields.empty() ? std::string{} : body_of(route).dump()
            );
            BOOST_TEST(got.status != 401);
            BOOST_TEST(got.status != 405);
            if (!connects(route)) BOOST_TEST(got.status < 500, got.body);
            if (for_a_browser(route)) {
                BOOST_TEST(got.header("content-type").starts_with("text/html"));
            } else if (got.status >= 400) {
                const std::string detail = got.detail();
                BOOST_TEST(detail.find("\" is not known here") == std::string::npos, detail);
                BOOST_TEST(detail.find("nothing at this address") == std::string::npos, detail);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_description_names_what_is_served_and_nothing_else) {
    const auto got = call("GET", "/v1/openapi.json");
    BOOST_REQUIRE_EQUAL(got.status, 200);
    const Json document = got.json();
    std::size_t described = 0;
    for (const auto& [path, operations] : document.at("paths").items()) described += operations.size();
    BOOST_TEST(described == Api::routes().size());
    for (const Api::Route& route : Api::routes()) {
        BOOST_TEST_CONTEXT(route.method << " " << route.pattern) {
            const Json& operation = operation_of(document, route);
            std::set<std::string> query;
            std::set<std::string> headers;
            for (const Json& parameter : operation.at("parameters")) {
                if (parameter.at("in") == "query") query.insert(parameter.at("name").get<std::string>());
                if (parameter.at("in") == "header") headers.insert(parameter.at("name").get<std::string>());
            }
            std::set<std::string> named(route.parameters.begin(), route.parameters.end());
            named.erase("*");
            BOOST_TEST((query == named));
            if (for_a_browser(route))
                BOOST_TEST((query == std::set<std::string>{"code", "error", "error_description", "state"}));
            const bool books = route.pattern == "/v1/appointments/{id}";
            BOOST_TEST(headers.contains("If-Match") == (books && route.method != "GET"));
            const bool once = (books && route.method == "PUT") || route.pattern == "/v1/holds" ||
                              route.pattern == "/v1/confirmations";
            BOOST_TEST(headers.contains("Idempotency-Key") == once);
            BOOST_TEST(operation.contains("requestBody") == !route.fields.empty());
            const Json key = route.scope ? Json::array({{{"key", {to_string(*route.scope)}}}}) : Json::array();
            BOOST_TEST(operation.at("security") == key);
            if (route.fields.empty()) continue;
            const Json& schema = operation.at("requestBody").at("content").at("application/json").at("schema");
            BOOST_TEST(schema.at("additionalProperties") == false);
            BOOST_TEST(schema.at("properties").size() == route.fields.size());
        }
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_field_or_parameter_is_refused_by_name) {
    for (const Api::Route& route : Api::routes()) {
        BOOST_TEST_CONTEXT(route.method << " " << route.pattern) {
            if (for_a_browser(route)) continue;
            const std::string target = target_of(route.pattern);
            const auto stray = call(route.method, target + "?colour=red");
            BOOST_TEST(stray.status == 400);
            BOOST_TEST(stray.detail().find("\"colour\"") != std::string::npos);
            if (route.fields.empty()) continue;
            Json body = body_of(route);
            body["colour"] = "red";
            const auto got = call(route.method, target, body);
            BOOST_TEST(got.status == 400);
            BOOST_TEST(got.detail().find("\"colour\"") != std::string::npos, got.body);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_closed_route_wants_a_valid_key) {
    const HeaderList kWrong[] = {
        {{"Authorization", ""}},
        {{"Authorization", "Bearer cg_wrong"}},
        {{"Authorization", "Bearer "}},
        {{"Authorization", "Basic YW5uYTp4"}},
        {{"Authorization", "Bearer " + std::string(5000, 'x')}}};
    for (const Api::Route& route : Api::routes()) {
        for (const HeaderList& headers : kWrong) {
            const auto got = call(route.method, target_of(route.pattern), std::string{}, headers);
            BOOST_TEST_CONTEXT(route.method << " " << route.pattern) {
                if (!route.scope) {
                    BOOST_TEST(got.status != 401);
                    continue;
                }
                BOOST_TEST(got.status == 401);
                BOOST_TEST(got.header("www-authenticate") == "Bearer");
                BOOST_TEST(!got.detail().empty());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_revoked_key_opens_nothing) {
    const auto made = call("POST", "/v1/keys", Json{{"label", "till"}});
    BOOST_REQUIRE_EQUAL(made.status, 201);
    const HeaderList headers = {{"Authorization", "Bearer " + made.json()["key"].get<std::string>()}};
    BOOST_TEST(call("GET", "/v1/staff", std::string{}, headers).status == 200);
    const std::string id = made.json()["id"].get<std::string>();
    BOOST_TEST(call("DELETE", "/v1/keys/" + id).status == 200);
    BOOST_TEST(call("GET", "/v1/staff", std::string{}, headers).status == 401);
    BOOST_TEST(call("DELETE", "/v1/keys/" + id).status == 404);
    reopen();
    BOOST_TEST(call("GET", "/v1/staff", std::string{}, headers).status == 401);
}

BOOST_AUTO_TEST_SUITE_END()
