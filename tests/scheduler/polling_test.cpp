#include "scheduler/polling.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <random>

#include "scheduler/scheduler.hpp"

namespace bdata = boost::unit_test::data;

namespace calgate {
namespace {

using namespace std::chrono_literals;

struct Row {
    const char* name;
    int day;  ///< Of March 2026; the 2nd is a Monday.
    int hour, minute;
    bool has_hours;  ///< Monday to Friday, 9 to 17.
    std::chrono::seconds want;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

// clang-format off
const Row kRows[] = {
    {"at work", 2, 11, 0, true, 60s},
    {"before work", 2, 8, 0, true, 60s},
    {"well before work", 2, 7, 59, true, 300s},
    {"after work", 2, 17, 59, true, 60s},
    {"well after work", 2, 18, 0, true, 300s},
    {"on Saturday", 7, 11, 0, true, 300s},
    {"late", 2, 21, 59, true, 300s},
    {"at night", 2, 22, 0, true, 480s},
    {"after midnight", 3, 0, 0, true, 480s},
    {"in the morning", 3, 6, 0, true, 300s},
    {"no hours, by day", 7, 7, 0, false, 60s},
    {"no hours, in the evening", 7, 21, 0, false, 300s},
    {"no hours, at night", 7, 3, 0, false, 480s},
};
// clang-format on

class Middle final : public Random {
public:
    std::uint64_t next() override { return 0; }
    void fill(std::span<unsigned char>) override {}
};

}  // namespace

BOOST_DATA_TEST_CASE(a_silent_service_is_read_by_the_hour_of_its_person, bdata::make(kRows), row) {
    Staff staff;
    if (row.has_hours)
        for (std::size_t day = 0; day < 5; ++day) staff.week.at(day) = {{9 * 60, 17 * 60}};
    const LocalSeconds local = LocalSeconds{std::chrono::local_days{std::chrono::year{2026} / 3 / row.day}} +
                               std::chrono::hours{row.hour} + std::chrono::minutes{row.minute};
    BOOST_TEST((poll_interval(staff, local, {}) == row.want));
}

BOOST_AUTO_TEST_CASE(the_night_is_within_ten_minutes_L2) { BOOST_TEST((PollTimes{}.night * 12 / 10 <= 600s)); }

BOOST_AUTO_TEST_CASE(a_lane_follows_the_hour_and_reads_what_it_wrote_at_once) {
    Middle random;
    Scheduler scheduler({}, random);
    SteadyInstant now{1'000'000ms};
    const Lane lane{CalendarId{"c"}, AccountId{"a"}, "icloud"};
    scheduler.set_lanes({lane}, now);
    auto job = scheduler.take(now);
    BOOST_REQUIRE(job && job->pull);
    Outcome quiet{.answered = true};
    quiet.poll_idle = 480s;
    scheduler.finish(*job, quiet, now);
    BOOST_TEST((scheduler.next_due().value() - now == 384s));  // 80 %, the least that jitter gives.

    scheduler.wake(lane.calendar, now);
    job = scheduler.take(now);
    BOOST_REQUIRE(job && !job->pull);
    Outcome wrote{.answered = true, .changed = true};
    wrote.read_back = true;
    scheduler.finish(*job, wrote, now);
    BOOST_TEST((scheduler.next_due().value() - now == 4s));
    job = scheduler.take(now + 5s);
    BOOST_REQUIRE(job.has_value());
    BOOST_TEST(job->pull);
}

}  // namespace calgate
