#pragma once

#include <chrono>
#include <optional>

#include "core/time.hpp"

namespace calgate {

/// How long a callback waits after its n-th attempt that failed in a row: 5 s, doubled each time, an hour at most; a
/// hint of the receiver counts when it is longer, an hour at most. Up to a fifth is taken off by chance.
/// @param failed 1 for the first. @param chance 0 to 1.
std::chrono::seconds callback_pause(int failed, std::optional<std::chrono::seconds> hint, double chance);

/// A callback is tried for three days after its first attempt.
bool callback_given_up(Instant since, Instant now);

}  // namespace calgate
