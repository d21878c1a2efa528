#include <fstream>
#include <set>

#include "tests/sim/google_sim_stand.hpp"
#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr const char* kRedirect = "http://localhost:8480/oauth/callback";
constexpr const char* kVerifier = "0123456789012345678901234567890123456789abc";
// RFC 7636 4.2 of the verifier above.
constexpr const char* kChallenge = "DksyTyvjKJMTgEpPXzLiaCJ1P325hYFdr6STK5uo-WM";

struct SignIn : GoogleStand {
    std::string client() const {
        return "&client_id=" + GoogleSim::client_id() + "&client_secret=" + GoogleSim::client_secret();
    }
    /// Where the person's browser is sent.
    std::string location(
        const std::string& more = "&access_type=offline", const std::string& path = "/o/oauth2/v2/auth"
    ) {
        const auto answer = send(
            {"GET",
             "https://accounts.google.com" + path + "?response_type=code&client_id=" + GoogleSim::client_id() +
                 "&redirect_uri=" + http::percent_encode(kRedirect) +
                 "&scope=openid%20https://www.googleapis.com/auth/calendar&state=s-1" + more,
             {},
             {},
             {}}
        );
        BOOST_TEST(answer.status == 302);
        return answer.header("Location");
    }
    std::string code(const std::string& more = "&access_type=offline") {
        const std::string at = location(more);
        const auto from = at.find("code=") + 5;
        return at.substr(from, at.find('&', from) - from);
    }
    GoogleAnswer exchange(const std::string& code, const std::string& more = {}) {
        return form(
            "/token",
            "grant_type=authorization_code&code=" + code + "&redirect_uri=" + http::percent_encode(kRedirect) +
                client() + more
        );
    }
    GoogleAnswer refresh(const std::string& kept) {
        return form("/token", "grant_type=refresh_token&refresh_token=" + http::percent_encode(kept) + client());
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(google_sim_signing_in)

BOOST_FIXTURE_TEST_CASE(a_code_is_exchanged_once, SignIn) {
    const std::string first = code();
    const auto good = exchange(first);
    BOOST_TEST(good.status == 200);
    BOOST_TEST(good.body["refresh_token"].is_string());
    BOOST_TEST(good.header("Cache-Control") == "no-store");
    const auto again = exchange(first);
    BOOST_TEST(again.status == 400);
    BOOST_TEST(again.body["error"] == "invalid_grant");
}

BOOST_FIXTURE_TEST_CASE(a_code_ends_after_ten_minutes, SignIn) {
    const std::string timely = code(), late = code();
    clock.advance(std::chrono::seconds(599));
    BOOST_TEST(exchange(timely).status == 200);
    clock.advance(std::chrono::seconds(1));
    BOOST_TEST(exchange(late).body["error"] == "invalid_grant");
}

BOOST_FIXTURE_TEST_CASE(a_code_takes_its_own_verifier, SignIn) {
    const std::string challenge = std::string("&code_challenge_method=S256&code_challenge=") + kChallenge;
    BOOST_TEST(exchange(code(challenge), "&code_verifier=another").body["error"] == "invalid_grant");
    BOOST_TEST(exchange(code(challenge)).body["error"] == "invalid_grant");
    BOOST_TEST(exchange(code(challenge), std::string("&code_verifier=") + kVerifier).status == 200);
}

struct Client {
    const char* name;
    const char *id, *secret;  ///< In the form; empty: absent.
    const char *basic_id, *basic_secret;
    int status;
};
std::ostream& operator<<(std::ostream& out, const Client& row) { return out << row.name; }
const char* const kId = "1234567890-calgate.apps.googleusercontent.com";
const char* const kSecret = "GOCSPX-simulated";
const Client kClients[] = {
    {"form", kId, kSecret, "", "", 200},
    {"Basic", "", "", kId, kSecret, 200},
    {"Basic, encoded as in a form", "", "", kId, "GOCSPX%2Dsimulated", 200},
    {"id in both, secret in Basic", kId, "", kId, kSecret, 200},
    {"wrong secret in the form", kId, "x", "", "", 401},
    {"wrong secret in Basic", "", "", kId, "x", 401},
    {"nothing", "", "", "", "", 401},
};

BOOST_DATA_TEST_CASE(a_client_says_who_it_is_in_the_form_or_with_basic, kClients, row) {
    SignIn stand;
    std::string fields =
        "grant_type=refresh_token&refresh_token=" + http::percent_encode(stand.sim.issue_refresh_token());
    if (*row.id) fields += std::string("&client_id=") + row.id;
    if (*row.secret) fields += std::string("&client_secret=") + row.secret;
    std::optional<http::Credentials> basic;
    if (*row.basic_id) basic = http::Credentials{row.basic_id, row.basic_secret};
    BOOST_TEST(stand.form("/token", fields, basic).status == row.status);
}

struct Consent {
    const char *prompt, *path;
    bool refresh_token;
};
std::ostream& operator<<(std::ostream& out, const Consent& row) { return out << row.path << " " << row.prompt; }
const Consent kConsents[] = {
    {"", "/o/oauth2/v2/auth", false},
    {"consent", "/o/oauth2/v2/auth", true},
    {"select_account%20consent", "/o/oauth2/v2/auth", true},
    {"consents", "/o/oauth2/v2/auth", false},
    {"consent", "/o/oauth2/auth", true},
};

BOOST_DATA_TEST_CASE(a_second_sign_in_gives_a_refresh_token_when_consent_is_asked_for, kConsents, row) {
    SignIn stand;
    stand.sim.issue_refresh_token();
    const std::string at = stand.location(std::string("&access_type=offline&prompt=") + row.prompt, row.path);
    const auto from = at.find("code=") + 5;
    const auto answer = stand.exchange(at.substr(from, at.find('&', from) - from));
    BOOST_TEST(answer.body.contains("refresh_token") == row.refresh_token);
}

BOOST_FIXTURE_TEST_CASE(a_person_may_decline, SignIn) {
    sim.quirks().denies_consent = true;
    BOOST_TEST(location() == std::string(kRedirect) + "?error=access_denied&state=s-1");
}

BOOST_FIXTURE_TEST_CASE(a_person_may_grant_less, SignIn) {
    sim.quirks().granted_scopes = "openid";
    const auto answer = exchange(code());
    BOOST_TEST(answer.body["scope"] == "openid");
    token = answer.body["access_token"];
    BOOST_TEST(ask("GET", events()).reason() == "insufficientPermissions");
}

BOOST_FIXTURE_TEST_CASE(a_refresh_token_is_rotated_on_demand, SignIn) {
    const std::string kept = sim.issue_refresh_token();
    BOOST_TEST(!refresh(kept).body.contains("refresh_token"));
    sim.quirks().rotates_refresh_tokens = true;
    const auto rotated = refresh(kept);
    BOOST_TEST(rotated.status == 200);
    BOOST_TEST(refresh(kept).body["error"] == "invalid_grant");
    BOOST_TEST(refresh(rotated.body["refresh_token"]).status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_token_endpoint_that_fails_leaves_the_grant_alone, SignIn) {
    const std::string kept = sim.issue_refresh_token();
    sim.quirks().token_endpoint_fails = true;
    BOOST_TEST(refresh(kept).status == 500);
    BOOST_TEST(refresh(kept).body["error"] == "internal_failure");
    sim.quirks().token_endpoint_fails = false;
    BOOST_TEST(refresh(kept).status == 200);
}

BOOST_FIXTURE_TEST_CASE(in_testing_a_grant_dies_after_seven_days_G37, SignIn) {
    sim.quirks().testing_mode = true;
    const auto granted = exchange(code());
    BOOST_TEST(granted.body["refresh_token_expires_in"] == 604800);
    const std::string kept = granted.body["refresh_token"];
    clock.advance(std::chrono::days(6));
    const auto sixth = refresh(kept);
    BOOST_TEST(sixth.status == 200);
    BOOST_TEST(sixth.body["refresh_token_expires_in"] == 86400);
    sim.quirks().rotates_refresh_tokens = true;
    const std::string rotated = refresh(kept).body["refresh_token"];
    clock.advance(std::chrono::days(1));  // The grant's life, whatever its tokens.
    BOOST_TEST(refresh(rotated).body["error"] == "invalid_grant");
}

BOOST_FIXTURE_TEST_CASE(a_grant_outside_of_testing_says_no_end, SignIn) {
    BOOST_TEST(!exchange(code()).body.contains("refresh_token_expires_in"));
}

BOOST_AUTO_TEST_CASE(scopes_are_those_of_the_discovery_document) {
    std::ifstream file(std::string(CALGATE_SOURCE_DIR) + "/fixtures/contracts/google-calendar-v3.schema.json");
    const auto document = nlohmann::json::parse(file);
    std::set<std::string> wanted;
    for (const auto& [name, operation] : document["x-operations"].items()) {
        std::string row = operation["method"].get<std::string>() + " ";
        bool inside = false;
        for (const char c : operation["path"].get<std::string>().substr(std::string("/calendar/v3/").size())) {
            inside |= c == '{';
            if (!inside) row += c;
            if (c == '}') row += '*';
            inside &= c != '}';
        }
        for (const auto& scope : operation["scopes"]) row += " " + scope.get<std::string>();
        wanted.insert(row);
    }
    std::set<std::string> there;
    for (const std::string& row : scope_rows()) there.insert(row);
    BOOST_TEST(there == wanted, boost::test_tools::per_element());
}

struct Permission {
    const char *scope, *method, *path;
    bool granted;
};
std::ostream& operator<<(std::ostream& out, const Permission& row) {
    return out << row.scope << ": " << row.method << " " << row.path;
}
const Permission kPermissions[] = {
    {"calendar.freebusy", "POST", "freeBusy", true},
    {"calendar.events", "POST", "freeBusy", false},
    {"calendar.freebusy", "GET", "calendars/primary/events", false},
    {"calendar.events.readonly", "GET", "calendars/primary/events", true},
    {"calendar.events.readonly", "POST", "calendars/primary/events/watch", true},
    {"calendar.events.readonly", "POST", "calendars/primary/events", false},
    {"calendar.events.owned", "PATCH", "calendars/primary/events/abcde", true},
    {"calendar.readonly", "POST", "freeBusy", true},
    {"calendar.readonly", "DELETE", "calendars/primary/events/abcde", false},
    {"calendar.calendarlist.readonly", "GET", "users/me/calendarList", true},
    {"calendar.calendarlist.readonly", "POST", "users/me/calendarList", false},
    {"calendar.app.created", "POST", "calendars", true},
    {"calendar.events", "POST", "calendars", false},
    {"calendar.acls", "POST", "channels/stop", true},
    {"calendar", "POST", "calendars/primary/clear", true},
};

BOOST_DATA_TEST_CASE(a_call_outside_of_the_grant_is_refused_G32, kPermissions, row) {
    GoogleStand stand;
    stand.token = stand.sim.issue_access_token(std::string(GoogleStand::kAuth) + row.scope);
    const bool refused = stand.ask(row.method, row.path, "{}").reason() == "insufficientPermissions";
    BOOST_TEST(refused != row.granted);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
