#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/connectors/graph_raw_stage.hpp"

namespace calgate::testing {

namespace {

namespace data = boost::unit_test::data;
constexpr const char* kWindow =
    "/calendarView/delta?startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z";

/// A mailbox that notifies a receiver, which takes so long.
struct Notified : RawGraph {
    Notified() {
        sim.set_callback([this](const http::Request& request) { return take(request); });
        const std::string until = format_instant(clock.now() + std::chrono::hours(100));
        const auto opened =
            ask("POST",
                "/subscriptions",
                R"({"changeType":"created,updated,deleted","notificationUrl":"https://cal.example.org/hooks/graph",)"
                R"("resource":"/me/events","clientState":"secret","expirationDateTime":")" +
                    until + R"("})");
        BOOST_REQUIRE_MESSAGE(opened.status == 201, opened.whole.body);
    }
    http::Response take(const http::Request& request) {
        const std::string asked = "validationToken=";
        if (const auto at = request.url.find(asked); at != std::string::npos)
            return {200, {{"Content-Type", "text/plain"}}, http::percent_decode(request.url.substr(at + asked.size()))};
        ++posts;
        clock.advance(takes);
        return {202, {}, {}};
    }
    /// One change, and what is sent of it then.
    int change() {
        BOOST_TEST(ask("POST", in_calendar("/events"), haircut()).status == 201);
        return deliver();
    }
    int deliver() {
        const int before = posts;
        sim.deliver();
        return posts - before;
    }

    std::chrono::milliseconds takes{0};
    int posts = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(graph_sim_switches)

// Throttling --------------------------------------------------------------------------------------------------------

struct Early {
    const char* name;
    bool prolongs;
    int status;
};
std::ostream& operator<<(std::ostream& out, const Early& row) { return out << row.name; }
const Early kEarly[] = {
    {"an early call does no harm", false, 200},
    {"an early call begins the wait anew", true, 429},
};

BOOST_DATA_TEST_CASE(calls_during_the_wait, kEarly, row) {
    RawGraph graph;
    graph.sim.quirks().early_calls_prolong = row.prolongs;
    graph.sim.other_requests_in_flight(4);
    const auto refused = graph.ask("GET", "/me/calendars");
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(refused.whole.header("Retry-After").value_or("") == "5");
    graph.sim.other_requests_in_flight(0);
    graph.clock.advance(std::chrono::seconds(4));
    BOOST_TEST(graph.ask("GET", "/me/calendars").status == row.status);
    graph.clock.advance(std::chrono::seconds(4));
    BOOST_TEST(graph.ask("GET", "/me/calendars").status == row.status);
    graph.clock.advance(std::chrono::seconds(5));
    BOOST_TEST(graph.ask("GET", "/me/calendars").status == 200);
}

BOOST_AUTO_TEST_CASE(so_many_calls_in_ten_minutes) {
    RawGraph graph;
    graph.sim.quirks().calls_per_ten_minutes = 3;
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(graph.ask("GET", "/me/calendars").status == 200);
        graph.clock.advance(std::chrono::minutes(2));
    }
    const auto refused = graph.ask("GET", "/me/calendars");
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(refused.whole.header("Retry-After").value_or("") == "240");  // Until the first is ten minutes old.
    graph.clock.advance(std::chrono::minutes(4));
    BOOST_TEST(graph.ask("GET", "/me/calendars").status == 200);
    BOOST_TEST(graph.ask("GET", "/me/calendars").status == 429);
}

// Notifications -----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_receiver_that_takes_over_three_seconds_is_asked_again) {
    Notified graph;
    graph.takes = std::chrono::milliseconds(3001);
    BOOST_TEST(graph.change() == 1);
    graph.takes = std::chrono::milliseconds(0);
    BOOST_TEST(graph.deliver() == 0);
    graph.clock.advance(std::chrono::seconds(10));
    BOOST_TEST(graph.deliver() == 1);
    BOOST_TEST(graph.deliver() == 0);
}

struct Slow {
    const char* name;
    int quick, slow;
    int at_once, in_ten_minutes;
};
std::ostream& operator<<(std::ostream& out, const Slow& row) { return out << row.name; }
const Slow kSlow[] = {
    {"one of ten is borne", 9, 1, 1, 0},
    {"over a tenth waits ten minutes", 7, 1, 0, 1},  // 12 %
    {"15 % are dropped", 17, 3, 0, 0},
    {"most are dropped", 1, 3, 0, 0},
};

