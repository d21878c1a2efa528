#include <boost/test/data/test_case.hpp>

#include "core/push_plan.hpp"
#include "tests/services/salon.hpp"
#include "tests/sim/graph_sim.hpp"

namespace calgate::testing {

namespace data = boost::unit_test::data;

namespace {

const char* const kNotifying[] = {"google", "graph"};

/// Polled once an hour only, so that whatever arrives sooner came by a notification.
struct Notified : Salon {
    explicit Notified(const std::string& name) : Salon(name, 11, slow()) {
        book("a", at(28, 9));
        book("b", at(28, 11));
        run(20s);
        deliver();
        run(20s);
        BOOST_REQUIRE(waiting() == 0);
    }
    static Engine::Settings slow() {
        Engine::Settings settings;
        settings.push_url = "https://cal.example.org";
        settings.poll_active = settings.poll_idle = 3600s;
        return settings;
    }
    void retitle(const std::string& title) {
        edit("a", [&](EventInstance& event) { event.title = title; });
    }
    std::string title() const { return appointment("a").title; }
};

bool opens(const http::Request& request) {
    return request.method == "POST" &&
           (request.url.ends_with("/watch") || request.url.ends_with("/v1.0/subscriptions"));
}
bool prolongs(const http::Request& request) {
    return request.method == "PATCH" && request.url.find("/subscriptions/") != std::string::npos;
}
bool closes(const http::Request& request) {
    return request.url.find("/channels/stop") != std::string::npos ||
           (request.method == "DELETE" && request.url.find("/subscriptions/") != std::string::npos);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(push)

BOOST_DATA_TEST_CASE(R4_what_a_phone_does_arrives_within_10_s_of_its_notification, data::make(kNotifying), name) {
    Notified salon(name);
    salon.edit("a", [](EventInstance& event) {
        event.start.local = Salon::at(20, 14);
        event.end.local = Salon::at(20, 15);
        event.title = "Cut and beard";
    });
    salon.erase("b");
    salon.block("private", Salon::at(21, 9));
    salon.run(60s);
    BOOST_TEST(salon.title() == "Cut a");  // Not by polling.
    BOOST_TEST(salon.deliver() > 0);
    salon.run(10s);
    BOOST_TEST((salon.appointment("a").start == Salon::at(20, 14)));
    BOOST_TEST(salon.title() == "Cut and beard");
    BOOST_TEST((salon.appointment("b").state == AppointmentState::Cancelled));
    BOOST_TEST(salon.is_busy(Salon::at(21, 9)));
}

BOOST_DATA_TEST_CASE(R17_a_channel_has_its_successor_before_it_is_closed, data::make(kNotifying), name) {
    Notified salon(name);
    int open = 1, opened = 0, closed = 0, prolonged = 0;
    salon.wire.after = [&](const http::Request& request) {
        opened += opens(request);
        closed += closes(request);
        prolonged += prolongs(request);
        open += opens(request) - closes(request);
        BOOST_TEST(open >= 1);
    };
    // Three lives of a channel, with an edit every seven hours.
    for (int edit = 0; edit < 72; ++edit) {
        salon.run(7h - 10s, 600s);
        salon.deliver();
        salon.run(2s);
        salon.retitle("Edit " + std::to_string(edit));
        BOOST_TEST(salon.deliver() > 0);
        salon.run(8s);
        BOOST_TEST(salon.title() == "Edit " + std::to_string(edit));
    }
    BOOST_TEST((opened >= 3 || prolonged >= 3));
    BOOST_TEST(closed <= opened);
    BOOST_TEST((prolonged >= 3 || closed >= 3));
    BOOST_TEST(open <= 2);
}

BOOST_AUTO_TEST_CASE(R17_missed_notifications_of_graph_cause_a_read_and_no_renewal) {
    Notified salon("graph");
    int renewed = 0;
    salon.wire.after = [&](const http::Request& request) { renewed += opens(request) || prolongs(request); };
    salon.retitle("Missed");
    salon.erase("b");
    salon.service->deliver([](const PushNote&) { return false; });  // Lost on the way.
    salon.run(60s);
    BOOST_TEST(salon.title() == "Cut a");
    salon.service->lifecycle("missed");
    BOOST_TEST(salon.deliver() == 1);
    salon.run(10s);
    BOOST_TEST(salon.title() == "Missed");
    BOOST_TEST((salon.appointment("b").state == AppointmentState::Cancelled));
    BOOST_TEST(renewed == 0);
}

BOOST_AUTO_TEST_CASE(M23_M24_early_double_and_shuffled_notifications_of_graph_change_nothing) {
    Notified salon("graph");
    GraphQuirks& quirks = dynamic_cast<GraphSim&>(salon.service->site()).quirks();
    quirks.doubles_notes = quirks.shuffles_notes = quirks.notes_before_answers = true;
    int early = 0, creations = 0;
    // The write was applied and its answer is on the way: the notifications are there first.
    salon.wire.after = [&](const http::Request& request) {
        creations += request.method == "POST" && request.body.find("transactionId") != std::string::npos;
        early += salon.deliver();
    };
    for (int i = 0; i < 3; ++i) {
        salon.book("early" + std::to_string(i), Salon::at(27, 9 + i));
        salon.run(20s);
    }
    BOOST_TEST(early >= 6);
    BOOST_TEST(creations == 3);
    salon.retitle("By phone");
    salon.erase("b");
    salon.deliver();
    salon.run(20s);
    BOOST_TEST(salon.title() == "By phone");
    BOOST_TEST((salon.appointment("b").state == AppointmentState::Cancelled));
    BOOST_TEST(creations == 3);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 4u);
    const int calls = salon.wire.calls;
    salon.run(600s);
    BOOST_TEST(salon.wire.calls <= calls + 2);  // Its own echo does not keep it busy.
}

BOOST_AUTO_TEST_CASE(R17_a_reauthorization_that_graph_asks_for_keeps_the_notifications_coming_M28) {
    Notified salon("graph");
    salon.service->lifecycle("reauthorizationRequired");
    BOOST_TEST(salon.deliver() == 1);
    salon.run(900s, 10s);
    salon.retitle("After it");
    BOOST_TEST(salon.deliver() > 0);
    salon.run(10s);
    BOOST_TEST(salon.title() == "After it");
}

BOOST_AUTO_TEST_CASE(R17_a_subscription_that_graph_removed_is_opened_anew_and_the_gap_is_read) {
    Notified salon("graph");
    salon.service->lifecycle("subscriptionRemoved");
    salon.retitle("In the gap");
    BOOST_TEST(salon.deliver() == 1);
    salon.run(10s);
    BOOST_TEST(salon.title() == "In the gap");
    salon.retitle("After it");
    BOOST_TEST(salon.deliver() > 0);
    salon.run(10s);
    BOOST_TEST(salon.title() == "After it");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(quota)

struct Tenth {
    const char* service;
    int calls_per_minute;  ///< A tenth of what the service admits of one account.
    bool hints = false;    ///< A refusal says when to come back.
};
std::ostream& operator<<(std::ostream& out, const Tenth& row) {
    return out << row.service << (row.hints ? " with hints" : "");
}
/// Google: 600 calls of a user in a minute; Graph: 10,000 of a mailbox in ten minutes; CalDAV: servers that count.
const Tenth kTenths[] = {{"google", 60}, {"graph", 100}, {"graph", 100, true}, {"caldav", 60}};

BOOST_DATA_TEST_CASE(
    R19_at_a_tenth_of_the_services_quota_what_starts_soon_is_mirrored_within_60_s, data::make(kTenths), row
) {
    Salon salon(row.service);
    salon.run(10s);
    salon.service->set_hints(row.hints);
    salon.admit(row.calls_per_minute);
    salon.wire.calls = salon.wire.refused = 0;
    for (int i = 0; i < 400; ++i) salon.book("later" + std::to_string(i), Salon::at(5 + i / 20, 4 + i % 20));
    int slowest = 0;
    // Some while everything is used up, others once the pace has settled, each for the day after.
    for (const int wait : {3, 20, 65, 60, 60, 60}) {
        salon.run(std::chrono::seconds{wait});
        const auto tomorrow = std::chrono::time_point_cast<std::chrono::hours>(salon.clock.now()) + 20h;
        const std::string id = "soon" + std::to_string(wait) + std::to_string(salon.wire.calls);
        salon.book(id, LocalSeconds{tomorrow.time_since_epoch()} + std::chrono::seconds(wait));
        int took = 0;
        for (; salon.mirror(id).open() && took < 300; ++took) salon.run(1s);
        BOOST_TEST(took <= 60);
        slowest = std::max(slowest, took);
        salon.cancel(id);
    }
    BOOST_TEST(slowest > 1);  // The quota was felt.
    BOOST_TEST(salon.waiting() > 20);
    salon.run(7200s, 10s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST_MESSAGE(
        row << ": " << salon.wire.refused << " of " << salon.wire.calls << " refused, " << slowest << " s"
    );
    BOOST_TEST(salon.wire.refused > 0);
    BOOST_TEST(salon.wire.refused * 10 < salon.wire.calls);
    salon.admit(0);
    BOOST_TEST(salon.events().size() == 400u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
