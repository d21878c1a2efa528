#include "gateway/chores.hpp"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "tests/scheduler/map_store.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {
namespace {

using std::chrono::seconds;

struct House {
    MapStore store{};
    ManualClock clock{};
    seconds every{3600};
    int done = 0;
    bool good = true, throws = false;
    Chores chores{
        store,
        clock,
        {{"sweep",
          [this] { return every; },
          [this] {
              ++done;
              if (throws) throw std::runtime_error("no broom");
              return good;
          }}}};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(chores, House)

BOOST_AUTO_TEST_CASE(a_chore_is_done_once_per_interval) {
    BOOST_TEST(chores.run_due() == 1);
    BOOST_TEST(chores.run_due() == 0);
    clock.advance(seconds{3599});
    BOOST_TEST(chores.run_due() == 0);
    clock.advance(seconds{1});
    BOOST_TEST(chores.run_due() == 1);
    every = seconds{0};  // Not wanted any more.
    clock.advance(seconds{7200});
    BOOST_TEST(chores.run_due() == 0);
    BOOST_TEST(done == 2);
}

BOOST_AUTO_TEST_CASE(one_that_fails_or_throws_waits_for_its_next_time_and_does_not_count_as_done) {
    good = false;
    chores.run_due();
    throws = true;
    clock.advance(seconds{3600});
    chores.run_due();
    clock.advance(seconds{10});
    BOOST_TEST(chores.run_due() == 0);
    BOOST_TEST(done == 2);
    BOOST_TEST(!read(store, [](const Reader& r) { return last_done(r, "sweep"); }).has_value());
}

BOOST_AUTO_TEST_CASE(a_wall_clock_that_was_set_back_does_not_put_it_off) {
    chores.run_due();
    clock.set_now(clock.now() - std::chrono::hours{48});
    BOOST_TEST(chores.run_due() == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