BOOST_DATA_TEST_CASE(a_slow_receiver_gets_less, kSlow, row) {
    Notified graph;
    for (int i = 0; i < row.quick; ++i) BOOST_TEST(graph.change() == 1);
    for (int i = 0; i < row.slow; ++i) {
        graph.takes = std::chrono::milliseconds(3001);
        BOOST_TEST(graph.change() == 1);
    }
    graph.takes = std::chrono::milliseconds(0);
    graph.sim.quirks().minds_slow_receivers = true;
    BOOST_TEST(graph.change() == row.at_once);
    graph.clock.advance(std::chrono::seconds(599));
    const int again = graph.deliver();  // What was slow before is tried again by now, in one message.
    BOOST_TEST(again == 1);
    graph.clock.advance(std::chrono::seconds(1));
    BOOST_TEST(graph.deliver() == row.in_ten_minutes);
    BOOST_TEST(graph.change() == 1);  // What was slow is over ten minutes ago.
}

BOOST_AUTO_TEST_CASE(nobody_minds_a_slow_receiver_unless_it_is_switched_on) {
    Notified graph;
    graph.takes = std::chrono::milliseconds(3001);
    for (int i = 0; i < 5; ++i) BOOST_TEST(graph.change() == 1);
}

BOOST_AUTO_TEST_CASE(notifications_are_lost_or_late) {
    Notified graph;
    graph.sim.quirks().loses_notes = true;
    BOOST_TEST(graph.change() == 0);
    graph.sim.quirks().loses_notes = false;
    graph.sim.quirks().note_delay = std::chrono::seconds(90);
    BOOST_TEST(graph.change() == 0);
    graph.clock.advance(std::chrono::seconds(89));
    BOOST_TEST(graph.deliver() == 0);
    graph.clock.advance(std::chrono::seconds(1));
    BOOST_TEST(graph.deliver() == 1);
}

// Tokens ------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_delta_token_dies_of_newer_ones) {
    RawGraph graph;
    graph.sim.quirks().token_generations = 3;
    const std::string first = graph.ask("GET", graph.in_calendar(kWindow)).body["@odata.deltaLink"];
    std::string link = first;
    for (int i = 0; i < 5; ++i) {
        const auto next = graph.ask("GET", link);  // Who uses the newest never notices.
        BOOST_REQUIRE_MESSAGE(next.status == 200, next.whole.body);
        link = next.body["@odata.deltaLink"];
    }
    BOOST_TEST(graph.ask("GET", first).status == 410);
    BOOST_TEST(graph.ask("GET", link).status == 200);
    graph.sim.quirks().token_generations = 0;
    BOOST_TEST(graph.ask("GET", first).status == 200);
}

BOOST_AUTO_TEST_CASE(tokens_of_another_collection_do_not_count) {
    RawGraph graph;
    graph.sim.quirks().token_generations = 2;
    const std::string link = graph.ask("GET", graph.in_calendar(kWindow)).body["@odata.deltaLink"];
    for (int i = 0; i < 5; ++i) BOOST_TEST(graph.ask("GET", std::string("/me") + kWindow).status == 200);
    BOOST_TEST(graph.ask("GET", link).status == 200);
}

// Calendars ---------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_calendar_is_renamed) {
    RawGraph graph;
    const auto renamed = graph.ask("PATCH", graph.in_calendar(""), R"({"name":"Shop floor","color":"lightTeal"})");
    BOOST_TEST(renamed.status == 200);
    const auto read = graph.ask("GET", graph.in_calendar(""));
    BOOST_TEST(read.body["name"] == "Shop floor");
    BOOST_TEST(read.body["color"] == "lightTeal");
    BOOST_TEST(graph.ask("GET", "/me/calendars?$filter=name%20eq%20'Shop%20floor'").body["value"].size() == 1u);
    BOOST_TEST(graph.ask("PATCH", "/me/calendar", R"({"color":"lightRed"})").status == 200);
    BOOST_TEST(graph.ask("GET", "/me/calendar").body["color"] == "lightRed");
    BOOST_TEST(graph.ask("GET", "/me/calendar").body["name"] == "Calendar");
}

