#pragma once

#include "core/clock.hpp"

namespace calgate::bench {

/// Real time, and what was not waited for. One thread.
class SkippingClock final : public Clock {
public:
    Instant now() const override {
        return kBegin + std::chrono::floor<std::chrono::seconds>(steady() - SteadyInstant{});
    }
    SteadyInstant steady() const override {
        return SteadyInstant{std::chrono::duration_cast<SteadyInstant::duration>(
            std::chrono::steady_clock::now() - real_begin_ + skipped_ + std::chrono::hours{1}
        )};
    }
    void skip(std::chrono::milliseconds by) { skipped_ += by; }

private:
    static constexpr Instant kBegin{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
    const std::chrono::steady_clock::time_point real_begin_ = std::chrono::steady_clock::now();
    std::chrono::milliseconds skipped_{0};
};

}  // namespace calgate::bench
