#include <boost/test/unit_test.hpp>

#include "tests/scheduler/decided.hpp"

namespace calgate::testing {
namespace {

/// "a" at nine and "b" at ten of one person's day, with copies that were read back.
struct Neighbours : Decided {
    Neighbours() {
        book("b", 10, 10);
        settle();
    }
    bool stand(int a, int b) const {
        return appointment("a").start == at(10, a) && appointment("b").start == at(10, b);
    }
    std::size_t closed() const {
        const auto all = calgate::read(store, [](const Reader& r) { return r.conflicts(false); });
        return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [](const Conflict& one) {
            return one.state == ConflictState::ResolvedTheirs;
        }));
    }
    /// "a" is moved to the time of "b" and waits; then "b" is moved away.
    void move_into_the_place_that_is_left() {
        move_copy("a", 1);
        pass();
        BOOST_TEST(conflicts().size() == 1u);
        move_copy("b", 4);
        pass();
        BOOST_TEST(stand(10, 14));
        at_rest();
    }
    /// Nothing is left to write, and the calendar shows what is booked.
    void at_rest() {
        settle();
        BOOST_TEST(conflicts().empty());
        BOOST_TEST(engine.verify(calendar).findings.empty());
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(places, Neighbours)

BOOST_AUTO_TEST_CASE(two_copies_change_places_in_one_run) {
    move_copy("a", 1);
    move_copy("b", -1);
    pass();
    BOOST_TEST(stand(10, 9));
    at_rest();
    BOOST_TEST(closed() == 0u);
}

/// As a phone sends it: the first move asks, the second one answers.
BOOST_AUTO_TEST_CASE(two_copies_change_places_one_after_the_other) {
    move_copy("a", 1);
    pass();
    BOOST_TEST(stand(9, 10));
    BOOST_TEST(conflicts().size() == 1u);
    move_copy("b", -1);
    pass();
    BOOST_TEST(stand(10, 9));
    BOOST_TEST(closed() == 1u);
    at_rest();
}

BOOST_AUTO_TEST_CASE(a_move_that_asks_is_taken_once_the_other_copy_is_moved_away) {
    move_into_the_place_that_is_left();
}

BOOST_AUTO_TEST_CASE(what_was_booked_for_another_time_since_goes_on_asking) {
    move_copy("a", 1);
    pass();
    book("a", 10, 16);
    move_copy("b", 4);
    pass();
    BOOST_TEST(stand(16, 14));
    BOOST_REQUIRE(conflicts().size() == 1u);
    BOOST_TEST((conflicts()[0].appointment == AppointmentId{"a"}));
}

BOOST_AUTO_TEST_CASE(a_third_one_in_the_way_asks_for_itself) {
    book("c", 10, 12);
    settle();
    move_copy("a", 1);
    move_copy("b", -1);
    move_copy("c", -2);
    pass();
    // Two want ten o'clock: nobody guesses which.
    BOOST_TEST(stand(9, 10));
    BOOST_TEST((appointment("c").start == at(10, 12)));
    BOOST_TEST(conflicts().size() == 3u);
}

/// Services write a zone in their own way.
BOOST_AUTO_TEST_CASE(a_move_is_taken_whatever_its_service_calls_the_zone) {
    service.edit(*mirror("a").href, [](Event& event) {
        event.master.start.zone = event.master.end.zone = "Europe/Vienna";
    });
    pass();
    move_into_the_place_that_is_left();
}

BOOST_AUTO_TEST_CASE(I13_a_run_that_a_person_rejected_changes_nothing_over) {
    for (int day = 11; day < 20; ++day) book("b" + std::to_string(day), day, 9);
    settle();
    for (int day = 11; day < 20; ++day) move_copy("b" + std::to_string(day), day - 10);
    move_copy("a", 1);
    move_copy("b", -1);
    pass();
    BOOST_TEST((decide(Resolution::Ours).outcome == ResolutionResult::Outcome::Resolved));
    pass();
    BOOST_TEST(stand(9, 10));
    at_rest();
    BOOST_TEST(stand(9, 10));
}

BOOST_AUTO_TEST_CASE(R25_two_that_changed_places_are_undone) {
    move_copy("a", 1);
    move_copy("b", -1);
    pass();
    BOOST_REQUIRE(stand(10, 9));
    BOOST_REQUIRE(!runs().empty());
    for (const auto& one : undo(runs().back().sequence).appointments) BOOST_TEST(one.undone, one.why);
    BOOST_TEST(stand(9, 10));
    at_rest();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
