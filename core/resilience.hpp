#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "core/clock.hpp"

namespace calgate {

/// Health of one (service, host) by evidence from real calls (design 7). Not thread-safe.
class CircuitBreaker {
public:
    struct Settings {
        int failures_to_open = 5;              ///< Consecutive outage failures.
        std::chrono::seconds probe_every{30};  ///< While open: one call per interval (L5).
    };
    enum class State : std::uint8_t { Closed, Open, Probing };
    CircuitBreaker();
    explicit CircuitBreaker(Settings);
    /// May a call start now? While open, true once per interval: that call is the probe.
    bool allow(SteadyInstant now);
    /// @return true when this success closed the breaker: wake everything that waits on it (L3).
    bool record_success(SteadyInstant now);
    void record_failure(SteadyInstant now);
    State state() const { return state_; }
    /// When the next probe may start; only while not closed.
    SteadyInstant next_probe() const { return next_probe_; }

private:
    Settings settings_;
    State state_ = State::Closed;
    int failures_ = 0;
    SteadyInstant next_probe_{};
};

/// Full jitter: uniform in [0, min(cap, base * 2^attempt)], never less than `hint`.
std::chrono::milliseconds backoff(
    int attempt,
    std::chrono::milliseconds base,
    std::chrono::milliseconds cap,
    std::optional<std::chrono::seconds> hint,
    Random& random
);

/// Quotas without a hint count by the minute (Google: queries per minute and user).
inline constexpr std::chrono::seconds kQuotaWindow{60};
/// Without a refusal for so long, the pace goes up by a step.
inline constexpr std::chrono::seconds kCalm{30};

/// How fast an account calls since a service last refused it.
struct Pace {
    double per_second = 0;       ///< Right after that.
    double step = 0;             ///< Added after the first calm interval, twice as much after the second, and so on.
    SteadyInstant changed{};     ///< When that was.
    SteadyInstant not_before{};  ///< No call at all until then.
    bool operator==(const Pace&) const = default;
};
/// A crawl that still writes what is urgent.
inline constexpr double kSlowest = 0.1;

/// The service refused a call because there were too many: the pace falls well below what it admitted lately (AIMD).
/// Without a hint, calls stop until the oldest of those counts no more. Pure.
/// @param admitted calls within the last kQuotaWindow, the first of them at `oldest`; few of them say little, and then
/// a modest pace is the measure. @param hint Retry-After.
Pace slowed(
    const Pace&,
    double configured,
    std::size_t admitted,
    std::optional<SteadyInstant> oldest,
    std::optional<std::chrono::seconds> hint,
    SteadyInstant now
);
/// The pace with all calm intervals since; never more than configured. Pure.
double pace_at(const Pace&, double configured, SteadyInstant now);

/// Calls an account may make. Not thread-safe.
class TokenBucket {
public:
    TokenBucket(double per_second, double burst);
    /// Takes one token if there is one. @return how long to wait otherwise (> 0); zero when taken.
    std::chrono::milliseconds take(SteadyInstant now);
    /// The service refused a call, which took a token or not. @param hint Retry-After.
    void refused(SteadyInstant now, std::optional<std::chrono::seconds> hint);
    /// How long no call may be made at all; zero: they may.
    std::chrono::milliseconds paused(SteadyInstant now) const;
    double per_second(SteadyInstant now) const { return pace_at(pace_, configured_, now); }

private:
    void forget_old(SteadyInstant now);

    double configured_, burst_, tokens_;
    Pace pace_;
    std::deque<SteadyInstant> taken_{};  ///< Within the last kQuotaWindow; at most kMostRemembered.
    std::optional<SteadyInstant> last_{};
};

/// Retries may be at most a share of first attempts, over a sliding memory (L5). Not thread-safe.
class RetryBudget {
public:
    explicit RetryBudget(double share = 0.1, double reserve = 10);
    void record_call();
    bool take_retry();

private:
    double share_, reserve_, balance_;
};

}  // namespace calgate
