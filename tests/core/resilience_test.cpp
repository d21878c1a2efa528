#include "core/resilience.hpp"

#include <boost/test/unit_test.hpp>
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
