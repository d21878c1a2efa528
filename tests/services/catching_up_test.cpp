#include <boost/test/data/test_case.hpp>
#include <cstdlib>

#include "tests/services/salon.hpp"

/// What waited during an outage is written in few calls, where the service takes several writes in one.
namespace calgate::testing {

namespace {

struct Waiting {
    const char* service;
    int count;
    int most_calls;  ///< For every hundred changes, reading included.
};
std::ostream& operator<<(std::ostream& out, const Waiting& row) { return out << row.service; }
const Waiting kWaiting[] = {{"google", 100, 20}, {"graph", 100, 110}, {"ews", 100, 60}};

}  // namespace

BOOST_AUTO_TEST_SUITE(catching_up)

BOOST_DATA_TEST_CASE(updates_and_deletions_that_waited_take_few_calls, boost::unit_test::data::make(kWaiting), row) {
    const int count = std::getenv("CALGATE_LONG") ? 1000 : row.count;
    Salon salon(row.service);
    const auto id = [](int i) { return "n" + std::to_string(i); };
    const auto slot = [](int i) { return Salon::at(9, 7) + std::chrono::days(i / 5) + 2h * (i % 5); };
    for (int i = 0; i < count; ++i) salon.book(id(i), slot(i));
    for (int minutes = 0; salon.waiting() > 0 && minutes < 240; ++minutes) salon.run(60s, 2s);
    salon.run(900s, 2s);
    BOOST_REQUIRE(salon.waiting() == 0);
    const int first = salon.wire.calls;
    for (int i = 0; i < count; ++i) {
        if (i % 2 == 0)
            salon.book(id(i), slot(i) + 5min);
        else
            salon.cancel(id(i));
    }
    BOOST_REQUIRE(salon.waiting() == count);
    const SteadyInstant began = salon.clock.steady();
    while (salon.waiting() > 0 && salon.clock.steady() - began < 4h) salon.run(1s);
    const int calls = salon.wire.calls - first;
    BOOST_TEST(salon.waiting() == 0);
    BOOST_TEST(calls * 100 <= row.most_calls * count);
    BOOST_TEST(static_cast<int>(salon.events().size()) == (count + 1) / 2);
    BOOST_TEST(salon.service->mails() == 0);
    BOOST_TEST_MESSAGE(row.service << ": " << count << " waiting changes, " << calls << " calls");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
