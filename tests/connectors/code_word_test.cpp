#include "connectors/http/code_word.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "connectors/caldav/caldav_errors.hpp"
#include "connectors/ews/ews_errors.hpp"
#include "connectors/ews/ews_xml.hpp"
#include "connectors/google/google_errors.hpp"
#include "connectors/graph/graph_errors.hpp"
#include "connectors/oauth/token_answer.hpp"

namespace calgate::testing {
namespace {

constexpr Instant kNow = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1};
const std::string kSecret = "ya29.CANARY-4711";
const std::string kSaid = "No good: Authorization Bearer " + kSecret;

http::Response answer(int status, const std::string& body) { return {status, {}, body, "https://cal.example/"}; }

std::string google(google::Call call, int status, const std::string& body) {
    return google::meaning(call, answer(status, body), kNow).detail;
}
std::string graph(graph::Call call, int status, const std::string& body) {
    return graph::refusal(call, answer(status, body), kNow).detail;
}
std::string caldav(caldav::Call call, int status, const std::string& body) {
    return caldav::refusal(call, answer(status, body), kNow).detail;
}
std::string ews(const std::string& message) {
    const auto root = ews::parse_xml("<m:R xmlns:m=\"m\" ResponseClass=\"Error\">" + message + "</m:R>");
    return ews::refusal(ews::Call::Create, ews::verdict_of(*root), "mail.example").detail;
}
std::string ews_fault(const std::string& fault) {
    const auto root = ews::parse_xml("<s:Fault xmlns:s=\"s\">" + fault + "</s:Fault>");
    return ews::refusal(ews::Call::Update, ews::verdict_of_fault(*root), "mail.example").detail;
}
std::string token(oauth::Purpose purpose, const std::string& body) {
    return oauth::read_token_answer(answer(400, body), oauth::Provider::Microsoft, purpose, kNow).error().detail;
}
std::string json(const std::string& before, const std::string& after) { return before + kSaid + after; }

struct EchoRow {
    const char* name;
    std::string detail;
};
std::ostream& operator<<(std::ostream& out, const EchoRow& row) { return out << row.name; }

// clang-format off
const EchoRow kEchoes[] = {
    {"google_message",        google(google::Call::Create, 400, json(R"({"error":{"message":")", R"(","errors":[{"reason":"invalid"}]}})"))},
    {"google_reason",         google(google::Call::Update, 400, json(R"({"error":{"errors":[{"reason":")", R"("}]}})"))},
    {"google_details",        google(google::Call::Create, 403, json(R"({"error":{"details":[{"reason":")", R"("}]}})"))},
    {"google_description",    google(google::Call::Create, 400, json(R"({"error":"invalid","error_description":")", R"("})"))},
    {"google_error_word",     google(google::Call::Create, 400, R"({"error":")" + kSecret + R"("})")},
    {"google_read",           google(google::Call::Read, 400, json(R"({"error":{"message":")", R"("}})"))},
    {"google_page",           google(google::Call::Create, 400, kSaid)},
    {"graph_message",         graph(graph::Call::Create, 400, json(R"({"error":{"code":"ErrorX","message":")", R"("}})"))},
    {"graph_code",            graph(graph::Call::Create, 400, json(R"({"error":{"code":")", R"("}})"))},
    {"graph_code_word",       graph(graph::Call::Update, 403, R"({"error":{"code":")" + kSecret + R"("}})")},
    {"graph_inner_code",      graph(graph::Call::Delta, 400, json(R"({"error":{"code":"a","innerError":{"code":")", R"("}}})"))},
    {"graph_page",            graph(graph::Call::Read, 400, kSaid)},
    {"caldav_element",        caldav(caldav::Call::Create, 403, "<error xmlns=\"DAV:\"><" + kSecret + "/></error>")},
    {"caldav_text",           caldav(caldav::Call::Update, 400, "<error xmlns=\"DAV:\"><x>" + kSaid + "</x></error>")},
    {"caldav_page",           caldav(caldav::Call::Discover, 400, kSaid)},
    {"ews_message_text",      ews("<m:MessageText>" + kSaid + "</m:MessageText><m:ResponseCode>ErrorNew</m:ResponseCode>")},
    {"ews_code",              ews("<m:ResponseCode>" + kSaid + "</m:ResponseCode>")},
    {"ews_faultstring",       ews_fault("<faultcode>a:ErrorNew</faultcode><faultstring>" + kSaid + "</faultstring>")},
    {"ews_faultcode",         ews_fault("<faultcode>" + kSaid + "</faultcode>")},
    {"token_description",     token(oauth::Purpose::Refresh, json(R"({"error":"invalid_grant","error_description":")", R"("})"))},
    {"token_error",           token(oauth::Purpose::ClientCredentials, R"({"error":")" + kSecret + R"("})")},
    {"token_suberror",        token(oauth::Purpose::Code, R"({"error":"invalid_client","suberror":")" + kSecret + R"("})")},
};
// clang-format on

}  // namespace

BOOST_AUTO_TEST_SUITE(what_a_service_says_of_an_error)

BOOST_DATA_TEST_CASE(I25_a_refusal_that_repeats_a_secret_is_not_repeated, kEchoes, row) {
    BOOST_TEST(!row.detail.empty());
    BOOST_TEST(row.detail.find("CANARY") == std::string::npos, row.detail);
    BOOST_TEST(row.detail.find("Bearer") == std::string::npos, row.detail);
}

BOOST_AUTO_TEST_CASE(a_code_is_a_word_or_a_short_number) {
    for (const std::string word : {"ErrorAccessDenied", "push.webhookUrlNotHttps", "quota-not-exceeded", "A_B", "500"})
        BOOST_TEST(http::code_word(word) == word);
    for (const std::string text : {"two words", "ya29", "12345", "a:b", "a\nb", "\xc3\xa4"})
        BOOST_TEST(http::code_word(text).empty(), text);
    BOOST_TEST(http::code_word(std::string(60, 'a')).size() == 60u);
    BOOST_TEST(http::code_word(std::string(61, 'a')).empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
