#include <boost/test/unit_test.hpp>
#include <set>

#include "gateway/attempt_costs.hpp"
#include "tests/gateway/book_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

BookingLimits limits(void (*change)(BookingLimits&)) {
    BookingLimits out;
    change(out);
    return out;
}

/// All appointments as the booking system sees them.
Json appointments(const ApiStage& stage) { return stage.call("GET", "/v1/appointments").json()["appointments"]; }

}  // namespace

BOOST_AUTO_TEST_SUITE(book)

BOOST_AUTO_TEST_CASE(nothing_is_served_unless_it_is_switched_on) {
    const BookStage off({}, false, false);
    for (const char* path : {"/book", "/book/services", "/book/slots"}) BOOST_TEST(off.call("GET", path).status == 404);
    for (const char* path : {"link", "holds", "confirm", "look", "cancel"})
        BOOST_TEST(off.post(path, Json::object()).status == 404);
}

BOOST_AUTO_TEST_CASE(the_page_holds_nothing_of_anybody_else) {
    const BookStage stage;
    const auto page = stage.call("GET", "/book");
    BOOST_TEST(page.status == 200);
    BOOST_TEST(page.header("content-type") == "text/html; charset=utf-8");
    BOOST_TEST(page.header("referrer-policy") == "no-referrer");
    BOOST_TEST(page.header("set-cookie") == "");
    const std::string policy = page.header("content-security-policy");
    BOOST_TEST(policy.starts_with("default-src 'none'; connect-src 'self'; script-src 'sha256-"));
    for (const char* foreign : {"http:", "https:", "//", " src=", "@import", "url(", "localStorage", "cookie"})
        BOOST_TEST(page.body.find(foreign) == std::string::npos, foreign);
}

BOOST_AUTO_TEST_CASE(a_stranger_books_looks_and_cancels_by_the_token_alone) {
    const BookStage stage;
    const auto slots = stage.call("GET", "/book/slots?service=cut&day=" + stage.day());
    BOOST_REQUIRE_EQUAL(slots.status, 200);
    BOOST_TEST(slots.json()["slots"].size() == 24u);
    const auto held = stage.hold(9);
    BOOST_REQUIRE_EQUAL(held.status, 201);
    BOOST_TEST(held.body.find("anna") == std::string::npos);
    const std::string token = held.json()["booking"];
    BOOST_TEST(held.json()["state"] == "held");
    const auto nameless = stage.post("confirm", {{"booking", token}});
    BOOST_TEST(nameless.status == 400);
    const auto firm = stage.confirm(token);
    BOOST_TEST(firm.status == 200);
    BOOST_TEST(firm.json()["state"] == "confirmed");
    BOOST_TEST(stage.confirm(token).json()["state"] == "confirmed");
    const Json seen = appointments(stage);
    BOOST_REQUIRE(seen.size() == 1u);
    BOOST_TEST(seen[0]["customer"] == "Mia, mia@example.org");
    BOOST_TEST(seen[0]["state"] == "confirmed");
    const auto look = stage.post("look", {{"booking", token}});
    BOOST_TEST(look.body.find("Mia") == std::string::npos);
    BOOST_TEST(look.json()["appointments"][0]["start"] == stage.hour(9));
    for (const char* path : {"look", "cancel", "confirm"})
        BOOST_TEST(stage.post(path, {{"booking", token.substr(1)}}).status == 404);
    BOOST_TEST(stage.post("cancel", {{"booking", token}}).json()["state"] == "cancelled");
    BOOST_TEST(stage.post("look", {{"booking", token}}).json()["state"] == "cancelled");
    BOOST_TEST(stage.confirm(token).status == 410);
    BOOST_TEST(stage.hold(9).status == 201);
}

