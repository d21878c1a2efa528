#include "core/resilience.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

using namespace calgate;
using namespace std::chrono_literals;

namespace {

SteadyInstant at(std::chrono::milliseconds since) { return SteadyInstant{since}; }

/// Always the same number.
class FixedRandom final : public Random {
public:
    explicit FixedRandom(std::uint64_t value) : value_(value) {}
    std::uint64_t next() override { return value_; }
    void fill(std::span<unsigned char> bytes) override {
        for (auto& byte : bytes) byte = static_cast<unsigned char>(value_);
    }

private:
    std::uint64_t value_;
};

class Seeded final : public Random {
public:
    std::uint64_t next() override { return engine_(); }
    void fill(std::span<unsigned char> bytes) override {
        for (auto& byte : bytes) byte = static_cast<unsigned char>(engine_());
    }

private:
    std::mt19937_64 engine_{7};
};

CircuitBreaker opened(SteadyInstant now) {
    CircuitBreaker breaker;
    for (int i = 0; i < 5; ++i) breaker.record_failure(now);
    return breaker;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(circuit_breaker)

BOOST_AUTO_TEST_CASE(opens_at_the_fifth_failure_in_a_row) {
    CircuitBreaker breaker;
    for (int i = 0; i < 4; ++i) breaker.record_failure(at(0s));
    BOOST_TEST(breaker.allow(at(0s)));
    breaker.record_failure(at(0s));
    BOOST_TEST((breaker.state() == CircuitBreaker::State::Open));
    BOOST_TEST(!breaker.allow(at(29'999ms)));
}

BOOST_AUTO_TEST_CASE(a_success_in_between_starts_the_count_again) {
    CircuitBreaker breaker;
    for (int i = 0; i < 4; ++i) breaker.record_failure(at(0s));
    BOOST_TEST(!breaker.record_success(at(1s)));
    for (int i = 0; i < 4; ++i) breaker.record_failure(at(2s));
    BOOST_TEST((breaker.state() == CircuitBreaker::State::Closed));
}

BOOST_AUTO_TEST_CASE(lets_one_probe_through_per_interval) {
    CircuitBreaker breaker = opened(at(0s));
    BOOST_TEST(breaker.allow(at(30s)));
    BOOST_TEST((breaker.state() == CircuitBreaker::State::Probing));
    BOOST_TEST(!breaker.allow(at(30s)));
    BOOST_TEST(!breaker.allow(at(59'999ms)));
}

BOOST_AUTO_TEST_CASE(a_probe_that_never_answers_does_not_block_the_next) {
    CircuitBreaker breaker = opened(at(0s));
    BOOST_TEST(breaker.allow(at(30s)));
    BOOST_TEST(breaker.allow(at(60s)));
}

BOOST_AUTO_TEST_CASE(a_failed_probe_waits_a_whole_interval) {
    CircuitBreaker breaker = opened(at(0s));
    BOOST_TEST(breaker.allow(at(30s)));
    breaker.record_failure(at(40s));
    BOOST_TEST((breaker.next_probe() == at(70s)));
    BOOST_TEST(!breaker.allow(at(69s)));
    BOOST_TEST(breaker.allow(at(70s)));
}

BOOST_AUTO_TEST_CASE(late_failures_of_old_calls_do_not_put_off_the_probe) {
    CircuitBreaker breaker = opened(at(0s));
    breaker.record_failure(at(20s));
    BOOST_TEST(breaker.allow(at(30s)));
}

BOOST_AUTO_TEST_CASE(the_first_success_closes_it_and_says_so_once) {
    CircuitBreaker breaker = opened(at(0s));
    BOOST_TEST(breaker.allow(at(30s)));
    BOOST_TEST(breaker.record_success(at(31s)));
    BOOST_TEST(!breaker.record_success(at(31s)));
    BOOST_TEST(breaker.allow(at(31s)));
    breaker.record_failure(at(32s));
    BOOST_TEST((breaker.state() == CircuitBreaker::State::Closed));
}

BOOST_AUTO_TEST_CASE(an_outage_of_a_day_costs_one_call_per_interval) {
    CircuitBreaker breaker = opened(at(0s));
    int calls = 0;
    for (std::chrono::seconds now = 1s; now <= 24h; now += 1s) {
        if (!breaker.allow(at(now))) continue;
        ++calls;
        breaker.record_failure(at(now));
    }
    BOOST_TEST(calls == 24 * 60 * 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(back_off)

BOOST_AUTO_TEST_CASE(stays_within_the_doubling_limit_and_reaches_both_ends) {
    for (int attempt = 0; attempt < 8; ++attempt) {
        const std::chrono::milliseconds limit = std::min(500ms * (1 << attempt), std::chrono::milliseconds(20s));
        FixedRandom least(0), most(static_cast<std::uint64_t>(limit.count()));
        BOOST_TEST(backoff(attempt, 500ms, 20s, std::nullopt, least).count() == 0);
        BOOST_TEST(backoff(attempt, 500ms, 20s, std::nullopt, most).count() == limit.count());
        FixedRandom beyond(static_cast<std::uint64_t>(limit.count()) + 1);
        BOOST_TEST(backoff(attempt, 500ms, 20s, std::nullopt, beyond).count() == 0);
    }
}

BOOST_AUTO_TEST_CASE(no_number_of_attempts_passes_the_cap) {
    Seeded random;
    for (const int attempt : {-1, 0, 31, 64, 1'000'000}) {
        for (int i = 0; i < 200; ++i) {
            const auto wait = backoff(attempt, 1s, 60s, std::nullopt, random);
            BOOST_TEST((wait >= 0ms && wait <= 60s));
        }
    }
}

BOOST_AUTO_TEST_CASE(is_never_shorter_than_the_service_asked) {
    Seeded random;
    for (int i = 0; i < 200; ++i) BOOST_TEST((backoff(i % 10, 1s, 60s, 90s, random) >= 90s));
    FixedRandom most(60'000);
    BOOST_TEST((backoff(20, 1s, 60s, 5s, most) == 60s));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(token_bucket)

BOOST_AUTO_TEST_CASE(gives_its_burst_then_says_how_long_to_wait) {
    TokenBucket bucket(2, 3);
    for (int i = 0; i < 3; ++i) BOOST_TEST(bucket.take(at(0s)).count() == 0);
    BOOST_TEST(bucket.take(at(0s)).count() == 500);
    BOOST_TEST(bucket.take(at(499ms)).count() > 0);
    BOOST_TEST(bucket.take(at(500ms)).count() == 0);
}

BOOST_AUTO_TEST_CASE(a_long_rest_fills_no_more_than_the_burst) {
    TokenBucket bucket(10, 4);
    BOOST_TEST(bucket.take(at(0s)).count() == 0);
    int taken = 0;
    while (bucket.take(at(1h)).count() == 0) ++taken;
    BOOST_TEST(taken == 4);
}

struct Refusal {
    const char* name;
    Pace before;
    std::size_t admitted;
    std::optional<SteadyInstant> oldest;
    std::optional<std::chrono::seconds> hint;
    Pace after;
};
std::ostream& operator<<(std::ostream& out, const Refusal& row) { return out << row.name; }

constexpr double kConfigured = 50;
constexpr SteadyInstant kNow{1000s};

// clang-format off
const Refusal kRefusals[] = {
    // name                          rate  step   changed    not before     admitted  oldest       hint           rate  step   changed    not before
    {"well_below_what_was_admitted", {50,  0,     at(0s),    at(0s)},       60,       at(940s),    {},            {0.7,  0.07,  at(1000s), at(1000s)}},
    {"until_a_burst_is_forgotten",   {50,  0,     at(0s),    at(0s)},       60,       at(999s),    {},            {0.7,  0.07,  at(1000s), at(1059s)}},
    {"as_long_as_the_hint_says",     {50,  0,     at(0s),    at(0s)},       600,      at(999s),    7s,            {7,    0.7,   at(1000s), at(1007s)}},
    {"below_a_pace_that_was_slow",   {2,   0.2,   at(980s),  at(0s)},       600,      at(941s),    {},            {1.4,  0.14,  at(1000s), at(1001s)}},
    {"never_below_a_crawl",          {0.1, 0.05,  at(980s),  at(0s)},       3,        at(950s),    {},            {0.1,  0.05,  at(1000s), at(1010s)}},
    {"modest_where_little_was_asked",{50,  0,     at(0s),    at(0s)},       3,        at(995s),    {},            {0.7,  0.07,  at(1000s), at(1055s)}},
    {"from_where_it_has_climbed_to", {0.7, 0.07,  at(910s),  at(0s)},       60,       at(940s),    {},            {0.7,  0.07,  at(1000s), at(1000s)}},
    {"once_within_a_pause",          {0.7, 0.07,  at(990s),  at(1050s)},    60,       at(990s),    {},            {0.7,  0.07,  at(990s),  at(1050s)}},
    {"a_later_hint_prolongs",        {0.7, 0.07,  at(990s),  at(1050s)},    60,       at(990s),    3600s,         {0.7,  0.07,  at(990s),  at(4600s)}},
    {"an_earlier_hint_does_not",     {0.7, 0.07,  at(990s),  at(1050s)},    60,       at(990s),    1s,            {0.7,  0.07,  at(990s),  at(1050s)}},
};
// clang-format on

void same(const Pace& a, const Pace& b) {
    BOOST_TEST(std::abs(a.per_second - b.per_second) < 1e-9, a.per_second << " is not " << b.per_second);
    BOOST_TEST(std::abs(a.step - b.step) < 1e-9, a.step << " is not " << b.step);
    BOOST_TEST(a.changed.time_since_epoch().count() == b.changed.time_since_epoch().count());
    BOOST_TEST(a.not_before.time_since_epoch().count() == b.not_before.time_since_epoch().count());
}

BOOST_DATA_TEST_CASE(R19_a_refusal_slows_down, boost::unit_test::data::make(kRefusals), row) {
    same(slowed(row.before, kConfigured, row.admitted, row.oldest, row.hint, kNow), row.after);
}

struct Calm {
    const char* name;
    Pace pace;
    SteadyInstant now;
    double rate;
};
std::ostream& operator<<(std::ostream& out, const Calm& row) { return out << row.name; }

// clang-format off
const Calm kCalms[] = {
    {"not_before_an_interval",       {0.7, 0.07, at(1000s), at(1000s)}, at(1029s),   0.7},
    {"a_step_after_the_first",       {0.7, 0.07, at(1000s), at(1000s)}, at(1030s),   0.77},
    {"two_more_after_the_second",    {0.7, 0.07, at(1000s), at(1000s)}, at(1060s),   0.91},
    {"in_five_minutes_to_4.5",       {0.7, 0.07, at(1000s), at(1000s)}, at(1300s),   4.55},
    {"a_pause_is_no_calm",           {0.7, 0.07, at(1000s), at(1060s)}, at(1089s),   0.7},
    {"it_begins_after_the_pause",    {0.7, 0.07, at(1000s), at(1060s)}, at(1090s),   0.77},
    {"up_to_what_was_configured",    {49,  5,    at(1000s), at(1000s)}, at(100000s), 50},
    {"unrefused_nothing_moves",      {50,  0,    at(0s),    at(0s)},    at(100000s), 50},
};
// clang-format on

BOOST_DATA_TEST_CASE(R19_calm_speeds_up_step_by_step, boost::unit_test::data::make(kCalms), row) {
    const double rate = pace_at(row.pace, kConfigured, row.now);
    BOOST_TEST(std::abs(rate - row.rate) < 1e-9, rate << " is not " << row.rate);
}

BOOST_AUTO_TEST_CASE(R19_a_refused_bucket_gives_nothing_until_the_pause_is_over_and_little_then) {
    TokenBucket bucket(50, 50);
    for (int i = 0; i < 50; ++i) BOOST_TEST(bucket.take(at(100s)).count() == 0);
    bucket.refused(at(101s), {});
    BOOST_TEST(bucket.paused(at(101s)).count() == 59'000);
    BOOST_TEST(bucket.take(at(159s)).count() == 1'000);
    BOOST_TEST(bucket.paused(at(160s)).count() == 0);
    int taken = 0;
    for (int second = 160; second < 180; ++second) taken += bucket.take(at(std::chrono::seconds{second})).count() == 0;
    BOOST_TEST(taken >= 10);
    BOOST_TEST(taken <= 13);  // 0.7 * 50 a minute, and the token that the pause left.
}

BOOST_AUTO_TEST_CASE(time_that_stands_still_or_goes_back_gives_nothing) {
    TokenBucket bucket(1, 1);
    BOOST_TEST(bucket.take(at(10s)).count() == 0);
    BOOST_TEST(bucket.take(at(5s)).count() > 0);
    BOOST_TEST(bucket.take(at(10s)).count() > 0);
    BOOST_TEST(bucket.take(at(11s)).count() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(retry_budget)

BOOST_AUTO_TEST_CASE(keeps_retries_to_a_share_of_the_calls) {
    RetryBudget budget(0.1, 10);
    int retries = 0;
    for (int call = 0; call < 10'000; ++call) {
        budget.record_call();
        if (budget.take_retry()) ++retries;
    }
    BOOST_TEST(retries <= 10 + 1000);
    BOOST_TEST(retries >= 1000);
}

BOOST_AUTO_TEST_CASE(the_reserve_serves_a_quiet_start_and_ends) {
    RetryBudget budget(0.1, 10);
    int retries = 0;
    while (budget.take_retry()) ++retries;
    BOOST_TEST(retries == 10);
    for (int call = 0; call < 9; ++call) budget.record_call();
    BOOST_TEST(!budget.take_retry());
    for (int call = 0; call < 2; ++call) budget.record_call();
    BOOST_TEST(budget.take_retry());
}

BOOST_AUTO_TEST_CASE(a_long_calm_saves_up_only_so_much) {
    RetryBudget budget(0.1, 10);
    for (int call = 0; call < 1'000'000; ++call) budget.record_call();
    int retries = 0;
    while (budget.take_retry()) ++retries;
    BOOST_TEST(retries <= 100);
}

BOOST_AUTO_TEST_SUITE_END()
