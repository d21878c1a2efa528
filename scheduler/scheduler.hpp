#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/ids.hpp"
#include "core/resilience.hpp"

namespace calgate {

/// A calendar as the scheduler sees it.
struct Lane {
    CalendarId calendar{};
    AccountId account{};
    std::string service{};  ///< Kind and host: shares a breaker and a part of the workers.
    bool at_large = false;  ///< The service serves everybody, and likes more calls at once than a server of one's own.
    bool operator==(const Lane&) const = default;
};

struct Job {
    CalendarId calendar{};
    AccountId account{};
    std::string service{};
    bool pull = false;   ///< false: only what waits to be written.
    bool probe = false;  ///< Finds out whether the service is back.
};

struct Outcome {
    bool answered = false;              ///< Some call came back: evidence of health.
    bool outage = false;                ///< Ended by a failure that counts against the service.
    bool unavailable = false;           ///< Some call failed so, although others may have been answered.
    bool failed = false;                ///< Ended by any failure.
    bool changed = false;               ///< Something was new: poll more often for a while.
    bool slowed = false;                ///< Refused for too many calls: what is to be written comes before any reading.
    bool more = false;                  ///< Writes are left for lack of call tokens, or for the end of the turn.
    std::chrono::milliseconds wait{0};  ///< Until the next token, with `more`.
    std::optional<std::chrono::milliseconds> next_write{};  ///< Until the first back-off of a write ends.
    std::optional<std::chrono::seconds> retry_after{};
    std::optional<std::chrono::seconds> poll_idle{};  ///< Instead of the setting's, by the hour; see poll_interval().
    bool read_back = false;                           ///< What was written is to be read soon.
};

/// What runs next: plain functions over lanes, the present time an argument. Holds timers only; what there is to do
/// stands in the store. One job at a time per account, a share of the workers per service (design 7). Not thread-safe.
class Scheduler {
public:
    struct Settings {
        int jobs_per_service = 4;
        int jobs_at_large = 4;  ///< Of a service that serves everybody.
        std::chrono::seconds poll_active{60};
        std::chrono::seconds poll_idle{300};
        std::chrono::seconds active_for{600};
        std::chrono::seconds read_back_after{5};
        std::chrono::seconds probe_every{30};
        std::chrono::milliseconds retry_base{1000};
        std::chrono::milliseconds retry_cap{60'000};
        std::size_t max_lanes = 100'000;
    };
    Scheduler(Settings, Random&);

    /// The lanes that there are: new ones are due at once, missing ones end.
    void set_lanes(const std::vector<Lane>&, SteadyInstant now);
    bool has(const CalendarId&) const;
    /// Writes wait. Back-off of this lane stays.
    void wake(const CalendarId&, SteadyInstant now);
    /// Read at this time, if not sooner; after the job that runs, at once.
    void poll(const CalendarId&, SteadyInstant at);
    /// Writes of this lane may be tried again at `at` (their own back-off).
    void wake_at(const CalendarId&, SteadyInstant at);

    /// Retries beyond the budget are one per service and probe interval (L5).
    std::optional<Job> take(SteadyInstant now);
    /// @return calendars that the end of an outage released: their writes need not wait any longer (L3). A service that
    /// fails in part ends no outage by one success, so there it is one release per probe interval.
    std::vector<CalendarId> finish(const Job&, const Outcome&, SteadyInstant now);
    /// When `take` may have something again; nothing without lanes.
    std::optional<SteadyInstant> next_due() const;
    bool service_up(const std::string& service) const;

private:
    struct LaneState {
        Lane lane{};
        SteadyInstant due{};
        SteadyInstant poll_at{};
        SteadyInstant active_until{};
        SteadyInstant blocked_until{};  ///< Back-off after a failure.
        bool hinted = false;            ///< The service itself named that time.
        bool push = false;
        bool running = false;
        bool again = false;  ///< Woken while running.
        bool again_poll = false;
        int attempts = 0;
    };
    struct ServiceState {
        CircuitBreaker breaker{};
        RetryBudget retries{};
        SteadyInstant next_retry{};    ///< Beyond the budget.
        SteadyInstant next_release{};  ///< By a success while the breaker is closed.
        bool troubled = false;         ///< Unavailable to some call since the last release.
        int running = 0;
    };
    void queue(LaneState&, SteadyInstant due);
    void unqueue(const LaneState&);
    std::chrono::milliseconds jittered(std::chrono::milliseconds);
    SteadyInstant next_of(const LaneState&) const;
    bool may_retry(ServiceState&, SteadyInstant now) const;
    bool over(ServiceState&, const Outcome&, SteadyInstant now) const;
    ServiceState& service(const std::string&);

    Settings settings_;
    Random& random_;
    std::map<CalendarId, LaneState> lanes_{};
    std::set<std::pair<SteadyInstant, CalendarId>> due_{};
    std::map<std::string, ServiceState> services_{};
    std::set<AccountId> busy_accounts_{};
};

}  // namespace calgate