BOOST_AUTO_TEST_CASE(a_time_that_is_gone_does_not_say_why) {
    const BookStage stage(limits([](auto& l) { l.per_day = 4; }));
    BOOST_REQUIRE_EQUAL(stage.hold(1).status, 201);
    BOOST_REQUIRE_EQUAL(
        stage
            .call(
                "PUT",
                "/v1/appointments/x",
                [&] {
                    Json body = booking("anna", stage.day() + "T09:00:00", stage.day() + "T10:00:00");
                    body["zone"] = "UTC";
                    body["customer"] = "Zoe";
                    return body;
                }()
            )
            .status,
        201
    );
    const auto taken = stage.hold(1), booked = stage.hold(9), past = stage.hold(-100),
               no_grid = stage.post("holds", {{"service", "cut"}, {"start", stage.day() + "T03:17:00Z"}});
    BOOST_TEST(taken.status == 409);
    BOOST_REQUIRE_EQUAL(stage.hold(3).status, 201);
    BOOST_REQUIRE_EQUAL(stage.hold(4).status, 201);
    const auto full = stage.hold(5);
    for (const Answer* other : {&booked, &past, &no_grid, &full}) {
        BOOST_TEST(other->status == taken.status);
        BOOST_TEST(other->body == taken.body);
    }
    BOOST_TEST(taken.body.find("Zoe") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_depends_on_others_is_refused_in_one_sentence) {
    const BookStage stage(limits([](auto& l) { l.per_customer = l.per_address = 1, l.without_link = 3; }));
    const std::string first = stage.hold(1).json()["booking"];
    BOOST_REQUIRE_EQUAL(stage.confirm(first).status, 200);
    const auto same_address = stage.hold(2);
    const std::string second = stage.hold(2, "192.0.2.2").json()["booking"];
    const auto same_contact = stage.confirm(second, " MIA@example.org");
    BOOST_REQUIRE_EQUAL(stage.hold(3, "192.0.2.3").status, 201);
    const auto too_many = stage.hold(4, "192.0.2.4");
    BOOST_TEST(same_address.status == 403);
    BOOST_TEST(same_contact.body == same_address.body);
    BOOST_TEST(too_many.body == same_address.body);
    BOOST_TEST(stage.confirm(second, "ben@example.org").status == 200);
}

BOOST_AUTO_TEST_CASE(an_address_of_ipv6_counts_by_its_network) {
    const BookStage stage(limits([](auto& l) { l.per_address = 1; }));
    BOOST_TEST(stage.hold(1, "2001:db8:1:2::1").status == 201);
    BOOST_TEST(stage.hold(2, "2001:db8:1:2:ffff::9").status == 403);
    BOOST_TEST(stage.hold(2, "2001:db8:1:3::1").status == 201);
    const auto by_api = [&](const char* id, const char* address) {
        return stage.call(
            "POST",
            "/v1/holds",
            Json{
                {"id", id},
                {"service", "cut"},
                {"start", stage.hour(5).substr(0, 19)},
                {"zone", "UTC"},
                {"client_address", address}}
        );
    };
    BOOST_TEST(by_api("a", "2001:db8:1:3::77").json()["rule"] == "per_address");
    BOOST_TEST(by_api("b", "198.51.100.7").status == 201);
    BOOST_TEST(by_api("c", "no address").status == 400);
}

BOOST_AUTO_TEST_CASE(a_link_lets_its_customer_in_once_and_ends_when_it_is_revoked) {
    const BookStage stage(limits([](auto& l) { l.links_only = true; }));
    BOOST_TEST(stage.hold(1).status == 403);
    const Json link = stage.link_for("customer-7", {{"service", "cut"}});
    const std::string token = link["link"];
    BOOST_TEST(stage.post("link", {{"link", token}}).json()["service"] == "cut");
    BOOST_TEST(stage.post("holds", {{"service", "colour"}, {"start", stage.hour(1)}, {"link", token}}).status == 403);
    const auto held = stage.hold(1, "192.0.2.1", token);
    BOOST_REQUIRE_EQUAL(held.status, 201);
    BOOST_TEST(stage.hold(2, "192.0.2.9", token).status == 403);
    const std::string booking = held.json()["booking"];
    BOOST_TEST(stage.post("confirm", {{"booking", booking}}).status == 200);
    BOOST_TEST(appointments(stage)[0]["customer"] == "customer-7");
    BOOST_REQUIRE_EQUAL(stage.post("cancel", {{"booking", booking}}).status, 200);
    BOOST_TEST(stage.hold(2, "192.0.2.1", token).status == 403);
    BOOST_TEST(stage.call("GET", "/v1/links").json()["links"][0]["state"] == "used");
    BOOST_TEST(stage.call("GET", "/v1/links").body.find(token) == std::string::npos);

    const Json other = stage.link_for("customer-8", {{"single_use", false}});
    const std::string often = other["link"], id = other["id"];
    BOOST_TEST(stage.hold(3, "192.0.2.1", often).status == 201);
    BOOST_TEST(stage.hold(4, "192.0.2.1", often).status == 201);
    std::string forged = often;
    forged.back() = forged.back() == 'A' ? 'B' : 'A';
    BOOST_TEST(stage.hold(5, "192.0.2.1", forged).status == 403);
    BOOST_TEST(stage.hold(5, "192.0.2.1", id + token.substr(token.find('.'))).status == 403);
    const std::string kept = stage.hold(5, "192.0.2.1", often).json()["booking"];
    BOOST_REQUIRE_EQUAL(stage.call("DELETE", "/v1/links/" + id).status, 200);
    BOOST_TEST(stage.hold(6, "192.0.2.1", often).status == 403);
    BOOST_TEST(stage.post("confirm", {{"booking", kept}}).status == 403);
    BOOST_TEST(stage.post("link", {{"link", often}}).status == 403);
}

BOOST_AUTO_TEST_CASE(a_row_of_a_link_that_somebody_changed_in_the_store_is_not_believed) {
    BookStage stage;
    const Json made = stage.link_for("customer-7", {{"service", "cut"}});
    stage.gateway().store->write([&](Writer& writer) {
        BookingLink row = writer.booking_link(made["id"]).value();
        row.expires += std::chrono::hours{24 * 365};
        writer.put(row);
    });
    BOOST_TEST(stage.post("link", {{"link", made["link"]}}).status == 403);
}

BOOST_AUTO_TEST_CASE(the_booking_system_keeps_the_same_rules_unless_it_says_otherwise) {
    const BookStage stage(limits([](auto& l) { l.per_customer = 1; }));
    const auto put = [&](const char* id, int hour, const char* customer, Json more = Json::object()) {
        const std::string from = (hour < 10 ? "T0" : "T") + std::to_string(hour);
        Json body = booking("anna", stage.day() + from + ":00:00", stage.day() + from + ":30:00");
        body["customer"] = customer;
        body.update(more);
        return stage.call("PUT", std::string("/v1/appointments/") + id, body);
    };
    BOOST_TEST(put("a", 11, "Mia Berg").status == 201);
    const auto second = put("b", 12, "mia  berg");
    BOOST_TEST(second.status == 403);
    BOOST_TEST(second.json()["rule"] == "per_customer");
    BOOST_TEST(second.detail().find("override_limits") != std::string::npos);
    BOOST_TEST(put("a", 13, "Mia Berg").status == 200);
    BOOST_TEST(put("b", 12, "Mia Berg", {{"override_limits", true}}).status == 201);
    BOOST_TEST(put("c", 15, "Ben").status == 201);
    const std::string link = stage.link_for("Dora")["link"];
    BOOST_TEST(put("d", 16, "Ben", {{"link", link}}).json()["rule"] == "link_customer");
    BOOST_TEST(put("d", 16, "", {{"link", link}}).json()["customer"] == "Dora");
    BOOST_TEST(put("e", 17, "", {{"link", link}}).json()["rule"] == "link_used");
}

BOOST_AUTO_TEST_CASE(a_group_is_one_booking_of_its_customer_and_keeps_the_limits) {
    const BookStage stage(limits([](auto& l) { l.per_customer = 1; }));
    stage.add_staff("ben");
    const auto hold = [&](const char* id, const char* hour, Json more = Json::object()) {
        Json body = {
            {"id", id},
            {"service", "cut"},
            {"start", stage.day() + "T" + hour + ":00:00"},
            {"zone", "UTC"},
            {"all", Json::array({"anna", "ben"})},
            {"customer", "Mia Berg"}};
        body.update(more);
        return stage.call("POST", "/v1/holds", body);
    };
    const auto first = hold("g", "09");
    BOOST_TEST(first.status == 201, first.body);
    const auto second = hold("h", "11");
    BOOST_TEST(second.status == 403);
    BOOST_TEST(second.json()["rule"] == "per_customer");
    const auto firm = stage.call("POST", "/v1/confirmations", Json{{"appointments", {"g", "g.ben"}}});
    BOOST_TEST(firm.status == 200, firm.body);
    for (const Json& one : appointments(stage)) BOOST_TEST(one["customer"] == "Mia Berg");
    BOOST_TEST(hold("h", "11").status == 403);
    BOOST_TEST(appointments(stage).size() == 2u);
    BOOST_TEST(hold("h", "11", {{"override_limits", true}}).status == 201);
}

BOOST_AUTO_TEST_CASE(one_booking_takes_one_service_or_one_appointment) {
    const auto second = [](const BookStage& stage, const char* service) {
        const std::string token = stage.hold(1).json()["booking"];
        return stage.post("holds", {{"service", service}, {"start", stage.hour(2)}, {"booking", token}});
    };
    const auto both = second(BookStage{}, "colour");
    BOOST_TEST(both.status == 201);
    BOOST_TEST(second(BookStage(limits([](auto& l) { l.one_service = true; })), "colour").status == 403);
    BOOST_TEST(second(BookStage(limits([](auto& l) { l.one_service = true; })), "cut").status == 201);
    BOOST_TEST(second(BookStage(limits([](auto& l) { l.one_appointment = true; })), "cut").status == 403);
}

BOOST_AUTO_TEST_CASE(who_tries_often_waits_and_who_has_a_link_does_not_wait_for_others) {
    const BookStage stage({}, true);
    for (int i = 0; i < 5; ++i) BOOST_TEST(stage.hold(1).status == (i == 0 ? 201 : 409));
    const auto waits = stage.hold(2);
    BOOST_TEST(waits.status == 429);
    BOOST_TEST(!waits.header("retry-after").empty());
    const std::string link = stage.link_for("customer-7")["link"];
    BOOST_TEST(stage.hold(2, "192.0.2.1", link).status == 201);
    BOOST_TEST(stage.hold(3, "192.0.2.7").status == 201);
}

BOOST_AUTO_TEST_CASE(costs_grow_are_forgotten_and_bounded) {
    AttemptCosts costs(2);
    SteadyInstant now{std::chrono::hours{5}};
    for (int i = 0; i < 5; ++i) BOOST_TEST(costs.take("a", now).count() == 0);
    BOOST_TEST(costs.take("a", now).count() == 2);
    BOOST_TEST(costs.take("a", now).count() == 2);
    now += std::chrono::seconds{2};
    BOOST_TEST(costs.take("a", now).count() == 0);
    BOOST_TEST(costs.take("a", now).count() == 4);
    BOOST_TEST(costs.take("b", now).count() == 0);
    for (int i = 0; i < 5; ++i) BOOST_TEST(costs.take("c" + std::to_string(i), now).count() == 0);
    BOOST_TEST(costs.take("c9", now).count() == 2);
    now += std::chrono::hours{1};
    BOOST_TEST(costs.take("a", now).count() == 0);
    BOOST_TEST(costs.take("c9", now).count() == 0);
}

BOOST_AUTO_TEST_CASE(a_form_on_another_site_cannot_book) {
    const BookStage stage;
    const Json body = {{"service", "cut"}, {"start", stage.hour(1)}};
    BOOST_TEST(stage.call("POST", "/book/holds", body, {{"Content-Type", "text/plain"}}).status == 415);
    const auto asked = stage.call("GET", "/book/services", std::string{}, {{"Origin", "https://evil.example"}});
    BOOST_TEST(asked.header("access-control-allow-origin") == "");
}

BOOST_AUTO_TEST_CASE(I25_what_is_kept_about_a_booker_shows_no_address_customer_or_token) {
    BookStage stage;
    const auto held = stage.hold(1, "203.0.113.77");
    const std::string token = held.json()["booking"];
    BOOST_REQUIRE_EQUAL(stage.confirm(token, "mia@example.org").status, 200);
    stage.gateway().store->read([&](const Reader& reader) {
        const auto all = reader.appointments({}, 10);
        BOOST_REQUIRE(all.size() == 1u);
        const auto origin = reader.booking_origin(all[0].id).value();
        for (const std::string& kept : {origin.booking, origin.customer, origin.network}) {
            BOOST_TEST(kept.size() == 22u);
            for (const char* secret : {"203", "mia", "example"}) BOOST_TEST(kept.find(secret) == std::string::npos);
            BOOST_TEST(kept.find(token.substr(0, 8)) == std::string::npos);
        }
    });
}

/// The larger one is booking_guard's; this one comes over HTTP.
BOOST_AUTO_TEST_CASE(F39_a_robot_at_the_page_holds_what_is_configured_and_customers_with_links_book) {
    const BookStage stage(limits([](auto& l) { l.without_link = 5, l.per_address = 2; }), true);
    int robots = 0, served = 0;
    for (int i = 0; i < 300; ++i) {
        const std::string address = "198.51." + std::to_string(i % 100) + "." + std::to_string(i % 7);
        robots += stage.hold(i % 40, address).status == 201;
        if (i % 30 != 15) continue;
        const std::string link = stage.link_for("customer-" + std::to_string(i))["link"];
        const auto held = stage.hold(100 + i, "192.0.2." + std::to_string(i), link);
        served += held.status == 201 && stage.post("confirm", {{"booking", held.json()["booking"]}}).status == 200;
    }
    BOOST_TEST(robots == 5);
    BOOST_TEST(served == 10);
}

BOOST_AUTO_TEST_SUITE_END()
