#include "core/callback_plan.hpp"

#include <algorithm>

namespace calgate {
namespace {

constexpr std::chrono::seconds kFirstPause{5};
constexpr std::chrono::seconds kLongestPause{3600};
constexpr int kMostDoublings = 10;
constexpr std::chrono::hours kPatience{72};
constexpr double kScatter = 0.2;

}  // namespace

std::chrono::seconds callback_pause(int failed, std::optional<std::chrono::seconds> hint, double chance) {
    const auto doubled = kFirstPause * (std::int64_t{1} << std::clamp(failed - 1, 0, kMostDoublings));
    const auto grown = std::chrono::duration<double>(std::min(doubled, kLongestPause)) * (1 - kScatter * chance);
    const auto pause = std::chrono::ceil<std::chrono::seconds>(grown);
    return std::clamp(hint.value_or(pause), pause, kLongestPause);
}

bool callback_given_up(Instant since, Instant now) { return now - since >= kPatience; }

}  // namespace calgate
