#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/scheduler/small_business.hpp"

namespace calgate {
namespace {

using namespace std::chrono_literals;
using testing::SmallBusiness;

/// Three calendars of one person, each of them target and busy source.
struct Ring : SmallBusiness {
    std::vector<CalendarId> calendars{calendar, {"anna-2"}, {"anna-3"}};

    Ring() {
        for (std::size_t i = 1; i < calendars.size(); ++i) {
            const Href place = service.add_calendar(calendars[i].value);
            store.write([&](Writer& writer) {
                Calendar row = *writer.calendar(calendar);
                row.id = calendars[i];
                row.href = place;
                row.name = calendars[i].value;
                writer.put(row);
            });
        }
        engine.load();
    }
    int below(std::uint64_t n) { return static_cast<int>(random.next() % n); }
    /// @return copies written or deleted.
    int round() {
        int writes = 0;
        for (const CalendarId& id : calendars) {
            const auto report = engine.run_pass(id);
            BOOST_REQUIRE(report.completed);
            writes += report.created + report.updated + report.deleted;
        }
        clock.advance(60s);
        return writes;
    }
    /// Of one round after two in which everything may settle.
    int writes_after_two_rounds() {
        round();
        round();
        return round();
    }
    std::vector<Mirror> copies() const {
        return calgate::read(store, [&](const Reader& reader) {
            std::vector<Mirror> all;
            for (const CalendarId& id : calendars)
                for (Mirror& mirror : reader.mirrors_on(id)) all.push_back(std::move(mirror));
            return all;
        });
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ring)

BOOST_DATA_TEST_CASE(R9_a_ring_of_three_calendars_comes_to_rest, boost::unit_test::data::xrange(20), seed) {
    Ring one;
    one.random = testing::SeededRandom(static_cast<std::uint64_t>(seed));
    int booked = 0;
    for (int turn = 0; turn < 5; ++turn) {
        for (int i = 0; i < 3; ++i, ++booked)
            BOOST_REQUIRE((one.book("a" + std::to_string(booked), 3 + booked, 9).outcome == BookingOutcome::Created));
        BOOST_TEST(one.writes_after_two_rounds() == 0);
        const auto copies = one.copies();
        const Mirror& edited = copies[static_cast<std::size_t>(one.below(copies.size()))];
        if (edited.href && one.appointment(edited.appointment.value).state == AppointmentState::Confirmed) {
            const int kind = one.below(3);
            const int hour = 12 + one.below(8);
            if (kind == 2) {
                one.service.erase(*edited.href);
            } else {
                one.service.edit(*edited.href, [&](Event& event) {
                    if (kind == 1) event.master.title = "Renamed " + std::to_string(turn);
                    event.master.start.local += std::chrono::hours{kind == 0 ? hour - 9 : 0};
                    event.master.end.local += std::chrono::hours{kind == 0 ? hour - 9 : 0};
                });
            }
        }
        one.service.put(one.href, one.foreign("f" + std::to_string(turn), 20 + turn, 7));
        BOOST_TEST(one.writes_after_two_rounds() == 0);
    }
    // Each calendar holds the live appointments once, its own foreign events and its marker; no echo became an edit.
    const auto live = calgate::read(one.store, [](const Reader& reader) {
        std::size_t count = 0;
        for (const auto& a : reader.appointments({}, 1000)) count += a.state != AppointmentState::Cancelled;
        return count;
    });
    for (const CalendarId& id : one.calendars) {
        const Calendar row = calgate::read(one.store, [&](const Reader& r) { return *r.calendar(id); });
        BOOST_TEST(one.service.count(row.href) == live + 1 + (id == one.calendar ? 5u : 0u));
        BOOST_TEST(one.engine.verify(id).findings.empty());
    }
    BOOST_TEST(one.conflicts().empty());
    const auto before = calgate::read(one.store, [](const Reader& r) { return r.last_change(); });
    one.round();
    BOOST_TEST(calgate::read(one.store, [](const Reader& r) { return r.last_change(); }) == before);
    // A copy of ours blocks the time once, as the appointment, not as somebody's event.
    const auto person = one.index.person({"anna"});
    for (const auto& [source, intervals] : person->by_source) {
        if (source != "appointments") BOOST_TEST(intervals->size() == (source == one.calendar.value ? 5u : 0u));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
