#include "core/callback_plan.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

using namespace calgate;
using std::chrono::seconds;

namespace {

struct Row {
    const char* name;
    int failed;
    std::optional<seconds> hint;
    double chance;
    std::int64_t pause_s;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

const Row kRows[] = {
    {"the first", 1, {}, 0, 5},
    {"the second", 2, {}, 0, 10},
    {"the tenth", 10, {}, 0, 2560},
    {"an hour at most", 11, {}, 0, 3600},
    {"after very many", 1'000'000, {}, 0, 3600},
    {"a fifth less by chance", 2, {}, 1, 8},
    {"a longer hint counts", 1, seconds{120}, 0, 120},
    {"a shorter hint does not", 4, seconds{1}, 0, 40},
    {"a hint of days does not", 1, seconds{86'400}, 0, 3600},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(callback_plan)

BOOST_DATA_TEST_CASE(pauses_grow, boost::unit_test::data::make(kRows), row) {
    BOOST_TEST(callback_pause(row.failed, row.hint, row.chance).count() == row.pause_s);
}

BOOST_AUTO_TEST_CASE(three_days_are_tried) {
    const Instant since{std::chrono::hours{500'000}};
    BOOST_TEST(!callback_given_up(since, since + std::chrono::hours{72} - seconds{1}));
    BOOST_TEST(callback_given_up(since, since + std::chrono::hours{72}));
}

BOOST_AUTO_TEST_SUITE_END()