struct Wish {
    const char *method, *path, *body;
    int status;
};
std::ostream& operator<<(std::ostream& out, const Wish& row) { return out << row.method << row.path << row.body; }
const Wish kWishes[] = {
    {"PATCH", "", R"({"name":""})", 400},
    {"PATCH", "", R"({"color":"mauve"})", 400},
    {"PATCH", "", R"({"name":"Calendar"})", 409},
    {"POST", "", R"({"name":"New"})", 405},
    {"PUT", "", R"({"name":"New"})", 405},
    {"POST", "/me/calendar", R"({"name":"New"})", 405},
    {"DELETE", "/me/calendar", "", 403},
    {"PATCH", "/me/calendars", R"({"name":"New"})", 405},
    {"POST", "/me/calendars", R"({"name":"Salon"})", 409},
    {"POST", "/me/calendars", R"({"name":"New","color":"mauve"})", 400},
    {"POST", "/me/outlook/supportedTimeZones", "{}", 405},
    {"GET", "/me/outlook/masterCategories", "", 404},
};

BOOST_DATA_TEST_CASE(what_cannot_be_done_to_a_calendar_is_refused_and_changes_nothing, kWishes, row) {
    RawGraph graph;
    const std::string path = *row.path ? row.path : graph.in_calendar("");
    const auto before = graph.ask("GET", "/me/calendars").whole.body;
    const auto answer = graph.ask(row.method, path, row.body);
    BOOST_TEST(answer.status == row.status, answer.whole.body);
    BOOST_TEST(!answer.code().empty());
    BOOST_TEST(graph.ask("GET", "/me/calendars").whole.body == before);
}

BOOST_AUTO_TEST_CASE(another_calendar_than_the_default_one_is_deleted) {
    RawGraph graph;
    BOOST_TEST(graph.ask("DELETE", graph.in_calendar("")).status == 204);
    BOOST_TEST(graph.ask("GET", graph.in_calendar("")).status == 404);
    BOOST_TEST(graph.ask("PATCH", graph.in_calendar(""), R"({"name":"New"})").status == 404);
}

BOOST_AUTO_TEST_CASE(a_mailbox_says_which_zones_it_knows) {
    RawGraph graph;
    const auto windows = graph.ask("GET", "/me/outlook/supportedTimeZones").body["value"];
    const auto iana =
        graph.ask("GET", "/me/outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')")
            .body["value"];
    const auto names = [](const RawGraph::Json& zones, const char* wanted) {
        return std::count_if(zones.begin(), zones.end(), [&](const auto& one) { return one["alias"] == wanted; });
    };
    BOOST_TEST(names(windows, "W. Europe Standard Time") == 1);
    BOOST_TEST(names(iana, "Europe/Berlin") == 1);
    BOOST_TEST(names(iana, "W. Europe Standard Time") == 0);
}

// $filter -----------------------------------------------------------------------------------------------------------

struct Filter {
    const char* text;
    const char* found;
};
std::ostream& operator<<(std::ostream& out, const Filter& row) { return out << row.text; }
const Filter kFilters[] = {
    {"subject eq 'A' or subject eq 'C'", "AC"},
    {"subject eq 'A' and subject eq 'C'", ""},
    {"subject eq 'A' and isAllDay eq true or subject eq 'B'", "B"},
    {"subject eq 'B' or subject eq 'A' and isAllDay eq true", "B"},
    {"subject eq 'Z' or startswith(subject,'C')", "C"},
    {"subject ne 'Z' or subject eq 'A'", "ABC"},
    {"subject eq 'Z' or subject eq 'Y'", ""},
    {"subject eq 'A' or subject eq 'B' or subject eq 'C'", "ABC"},
};

BOOST_DATA_TEST_CASE(alternatives_of_a_filter, kFilters, row) {
    RawGraph graph;
    for (const char* subject : {"A", "B", "C"}) {
        auto body = RawGraph::Json::parse(RawGraph::haircut());
        body["subject"] = subject;
        BOOST_TEST(graph.ask("POST", graph.in_calendar("/events"), body.dump()).status == 201);
    }
    const auto answer = graph.ask("GET", graph.in_calendar("/events?$filter=" + http::percent_encode(row.text)));
    BOOST_TEST(answer.status == 200, answer.whole.body);
    std::string found;
    for (const auto& one : answer.body["value"]) found += std::string(one["subject"]);
    BOOST_TEST(found == row.found);
}

BOOST_DATA_TEST_CASE(
    a_filter_that_is_cut_off_or_in_brackets_is_refused,
    data::make({"subject eq 'A' or", "or subject eq 'A'", "(subject eq 'A') or subject eq 'B'", "subject eq 'A' or or"}
    ),
    text
) {
    RawGraph graph;
    BOOST_TEST(graph.ask("GET", graph.in_calendar("/events?$filter=" + http::percent_encode(text))).status == 400);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
