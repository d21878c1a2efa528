#include "core/resilience.hpp"

#include <algorithm>
#include <cmath>

#include "core/result.hpp"

namespace calgate {
namespace {

constexpr double kCut = 0.7, kStep = 0.1, kLeastStep = 0.001, kModest = 1;
constexpr std::size_t kTelling = 20;
constexpr std::size_t kMostRemembered = 10'000;

}  // namespace

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

Pace slowed(
    const Pace& before,
    double configured,
    std::size_t admitted,
    std::optional<SteadyInstant> oldest,
    std::optional<std::chrono::seconds> hint,
    SteadyInstant now
) {
    Pace pace = before;
    const SteadyInstant until = hint ? now + *hint : oldest ? *oldest + kQuotaWindow : now;
    pace.not_before = std::max(before.not_before, until);
    // A call that was under way when the pause began says nothing new.
    if (now < before.not_before) return pace;
    const double lately = static_cast<double>(admitted) / static_cast<double>(kQuotaWindow.count());
    const double evidence = admitted < kTelling ? std::max(lately, kModest) : lately;
    const double slowest = std::min(kSlowest, configured);
    pace.per_second = std::clamp(kCut * std::min(pace_at(before, configured, now), evidence), slowest, configured);
    pace.step = std::max(pace.per_second * kStep, configured * kLeastStep);
    pace.changed = now;
    return pace;
}

double pace_at(const Pace& pace, double configured, SteadyInstant now) {
    const SteadyInstant from = std::max(pace.changed, pace.not_before);
    if (now < from + kCalm) return std::min(configured, pace.per_second);
    const auto intervals = static_cast<double>((now - from) / kCalm);
    return std::min(configured, pace.per_second + pace.step * intervals * (intervals + 1) / 2);
}

TokenBucket::TokenBucket(double per_second, double burst)
    : configured_(per_second), burst_(burst), tokens_(burst), pace_{per_second, 0, {}, {}} {
    CALGATE_ASSERT(per_second > 0 && burst >= 1);
}

std::chrono::milliseconds TokenBucket::take(SteadyInstant now) {
    const double rate = per_second(now);
    if (const auto pause = paused(now); pause.count() > 0) return pause;
    const double most = std::min(burst_, std::max(1.0, burst_ * rate / configured_));
    if (last_ && now > *last_) {
        const double elapsed = std::chrono::duration<double>(now - *last_).count();
        tokens_ = std::min(most, tokens_ + elapsed * rate);
    }
    if (!last_ || now > *last_) last_ = now;
    if (tokens_ >= 1) {
        tokens_ -= 1;
        forget_old(now);
        if (taken_.size() >= kMostRemembered) taken_.pop_front();
        taken_.push_back(now);
        return std::chrono::milliseconds{0};
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(std::ceil((1 - tokens_) / rate * 1000))};
}

void TokenBucket::refused(SteadyInstant now, std::optional<std::chrono::seconds> hint) {
    forget_old(now);
    const auto oldest = taken_.empty() ? std::nullopt : std::optional(taken_.front());
    pace_ = slowed(pace_, configured_, taken_.size(), oldest, hint, now);
    tokens_ = std::min(tokens_, 0.0);
}

std::chrono::milliseconds TokenBucket::paused(SteadyInstant now) const {
    if (now >= pace_.not_before) return std::chrono::milliseconds{0};
    return std::chrono::ceil<std::chrono::milliseconds>(pace_.not_before - now);
}

void TokenBucket::forget_old(SteadyInstant now) {
    while (!taken_.empty() && now - taken_.front() >= kQuotaWindow) taken_.pop_front();
}

RetryBudget::RetryBudget(double share, double reserve) : share_(share), reserve_(reserve), balance_(reserve) {}

void RetryBudget::record_call() { balance_ = std::min(reserve_ * 10, balance_ + share_); }

bool RetryBudget::take_retry() {
    if (balance_ < 1) return false;
    balance_ -= 1;
    return true;
}

}  // namespace calgate
