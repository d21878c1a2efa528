#include <boost/test/data/test_case.hpp>

#include "tests/services/salon.hpp"
#include "tests/sim/ews_sim.hpp"

namespace calgate::testing {

namespace {

/// Polled once an hour only, so that whatever arrives sooner came by a stream.
struct Listening : Salon {
    explicit Listening(const std::string& name = "ews") : Salon(name, 11, slow()) {
        for (int i = 0; i < 6; ++i) book("a" + std::to_string(i), at(20 + i, 9));
        run(30s);
        BOOST_REQUIRE(waiting() == 0);
    }
    static Engine::Settings slow() {
        Engine::Settings settings;
        settings.poll_active = settings.poll_idle = 3600s;
        return settings;
    }
    EwsSim& server() { return dynamic_cast<EwsBackstage&>(*service).server(); }
    const std::string& folder() { return dynamic_cast<EwsBackstage&>(*service).folder(); }
    void retitle(const std::string& id, const std::string& title) {
        edit(id, [&](EventInstance& event) { event.title = title; });
    }
    /// Seconds until the appointment has this title; `most` when it does not get it.
    int until_titled(const std::string& id, const std::string& title, int most) {
        for (int s = 0; s < most; ++s, run(1s))
            if (appointment(id).title == title) return s;
        return most;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(streaming)

BOOST_AUTO_TEST_CASE(what_a_phone_does_arrives_within_10_s_of_its_event) {
    Listening salon;
    BOOST_TEST(salon.server().open_streams() == 1u);
    salon.retitle("a0", "Changed");
    salon.erase("a1");
    salon.block("private", Salon::at(21, 14));
    salon.run(10s);
    BOOST_TEST(salon.appointment("a0").title == "Changed");
    BOOST_TEST((salon.appointment("a1").state == AppointmentState::Cancelled));
    BOOST_TEST(salon.is_busy(Salon::at(21, 14)));
}

BOOST_AUTO_TEST_CASE(a_streaming_connection_cut_every_10_s_loses_nothing_and_storms_nobody) {
    Listening salon;
    salon.wire.calls = 0;
    int slowest = 0;
    // Ten minutes; an edit every 15 s hits open streams and gaps alike.
    for (int second = 0; second < 600; ++second) {
        if (second % 10 == 0) salon.server().cut_streams();
        if (second % 15 == 7) {
            const std::string id = "a" + std::to_string(second / 15 % 6), title = "Edit " + std::to_string(second);
            salon.retitle(id, title);
            const int took = salon.until_titled(id, title, 12);
            slowest = std::max(slowest, took);
            second += took;
        }
        salon.run(1s);
    }
    BOOST_TEST(slowest <= 10);
    BOOST_TEST(salon.server().most_streams() == 1u);
    // An edit's own calls, and for each cut a stream, and reads: no more than one call in two seconds.
    BOOST_TEST_MESSAGE(salon.wire.calls << " calls in ten minutes, slowest edit " << slowest << " s");
    BOOST_TEST(salon.wire.calls <= 300);
    salon.run(20s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 6u);
    BOOST_TEST(salon.noted("conflict") == 0);
    BOOST_TEST(salon.service->mails() == 0);
}

BOOST_AUTO_TEST_CASE(one_that_is_cut_as_soon_as_it_opens_is_tried_ever_more_rarely) {
    Listening salon;
    salon.run(10s);
    salon.wire.calls = 0;
    for (int second = 0; second < 3600; ++second) {
        salon.server().cut_streams();
        salon.run(1s);
    }
    BOOST_TEST_MESSAGE(salon.wire.calls << " calls in an hour");
    BOOST_TEST(salon.wire.calls <= 60);
    salon.run(301s);
    BOOST_TEST(salon.server().open_streams() == 1u);
}

BOOST_AUTO_TEST_CASE(a_subscription_that_the_server_forgot_is_made_anew_and_the_gap_is_read) {
    Listening salon;
    salon.server().forget_subscriptions();
    salon.retitle("a0", "In the gap");
    BOOST_TEST(salon.until_titled("a0", "In the gap", 11) <= 10);
    salon.retitle("a0", "After it");
    BOOST_TEST(salon.until_titled("a0", "After it", 11) <= 10);
}

BOOST_AUTO_TEST_CASE(one_that_the_server_closes_at_its_time_is_opened_again) {
    Listening salon;
    for (int half_hour = 0; half_hour < 3; ++half_hour) {
        salon.run(1800s, 10s);
        const std::string title = "Edit " + std::to_string(half_hour);
        salon.retitle("a0", title);
        BOOST_TEST(salon.until_titled("a0", title, 11) <= 10);
    }
    BOOST_TEST(salon.server().open_streams() == 1u);
    BOOST_TEST(salon.server().most_streams() == 1u);
}

BOOST_AUTO_TEST_CASE(a_server_that_refuses_streaming_is_polled) {
    Salon salon("ews");
    auto& server = dynamic_cast<EwsBackstage&>(*salon.service).server();
    server.quirks().streams = false;
    salon.book("a", Salon::at(20, 9));
    salon.run(60s);
    salon.edit("a", [](EventInstance& event) { event.title = "Changed"; });
    salon.run(75s);
    BOOST_TEST(salon.appointment("a").title == "Changed");
    int asked = 0;
    for (const auto& request : server.exchanges())
        asked += request.body.find("<m:Subscribe>") != std::string::npos ? 1 : 0;
    BOOST_TEST(asked >= 1);
    BOOST_TEST(asked <= 4);
    server.quirks().streams = true;  // It was an old version, and is updated.
    salon.run(1800s, 5s);
    BOOST_TEST(server.open_streams() == 1u);
}

BOOST_AUTO_TEST_CASE(a_server_with_no_connection_to_spare_is_polled) {
    Salon salon("ews");
    auto& server = dynamic_cast<EwsBackstage&>(*salon.service).server();
    server.quirks().most_streams = 0;
    salon.book("a", Salon::at(20, 9));
    salon.run(30s);
    salon.edit("a", [](EventInstance& event) { event.title = "Changed"; });
    salon.run(75s);
    BOOST_TEST(salon.appointment("a").title == "Changed");
    BOOST_TEST(server.most_streams() == 0u);
}

/// I24: a hint is a reason to read, and no more.
BOOST_AUTO_TEST_CASE(forged_and_repeated_events_change_nothing) {
    Listening salon;
    const auto before = salon.events();
    salon.wire.calls = 0;
    for (int i = 0; i < 200; ++i) salon.server().tell_again(salon.folder());
    salon.run(20s);
    BOOST_TEST(salon.wire.calls >= 1);
    BOOST_TEST(salon.wire.calls <= 3, "two hundred events are one reading");
    BOOST_TEST(salon.events().size() == before.size());
    BOOST_TEST((salon.appointment("a0").state == AppointmentState::Confirmed));
}

BOOST_AUTO_TEST_CASE(a_disconnected_calendar_hears_nothing_any_more) {
    Listening salon;
    salon.disconnect();
    salon.run(20s);
    BOOST_TEST(salon.server().open_streams() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
