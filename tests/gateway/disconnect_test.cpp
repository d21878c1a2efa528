#include <boost/test/unit_test.hpp>

#include "tests/gateway/sign_in_stage.hpp"

namespace calgate {
namespace {

using namespace calgate::testing;
using Json = nlohmann::json;

/// Anna's account at Google with two calendars, one of them with an appointment in it.
struct Connected : SignInStage {
    Href bookings = service.add_calendar("Bookings");
    Href personal = service.add_calendar("Personal");
    Json account{}, target{}, source{};

    Connected() {
        sign_in("rt-1");
        target = use(bookings, true);
        source = use(personal, false);
        const auto booked = call(
            "PUT",
            "/v1/appointments/b1",
            {{"staff", "anna"},
             {"start", "2027-01-12T09:00:00"},
             {"end", "2027-01-12T10:00:00"},
             {"zone", "Europe/Berlin"},
             {"title", "Cut"}}
        );
        BOOST_REQUIRE_MESSAGE(booked.status == 201, booked.body);
        run();
        BOOST_REQUIRE_EQUAL(service.count(bookings), 2u);  // The copy and the marker.
    }
    void sign_in(const std::string& refresh) {
        const Json begun = begin();
        script_google(refresh, "1001", "anna@example.com");
        const auto page = come_back(begun["state"]);
        BOOST_REQUIRE_MESSAGE(page.status == 200, page.body);
        account = Json::parse(call("GET", "/v1/accounts").body)["accounts"][0];
    }
    Json use(const Href& href, bool mirror) {
        const auto kept = call(
            "POST",
            "/v1/calendars",
            {{"account", account["id"]}, {"href", href.value}, {"staff", "anna"}, {"mirror", mirror}, {"busy", true}}
        );
        BOOST_REQUIRE_MESSAGE(kept.status == 200, kept.body);
        return Json::parse(kept.body);
    }
    void run() {
        transport.then(200, R"({"access_token":"CANARY-access","expires_in":3600})");
        while (engine->run_due().count() == 0) continue;
    }
    static std::string address(const char* list, const Json& one) {
        return std::string("/v1/") + list + "/" + one["id"].get<std::string>();
    }
    std::size_t calendars() const {
        return read(*store, [](const Reader& r) { return r.calendars(); }).size();
    }
    bool is_booked() const {
        return read(*store, [](const Reader& r) { return r.appointment({"b1"}); })->state ==
               AppointmentState::Confirmed;
    }
    std::set<std::string> noted() const {
        return read(*store, [](const Reader& r) {
            std::set<std::string> kinds;
            for (const Change& change : r.changes(0, 1000)) kinds.insert(change.kind);
            return kinds;
        });
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(disconnecting, Connected)

BOOST_AUTO_TEST_CASE(an_account_goes_with_its_calendars_secret_and_consent) {
    const Account before = accounts().at(0);
    const auto asked = transport.asked().size();
    transport.then(200, "{}");
    const auto gone = call("DELETE", address("accounts", account));
    BOOST_REQUIRE_MESSAGE(gone.status == 200, gone.body);
    const Json how = Json::parse(gone.body);
    BOOST_TEST(how["disconnected"] == true);
    BOOST_TEST(how["copies_left"] == 1);
    BOOST_TEST(how["copies_removed"] == 0);
    BOOST_TEST(how["notes"].empty());
    BOOST_TEST(accounts().empty());
    BOOST_TEST(calendars() == 0u);
    BOOST_TEST(secret(before) == "none");
    BOOST_TEST(is_booked());
    BOOST_TEST(service.count(bookings) == 2u);
    BOOST_REQUIRE(transport.asked().size() == asked + 1);
    const http::Request revoked = transport.asked().back();
    BOOST_TEST(revoked.method == "POST");
    BOOST_TEST(revoked.url == "https://oauth2.googleapis.com/revoke");
    BOOST_TEST(revoked.body == "token=rt-1");
    BOOST_TEST(noted().contains("account.disconnected"));
    BOOST_TEST(noted().contains("calendar.disconnected"));
    BOOST_TEST(call("DELETE", address("accounts", account)).status == 404);
    BOOST_TEST(index.person({"anna"})->sources.size() == 1u);  // The appointments alone.
}

BOOST_AUTO_TEST_CASE(a_consent_that_cannot_be_ended_is_named_and_holds_nothing_up) {
    transport.then(500, "");
    const Json how = Json::parse(call("DELETE", address("accounts", account)).body);
    BOOST_TEST(how["disconnected"] == true);
    BOOST_REQUIRE(how["notes"].size() == 1u);
    BOOST_TEST(how["notes"][0].get<std::string>().find("myaccount.google.com") != std::string::npos);
    BOOST_TEST(accounts().empty());
}

BOOST_AUTO_TEST_CASE(the_consent_is_not_ended_while_a_calendar_can_still_be_connected) {
    int chosen = 0;
    transport.then([&](const http::Request& request, const Context&) -> Result<http::Response> {
        chosen = call(
                     "POST",
                     "/v1/calendars",
                     {{"account", account["id"]}, {"href", personal.value}, {"staff", "anna"}, {"busy", true}}
        ).status;
        return http::Response{200, {}, "{}", request.url};
    });
    const Json how = Json::parse(call("DELETE", address("accounts", account)).body);
    BOOST_TEST(chosen == 422);
    BOOST_TEST(how["disconnected"] == true);
    BOOST_TEST(accounts().empty());
    BOOST_TEST(calendars() == 0u);
}

BOOST_AUTO_TEST_CASE(nothing_of_the_sign_in_before_is_used_after_the_next_one) {
    const int sign_ins = accounts().at(0).sign_ins;
    transport.then(200, "{}");
    call("DELETE", address("accounts", account));
    sign_in("rt-2");
    BOOST_TEST(accounts().at(0).sign_ins == sign_ins + 1);
    target = use(bookings, true);
    const auto asked = transport.asked().size();
    run();
    BOOST_REQUIRE(transport.asked().size() == asked + 1);  // A new access token, with the new refresh token.
    BOOST_TEST(transport.asked().back().body.find("rt-2") != std::string::npos);
    BOOST_TEST(service.count(bookings) == 2u);  // R7
    const Json verified = Json::parse(call("POST", address("calendars", target) + "/verify").body);
    BOOST_TEST(verified["same"] == 1);
    BOOST_TEST(verified["findings"].empty());
    BOOST_TEST(is_booked());
}

BOOST_AUTO_TEST_CASE(a_calendar_goes_alone) {
    const auto gone = call("DELETE", address("calendars", target), nullptr, "cg_one", {{"remove_copies", "true"}});
    BOOST_REQUIRE_MESSAGE(gone.status == 200, gone.body);
    BOOST_TEST(Json::parse(gone.body)["copies_removed"] == 1);
    BOOST_TEST(Json::parse(gone.body)["copies_left"] == 0);
    BOOST_TEST(service.count(bookings) == 0u);
    BOOST_TEST(calendars() == 1u);
    BOOST_TEST(accounts().size() == 1u);
    BOOST_TEST(is_booked());
    BOOST_TEST(call("DELETE", address("calendars", target)).status == 404);
    run();
    BOOST_TEST(service.count(bookings) == 0u);
}

BOOST_AUTO_TEST_CASE(an_account_stays_while_copies_that_shall_go_are_there_still) {
    service.fail_next({memory::Operation::Delete, {ErrorCode::Unavailable, "Away.", {}}});
    const auto path = address("accounts", account);
    const Json first = Json::parse(call("DELETE", path, nullptr, "cg_one", {{"remove_copies", "true"}}).body);
    BOOST_TEST(first["disconnected"] == false);
    BOOST_TEST(first["copies_left"] == 1);
    BOOST_TEST(!first["notes"].empty());
    BOOST_TEST(accounts().size() == 1u);
    BOOST_TEST(secret(accounts().at(0)) == "rt-1");
    transport.then(200, "{}");
    const Json second = Json::parse(call("DELETE", path, nullptr, "cg_one", {{"remove_copies", "true"}}).body);
    BOOST_TEST(second["disconnected"] == true);
    BOOST_TEST(second["copies_removed"] == 1);
    BOOST_TEST(service.count(bookings) == 0u);
    BOOST_TEST(is_booked());
}

BOOST_AUTO_TEST_CASE(a_wrong_wish_disconnects_nothing) {
    for (const char* list : {"accounts", "calendars"}) {
        const auto path = address(list, list == std::string("accounts") ? account : target);
        BOOST_TEST(call("DELETE", path, nullptr, "cg_one", {{"remove_copies", "yes"}}).status == 400);
        BOOST_TEST(call("DELETE", path, nullptr, "cg_one", {{"force", "true"}}).status == 400);
        BOOST_TEST(call("DELETE", path, nullptr, "").status == 401);
        BOOST_TEST(call("DELETE", std::string("/v1/") + list + "/none").status == 404);
    }
    BOOST_TEST(calendars() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
