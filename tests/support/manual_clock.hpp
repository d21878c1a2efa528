#pragma once

#include <atomic>

#include "core/clock.hpp"

namespace calgate::testing {

/// Time stands still until a test moves it. Thread-safe.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Instant now = std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours{8})
        : now_(now) {}

    Instant now() const override { return now_.load(); }
    SteadyInstant steady() const override { return steady_.load(); }

    void set_now(Instant now) { now_ = now; }
    void set_steady(SteadyInstant steady) { steady_ = steady; }
    /// Both clocks, as when time passes.
    void advance(std::chrono::milliseconds by) {
        now_ = now_.load() + std::chrono::floor<std::chrono::seconds>(by);
        steady_ = steady_.load() + by;
    }

private:
    std::atomic<Instant> now_;
    std::atomic<SteadyInstant> steady_{SteadyInstant{std::chrono::hours{1}}};
};

}  // namespace calgate::testing
