#include "core/stream_pace.hpp"

#include <algorithm>

namespace calgate {

namespace {

std::chrono::milliseconds doubled(std::chrono::milliseconds first, int times, std::chrono::milliseconds most) {
    std::chrono::milliseconds out = first;
    for (int i = 0; i < times && out < most; ++i) out *= 2;
    return std::min(out, most);
}

}  // namespace

void StreamPace::ended(SteadyInstant now) {
    const bool lived = now - opened_ >= kLives;
    short_lives_ = lived ? 0 : short_lives_ + 1;
    if (lived) refusals_ = 0;
    next_ = now + doubled(kAfterEnd, short_lives_, kLongestAfterEnd);
}

void StreamPace::refused(SteadyInstant now, const std::optional<std::chrono::seconds>& retry_after) {
    const std::chrono::milliseconds pause = doubled(kAfterRefusal, refusals_++, kLongestAfterRefusal);
    next_ = now + std::max<std::chrono::milliseconds>(pause, retry_after.value_or(std::chrono::seconds{0}));
}

}  // namespace calgate
