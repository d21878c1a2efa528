#pragma once

#include <chrono>
#include <cstdint>
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

/// Calls an account may make. Not thread-safe.
class TokenBucket {
public:
    TokenBucket(double per_second, double burst);
    /// Takes one token if there is one. @return how long to wait otherwise (> 0); zero when taken.
    std::chrono::milliseconds take(SteadyInstant now);

private:
    double per_second_, burst_, tokens_;
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
