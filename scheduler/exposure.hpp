#pragma once

#include <optional>

#include "store/store.hpp"

namespace calgate {

/// What the calendars do not hold yet: lost if the host went away for good now (RPO). A change counts until one target
/// has confirmed it; a restore needs only one.
struct Exposure {
    std::int64_t appointments = 0;
    std::optional<Instant> oldest{};  ///< When the oldest such change was made; absent: there is none.
};

/// Looks at the soonest 2,000 open copies of each target: with more waiting, both numbers are lower bounds.
Exposure exposure_of(const Reader&);

}  // namespace calgate
