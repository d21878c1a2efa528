#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "connectors/oauth/assertion.hpp"
#include "connectors/oauth/authorization.hpp"
#include "connectors/oauth/token_answer.hpp"
#include "tests/connectors/oauth_samples.hpp"

namespace calgate::oauth {
namespace {

using testing::id_token;
using testing::rsa_key;
using testing::service_account_file;

constexpr Instant kNow = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};

http::Response response(int status, const std::string& body, http::Headers headers = {}) {
    return {status, std::move(headers), body, "https://oauth2.googleapis.com/token"};
}

struct RefusalRow {
    const char* name;
    Purpose purpose;
    int status;
    const char* body;
    ErrorCode code;
    const char* says;
};
std::ostream& operator<<(std::ostream& out, const RefusalRow& row) { return out << row.name; }

// clang-format off
const RefusalRow kRefusals[] = {
    {"grant_revoked",           Purpose::Refresh,           400, R"({"error":"invalid_grant","error_description":"Token has been expired or revoked."})", ErrorCode::Unauthorized, "sign in once more"},
    {"code_used_twice",         Purpose::Code,              400, R"({"error":"invalid_grant"})",           ErrorCode::Unauthorized, "Begin it again"},
    {"service_account_unknown", Purpose::ServiceAccount,    400, R"({"error":"invalid_grant"})",           ErrorCode::Unauthorized, "clock is right"},
    {"application_not_let_in",  Purpose::ClientCredentials, 400, R"({"error":"invalid_grant"})",           ErrorCode::Unauthorized, "administrator"},
    {"interaction_required",    Purpose::Refresh,           400, R"({"error":"interaction_required"})",    ErrorCode::Unauthorized, "sign in once more"},
    {"consent_required",        Purpose::Refresh,           400, R"({"error":"consent_required"})",        ErrorCode::Unauthorized, "sign in once more"},
    {"login_required",          Purpose::Refresh,           400, R"({"error":"login_required"})",          ErrorCode::Unauthorized, "sign in once more"},
    {"suberror_decides",        Purpose::Refresh,           400, R"({"error":"something_new","suberror":"consent_required"})", ErrorCode::Unauthorized, "sign in once more"},
    {"policy_of_the_admin",     Purpose::Refresh,           400, R"({"error":"admin_policy_enforced"})",   ErrorCode::Unauthorized, "sign in once more"},
    {"declined",                Purpose::Code,              400, R"({"error":"access_denied"})",           ErrorCode::Unauthorized, "agree"},
    {"client_of_the_gateway",   Purpose::Refresh,           401, R"({"error":"invalid_client"})",          ErrorCode::Unavailable,  "Nobody has to sign in again"},
    {"client_while_signing_in", Purpose::Code,              401, R"({"error":"invalid_client"})",          ErrorCode::Rejected,     "calgate.toml"},
    {"secret_has_run_out",      Purpose::ClientCredentials, 401, R"({"error":"invalid_client","error_codes":[7000222]})", ErrorCode::Unauthorized, "connect the account again"},
    {"no_delegation",           Purpose::ServiceAccount,    401, R"({"error":"unauthorized_client"})",     ErrorCode::Unauthorized, "Workspace administrator"},
    {"scope_unknown",           Purpose::ClientCredentials, 400, R"({"error":"invalid_scope"})",           ErrorCode::Unauthorized, "permissions"},
    {"defect_while_signing_in", Purpose::Code,              400, R"({"error":"invalid_request"})",         ErrorCode::Rejected,     "redirect address"},
    {"defect_in_refresh",       Purpose::Refresh,           400, R"({"error":"invalid_request"})",         ErrorCode::Unavailable,  "registration"},
    {"defect_of_a_service_account", Purpose::ServiceAccount, 400, R"({"error":"invalid_request"})",        ErrorCode::Unauthorized, "connect the account again"},
    {"defect_of_an_application", Purpose::ClientCredentials, 400, R"({"error":"invalid_request"})",        ErrorCode::Unauthorized, "connect the account again"},
    {"no_such_grant_type",      Purpose::ClientCredentials, 400, R"({"error":"unsupported_grant_type"})",  ErrorCode::Unauthorized, "connect the account again"},
    {"redirect_of_another",     Purpose::Code,              400, R"({"error":"redirect_uri_mismatch"})",   ErrorCode::Rejected,     "redirect address"},
    {"slow_down",               Purpose::Refresh,           400, R"({"error":"slow_down"})",               ErrorCode::RateLimited,  "slow down"},
    {"too_many",                Purpose::Refresh,           429, "",                                       ErrorCode::RateLimited,  "slow down"},
    {"temporarily_unavailable", Purpose::Refresh,           400, R"({"error":"temporarily_unavailable"})", ErrorCode::Unavailable,  "later"},
    {"internal_failure",        Purpose::Refresh,           500, R"({"error":"internal_failure"})",        ErrorCode::Unavailable,  "later"},
    {"5xx_never_ends_a_grant",  Purpose::Refresh,           503, R"({"error":"invalid_grant"})",           ErrorCode::Unavailable,  "later"},
    {"html_502",                Purpose::Refresh,           502, "<html>Bad Gateway</html>",               ErrorCode::Unavailable,  "later"},
    {"html_400",                Purpose::Refresh,           400, "<html>Blocked</html>",                   ErrorCode::InvalidResponse, "proxy"},
    {"html_200",                Purpose::Refresh,           200, "<html>Please log in to this hotel</html>", ErrorCode::InvalidResponse, "proxy"},
    {"redirect",                Purpose::Refresh,           302, "",                                       ErrorCode::InvalidResponse, "proxy"},
    {"empty_200",               Purpose::Refresh,           200, "",                                       ErrorCode::InvalidResponse, "proxy"},
    {"token_of_another_type",   Purpose::Refresh,           200, R"({"access_token":7})",                  ErrorCode::InvalidResponse, "proxy"},
    {"token_with_line_break",   Purpose::Refresh,           200, "{\"access_token\":\"a\\r\\nX: y\"}",     ErrorCode::InvalidResponse, "proxy"},
    {"error_in_a_success",      Purpose::Refresh,           200, R"({"error":"invalid_grant"})",           ErrorCode::Unauthorized, "sign in once more"},
    {"error_as_object",         Purpose::Refresh,           403, R"({"error":{"code":403}})",              ErrorCode::InvalidResponse, "proxy"},
    {"unknown_error",           Purpose::Refresh,           400, R"({"error":"brand_new"})",               ErrorCode::InvalidResponse, "status 400"},
};
// clang-format on

BOOST_AUTO_TEST_SUITE(oauth_answers)

BOOST_DATA_TEST_CASE(a_refusal_is_classified, boost::unit_test::data::make(kRefusals), row) {
    const auto answer = read_token_answer(response(row.status, row.body), Provider::Google, row.purpose, kNow);
    BOOST_REQUIRE(!answer.has_value());
    BOOST_TEST(to_string(answer.error().code) == to_string(row.code));
    BOOST_TEST(answer.error().detail.find(row.says) != std::string::npos, answer.error().detail);
}

BOOST_AUTO_TEST_CASE(retry_after_is_honoured) {
    const auto answer =
        read_token_answer(response(503, "", {{"retry-after", "17"}}), Provider::Microsoft, Purpose::Refresh, kNow);
    BOOST_TEST(answer.error().retry_after.value().count() == 17);
}

BOOST_AUTO_TEST_CASE(a_success_is_read) {
    const auto answer = read_token_answer(
        response(
            200, R"({"access_token":"at","expires_in":3599,"refresh_token":"rt","scope":"a b","id_token":"x.y.z"})"
        ),
        Provider::Google,
        Purpose::Code,
        kNow
    );
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(answer->access_token == "at");
    BOOST_TEST(answer->refresh_token.value() == "rt");
    BOOST_TEST(answer->expires_in.count() == 3599);
    BOOST_TEST(answer->scope == "a b");
}

struct EndRow {
    const char* name;
    const char* member;
    std::optional<std::chrono::seconds> ends;
};

const EndRow kEnds[] = {
    {"lasting", "", std::nullopt},
    {"seven days", R"(,"refresh_token_expires_in":604799)", std::chrono::seconds{604799}},
    {"no number", R"(,"refresh_token_expires_in":"604799")", std::nullopt},
    {"past", R"(,"refresh_token_expires_in":-1)", std::chrono::seconds{1}},
    {"beyond any calendar", R"(,"refresh_token_expires_in":9223372036854775807)", std::chrono::days{3660}},
};
std::ostream& operator<<(std::ostream& out, const EndRow& row) { return out << row.name; }

BOOST_DATA_TEST_CASE(a_sign_in_that_ends_by_itself_says_when_G37, boost::unit_test::data::make(kEnds), row) {
    const auto answer = read_token_answer(
        response(200, R"({"access_token":"at","refresh_token":"rt")" + std::string(row.member) + "}"),
        Provider::Google,
        Purpose::Code,
        kNow
    );
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST((answer->refresh_token_expires_in == row.ends));
    BOOST_TEST(when_it_ends(Provider::Google, *answer, kNow).empty() == !row.ends.has_value());
}

BOOST_AUTO_TEST_CASE(an_empty_refresh_token_is_none_G36) {
    const auto answer = read_token_answer(
        response(200, R"({"access_token":"at","refresh_token":"","expires_in":"soon"})"),
        Provider::Google,
        Purpose::Refresh,
        kNow
    );
    BOOST_TEST(!answer.value().refresh_token.has_value());
    BOOST_TEST(answer->expires_in.count() == 3600);
}

BOOST_AUTO_TEST_CASE(size_and_depth_are_bounded) {
    const std::string deep =
        "{\"access_token\":\"at\",\"x\":" + std::string(30'000, '[') + std::string(30'000, ']') + "}";
    const std::string wide = "{\"access_token\":\"at\",\"x\":\"" + std::string(70'000, 'x') + "\"}";
    const std::string big_token = "{\"access_token\":\"" + std::string(20'000, 'x') + "\"}";
    for (const auto& body : {deep, wide, big_token}) {
        const auto answer = read_token_answer(response(200, body), Provider::Google, Purpose::Refresh, kNow);
        BOOST_TEST(!answer.has_value());
    }
    const auto short_life = read_token_answer(
        response(200, R"({"access_token":"at","expires_in":-5})"), Provider::Google, Purpose::Refresh, kNow
    );
    BOOST_TEST(short_life.value().expires_in.count() == 1);
    const auto long_life = read_token_answer(
        response(200, R"({"access_token":"at","expires_in":99999999999999999999})"),
        Provider::Google,
        Purpose::Refresh,
        kNow
    );
    BOOST_TEST(long_life.value().expires_in.count() <= 86'400);
}

const Client kGoogle{Provider::Google, "client-1", {}, {}, {}};
const Client kMicrosoft{Provider::Microsoft, "client-1", "organizations", {}, {}};

std::string google_claims(const std::string& change_from = "", const std::string& change_to = "") {
    std::string claims =
        R"({"iss":"https://accounts.google.com","aud":"client-1","sub":"1001","email":"anna@example.com","exp":1772323200})";
    if (!change_from.empty()) claims.replace(claims.find(change_from), change_from.size(), change_to);
    return claims;
}

struct ClaimsRow {
    const char* name;
    const char* from;
    const char* to;
    const char* says;
};
std::ostream& operator<<(std::ostream& out, const ClaimsRow& row) { return out << row.name; }
const ClaimsRow kClaims[] = {
    {"other_issuer", "https://accounts.google.com", "https://accounts.example.com", "somebody else"},
    {"other_audience", "\"aud\":\"client-1\"", "\"aud\":\"client-2\"", "another application"},
    {"audience_as_list", "\"aud\":\"client-1\"", "\"aud\":[\"client-1\",\"x\"]", "another application"},
    {"run_out", "1772323200", "1772000000", "clock"},
    {"no_expiry", ",\"exp\":1772323200", "", "clock"},
    {"nobody", "\"sub\":\"1001\"", "\"sub\":\"\"", "nobody"},
    {"subject_as_number", "\"sub\":\"1001\"", "\"sub\":1001", "nobody"},
    {"no_json", "{", "", "unreadable"},
};

BOOST_DATA_TEST_CASE(F26_a_doubtful_id_token_is_refused, boost::unit_test::data::make(kClaims), row) {
    const auto person = read_id_token(id_token(google_claims(row.from, row.to)), kGoogle, kNow);
    BOOST_REQUIRE(!person.has_value());
    BOOST_TEST(person.error().detail.find(row.says) != std::string::npos, person.error().detail);
}

BOOST_AUTO_TEST_CASE(F26_a_person_is_known_by_what_never_changes) {
    const auto google = read_id_token(id_token(google_claims()), kGoogle, kNow);
    BOOST_REQUIRE(google.has_value());
    BOOST_TEST(google->identity(Provider::Google) == "google:1001");
    BOOST_TEST(google->email == "anna@example.com");
    const auto microsoft = read_id_token(
        id_token(
            R"({"iss":"https://login.microsoftonline.com/t-1/v2.0","aud":"client-1","tid":"t-1","oid":"o-1","preferred_username":"anna@example.com","exp":1772323200})"
        ),
        kMicrosoft,
        kNow
    );
    BOOST_REQUIRE(microsoft.has_value());
    BOOST_TEST(microsoft->identity(Provider::Microsoft) == "microsoft:t-1/o-1");
    BOOST_TEST(microsoft->email == "anna@example.com");
    for (const char* damaged : {"", ".", "a.b", "a.b.c.d", "a.!!.c", "...."})
        BOOST_TEST(!read_id_token(damaged, kGoogle, kNow).has_value());
}

BOOST_AUTO_TEST_CASE(F26_another_person_is_refused_with_a_sentence) {
    const Person anna{"1001", "", "anna@example.com"};
    BOOST_TEST(check_identity("", "", anna, Provider::Google).has_value());
    BOOST_TEST(check_identity("google:1001", "anna@example.com", anna, Provider::Google).has_value());
    const Person bob{"1002", "", "bob@example.com"};
    const auto refused = check_identity("google:1001", "anna@example.com", bob, Provider::Google);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(
        refused.error().detail ==
        "This account belongs to anna@example.com, but bob@example.com signed in. Sign in as the same person, or "
        "confirm that the account passes to another one."
    );
}

struct FileRow {
    const char* name;
    std::string file;
    const char* says;
};

BOOST_AUTO_TEST_CASE(a_service_account_file_is_checked) {
    const FileRow rows[] = {
        {"empty", "", "no key file"},
        {"web_client", R"({"web":{"client_id":"x"}})", "no key file"},
        {"nested", R"({"type":"service_account","x":{"y":{"z":1}}})", "names no"},
        {"no_key", R"({"type":"service_account","client_email":"a","private_key_id":"b"})", "private key"},
        {"weak_key", service_account_file(rsa_key(1024)), "2048 bits"},
        {"damaged_key", service_account_file(rsa_key().substr(0, 400)), "private key"},
        {"foreign_endpoint", service_account_file(rsa_key(), "https://evil.example/token"), "not Google's"},
        {"too_large", service_account_file(rsa_key() + std::string(20'000, '\n')), "no key file"},
    };
    for (const FileRow& row : rows) {
        const auto account = read_service_account(row.file);
        BOOST_TEST_CONTEXT(row.name) {
            BOOST_REQUIRE(!account.has_value());
            BOOST_TEST(account.error().detail.find(row.says) != std::string::npos, account.error().detail);
        }
    }
    BOOST_TEST(read_service_account(service_account_file(rsa_key())).value().key_id == "key-1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace calgate::oauth
