#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "core/event.hpp"

namespace calgate {

/// DATE or DATE-TIME of RFC 5545 (3.3.4, 3.3.5): "20260329", "20260329T090000", with or without Z; nothing otherwise. A
/// leap second counts as the second before it.
std::optional<When> parse_ical_value(std::string_view);

/// RFC 5545 3.3.6: weeks and days are nominal, the rest is exact.
struct IcalDuration {
    std::chrono::days nominal{0};
    std::chrono::seconds exact{0};
    bool timed = false;
};

/// Nothing when it cannot be understood. A negative one counts as none, as a number above a million cannot be
/// understood.
std::optional<IcalDuration> parse_ical_duration(std::string_view);

}  // namespace calgate
