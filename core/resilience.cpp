#include "core/resilience.hpp"

#include <algorithm>
#include <cmath>

#include "core/result.hpp"

namespace calgate {

CircuitBreaker::CircuitBreaker() : CircuitBreaker(Settings{}) {}
CircuitBreaker::CircuitBreaker(Settings settings) : settings_(settings) {}

bool CircuitBreaker::allow(SteadyInstant now) {
    if (state_ == State::Closed) return true;
    if (now < next_probe_) return false;
    state_ = State::Probing;
    next_probe_ = now + settings_.probe_every;
    return true;
}

bool CircuitBreaker::record_success(SteadyInstant) {
    const bool closed_now = state_ != State::Closed;
    state_ = State::Closed;
    failures_ = 0;
    return closed_now;
}

void CircuitBreaker::record_failure(SteadyInstant now) {
    if (state_ == State::Closed && ++failures_ < settings_.failures_to_open) return;
    if (state_ != State::Open) next_probe_ = now + settings_.probe_every;
    state_ = State::Open;
}

std::chrono::milliseconds backoff(
    int attempt,
    std::chrono::milliseconds base,
    std::chrono::milliseconds cap,
    std::optional<std::chrono::seconds> hint,
    Random& random
) {
    const int doublings = std::clamp(attempt, 0, 30);
    const double limit =
        std::min(static_cast<double>(cap.count()), static_cast<double>(base.count()) * std::ldexp(1.0, doublings));
    const auto range = static_cast<std::uint64_t>(std::max(0.0, limit)) + 1;
    const std::chrono::milliseconds drawn(static_cast<std::int64_t>(random.next() % range));
    return hint ? std::max<std::chrono::milliseconds>(drawn, *hint) : drawn;
}

TokenBucket::TokenBucket(double per_second, double burst) : per_second_(per_second), burst_(burst), tokens_(burst) {
    CALGATE_ASSERT(per_second > 0 && burst >= 1);
}

std::chrono::milliseconds TokenBucket::take(SteadyInstant now) {
    if (last_ && now > *last_) {
        const double elapsed = std::chrono::duration<double>(now - *last_).count();
        tokens_ = std::min(burst_, tokens_ + elapsed * per_second_);
    }
    if (!last_ || now > *last_) last_ = now;
    if (tokens_ >= 1) {
        tokens_ -= 1;
        return std::chrono::milliseconds{0};
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(std::ceil((1 - tokens_) / per_second_ * 1000))};
}

RetryBudget::RetryBudget(double share, double reserve) : share_(share), reserve_(reserve), balance_(reserve) {}

void RetryBudget::record_call() { balance_ = std::min(reserve_ * 10, balance_ + share_); }

bool RetryBudget::take_retry() {
    if (balance_ < 1) return false;
    balance_ -= 1;
    return true;
}

}  // namespace calgate
