#include "connectors/ews/ews_autodiscover.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>

#include "tests/support/manual_clock.hpp"

namespace bdata = boost::unit_test::data;
using namespace calgate;
using namespace calgate::testing;

namespace {

struct Answer {
    int status = 200;
    std::string body{};
    std::string location{};
};

/// Answers by URL; what is not in the map is no host. Keeps what was asked, and where a password went.
class Endpoints final : public http::HttpTransport {
public:
    explicit Endpoints(std::map<std::string, Answer> answers) : answers_(std::move(answers)) {}
    Result<http::Response> send(const http::Request& request, const Context&) override {
        asked.push_back(request.url);
        if (request.credentials) told_password.push_back(request.url);
        const auto found = answers_.find(request.url);
        if (found == answers_.end()) return Error{ErrorCode::Unavailable, "No such host.", {}};
        http::Response out{found->second.status, {}, found->second.body, request.url};
        if (!found->second.location.empty()) out.headers.emplace_back("Location", found->second.location);
        return out;
    }
    std::vector<std::string> asked{}, told_password{};

private:
    std::map<std::string, Answer> answers_;
};

const std::string kEws = "https://mail.corp.example/EWS/Exchange.asmx";
const std::string kJson =
    "https://autodiscover.corp.example/autodiscover/autodiscover.json/v1.0/anna%40corp.example?Protocol=EWS";
const std::string kSoap = "https://autodiscover.corp.example/autodiscover/autodiscover.svc";
const std::string kPox = "https://autodiscover.corp.example/autodiscover/autodiscover.xml";
const std::string kBareSoap = "https://corp.example/autodiscover/autodiscover.svc";
const std::string kBarePox = "https://corp.example/autodiscover/autodiscover.xml";
const std::string kPlain = "http://autodiscover.corp.example/autodiscover/autodiscover.xml";

std::string pox(const std::string& account) {
    return "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover "
           "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\"><Response "
           "xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\"><User>"
           "<DisplayName>Anna</DisplayName></User><Account>" +
           account + "</Account></Response></Autodiscover>";
}
const std::string kSettings =
    pox("<AccountType>email</AccountType><Action>settings</Action><Protocol><Type>EXCH</Type><EwsUrl>"
        "https://ex01.corp.example/EWS/Exchange.asmx</EwsUrl></Protocol><Protocol><Type>EXPR</Type><EwsUrl>" +
        kEws + "</EwsUrl></Protocol>");
std::string pox_error(const std::string& code) {
    return "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\"><Response>"
           "<Error Time=\"12:34:56.7890123\" Id=\"1054084152\"><ErrorCode>" +
           code +
           "</ErrorCode><Message>The email address can't be found.</Message><DebugData/></Error></Response>"
           "</Autodiscover>";
}
std::string soap(const std::string& user) {
    return "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header/><s:Body>"
           "<GetUserSettingsResponseMessage "
           "xmlns=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\"><Response>"
           "<ErrorCode>NoError</ErrorCode><ErrorMessage/><UserResponses><UserResponse>" +
           user + "</UserResponse></UserResponses></Response></GetUserSettingsResponseMessage></s:Body></s:Envelope>";
}
std::string soap_settings(const std::string& internal, const std::string& external) {
    const auto one = [](const std::string& name, const std::string& value) {
        return value.empty() ? "" : "<UserSetting><Name>" + name + "</Name><Value>" + value + "</Value></UserSetting>";
    };
    return soap(
        "<ErrorCode>NoError</ErrorCode><ErrorMessage>No error.</ErrorMessage><RedirectTarget/><UserSettingErrors/>"
        "<UserSettings>" +
        one("ExternalEwsUrl", external) + one("InternalEwsUrl", internal) + "</UserSettings>"
    );
}

struct Row {
    const char* name;
    std::map<std::string, Answer> answers;
    std::string found;                            ///< Empty: nothing.
    ErrorCode code = ErrorCode::NotFound;         ///< Then.
    std::string sentence{};                       ///< Part of it.
    std::vector<std::string> password_only_at{};  ///< Prefixes; anywhere else is a leak.
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

const std::vector<std::string> kOwn = {"https://autodiscover.corp.example/", "https://corp.example/"};

std::vector<Row> rows() {
    std::vector<Row> out;
    out.push_back({"json", {{kJson, {200, R"({"Protocol":"EWS","Url":")" + kEws + "\"}", ""}}}, kEws, {}, "", {}});
    out.push_back(
        {"json_that_is_none_goes_on", {{kJson, {200, "<html/>", ""}}, {kPox, {200, kSettings, ""}}}, kEws, {}, "", kOwn}
    );
    out.push_back(
        {"soap_external_before_internal",
         {{kSoap, {200, soap_settings("https://ex01.corp.example/EWS/Exchange.asmx", kEws), ""}}},
         kEws,
         {},
         "",
         kOwn}
    );
    out.push_back({"soap_internal_alone", {{kSoap, {200, soap_settings(kEws, ""), ""}}}, kEws, {}, "", kOwn});
    out.push_back({"soap_of_the_bare_domain", {{kBareSoap, {200, soap_settings("", kEws), ""}}}, kEws, {}, "", kOwn});
    out.push_back({"pox_external_before_internal", {{kPox, {200, kSettings, ""}}}, kEws, {}, "", kOwn});
    out.push_back(
        {"pox_after_a_401_elsewhere", {{kSoap, {401, "", ""}}, {kBarePox, {200, kSettings, ""}}}, kEws, {}, "", kOwn}
    );
    out.push_back(
        {"refused_everywhere",
         {{kSoap, {401, "", ""}}, {kPox, {401, "", ""}}},
         "",
         ErrorCode::Unauthorized,
         "does not accept the user name or password",
         kOwn}
    );
    out.push_back(
        {"pox_unknown_address", {{kPox, {200, pox_error("500"), ""}}}, "", ErrorCode::NotFound, "It says 500", kOwn}
    );
    out.push_back(
        {"pox_provider_missing", {{kPox, {200, pox_error("601"), ""}}}, "", ErrorCode::NotFound, "give its URL", kOwn}
    );
    out.push_back(
        {"pox_broken_xml",
         {{kPox, {200, "<Autodiscover><Response><Account><Action>settings", ""}}},
         "",
         ErrorCode::NotFound,
         "give its URL",
         kOwn}
    );
    out.push_back({"pox_of_an_empty_body", {{kPox, {200, "", ""}}}, "", ErrorCode::NotFound, "give its URL", kOwn});
    out.push_back(
        {"soap_invalid_user",
         {{kSoap, {200, soap("<ErrorCode>InvalidUser</ErrorCode>"), ""}}},
         "",
         ErrorCode::NotFound,
         "It says InvalidUser",
         kOwn}
    );
    out.push_back(
        {"soap_fault",
         {{kSoap,
           {500,
            "<s:Envelope "
            "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault/></s:Body></s:Envelope>",
            ""}},
          {kPox, {200, kSettings, ""}}},
         kEws,
         {},
         "",
         kOwn}
    );
    out.push_back(
        {"soap_redirect_url_within_the_domain",
         {{kSoap,
           {200,
            soap("<ErrorCode>RedirectUrl</ErrorCode><RedirectTarget>https://mail.corp.example/autodiscover/"
                 "autodiscover.svc</RedirectTarget>"),
            ""}},
          {"https://mail.corp.example/autodiscover/autodiscover.svc", {200, soap_settings("", kEws), ""}}},
         kEws,
         {},
         "",
         {kOwn[0], kOwn[1], "https://mail.corp.example/"}}
    );
    out.push_back(
        {"pox_redirect_url_within_the_domain",
         {{kPox,
           {200,
            pox("<Action>redirectUrl</Action><RedirectUrl>https://mail.corp.example/autodiscover/autodiscover.xml</"
                "RedirectUrl>"),
            ""}},
          {"https://mail.corp.example/autodiscover/autodiscover.xml", {200, kSettings, ""}}},
         kEws,
         {},
         "",
         {kOwn[0], kOwn[1], "https://mail.corp.example/"}}
    );
    out.push_back(
        {"pox_redirect_url_to_another_domain",
         {{kPox,
           {200,
            pox("<Action>redirectUrl</Action><RedirectUrl>https://autodiscover.evil.example/a.xml</RedirectUrl>"),
            ""}},
          {"https://autodiscover.evil.example/a.xml", {200, kSettings, ""}}},
         "",
         ErrorCode::NotFound,
         "points to https://autodiscover.evil.example; nothing was sent there",
         kOwn}
    );
    out.push_back(
        {"pox_redirect_url_that_only_ends_like_the_domain",
         {{kPox,
           {200, pox("<Action>redirectUrl</Action><RedirectUrl>https://evilcorp.example/a.xml</RedirectUrl>"), ""}},
          {"https://evilcorp.example/a.xml", {200, kSettings, ""}}},
         "",
         ErrorCode::NotFound,
         "evilcorp.example",
         kOwn}
    );
    out.push_back(
        {"pox_redirect_url_without_tls",
         {{kPox,
           {200, pox("<Action>redirectUrl</Action><RedirectUrl>http://mail.corp.example/a.xml</RedirectUrl>"), ""}},
          {"http://mail.corp.example/a.xml", {200, kSettings, ""}}},
         "",
         ErrorCode::NotFound,
         "http://mail.corp.example",
         kOwn}
    );
    out.push_back(
        {"pox_redirects_for_ever",
         {{kPox, {200, pox("<Action>redirectUrl</Action><RedirectUrl>" + kPox + "</RedirectUrl>"), ""}}},
         "",
         ErrorCode::NotFound,
         "give its URL",
         kOwn}
    );
    out.push_back(
        {"pox_redirect_address_within_the_domain",
         {{kPox, {200, pox("<Action>redirectAddr</Action><RedirectAddr>anna.berg@corp.example</RedirectAddr>"), ""}},
          {"https://autodiscover.corp.example/autodiscover/autodiscover.json/v1.0/"
           "anna.berg%40corp.example?Protocol=EWS",
           {200, R"({"Url":")" + kEws + "\"}", ""}}},
         kEws,
         {},
         "",
         kOwn}
    );
    out.push_back(
        {"pox_redirect_address_elsewhere",
         {{kPox, {200, pox("<Action>redirectAddr</Action><RedirectAddr>anna@tenant.mail.example</RedirectAddr>"), ""}}},
         "",
         ErrorCode::NotFound,
         "connect with that address",
         kOwn}
    );
    out.push_back(
        {"soap_redirect_address_elsewhere",
         {{kSoap,
           {200,
            soap("<ErrorCode>RedirectAddress</ErrorCode><RedirectTarget>anna@tenant.mail.example</RedirectTarget>"),
            ""}}},
         "",
         ErrorCode::NotFound,
         "anna@tenant.mail.example",
         kOwn}
    );
    out.push_back(
        {"redirect_address_for_ever",
         {{kPox, {200, pox("<Action>redirectAddr</Action><RedirectAddr>anna@corp.example</RedirectAddr>"), ""}}},
         "",
         ErrorCode::NotFound,
         "give its URL",
         kOwn}
    );
    out.push_back(
        {"http_redirect_within_the_domain",
         {{kPox, {302, "", "https://mail.corp.example/autodiscover/autodiscover.xml"}},
          {"https://mail.corp.example/autodiscover/autodiscover.xml", {200, kSettings, ""}}},
         kEws,
         {},
         "",
         {kOwn[0], kOwn[1], "https://mail.corp.example/"}}
    );
    out.push_back(
        {"plain_http_names_the_endpoint",
         {{kPlain, {302, "", "https://mail.corp.example/autodiscover/autodiscover.xml"}},
          {"https://mail.corp.example/autodiscover/autodiscover.xml", {200, kSettings, ""}}},
         kEws,
         {},
         "",
         {kOwn[0], kOwn[1], "https://mail.corp.example/"}}
    );
    out.push_back(
        {"plain_http_names_another_domain",
         {{kPlain, {302, "", "https://autodiscover.evil.example/autodiscover/autodiscover.xml"}},
          {"https://autodiscover.evil.example/autodiscover/autodiscover.xml", {200, kSettings, ""}}},
         "",
         ErrorCode::NotFound,
         "nothing was sent there",
         kOwn}
    );
    out.push_back(
        {"plain_http_answers_itself", {{kPlain, {200, kSettings, ""}}}, "", ErrorCode::NotFound, "give its URL", kOwn}
    );
    out.push_back(
        {"exchange_online",
         {{kJson, {200, R"({"Url":"https://outlook.office365.com/EWS/Exchange.asmx"})", ""}}},
         "",
         ErrorCode::Unsupported,
         "calgate connect microsoft",
         {}}
    );
    out.push_back(
        {"ews_without_tls",
         {{kJson, {200, R"({"Url":"http://mail.corp.example/EWS/Exchange.asmx"})", ""}}},
         "",
         ErrorCode::NotFound,
         "give its URL",
         kOwn}
    );
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ews_autodiscover)

BOOST_DATA_TEST_CASE(an_endpoint_is_followed_as_far_as_it_may_be, bdata::make(rows()), row) {
    ManualClock clock;
    Endpoints endpoints(row.answers);
    const auto found = ews::discover_ews(
        [&](const std::string&) -> http::HttpTransport& { return endpoints; },
        {clock.steady() + std::chrono::minutes(1), {}},
        "anna@corp.example",
        {"CORP\\anna", "correct horse"}
    );
    if (row.found.empty()) {
        BOOST_REQUIRE(!found);
        BOOST_TEST(to_string(found.error().code) == to_string(row.code), found.error().detail);
        BOOST_TEST(found.error().detail.find(row.sentence) != std::string::npos, found.error().detail);
        BOOST_TEST(found.error().detail.find("correct horse") == std::string::npos);
    } else {
        BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().detail));
        BOOST_TEST(*found == row.found);
    }
    for (const std::string& url : endpoints.told_password) {
        bool allowed = false;
        for (const std::string& prefix : row.password_only_at) allowed = allowed || url.starts_with(prefix);
        BOOST_TEST(allowed, "a password went to " << url);
    }
    BOOST_TEST(endpoints.asked.size() <= 90u);
}

BOOST_AUTO_TEST_SUITE_END()
