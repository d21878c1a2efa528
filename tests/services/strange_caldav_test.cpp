#include "tests/services/salon.hpp"

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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
