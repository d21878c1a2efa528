#include <boost/test/unit_test.hpp>
#include <future>

#include "tests/gateway/sign_in_stage.hpp"

namespace calgate {
namespace {

using namespace calgate::testing;
using Json = nlohmann::json;

struct Fixture : SignInStage {
    Json standing(const Json& begun, const std::string& key = "cg_one") {
        return Json::parse(call("GET", "/v1/accounts/sign-in/" + begun["id"].get<std::string>(), nullptr, key).body);
    }
};

BOOST_FIXTURE_TEST_SUITE(sign_in, Fixture)

BOOST_AUTO_TEST_CASE(a_person_signs_in_with_a_browser) {
    const Json begun = begin({{"access", "busy"}});
    auto form = form_of(begun["url"]);
    BOOST_TEST(form["redirect_uri"] == "https://gateway.example/oauth/callback");
    BOOST_TEST(form["state"] == begun["state"]);
    BOOST_TEST(standing(begun)["stage"] == "waiting");
    script_google("rt-1", "1001", "anna@example.com");
    const auto page = come_back(begun["state"]);
    BOOST_TEST(page.status == 200);
    BOOST_TEST(page.type.starts_with("text/html"));
    const Account account = accounts().at(0);
    BOOST_TEST(account.kind == "google");
    BOOST_TEST(account.user == "anna@example.com");
    BOOST_TEST(account.identity == "google:1001");
    BOOST_TEST(!account.may_write);
    BOOST_TEST(secret(account) == "rt-1");
    BOOST_TEST(standing(begun)["stage"] == "done");
    BOOST_TEST(standing(begun)["account"] == account.id.value);
}

BOOST_AUTO_TEST_CASE(a_sign_in_that_google_ends_by_itself_is_told_at_once_G37) {
    const Json begun = begin();
    script_google("rt-1", "1001", "anna@example.com", {{"refresh_token_expires_in", 604800}});
    const auto page = come_back(begun["state"]);
    BOOST_TEST(page.status == 200);
    const std::string end = format_instant(clock.now() + std::chrono::days{7});
    BOOST_TEST(page.body.find("Google ends this sign-in at " + end) != std::string::npos, page.body);
    BOOST_TEST(accounts().at(0).detail.find("publish it") != std::string::npos);
    BOOST_TEST((accounts().at(0).state == AccountState::Active));

    connect("rt-2", "1001", "anna@example.com");
    BOOST_TEST(accounts().at(0).detail.empty());
}

BOOST_AUTO_TEST_CASE(a_state_works_once_for_ten_minutes_and_only_if_it_was_given_out) {
    const Json begun = begin();
    script_google("rt-1", "1001", "anna@example.com");
    BOOST_TEST(come_back(begun["state"]).status == 200);
    BOOST_TEST(come_back(begun["state"]).status == 400);
    BOOST_TEST(come_back("").status == 400);
    BOOST_TEST(come_back(std::string(43, 'A')).status == 400);
    BOOST_TEST(come_back(std::string(5000, 'A')).status == 400);
    const Json late = begin();
    clock.advance(std::chrono::minutes{10});
    BOOST_TEST(come_back(late["state"]).status == 400);
    BOOST_TEST(transport.asked().size() == 1u);
    BOOST_TEST(accounts().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_sign_in_belongs_to_the_key_that_began_it) {
    const Json begun = begin();
    const std::string path = "/v1/accounts/sign-in/" + begun["id"].get<std::string>();
    const Json code = {{"state", begun["state"]}, {"code", "c"}};
    BOOST_TEST(call("GET", path, nullptr, "cg_two").status == 404);
    BOOST_TEST(call("POST", path, code, "cg_two").status == 404);
    BOOST_TEST(call("POST", path, code, "").status == 401);
    BOOST_TEST(standing(begun)["stage"] == "waiting");
    script_google("rt-1", "1001", "anna@example.com");
    const auto done = call("POST", path, code);
    BOOST_TEST(done.status == 200, done.body);
    BOOST_TEST(Json::parse(done.body)["user"] == "anna@example.com");

    const auto asked = transport.asked().size();
    const Json revoked = begin();
    BOOST_TEST(call("DELETE", "/v1/keys/" + sha256_hex("cg_one").substr(0, 16), nullptr, "cg_two").status == 200);
    BOOST_TEST(come_back(revoked["state"]).status == 403);
    BOOST_TEST(transport.asked().size() == asked);
}

BOOST_AUTO_TEST_CASE(a_declined_or_failed_sign_in_says_why) {
    const Json declined = begin();
    const auto page =
        call("GET", "/oauth/callback", nullptr, "", {{"state", declined["state"]}, {"error", "access_denied"}});
    BOOST_TEST(page.status == 422);
    BOOST_TEST(page.body.find("declined") != std::string::npos);
    BOOST_TEST(standing(declined)["stage"] == "failed");
    const Json late = begin();
    transport.then(400, R"({"error":"invalid_grant"})");
    BOOST_TEST(come_back(late["state"]).status == 422);
    BOOST_TEST(standing(late)["detail"].get<std::string>().find("Begin it again") != std::string::npos);
    BOOST_TEST(accounts().empty());
}

BOOST_AUTO_TEST_CASE(while_one_sign_in_is_being_finished_others_are_told_to_come_again) {
    const Json slow = begin();
    const Json second = begin();
    const std::string path = "/v1/accounts/sign-in/" + second["id"].get<std::string>();
    std::promise<void> reached, released;
    SteadyInstant until{};
    transport.then([&](const http::Request&, const Context& context) -> Result<http::Response> {
        until = context.deadline;
        reached.set_value();
        released.get_future().wait();
        return Error{ErrorCode::Timeout, "No answer came in time.", {}};
    });
    const auto asked = clock.steady();
    auto first = std::async(std::launch::async, [&] {
        return api->handle({"GET", "/oauth/callback", {{"state", slow["state"]}, {"code", "c"}}, {}, {}}).status;
    });
    reached.get_future().wait();
    const auto page = come_back(second["state"]);
    BOOST_TEST(page.status == 503);
    BOOST_TEST(page.body.find("half a minute") != std::string::npos);
    const Json password = {{"url", "https://cal.example.org/"}, {"user", "anna"}, {"password", "p"}};
    for (const auto& busy :
         {call("POST", path, {{"state", second["state"]}, {"code", "c"}}), call("POST", "/v1/accounts", password)}) {
        BOOST_TEST(busy.status == 503);
        BOOST_TEST(busy.body.find("Try this one again") != std::string::npos);
        BOOST_TEST((busy.headers.back() == std::pair<std::string, std::string>{"Retry-After", "30"}));
    }
    released.set_value();
    BOOST_TEST(first.get() == 422);
    BOOST_TEST((until <= asked + std::chrono::seconds{30}));
    // It waited for its turn and lost nothing.
    script_google("rt-1", "1001", "anna@example.com");
    BOOST_TEST(come_back(second["state"]).status == 200);
}

BOOST_AUTO_TEST_CASE(what_a_provider_says_is_escaped_on_the_page) {
    connect("rt-1", "1001", "anna@example.com");
    const Json again = begin({{"account", accounts().at(0).id.value}});
    script_google("rt-2", "1002", "<script>alert(1)</script>");
    const auto page = come_back(again["state"]);
    BOOST_TEST(page.status == 422);
    BOOST_TEST(page.body.find("<script>") == std::string::npos);
    BOOST_TEST(page.body.find("&lt;script&gt;") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(wrong_wishes_are_refused_with_the_field) {
    const std::string path = "/v1/accounts/sign-in";
    const auto refused = [&](Json body, int status, const char* says) {
        const auto response = call("POST", path, body);
        BOOST_TEST(response.status == status, response.body);
        BOOST_TEST(response.body.find(says) != std::string::npos, response.body);
    };
    refused({{"provider", "yahoo"}}, 400, "provider");
    refused({{"provider", "google"}, {"access", "all"}}, 400, "access");
    refused({{"provider", "google"}, {"account", "acc-none"}}, 422, "no account");
    refused({{"provider", "google"}, {"redirect_uri", "https://evil.example/oauth/callback"}}, 400, "redirect_uri");
    refused({{"provider", "google"}, {"redirect_uri", "http://127.0.0.1:1/other"}}, 400, "redirect_uri");
    refused({{"provider", "google"}, {"extra", 1}}, 400, "extra");
    for (int i = 0; i < 100; ++i) begin();
    refused({{"provider", "google"}}, 429, "Too many");
}

BOOST_AUTO_TEST_CASE(F26_an_account_is_not_linked_to_another_person_unless_confirmed) {
    connect("rt-1", "1001", "anna@example.com");
    const AccountId id = accounts().at(0).id;
    const Json again = begin({{"account", id.value}});
    BOOST_TEST(form_of(again["url"])["login_hint"] == "anna@example.com");
    script_google("rt-bob", "1002", "bob@example.com");
    const auto page = come_back(again["state"]);
    BOOST_TEST(page.status == 422);
    BOOST_TEST(
        page.body.find("belongs to anna@example.com, but bob@example.com signed in") != std::string::npos, page.body
    );
    BOOST_TEST(secret(accounts().at(0)) == "rt-1");

    // The address was given to somebody else.
    const Json reused = begin();
    script_google("rt-new", "1003", "Anna@Example.com");
    BOOST_TEST(come_back(reused["state"]).status == 422);
    BOOST_TEST(accounts().size() == 1u);

    connect("rt-bob", "1002", "bob@example.com", {{"account", id.value}, {"confirm_other_person", true}});
    BOOST_TEST(accounts().size() == 1u);
    BOOST_TEST(accounts().at(0).identity == "google:1002");
    BOOST_TEST(secret(accounts().at(0)) == "rt-bob");
    connect("rt-anna", "1001", "anna@example.com");
    BOOST_TEST(accounts().size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_account_that_only_reads_gets_no_appointments) {
    connect("rt-1", "1001", "anna@example.com", {{"access", "busy"}});
    const std::string id = accounts().at(0).id.value;
    const Json calendar = {{"account", id}, {"href", "/c/"}, {"staff", "anna"}, {"mirror", true}};
    const auto refused = call("POST", "/v1/calendars", calendar);
    BOOST_TEST(refused.status == 422);
    BOOST_TEST(refused.body.find("reading only") != std::string::npos);
    connect("rt-2", "1001", "anna@example.com", {{"access", "mirror"}});
    BOOST_TEST(call("POST", "/v1/calendars", calendar).status == 200);
    const Json back = begin({{"access", "busy"}});
    script_google("rt-3", "1001", "anna@example.com");
    BOOST_TEST(come_back(back["state"]).status == 422);
    BOOST_TEST(secret(accounts().at(0)) == "rt-2");
}

BOOST_AUTO_TEST_CASE(a_personal_microsoft_account_has_no_busy_times_alone_M41) {
    const std::string personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
    const Json busy = begin({{"access", "busy"}}, "microsoft");
    script_microsoft(personal, "Calendars.ReadBasic openid");
    const auto page = come_back(busy["state"]);
    BOOST_TEST(page.status == 422);
    BOOST_TEST(page.body.find("--mirror") != std::string::npos, page.body);
    BOOST_TEST(accounts().empty());

    script_microsoft("t-1", "Calendars.ReadBasic openid");
    BOOST_TEST(come_back(begin({{"access", "busy"}}, "microsoft")["state"]).status == 200);
    script_microsoft(personal, "Calendars.ReadWrite openid");
    BOOST_TEST(come_back(begin({}, "microsoft")["state"]).status == 200);
}

BOOST_AUTO_TEST_CASE(a_microsoft_account_is_pinned_by_tenant_and_object) {
    const Json begun = begin({}, "microsoft");
    BOOST_TEST(
        begun["url"].get<std::string>().starts_with("https://login.microsoftonline.com/common/oauth2/v2.0/authorize?")
    );
    script_microsoft("t-1", "Calendars.ReadWrite openid");
    BOOST_TEST(come_back(begun["state"]).status == 200);
    BOOST_TEST(accounts().at(0).identity == "microsoft:t-1/o-1");
    BOOST_TEST(accounts().at(0).kind == "graph");
}

BOOST_AUTO_TEST_CASE(I26_private_addresses_are_reached_only_where_the_operator_named_them) {
    connect("rt-1", "1001", "anna@example.com");
    transport.then(401, "");
    call("POST", "/v1/accounts", {{"url", "https://cal.example/"}, {"user", "anna"}, {"password", "p"}});
    BOOST_REQUIRE(wanted_transports.size() == 2u);
    const std::vector<std::string> named{"oauth2.googleapis.com"};
    const std::vector<std::string> own{"cal.example", "oauth2.googleapis.com"};
    BOOST_TEST((wanted_transports[0].private_hosts == named));
    BOOST_TEST((wanted_transports[1].private_hosts == own));
    for (const auto& wanted : wanted_transports) {
        BOOST_TEST(wanted.ca_file == "/etc/calgate/ca.pem");
        BOOST_TEST(wanted.connect_to.size() == 1u);
        BOOST_TEST(!wanted.allow_private_addresses);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace calgate
