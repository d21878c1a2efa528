#include <boost/test/unit_test.hpp>

#include "tests/scheduler/small_business.hpp"

namespace calgate::testing {
namespace {

using namespace std::chrono_literals;

/// A gateway that ended without a word, and the one that is started on its store.
struct Restarted : SmallBusiness {
    Restarted() {
        service.put(href, foreign("dentist", 10, 14));
        book("a", 10, 9);
        pass();
        book("b", 11, 9);  // Its copy was not written yet.
    }
    Interval hour(int day, int at_hour) const {
        const Instant start = zones.to_instant({When::Kind::Zoned, at(day, at_hour), "Europe/Berlin"}, "UTC");
        return {start, start + 1h};
    }

    AvailabilityIndex answers{};
    Engine next{{store, answers, factory, zones, clock, random, keys, [](const std::string&) {}}, {}};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(restart, Restarted)

BOOST_AUTO_TEST_CASE(L4_a_restart_answers_from_the_store_before_any_calendar_is_read) {
    service.set_outage(Error{ErrorCode::Timeout, "No answer came in time.", {}});
    const auto calls = service.counters().total();
    next.load();
    BOOST_TEST(service.counters().total() == calls);
    const auto person = answers.person({"anna"});
    BOOST_REQUIRE(person);
    for (const auto& [day, at_hour] : {std::pair{10, 9}, {10, 14}, {11, 9}})
        BOOST_TEST(busy_within(*person, hour(day, at_hour)).size() == 1u);
    BOOST_TEST(busy_within(*person, hour(10, 11)).empty());
    const SourceState& source = person->sources.at(calendar.value);
    BOOST_TEST((source.freshness == SourceState::Freshness::Cached));
    BOOST_TEST((source.as_of == row().as_of));
}

BOOST_AUTO_TEST_CASE(L4_what_a_dead_gateway_left_to_do_is_done_at_once) {
    next.load();
    for (int i = 0; i < 3; ++i) next.run_due();
    BOOST_TEST(!mirror("b").open());
    BOOST_TEST(next.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
