#pragma once

#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace calgate {

/// What the calendars do not hold yet: lost if the host went away for good now (RPO). A change counts until one target
/// has confirmed it; a restore needs only one.
struct Exposure {
    std::int64_t appointments = 0;
    std::optional<Instant> oldest{};  ///< When the oldest such change was made; absent: there is none.
    bool operator==(const Exposure&) const = default;
};

}  // namespace calgate
