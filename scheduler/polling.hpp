#pragma once

#include <chrono>

#include "core/model.hpp"

namespace calgate {

struct PollTimes {
    std::chrono::seconds busy{60};
    std::chrono::seconds idle{300};
    std::chrono::seconds night{480};  ///< With jitter below the 10 minutes of L2.
};

/// How often a calendar is read that never notifies: often while its person works and in the hour before and after,
/// rarely at night. Somebody without working hours works from 7 to 21 o'clock.
/// @param local in the person's zone.
std::chrono::seconds poll_interval(const Staff&, LocalSeconds local, const PollTimes&);

}  // namespace calgate
