#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

namespace calgate {
namespace {

using namespace std::chrono_literals;

class Seeded final : public Random {
public:
    std::uint64_t next() override { return engine_(); }
    void fill(std::span<unsigned char> bytes) override {
        for (auto& byte : bytes) byte = static_cast<unsigned char>(engine_());
    }

private:
    std::mt19937_64 engine_{7};
};

Outcome success() { return {.answered = true}; }
Outcome outage() { return {.outage = true, .failed = true}; }

struct Fixture {
    Seeded random{};
    Scheduler::Settings settings{};
    SteadyInstant now{1'000'000ms};

    Scheduler make() const { return Scheduler(settings, const_cast<Seeded&>(random)); }
    static Lane lane(const std::string& calendar, const std::string& account, const std::string& service = "memory a") {
        return {CalendarId{calendar}, AccountId{account}, service};
    }
};

/// Fails every job of a service until its breaker opens. @return calls made.
int open_breaker(Scheduler& scheduler, SteadyInstant& now) {
    int calls = 0;
    while (scheduler.service_up("memory a") && calls < 100) {
        if (const auto job = scheduler.take(now)) {
            ++calls;
            scheduler.finish(*job, outage(), now);
        } else {
            now += 1s;
        }
    }
    return calls;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scheduler, Fixture)

BOOST_AUTO_TEST_CASE(one_account_runs_one_job_at_a_time) {
    auto scheduler = make();
    scheduler.set_lanes({lane("c1", "a1"), lane("c2", "a1"), lane("c3", "a2")}, now);
    const auto first = scheduler.take(now);
    const auto second = scheduler.take(now);
    BOOST_REQUIRE(first && second);
    BOOST_TEST(first->account.value != second->account.value);
    BOOST_TEST(!scheduler.take(now).has_value());
    scheduler.finish(*first, success(), now);
    BOOST_TEST(scheduler.take(now).has_value());
}

BOOST_AUTO_TEST_CASE(I19_a_hung_service_takes_only_its_share) {
    settings.jobs_per_service = 2;
    auto scheduler = make();
    scheduler.set_lanes({lane("c1", "a1"), lane("c2", "a2"), lane("c3", "a3"), lane("d1", "b1", "memory b")}, now);
    int of_a = 0, of_b = 0;
    while (const auto job = scheduler.take(now)) ++(job->service == "memory a" ? of_a : of_b);
    BOOST_TEST(of_a == 2);
    BOOST_TEST(of_b == 1);
}

BOOST_AUTO_TEST_CASE(a_service_that_serves_everybody_gets_a_larger_share) {
    settings.jobs_per_service = 1;
    settings.jobs_at_large = 3;
    auto scheduler = make();
    std::vector<Lane> lanes;
    for (int i = 0; i < 5; ++i) {
        lanes.push_back(lane("own" + std::to_string(i), "o" + std::to_string(i), "caldav here"));
        lanes.push_back(lane("all" + std::to_string(i), "a" + std::to_string(i), "google"));
        lanes.back().at_large = true;
    }
    scheduler.set_lanes(lanes, now);
    std::map<std::string, int> taken;
    while (const auto job = scheduler.take(now)) ++taken[job->service];
    BOOST_TEST(taken["caldav here"] == 1);
    BOOST_TEST(taken["google"] == 3);
}

BOOST_AUTO_TEST_CASE(L5_while_open_one_probe_per_interval) {
    auto scheduler = make();
    std::vector<Lane> lanes;
    for (int i = 0; i < 20; ++i) lanes.push_back(lane("c" + std::to_string(i), "a" + std::to_string(i)));
    scheduler.set_lanes(lanes, now);
    open_breaker(scheduler, now);
    BOOST_REQUIRE(!scheduler.service_up("memory a"));
    const auto end = now + 300s;
    int probes = 0;
    for (; now < end; now += 1s) {
        while (const auto job = scheduler.take(now)) {
            BOOST_TEST(job->probe);
            BOOST_TEST(job->pull);
            ++probes;
            scheduler.finish(*job, outage(), now);
        }
    }
    BOOST_TEST(probes >= 9);
    BOOST_TEST(probes <= 11);
}

BOOST_AUTO_TEST_CASE(L3_the_first_success_wakes_all_that_wait) {
    auto scheduler = make();
    std::vector<Lane> lanes;
    for (int i = 0; i < 20; ++i) lanes.push_back(lane("c" + std::to_string(i), "a" + std::to_string(i)));
    lanes.push_back(lane("other", "b", "memory b"));
    settings.jobs_per_service = 100;
    scheduler.set_lanes(lanes, now);
    open_breaker(scheduler, now);
    std::optional<Job> probe;
    for (int i = 0; i < 120 && !probe; ++i, now += 1s) {
        const auto job = scheduler.take(now);
        if (job && job->probe)
            probe = job;
        else if (job)
            scheduler.finish(*job, success(), now);
    }
    BOOST_REQUIRE(probe.has_value());
    const auto released = scheduler.finish(*probe, success(), now);
    BOOST_TEST(released.size() == 20u);
    BOOST_TEST(std::count(released.begin(), released.end(), CalendarId{"other"}) == 0);
    std::set<std::string> ran;
    for (int i = 0; i < 60; ++i, now += 1s) {
        while (const auto job = scheduler.take(now)) {
            ran.insert(job->calendar.value);
            scheduler.finish(*job, success(), now);
        }
    }
    ran.erase("other");
    ran.erase(probe->calendar.value);
    BOOST_TEST(ran.size() == 19u);
}

BOOST_AUTO_TEST_CASE(L5_a_lane_without_retry_budget_is_tried_once_per_interval_and_never_forgotten) {
    auto scheduler = make();
    scheduler.set_lanes({lane("c", "a")}, now);
    const Outcome partly{.answered = true, .unavailable = true, .failed = true};
    int late = 0;
    const auto out_of_budget = now + 1800s;
    for (const auto end = now + 3600s; now < end; now += 1s) {
        while (const auto job = scheduler.take(now)) {
            late += now >= out_of_budget ? 1 : 0;
            scheduler.finish(*job, partly, now);
        }
    }
    BOOST_TEST(late >= 20);
    BOOST_TEST(late <= 60);
}

BOOST_AUTO_TEST_CASE(L3_a_service_that_failed_in_part_is_caught_up_within_a_minute) {
    auto scheduler = make();
    std::vector<Lane> lanes;
    for (int i = 0; i < 20; ++i) lanes.push_back(lane("c" + std::to_string(i), "a" + std::to_string(i)));
    scheduler.set_lanes(lanes, now);
    const Outcome partly{.answered = true, .unavailable = true, .failed = true};
    for (const auto end = now + 1200s; now < end; now += 1s)
        while (const auto job = scheduler.take(now)) scheduler.finish(*job, partly, now);
    BOOST_REQUIRE(scheduler.service_up("memory a"));
    std::set<std::string> ran, released;
    for (const auto end = now + 60s; now < end; now += 1s) {
        while (const auto job = scheduler.take(now)) {
            ran.insert(job->calendar.value);
            for (const auto& each : scheduler.finish(*job, success(), now)) released.insert(each.value);
        }
    }
    BOOST_TEST(ran.size() == 20u);
    BOOST_TEST(released.size() == 20u);
}

BOOST_AUTO_TEST_CASE(L5_success_between_failures_releases_once_per_interval) {
    auto scheduler = make();
    scheduler.set_lanes({lane("bad", "a1"), lane("good", "a2")}, now);
    int calls = 0;
    for (const auto end = now + 600s; now < end; now += 1s) {
        scheduler.wake({"good"}, now);
        while (const auto job = scheduler.take(now)) {
            const bool bad = job->calendar.value == "bad";
            calls += bad ? 1 : 0;
            scheduler.finish(
                *job, bad ? Outcome{.answered = true, .unavailable = true, .failed = true} : success(), now
            );
        }
    }
    BOOST_TEST(calls >= 20);
    BOOST_TEST(calls <= 120);
}

BOOST_AUTO_TEST_CASE(F3_the_end_of_trouble_does_not_end_a_hint) {
    auto scheduler = make();
    scheduler.set_lanes({lane("bad", "a1"), lane("limited", "a2"), lane("good", "a3")}, now);
    while (const auto job = scheduler.take(now)) {
        const Outcome bad{.answered = true, .unavailable = true, .failed = true};
        const Outcome limited{.answered = true, .failed = true, .retry_after = 120s};
        scheduler.finish(
            *job,
            job->calendar.value == "bad"    ? bad
            : job->calendar.value == "good" ? success()
                                            : limited,
            now
        );
    }
    for (const auto end = now + 119s; now < end; now += 1s) {
        scheduler.wake({"good"}, now);
        while (const auto job = scheduler.take(now)) {
            BOOST_TEST(job->calendar.value != "limited");
            scheduler.finish(*job, success(), now);
        }
    }
}

BOOST_AUTO_TEST_CASE(L2_polling_is_spread_by_a_fifth_and_quicker_after_a_change) {
    auto scheduler = make();
    scheduler.set_lanes({lane("c", "a")}, now);
    for (int round = 0; round < 50; ++round) {
        const auto job = scheduler.take(now);
        BOOST_REQUIRE(job && job->pull);
        Outcome outcome = success();
        const bool active = round % 2 == 1;
        outcome.changed = active;
        if (!active) now += 601s;
        scheduler.finish(*job, outcome, now);
        const auto wait = *scheduler.next_due() - now;
        const auto interval = active ? 60'000ms : 300'000ms;
        BOOST_TEST((wait >= interval * 8 / 10 && wait <= interval * 12 / 10));
        now = *scheduler.next_due();
    }
}

BOOST_AUTO_TEST_CASE(F3_the_hint_of_a_rate_limit_is_obeyed_and_slows_only_that_account) {
    auto scheduler = make();
    scheduler.set_lanes({lane("c1", "a1"), lane("c2", "a2")}, now);
    const auto limited = scheduler.take(now);
    BOOST_REQUIRE(limited.has_value());
    scheduler.finish(*limited, {.answered = true, .failed = true, .retry_after = 120s}, now);
    scheduler.wake(limited->calendar, now);
    const auto other = scheduler.take(now);
    BOOST_REQUIRE(other && other->calendar != limited->calendar);
    scheduler.finish(*other, success(), now);
    for (const auto end = now + 119s; now < end; now += 1s) {
        const auto job = scheduler.take(now);
        BOOST_REQUIRE(!job || job->calendar != limited->calendar);
        if (job) scheduler.finish(*job, success(), now);
    }
}

BOOST_AUTO_TEST_CASE(a_wake_while_running_is_not_lost) {
    auto scheduler = make();
    scheduler.set_lanes({lane("c", "a")}, now);
    const auto job = scheduler.take(now);
    BOOST_REQUIRE(job.has_value());
    scheduler.wake(job->calendar, now);
    scheduler.finish(*job, success(), now);
    const auto next = scheduler.take(now);
    BOOST_REQUIRE(next.has_value());
    BOOST_TEST(!next->pull);
}

BOOST_AUTO_TEST_CASE(R17_hints_during_a_read_cause_one_more_read_together) {
    auto scheduler = make();
    scheduler.set_lanes({lane("c", "a")}, now);
    const auto job = scheduler.take(now);
    BOOST_REQUIRE(job.has_value());
    for (int hint = 0; hint < 1000; ++hint) scheduler.poll(job->calendar, now);
    scheduler.finish(*job, success(), now);
    for (int hint = 0; hint < 1000; ++hint) scheduler.poll(job->calendar, now);
    const auto next = scheduler.take(now);
    BOOST_REQUIRE(next.has_value());
    BOOST_TEST(next->pull);
    scheduler.finish(*next, success(), now);
    BOOST_TEST(!scheduler.take(now).has_value());
}

BOOST_AUTO_TEST_CASE(R17_a_hint_during_a_write_is_a_read_after_it) {
    auto scheduler = make();
    scheduler.set_lanes({lane("c", "a")}, now);
    scheduler.finish(*scheduler.take(now), success(), now);
    scheduler.wake({"c"}, now);
    const auto writing = scheduler.take(now);
    BOOST_REQUIRE(writing.has_value());
    BOOST_TEST(!writing->pull);
    scheduler.poll({"c"}, now);
    scheduler.finish(*writing, success(), now);
    const auto next = scheduler.take(now);
    BOOST_REQUIRE(next.has_value());
    BOOST_TEST(next->pull);
}

BOOST_AUTO_TEST_CASE(a_lane_that_ended_never_runs_again) {
    auto scheduler = make();
    scheduler.set_lanes({lane("c", "a"), lane("d", "b")}, now);
    scheduler.set_lanes({lane("d", "b")}, now);
    const auto job = scheduler.take(now);
    BOOST_REQUIRE(job.has_value());
    BOOST_TEST(job->calendar.value == "d");
    BOOST_TEST(!scheduler.take(now).has_value());
}

BOOST_AUTO_TEST_CASE(L2_a_service_whose_lanes_all_fail_is_still_read) {
    auto scheduler = make();
    scheduler.set_lanes({lane("c1", "a1"), lane("c2", "a1")}, now);
    int jobs = 0;
    for (int minute = 0; minute < 24 * 60; ++minute, now += 60s) {
        while (const auto job = scheduler.take(now)) {
            if (minute >= 12 * 60) ++jobs;
            scheduler.finish(*job, {.answered = true, .failed = true}, now);
        }
    }
    BOOST_TEST(jobs >= 2 * 60);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
