#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "core/recurrence_rule.hpp"
#include "tests/core/reference_expander.hpp"
#include "tests/core/series_samples.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(recurrence_random)

static std::vector<int> some(SeededRandom& random, int most, int low, int high) {
    std::vector<int> out;
    for (int i = random.between(1, most); i > 0; --i) {
        const int value = random.between(low, high);
        if (value != 0 && std::find(out.begin(), out.end(), value) == out.end()) out.push_back(value);
    }
    return out;
}

static PlainRule random_rule(SeededRandom& random) {
    PlainRule rule;
    static const std::vector<std::string> kFrequencies = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
    rule.frequency = kFrequencies[static_cast<std::size_t>(random.between(0, 3))];
    const bool monthly_or_longer = rule.frequency == "MONTHLY" || rule.frequency == "YEARLY";
    if (random.one_in(2)) rule.interval = random.between(1, rule.frequency == "YEARLY" ? 3 : 9);
    if (random.one_in(4)) rule.count = random.between(1, 60);
    if (random.one_in(3)) rule.months = some(random, 4, 1, 12);
    if (rule.frequency != "WEEKLY" && random.one_in(3)) rule.month_days = some(random, 4, -31, 31);
    if (random.one_in(2)) {
        for (int i = random.between(1, 4); i > 0; --i) {
            const int most = rule.frequency == "YEARLY" && rule.months.empty() ? 53 : 5;
            const int ordinal = monthly_or_longer && random.one_in(2) ? random.between(-most, most) : 0;
            const std::pair<int, int> day{ordinal, random.between(0, 6)};
            if (std::find(rule.days.begin(), rule.days.end(), day) == rule.days.end()) rule.days.push_back(day);
        }
    }
    if (random.one_in(4) && !(rule.days.empty() && rule.month_days.empty())) rule.positions = some(random, 3, -4, 4);
    if (random.one_in(3)) rule.week_start = random.between(0, 6);
    return rule;
}

BOOST_AUTO_TEST_CASE(random_rules_agree_with_the_reference) {
    SeededRandom random(20260329);
    int compared = 0;
    int refused = 0;
    long occurrences = 0;
    for (int round = 0; compared < 4000; ++round) {
        BOOST_REQUIRE_LT(round, 8000);
        PlainRule rule = random_rule(random);
        const LocalSeconds start = *parse_local("1996-01-01") + std::chrono::days{random.between(0, 12000)} +
                                   std::chrono::hours{random.between(0, 23)};
        if (!rule.count && random.one_in(4)) rule.until = start + std::chrono::days{random.between(0, 2000)};
        if (!read_recurrence_rule(rule.text(), false)) {
            ++refused;
            continue;
        }
        ++compared;
        const LocalSeconds from = start + std::chrono::days{random.between(-100, 3000)};
        const LocalSeconds to = from + std::chrono::days{random.between(1, 1500)};
        Event event = series("20260101T000000Z", {rule.text()});
        event.master.start.local = start;
        event.master.end.local = start + 1h;
        const auto found = expand(
            event, {Instant{from.time_since_epoch()}, Instant{to.time_since_epoch()}}, zones(), "UTC", ManualClock{}
        );
        std::string wanted;
        for (const LocalSeconds local : reference_expand(rule, start, to)) {
            if (local + 1h > from && local < to) wanted += format_local(local) + "Z ";
        }
        std::string got;
        for (const Occurrence& o : found.occurrences) got += format_instant(o.start) + " ";
        occurrences += static_cast<long>(found.occurrences.size());
        BOOST_REQUIRE_MESSAGE(
            got == wanted,
            rule.text() << " from " << format_local(start) << " in " << format_local(from) << "/" << format_local(to)
                        << "\n got " << got << "\n wanted " << wanted
        );
        BOOST_REQUIRE_MESSAGE(!found.truncated, rule.text());
    }
    BOOST_TEST(occurrences > 40'000);  // The comparison is not about empty lists.
    BOOST_TEST_MESSAGE(compared << " rules, " << occurrences << " occurrences, " << refused << " refused");
}

BOOST_AUTO_TEST_SUITE_END()
