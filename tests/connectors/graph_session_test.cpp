#include "tests/connectors/graph_stage.hpp"
#include "tests/support/batch_writes.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace calgate::testing::graph_stage;
using std::chrono::days;

BOOST_AUTO_TEST_CASE(the_fifth_request_at_a_mailbox_is_rate_limited_M30) {
    for (const bool told : {true, false}) {
        for (const bool as_503 : {true, false}) {
            GraphQuirks quirks = graph_quirks_of("plain");
            quirks.tells_retry_after = told;
            quirks.throttles_with_503 = as_503;
            Office office(quirks);
            office.sim.other_requests_in_flight(3);
            BOOST_TEST(office.connector.list_calendars(office.context()).has_value());
            office.sim.other_requests_in_flight(4);
            const auto page = office.connector.fetch_changes(office.context(), office.calendar, {}, {});
            BOOST_REQUIRE(!page);
            BOOST_TEST((page.error().code == ErrorCode::RateLimited));
            BOOST_TEST(page.error().retry_after.has_value() == told);
        }
    }
}

BOOST_AUTO_TEST_CASE(broken_bodies_are_never_emptiness_F7_F12) {
    Office office;
    office.create(haircut("copy-1"));
    const Pulled first = office.pull();
    office.create(haircut("copy-2"));
    for (const auto kind : {SimFault::Kind::TruncatedXml, SimFault::Kind::HtmlPage, SimFault::Kind::ResetMidBody}) {
        for (const bool whole : {true, false}) {
            office.sim.fail_next(fault(kind, "GET", 200, -1));
            const auto page = office.connector.fetch_changes(
                office.context(), office.calendar, whole ? std::nullopt : first.token, office.holding(first)
            );
            office.sim.clear_faults();
            BOOST_REQUIRE(!page);
            BOOST_TEST((page.error().code == ErrorCode::InvalidResponse));
        }
    }
    office.sim.fail_next(fault(SimFault::Kind::ControlCharacters, "GET", 200, -1));
    BOOST_TEST(office.pull().changed.size() == 2u);
    office.sim.clear_faults();
    BOOST_TEST(office.pull().changed.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_missing_mailbox_is_no_missing_event_M36) {
    Office office;
    const Href href = office.create(haircut("copy-1")).href;
    office.sim.without_mailbox(true);
    BOOST_TEST((office.connector.fetch_event(office.context(), href).error().code == ErrorCode::Forbidden));
    office.sim.without_mailbox(false);
    office.sim.deny_mailbox(true);
    BOOST_TEST((office.connector.fetch_event(office.context(), href).error().code == ErrorCode::Forbidden));
}

BOOST_AUTO_TEST_CASE(every_request_asks_for_the_same_kind_of_ids_M11_M12) {
    GraphQuirks quirks = graph_quirks_of("small_pages");
    Office office(quirks);
    for (int i = 0; i < 8; ++i) office.create(haircut("copy-" + std::to_string(i)));
    const auto first = office.pull();
    Event series = weekly("series");
    EventInstance moved = series.master;
    moved.rules.clear();
    moved.recurrence_id = berlin("2026-06-17T09:00:00");
    moved.start = berlin("2026-06-17T11:00:00");
    moved.end = berlin("2026-06-17T12:00:00");
    moved.title = "Moved";
    series.overrides = {moved};
    series.master.excluded_dates = {berlin("2026-06-24T09:00:00")};
    const Href href = office.create(series).href;
    RemoteEvent read = office.fetch(href);
    read.event.master.title = "Other";
    const auto written = office.connector.update_event(office.context(), href, *read.version, read.event);
    BOOST_REQUIRE_MESSAGE(written.has_value(), why(written));
    office.pull(first.token);
    BOOST_TEST(office.connector.find_event(office.context(), office.calendar, Uid{"series"}).has_value());
    BOOST_TEST(
        office.connector.batch()
            ->write_events(office.context(), office.calendar, creations({haircut("x"), haircut("y")}))
            .size() == 2u
    );
    BOOST_TEST(office.connector.delete_event(office.context(), href, *written->version).has_value());
    BOOST_TEST(office.connector.list_calendars(office.context()).has_value());
    PushService* const push = office.connector.push();
    const PushRequest wish{office.calendar, "unused", "https://sync.example.com/", "", "secret", office.clock.now()};
    static_cast<void>(push->open_channel(office.context(), wish));
    static_cast<void>(push->renew_channel(office.context(), {"id", "", {}}, office.clock.now()));
    static_cast<void>(push->close_channel(office.context(), {"id", "", {}}));
    std::set<std::string> methods;
    for (const auto& request : office.sim.exchanges()) {
        std::string prefer;
        for (const auto& [name, value] : request.headers)
            if (name == "Prefer") prefer = value;
        BOOST_TEST(prefer.find("IdType=\"ImmutableId\"") != std::string::npos, request.url);
        BOOST_TEST(prefer.find("outlook.timezone=\"UTC\"") != std::string::npos, request.url);
        methods.insert(request.method);
    }
    BOOST_TEST((methods == std::set<std::string>{"DELETE", "GET", "PATCH", "POST"}));
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_replaced_once_and_no_more) {
    Office office;
    office.sim.revoke_tokens();
    BOOST_TEST(office.connector.list_calendars(office.context()).has_value());
    BOOST_TEST(office.tokens.refusals() == 1);
    office.sim.fail_next(fault(SimFault::Kind::Refusal, "GET", 401, -1));
    const auto calendars = office.connector.list_calendars(office.context());
    BOOST_TEST((!calendars && calendars.error().code == ErrorCode::Unauthorized));
    BOOST_TEST(office.tokens.refusals() == 3);
}

BOOST_AUTO_TEST_CASE(a_link_to_another_host_gets_no_token_M38) {
    class Diverting final : public http::HttpTransport {
    public:
        Result<http::Response> send(const http::Request& request, const Context&) override {
            ++requests;
            http::Response response;
            response.status = 200;
            response.url = request.url;
            response.body = R"({"value":[],"@odata.nextLink":")" + link + R"("})";
            return response;
        }
        std::string link{};
        int requests = 0;
    } diverting;
    const ManualClock clock;
    RenewedTokens tokens([] { return std::string("secret-token"); });
    graph::GraphConnector connector(diverting, clock, zones(), tokens, {});
    for (const char* link :
         {"https://evil.example/v1.0/me/calendars",
          "http://graph.microsoft.com/v1.0/me/calendars",
          "https://graph.microsoft.com/beta/me",
          "https://graph.microsoft.com.evil.example/v1.0/x",
          "not a url"}) {
        diverting.link = link;
        diverting.requests = 0;
        const auto calendars = connector.list_calendars({clock.steady() + std::chrono::seconds(5), {}});
        BOOST_TEST((!calendars && calendars.error().code == ErrorCode::InvalidResponse), link);
        BOOST_TEST(diverting.requests == 1, link);
    }
}

BOOST_AUTO_TEST_CASE(calendars_are_listed_over_all_pages_with_their_rights) {
    Office office(graph_quirks_of("small_pages"));
    for (int i = 0; i < 9; ++i) office.sim.make_calendar("Room " + std::to_string(i), i % 2 == 0);
    const auto calendars = office.connector.list_calendars(office.context());
    BOOST_REQUIRE(calendars.has_value());
    BOOST_TEST(calendars->size() == 11u);
    for (const auto& calendar : *calendars)
        if (calendar.name == "Room 3") BOOST_TEST(!calendar.writable);
}

BOOST_AUTO_TEST_CASE(a_mailbox_can_be_named_by_its_id) {
    graph::GraphSettings settings = berlin_settings();
    settings.user = GraphSim::user_id();
    Office office(graph_quirks_of("plain"), settings);
    office.create(haircut("copy-1"));
    BOOST_TEST(office.pull().changed.size() == 1u);
    BOOST_TEST(office.sim.requests().back().url.find("/v1.0/users/" + settings.user + "/") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(odd_addresses_reach_no_service) {
    Office office;
    const std::size_t before = office.sim.requests().size();
    for (const char* odd :
         {"",
          "calendars/",
          "calendars/..",
          "calendars/a/events/../../x",
          "calendars/a?b",
          "me/a",
          "https://evil.example/",
          "calendars/a/events/"}) {
        BOOST_TEST(!office.connector.fetch_event(office.context(), Href{odd}).has_value(), odd);
        BOOST_TEST(!office.connector.delete_event(office.context(), Href{odd}, Version{"v"}).has_value(), odd);
    }
    BOOST_TEST(office.sim.requests().size() == before);
}

BOOST_AUTO_TEST_CASE(subscriptions_open_with_a_handshake_renew_and_close_M25_M26_M27) {
    Office office;
    PushService* push = office.connector.push();
    BOOST_REQUIRE(push != nullptr);
    const PushRequest request{
        office.calendar, "unused", "https://sync.example.com/hooks/graph", "", "secret", office.clock.now() + days(30)};
    const auto unanswered = push->open_channel(office.context(), request);
    BOOST_TEST((!unanswered && unanswered.error().code == ErrorCode::Rejected));
    int handshakes = 0;
    std::string delivered;
    office.sim.set_callback([&](const http::Request& incoming) {
        http::Response response;
        const auto at = incoming.url.find("validationToken=");
        response.status = at == std::string::npos ? 202 : 200;
        response.headers = {{"Content-Type", "text/plain"}};
        if (at == std::string::npos) {
            delivered += incoming.body;
        } else {
            ++handshakes;
            response.body = http::percent_decode(incoming.url.substr(at + 16));
        }
        return response;
    });
    const auto channel = push->open_channel(office.context(), request);
    BOOST_REQUIRE_MESSAGE(channel.has_value(), why(channel));
    BOOST_TEST(handshakes == 2);
    BOOST_TEST((channel->expires <= office.clock.now() + days(7)));
    const auto replaced = push->open_channel(office.context(), request);
    BOOST_REQUIRE(replaced.has_value());
    BOOST_TEST(office.sim.subscriptions() == 1u);
    office.create(haircut("copy-1"));
    BOOST_TEST(office.sim.deliver() == 1);
    BOOST_TEST(delivered.find("\"clientState\":\"secret\"") != std::string::npos);
    const auto renewed = push->renew_channel(office.context(), *replaced, office.clock.now() + days(3));
    BOOST_REQUIRE(renewed.has_value());
    BOOST_TEST((renewed->expires == office.clock.now() + days(3)));
    office.sim.quirks().validates_renewals = true;
    BOOST_TEST(push->renew_channel(office.context(), *replaced, office.clock.now() + days(3)).has_value());
    BOOST_TEST(handshakes == 5);
    BOOST_TEST(push->close_channel(office.context(), *renewed).has_value());
    BOOST_TEST(push->close_channel(office.context(), *renewed).has_value());
    const auto gone = push->renew_channel(office.context(), *renewed, office.clock.now() + days(3));
    BOOST_TEST((!gone && gone.error().code == ErrorCode::NotFound));
}
