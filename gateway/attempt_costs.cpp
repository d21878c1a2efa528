#include "gateway/attempt_costs.hpp"

#include "core/booking_rules.hpp"

namespace calgate {
namespace {

constexpr std::chrono::hours kRest{1};
constexpr std::chrono::seconds kBetweenWalks{10};

}  // namespace

AttemptCosts::AttemptCosts(std::size_t most_callers) : most_callers_(most_callers) {}

std::chrono::seconds AttemptCosts::take(const std::string& caller, SteadyInstant now) {
    const std::lock_guard lock(mutex_);
    auto found = attempts_.find(caller);
    if (found == attempts_.end() && attempts_.size() >= most_callers_) forget_rested(now);
    if (found == attempts_.end() && attempts_.size() < most_callers_)
        found = attempts_.emplace(caller, Attempts{}).first;
    return take(found == attempts_.end() ? others_ : found->second, now);
}

std::chrono::seconds AttemptCosts::take(Attempts& attempts, SteadyInstant now) {
    if (now - attempts.last >= kRest) attempts = {0, now};
    const auto free_at = attempts.last + wait_after(attempts.count);
    if (now < free_at) return std::chrono::ceil<std::chrono::seconds>(free_at - now);
    attempts = {attempts.count + 1, now};
    return std::chrono::seconds{0};
}

void AttemptCosts::forget_rested(SteadyInstant now) {
    if (forgot_ != SteadyInstant{} && now - forgot_ < kBetweenWalks) return;  // It walks over all of them.
    forgot_ = now;
    std::erase_if(attempts_, [&](const auto& entry) { return now - entry.second.last >= kRest; });
}

}  // namespace calgate
