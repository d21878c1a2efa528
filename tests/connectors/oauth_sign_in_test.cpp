#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "connectors/oauth/assertion.hpp"
#include "connectors/oauth/authorization.hpp"
#include "connectors/oauth/grant.hpp"
#include "tests/connectors/oauth_samples.hpp"
#include "tests/connectors/scripted_transport.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::oauth {
namespace {

using namespace calgate::testing;
using Json = nlohmann::json;

struct Fixture {
    ManualClock clock{};
    SeededRandom random{7};
    ScriptedTransport transport{};
    Context context{clock.steady() + std::chrono::seconds{60}, {}};
    Client google{Provider::Google, "client-1", {}, "hush-google", {}};
    Client microsoft{Provider::Microsoft, "client-2", "contoso.example", "hush-microsoft", {}};

    std::int64_t now() const { return clock.now().time_since_epoch().count(); }
    std::string google_id() const {
        return id_token(Json{
            {"iss", "accounts.google.com"},
            {"aud", "client-1"},
            {"sub", "1001"},
            {"email", "anna@example.com"},
            {"exp",
             now() + 60}}.dump());
    }
    Result<SignedIn> exchange(const Client& client, const Authorization& begun, const std::string& code = "code-1") {
        return exchange_code(transport, clock, random, context, client, Access::Mirror, begun, code);
    }
};

struct ScopeRow {
    const char* name;
    Provider provider;
    Access access;
    const char* has;
    const char* has_not;
};
std::ostream& operator<<(std::ostream& out, const ScopeRow& row) { return out << row.name; }
const ScopeRow kScopes[] = {
    {"google_busy", Provider::Google, Access::Busy, "auth/calendar.freebusy ", "auth/calendar.events"},
    {"google_mirror", Provider::Google, Access::Mirror, "auth/calendar.events ", "auth/calendar "},
    {"microsoft_busy", Provider::Microsoft, Access::Busy, "Calendars.ReadBasic ", "Calendars.Read "},
    {"microsoft_mirror", Provider::Microsoft, Access::Mirror, "Calendars.ReadWrite ", "Shared"},
};

BOOST_AUTO_TEST_SUITE(oauth_sign_in)

BOOST_DATA_TEST_CASE(only_the_least_scopes_are_asked_for, boost::unit_test::data::make(kScopes), row) {
    std::string all;
    Client client;
    client.provider = row.provider;
    for (const auto& scope : scopes(client, row.access)) all += scope + " ";
    BOOST_TEST(all.find(row.has) != std::string::npos, all);
    BOOST_TEST(all.find(row.has_not) == std::string::npos, all);
    BOOST_TEST(all.find("openid") != std::string::npos);
    // Microsoft says who signed in (oid) with `profile` only.
    BOOST_TEST((all.find("profile") != std::string::npos) == (row.provider == Provider::Microsoft));
}

BOOST_AUTO_TEST_CASE(the_challenge_is_that_of_RFC_7636_appendix_B) {
    BOOST_TEST(
        pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
}

BOOST_FIXTURE_TEST_CASE(the_address_to_open_holds_what_Google_asks_for_and_no_secret, Fixture) {
    const auto begun =
        begin_authorization(google, Access::Mirror, "http://127.0.0.1:5/oauth/callback", "anna@example.com", random);
    BOOST_TEST(begun.url.starts_with("https://accounts.google.com/o/oauth2/v2/auth?"));
    auto form = form_of(begun.url);
    BOOST_TEST(form["client_id"] == "client-1");
    BOOST_TEST(form["redirect_uri"] == "http://127.0.0.1:5/oauth/callback");
    BOOST_TEST(form["response_type"] == "code");
    BOOST_TEST(form["access_type"] == "offline");
    BOOST_TEST(form["prompt"] == "consent");
    BOOST_TEST(form["code_challenge_method"] == "S256");
    BOOST_TEST(form["code_challenge"] == pkce_challenge(begun.verifier));
    BOOST_TEST(form["state"] == begun.state);
    BOOST_TEST(form["login_hint"] == "anna@example.com");
    BOOST_TEST(begun.state.size() == 43u);
    BOOST_TEST(begun.verifier.size() == 43u);
    BOOST_TEST(begun.url.find("hush") == std::string::npos);
    BOOST_TEST(begun.url.find(begun.verifier) == std::string::npos);
    const auto another = begin_authorization(google, Access::Mirror, "http://127.0.0.1:5/", "", random);
    BOOST_TEST(another.state != begun.state);
    BOOST_TEST(another.verifier != begun.verifier);
}

BOOST_FIXTURE_TEST_CASE(a_code_is_exchanged_with_its_verifier, Fixture) {
    const auto begun = begin_authorization(google, Access::Mirror, "http://127.0.0.1:5/cb", "", random);
    transport.then(200, Json{{"access_token", "at"}, {"refresh_token", "rt"}, {"id_token", google_id()}}.dump());
    const auto done = exchange(google, begun);
    BOOST_REQUIRE(done.has_value());
    BOOST_TEST(done->tokens.refresh_token.value() == "rt");
    BOOST_TEST(done->person.identity(Provider::Google) == "google:1001");
    const auto asked = transport.asked().front();
    BOOST_TEST(asked.url == "https://oauth2.googleapis.com/token");
    BOOST_TEST(asked.method == "POST");
    auto form = form_of(asked.body);
    BOOST_TEST(form["grant_type"] == "authorization_code");
    BOOST_TEST(form["code"] == "code-1");
    BOOST_TEST(form["code_verifier"] == begun.verifier);
    BOOST_TEST(form["redirect_uri"] == begun.redirect_uri);
    BOOST_TEST(form["client_secret"] == "hush-google");
}

BOOST_FIXTURE_TEST_CASE(F26_without_id_token_the_primary_calendar_tells_who_it_is, Fixture) {
    const auto begun = begin_authorization(google, Access::Mirror, "http://127.0.0.1:5/cb", "", random);
    transport.then(200, R"({"access_token":"at","refresh_token":"rt"})");
    transport.then(200, R"({"id":"anna@example.com"})");
    BOOST_TEST(exchange(google, begun).value().person.email == "anna@example.com");
    BOOST_TEST(transport.asked().back().url.find("calendarList/primary") != std::string::npos);
    transport.then(200, R"({"access_token":"at","refresh_token":"rt"})");
    transport.then(403, "{}");
    BOOST_TEST(!exchange(google, begun).has_value());
}

BOOST_FIXTURE_TEST_CASE(an_unticked_permission_is_a_failed_sign_in, Fixture) {
    const auto begun = begin_authorization(google, Access::Mirror, "http://127.0.0.1:5/cb", "", random);
    transport.then(
        200,
        Json{
            {"access_token", "at"},
            {"refresh_token", "rt"},
            {"id_token", google_id()},
            {"scope", "openid https://www.googleapis.com/auth/calendar.calendarlist.readonly"}}
            .dump()
    );
    const auto done = exchange(google, begun);
    BOOST_REQUIRE(!done.has_value());
    BOOST_TEST((done.error().code == ErrorCode::Forbidden));
    BOOST_TEST(done.error().detail.find("ticked") != std::string::npos);
    BOOST_TEST(check_granted(Provider::Microsoft, Access::Mirror, "openid calendars.readwrite").has_value());
    BOOST_TEST(!check_granted(Provider::Microsoft, Access::Mirror, "openid Calendars.Read").has_value());
}

BOOST_FIXTURE_TEST_CASE(a_sign_in_that_does_not_last_is_refused, Fixture) {
    const auto begun = begin_authorization(google, Access::Mirror, "http://127.0.0.1:5/cb", "", random);
    transport.then(200, Json{{"access_token", "at"}, {"id_token", google_id()}}.dump());
    BOOST_TEST((exchange(google, begun).error().code == ErrorCode::Unauthorized));
}

BOOST_FIXTURE_TEST_CASE(a_code_that_cannot_be_one_is_not_sent, Fixture) {
    const auto begun = begin_authorization(google, Access::Mirror, "http://127.0.0.1:5/cb", "", random);
    for (const std::string& code : {std::string(), std::string(5000, 'x'), std::string("a b"), std::string("a\r\nb")})
        BOOST_TEST((exchange(google, begun, code).error().code == ErrorCode::Rejected));
    BOOST_TEST(transport.asked().empty());
}

BOOST_FIXTURE_TEST_CASE(a_service_account_signs_for_the_person_it_acts_for, Fixture) {
    const auto account = read_service_account(service_account_file(rsa_key()));
    ServiceAccountGrant grant({transport, clock, random}, account.value(), "anna@example.com", Access::Busy);
    transport.then(200, R"({"access_token":"at","expires_in":3600})");
    BOOST_TEST(grant.request(context).value().access_token == "at");
    auto form = form_of(transport.asked().front().body);
    BOOST_TEST(form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer");
    const std::string& jwt = form["assertion"];
    BOOST_TEST(signature_holds(jwt, false));
    const Json header = Json::parse(jwt_part(jwt, 0)), claims = Json::parse(jwt_part(jwt, 1));
    BOOST_TEST(header["alg"] == "RS256");
    BOOST_TEST(header["kid"] == "key-1");
    BOOST_TEST(claims["iss"] == "bot@project.iam.gserviceaccount.com");
    BOOST_TEST(claims["sub"] == "anna@example.com");
    BOOST_TEST(claims["aud"] == "https://oauth2.googleapis.com/token");
    BOOST_TEST(claims["iat"] == now());
    BOOST_TEST(claims["exp"] == now() + 3600);
    BOOST_TEST(
        claims["scope"] ==
        "https://www.googleapis.com/auth/calendar.freebusy "
        "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
    );
    BOOST_TEST(
        !Json::parse(jwt_part(service_account_assertion(*account, "", {"a"}, clock.now()).value(), 1)).contains("sub")
    );
}

BOOST_FIXTURE_TEST_CASE(an_application_proves_itself_by_its_secret, Fixture) {
    ClientCredentialsGrant grant({transport, clock, random}, microsoft);
    transport.then(200, R"({"access_token":"at","expires_in":3599})");
    BOOST_TEST(grant.request(context).value().access_token == "at");
    const auto asked = transport.asked().front();
    BOOST_TEST(asked.url == "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token");
    auto form = form_of(asked.body);
    BOOST_TEST(form["grant_type"] == "client_credentials");
    BOOST_TEST(form["scope"] == "https://graph.microsoft.com/.default");
    BOOST_TEST(form["client_secret"] == "hush-microsoft");
    BOOST_TEST(!form.contains("client_assertion"));
}

/// A token for the mailboxes of Exchange Online would let whoever keeps the Exchange server in there, and the other
/// way.
BOOST_FIXTURE_TEST_CASE(a_token_for_an_exchange_server_is_good_there_only, Fixture) {
    microsoft.resource = "https://mail.corp.example";
    ClientCredentialsGrant grant({transport, clock, random}, microsoft);
    transport.then(200, R"({"access_token":"at","expires_in":3599})");
    BOOST_REQUIRE(grant.request(context).has_value());
    BOOST_TEST(form_of(transport.asked().front().body)["scope"] == "https://mail.corp.example/.default");
}

BOOST_FIXTURE_TEST_CASE(an_application_proves_itself_by_its_certificate, Fixture) {
    microsoft.certificate = certificate_with_key();
    ClientCredentialsGrant grant({transport, clock, random}, microsoft);
    for (int i = 0; i < 2; ++i) {
        transport.then(200, R"({"access_token":"at"})");
        BOOST_REQUIRE(grant.request(context).has_value());
    }
    auto form = form_of(transport.asked().front().body);
    BOOST_TEST(form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    BOOST_TEST(!form.contains("client_secret"));
    const std::string& jwt = form["client_assertion"];
    BOOST_TEST(signature_holds(jwt, true));
    const Json header = Json::parse(jwt_part(jwt, 0)), claims = Json::parse(jwt_part(jwt, 1));
    BOOST_TEST(header["alg"] == "PS256");
    BOOST_TEST(header["x5t#S256"] == certificate_digest());
    BOOST_TEST(claims["aud"] == "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token");
    BOOST_TEST(claims["iss"] == "client-2");
    BOOST_TEST(claims["sub"] == "client-2");
    BOOST_TEST(claims["nbf"] == now());
    BOOST_TEST(claims["exp"] == now() + 600);
    const Json second = Json::parse(jwt_part(form_of(transport.asked().back().body)["client_assertion"], 1));
    BOOST_TEST(claims["jti"] != second["jti"]);
    BOOST_TEST(claims["jti"].get<std::string>().size() == 36u);
}

BOOST_FIXTURE_TEST_CASE(a_file_without_certificate_or_key_is_refused_before_anything_is_sent, Fixture) {
    for (const std::string& pem : {rsa_key(), std::string("nonsense"), certificate_with_key().substr(0, 300)}) {
        microsoft.certificate = pem;
        ClientCredentialsGrant grant({transport, clock, random}, microsoft);
        BOOST_TEST((grant.request(context).error().code == ErrorCode::Rejected));
    }
    BOOST_TEST(transport.asked().empty());
}

BOOST_AUTO_TEST_CASE(a_tenant_is_part_of_an_address) {
    for (const char* good : {"common", "contoso.onmicrosoft.com", "8f5d2f1e-0000-4000-8000-000000000000"})
        BOOST_TEST(is_tenant(good), good);
    for (const std::string& bad :
         {std::string(),
          std::string("a/b"),
          std::string(".."),
          std::string("a b"),
          std::string("a?b"),
          std::string(300, 'a')})
        BOOST_TEST(!is_tenant(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace calgate::oauth
