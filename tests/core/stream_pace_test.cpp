#include "core/stream_pace.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace bdata = boost::unit_test::data;
using namespace calgate;
using namespace std::chrono_literals;

namespace {

struct Life {
    const char* name;
    std::chrono::milliseconds lived;
    int times;
    std::chrono::milliseconds pause;  ///< After the last of them.
};
std::ostream& operator<<(std::ostream& out, const Life& row) { return out << row.name; }
const Life kLives[] = {
    {"half an hour", 29min, 1, 1s},
    {"cut every ten seconds", 10s, 50, 1s},
    {"just long enough", 5s, 3, 1s},
    {"cut at once", 0s, 1, 2s},
    {"cut at once twice", 0s, 2, 4s},
    {"cut at once ten times", 0s, 10, 5min},
    {"cut at once for ever", 0s, 1000, 5min},
};

struct Refusal {
    const char* name;
    int times;
    std::optional<std::chrono::seconds> hint;
    std::chrono::milliseconds pause;
};
std::ostream& operator<<(std::ostream& out, const Refusal& row) { return out << row.name; }
const Refusal kRefusals[] = {
    {"once", 1, {}, 30s},
    {"twice", 2, {}, 60s},
    {"with a longer hint", 1, 300s, 300s},
    {"with a shorter hint", 3, 5s, 120s},
    {"for ever", 100, {}, 1h},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(stream_pace)

BOOST_DATA_TEST_CASE(what_ended_is_opened_again_after_a_pause, bdata::make(kLives), row) {
    StreamPace pace;
    SteadyInstant now{1h};
    BOOST_TEST(pace.may_open(now));
    for (int i = 0; i < row.times; ++i) {
        pace.opened(now);
        now += row.lived;
        pace.ended(now);
        BOOST_TEST(!pace.may_open(now));
        if (i + 1 < row.times) now = pace.next();
    }
    BOOST_TEST((pace.next() - now).count() == SteadyInstant::duration(row.pause).count());
    BOOST_TEST(pace.may_open(pace.next()));
}

BOOST_DATA_TEST_CASE(what_is_refused_is_asked_for_ever_more_rarely, bdata::make(kRefusals), row) {
    StreamPace pace;
    SteadyInstant now{1h};
    for (int i = 0; i < row.times; ++i) {
        if (i > 0) now = pace.next();
        pace.refused(now, row.hint);
    }
    BOOST_TEST((pace.next() - now).count() == SteadyInstant::duration(row.pause).count());
}

BOOST_AUTO_TEST_CASE(one_that_lived_makes_up_for_refusals) {
    StreamPace pace;
    SteadyInstant now{1h};
    for (int i = 0; i < 5; ++i) pace.refused(now = std::max(now, pace.next()), {});
    pace.opened(now = pace.next());
    pace.ended(now += 1min);
    pace.refused(now, {});
    BOOST_TEST((pace.next() - now).count() == SteadyInstant::duration(30s).count());
}

BOOST_AUTO_TEST_SUITE_END()
