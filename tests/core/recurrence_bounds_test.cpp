#include <boost/test/unit_test.hpp>

#include "core/recurrence.hpp"
#include "tests/core/series_samples.hpp"
#include "tests/support/manual_clock.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(recurrence_bounds)

BOOST_AUTO_TEST_CASE(the_window_is_half_open) {
    const Event event = series("20260601T090000Z", {});
    BOOST_TEST(expanded(event, "20260601T100000Z", "20260601T110000Z").occurrences.empty());
    BOOST_TEST(expanded(event, "20260601T080000Z", "20260601T090000Z").occurrences.empty());
    BOOST_TEST(expanded(event, "20260601T095959Z", "20260601T110000Z").occurrences.size() == 1u);
    const Event instantaneous = series("20260601T090000Z", {}, 0s);
    BOOST_TEST(expanded(instantaneous, "20260601T090000Z", "20260601T110000Z").occurrences.size() == 1u);
    BOOST_TEST(expanded(instantaneous, "20260601T080000Z", "20260601T090000Z").occurrences.empty());
}

BOOST_AUTO_TEST_CASE(too_many_occurrences_end_with_a_warning) {
    ExpansionBudget budget;
    budget.occurrences = 10;
    const auto expansion = expand(
        series("20260601T090000Z", {"FREQ=DAILY"}),
        {instant("20260601T000000Z"), instant("20270601T000000Z")},
        zones(),
        "UTC",
        ManualClock{},
        budget
    );
    BOOST_TEST(expansion.occurrences.size() == 10u);
    BOOST_TEST(expansion.truncated);
    BOOST_TEST(expansion.warnings.size() == 1u);
}

/// Every reading costs ten milliseconds.
class SlowClock final : public Clock {
public:
    Instant now() const override { return {}; }
    SteadyInstant steady() const override { return SteadyInstant{std::chrono::milliseconds{10 * ++reads_}}; }

private:
    mutable std::int64_t reads_ = 0;
};

BOOST_AUTO_TEST_CASE(time_spent_is_bounded_by_the_clock) {
    ExpansionBudget budget;
    budget.time = std::chrono::milliseconds(50);
    const auto expansion = expand(
        series("19700101T090000Z", {"FREQ=DAILY;COUNT=20000"}),
        {instant("20200101T000000Z"), instant("20200201T000000Z")},
        zones(),
        "UTC",
        SlowClock{},
        budget
    );
    BOOST_TEST(expansion.truncated);
    BOOST_TEST(text_of(expansion.warnings).find("more occurrences than are looked at") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(steps_are_bounded_when_the_clock_stands_still) {
    ExpansionBudget budget;
    budget.steps = 100;
    const auto expansion = expand(
        series("19700101T090000Z", {"FREQ=DAILY;COUNT=20000"}),
        {instant("20200101T000000Z"), instant("20200201T000000Z")},
        zones(),
        "UTC",
        ManualClock{},
        budget
    );
    BOOST_TEST(expansion.truncated);
    BOOST_TEST(expansion.occurrences.empty());
}

BOOST_AUTO_TEST_SUITE_END()
