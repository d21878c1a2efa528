#include <openssl/pem.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>

#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_ids.hpp"
#include "connectors/http/url.hpp"
#include "connectors/oauth/grant.hpp"
#include "connectors/oauth/shared_token_source.hpp"
#include "tests/connectors/google_stage.hpp"
#include "tests/connectors/oauth_samples.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::testing {

namespace {

constexpr const char* kBot = "bot@project.iam.gserviceaccount.com";
const std::string kAuth = "https://www.googleapis.com/auth/";

/// The public half of rsa_key().
std::string public_key() {
    const std::string text = rsa_key();
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free
    );
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free
    );
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PUBKEY(out.get(), key.get());
    char* data = nullptr;
    const long length = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(length)};
}

/// A connector that signs in as a service account at the simulator.
struct Delegated {
    explicit Delegated(const std::string& subject, oauth::Access access = oauth::Access::Mirror)
        : settings{.quota_user = subject},
          sim(clock, GoogleStage::zones()),
          calendar(google::calendar_href(sim.make_calendar("Salon"))),
          tokens(
              clock,
              std::make_unique<oauth::ServiceAccountGrant>(
                  oauth::GrantParts{sim, clock, random},
                  *oauth::read_service_account(service_account_file(rsa_key())),
                  subject,
                  access
              )
          ),
          connector(sim, clock, GoogleStage::zones(), tokens, settings) {}
    Context context() const { return {clock.steady() + std::chrono::seconds(20), {}}; }

    google::GoogleSettings settings;
    ManualClock clock{};
    SeededRandom random{7};
    GoogleSim sim;
    Href calendar;
    oauth::SharedTokenSource tokens;
    google::GoogleConnector connector;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(google_service_account)

struct Delegation {
    const char* name;
    std::string delegated, subject;
    bool admitted;
};
std::ostream& operator<<(std::ostream& out, const Delegation& row) { return out << row.name; }
const std::string kBoth = kAuth + "calendar.events " + kAuth + "calendar.calendarlist.readonly";
const Delegation kDelegations[] = {
    {"both scopes", kBoth, "shop@example.com", true},
    {"and more", kBoth + " " + kAuth + "calendar.freebusy", "shop@example.com", true},
    {"one of two", kAuth + "calendar.events", "shop@example.com", false},
    {"a wider one counts for itself only", kAuth + "calendar", "shop@example.com", false},
    {"none", "", "shop@example.com", false},
    {"none needed for itself", "", "", true},
};

BOOST_DATA_TEST_CASE(a_service_account_acts_for_a_person_as_far_as_it_is_delegated, kDelegations, row) {
    Delegated stage(row.subject);
    stage.sim.register_service_account(kBot, public_key(), row.delegated);
    const auto made = stage.connector.create_event(stage.context(), stage.calendar, GoogleStage::haircut());
    BOOST_TEST(made.has_value() == row.admitted, (made ? "" : made.error().detail));
    if (row.admitted) return;
    BOOST_TEST((made.error().code == ErrorCode::Unauthorized), made.error().detail);
    BOOST_TEST(stage.sim.requests().size() == 1u);  // The token endpoint's; the API was not asked.
}

BOOST_AUTO_TEST_CASE(calls_under_delegation_count_for_the_person_and_not_for_the_service_account) {
    Delegated stage("anna@example.com");
    stage.sim.register_service_account(kBot, public_key(), kBoth);
    stage.sim.quirks().calls_per_minute = 5;
    google::GoogleConnector ben(
        stage.sim, stage.clock, GoogleStage::zones(), stage.tokens, {.quota_user = "ben@example.com"}
    );
    const auto read = [&](google::GoogleConnector& by) {
        return by.fetch_changes(stage.context(), stage.calendar, {}, {}).has_value();
    };
    int of_anna = 0;
    while (of_anna < 10 && read(stage.connector)) ++of_anna;
    BOOST_TEST(of_anna < 10);
    BOOST_TEST(read(ben));
    std::vector<EventWrite> writes(4, EventWrite{EventWrite::Kind::Create, GoogleStage::haircut(), {}, {}});
    for (std::size_t i = 0; i < writes.size(); ++i) writes[i].event.uid = Uid{"copy-" + std::to_string(i)};
    const auto of_ben = ben.batch()->write_events(stage.context(), stage.calendar, writes);
    BOOST_TEST(std::count_if(of_ben.begin(), of_ben.end(), [](const auto& one) { return one.has_value(); }) > 0);
    const auto more = stage.connector.batch()->write_events(stage.context(), stage.calendar, writes);
    BOOST_TEST(std::none_of(more.begin(), more.end(), [](const auto& one) { return one.has_value(); }));
}

BOOST_AUTO_TEST_CASE(a_service_account_signs_a_new_assertion_when_its_token_ends) {
    Delegated stage("shop@example.com");
    stage.sim.register_service_account(kBot, public_key(), kBoth);
    for (int hours = 0; hours < 3; ++hours) {
        const auto page = stage.connector.fetch_changes(stage.context(), stage.calendar, {}, {});
        BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().detail));
        stage.clock.advance(std::chrono::hours(1));
    }
    int signings = 0;
    for (const auto& request : stage.sim.requests()) signings += request.url.ends_with("/token") ? 1 : 0;
    BOOST_TEST(signings == 3);
}

BOOST_AUTO_TEST_CASE(a_key_that_is_not_the_accounts_own_is_refused) {
    Delegated stage("shop@example.com");
    std::string other = public_key();
    other[100] = other[100] == 'A' ? 'B' : 'A';
    stage.sim.register_service_account(kBot, other, kBoth);
    BOOST_TEST(!stage.connector.list_calendars(stage.context()).has_value());
}

struct Claim {
    const char *name, *claims;
};
std::ostream& operator<<(std::ostream& out, const Claim& row) { return out << row.name; }
// Issued at 2026-03-01T08:00:00Z, the stage's time.
const Claim kClaims[] = {
    {"times as text",
     R"({"iss":"bot@project.iam.gserviceaccount.com","aud":"https://oauth2.googleapis.com/token",)"
     R"("scope":"x","iat":"1772352000","exp":"1772355600"})"},
    {"two hours",
     R"({"iss":"bot@project.iam.gserviceaccount.com","aud":"https://oauth2.googleapis.com/token",)"
     R"("scope":"x","iat":1772352000,"exp":1772359200})"},
    {"ended",
     R"({"iss":"bot@project.iam.gserviceaccount.com","aud":"https://oauth2.googleapis.com/token",)"
     R"("scope":"x","iat":1772340000,"exp":1772343600})"},
    {"for another",
     R"({"iss":"bot@project.iam.gserviceaccount.com","aud":"https://example.com/",)"
     R"("scope":"x","iat":1772352000,"exp":1772355600})"},
    {"a list", "[]"},
    {"no JSON", "x"},
};

BOOST_DATA_TEST_CASE(an_assertion_that_is_not_in_order_is_refused, kClaims, row) {
    Delegated stage("");
    stage.sim.register_service_account(kBot, public_key(), kBoth);
    const auto jwt = oauth::sign_jwt(R"({"alg":"RS256","typ":"JWT"})", row.claims, rsa_key(), oauth::Signing::Rs256);
    BOOST_REQUIRE(jwt);
    const std::string body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + *jwt;
    const auto answer = stage.sim.send({"POST", "https://oauth2.googleapis.com/token", {}, body, {}}, stage.context());
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->status == 400);
    BOOST_TEST(answer->body.find("invalid_grant") != std::string::npos, answer->body);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
