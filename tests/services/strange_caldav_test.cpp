#include "tests/services/salon.hpp"
#include "tests/sim/caldav_sim.hpp"

/// CalDAV services with habits that once doubled copies, or had everything read again and again.
namespace calgate::testing {

BOOST_AUTO_TEST_SUITE(strange_caldav)

BOOST_AUTO_TEST_CASE(behind_a_proxy_that_renames_everything_copies_are_written_moved_and_deleted) {
    Salon salon("caldav_proxied");
    for (int i = 0; i < 6; ++i) salon.book("a" + std::to_string(i), Salon::at(20 + i, 9));
    salon.run(120s);
    BOOST_REQUIRE(salon.waiting() == 0);
    for (int i = 0; i < 3; ++i) salon.book("a" + std::to_string(i), Salon::at(20 + i, 14));
    salon.cancel("a5");
    salon.run(1200s, 2s);
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(salon.events().size() == 5u);
    BOOST_TEST(salon.engine->verify(salon.calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(what_is_listed_and_exists_nowhere_costs_no_listing_at_every_poll) {
    Salon salon("caldav_ghosts");
    salon.book("a", Salon::at(20, 9));
    salon.run(600s, 2s);
    BOOST_REQUIRE(salon.waiting() == 0);
    const auto row = calgate::read(salon.store, [&](const Reader& r) { return *r.calendar(salon.calendar); });
    BOOST_TEST(row.full_listing.has_value());
    const int before = salon.wire.calls;
    salon.run(600s, 2s);
    BOOST_TEST(salon.wire.calls - before <= 11, salon.wire.calls - before << " calls in ten minutes of polling");
    for (const auto& one : salon.engine->health()) BOOST_TEST(one.trouble == "");
    const auto cached = calgate::read(salon.store, [&](const Reader& r) { return r.cached_events(salon.calendar); });
    for (const auto& event : cached) BOOST_TEST(event.trouble == "", event.href.value);
    BOOST_TEST_MESSAGE(salon.wire.calls - before << " calls");
}

/// T24: Bedework and others keep what was changed of a series as an object of its own.
BOOST_AUTO_TEST_CASE(an_occurrence_that_is_an_object_of_its_own_frees_its_old_time) {
    Salon salon("caldav_sabre");
    salon.run(30s);
    const auto put = [&](const std::string& name, const std::string& lines) {
        http::Request request;
        request.method = "PUT";
        request.url = salon.service->calendar().value + name + ".ics";
        request.credentials = CaldavSim::credentials();
        request.body =
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:weekly\r\nDTSTAMP:"
            "20260101T000000Z\r\n" +
            lines + "END:VEVENT\r\nEND:VCALENDAR\r\n";
        const auto answer = salon.service->site().send(request, salon.context());
        BOOST_REQUIRE((answer && answer->status >= 200 && answer->status < 300));
    };
    const auto erase = [&](const std::string& name) {
        http::Request request;
        request.method = "DELETE";
        request.url = salon.service->calendar().value + name + ".ics";
        request.credentials = CaldavSim::credentials();
        BOOST_REQUIRE(salon.service->site().send(request, salon.context()));
    };
    const std::string series =
        "DTSTART;TZID=Europe/Berlin:20260305T090000\r\nDTEND;TZID=Europe/Berlin:20260305T100000\r\n"
        "RRULE:FREQ=WEEKLY;COUNT=5\r\n";
    const auto moved = [](const char* to) {
        return "RECURRENCE-ID;TZID=Europe/Berlin:20260319T090000\r\nDTSTART;TZID=Europe/Berlin:20260319T" +
               std::string(to) + "0000\r\nDURATION:PT1H\r\n";
    };
    const auto wait = [&] { salon.run(900s, 5s); };
    put("weekly", series);
    wait();
    BOOST_TEST((salon.is_busy(Salon::at(12, 9)) && salon.is_busy(Salon::at(19, 9))));
    put("weekly-moved", moved("14"));
    wait();
    BOOST_TEST(!salon.is_busy(Salon::at(19, 9)));
    BOOST_TEST((salon.is_busy(Salon::at(12, 9)) && salon.is_busy(Salon::at(19, 14))));
    // The series is changed, and read anew.
    put("weekly", series + "SUMMARY:Team\r\n");
    wait();
    BOOST_TEST((!salon.is_busy(Salon::at(19, 9)) && salon.is_busy(Salon::at(26, 9))));
    put("weekly-moved", moved("16"));
    wait();
    BOOST_TEST((!salon.is_busy(Salon::at(19, 9)) && !salon.is_busy(Salon::at(19, 14))));
    BOOST_TEST(salon.is_busy(Salon::at(19, 16)));
    erase("weekly-moved");
    wait();
    BOOST_TEST((salon.is_busy(Salon::at(19, 9)) && !salon.is_busy(Salon::at(19, 16))));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
