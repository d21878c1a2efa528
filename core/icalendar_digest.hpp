#pragma once

#include <string>

#include "core/event.hpp"
#include "core/zone.hpp"

namespace calgate {

/// What an instance means, as bytes: equal for equal meaning (providers/icalendar 9).
std::string canonical_form(const EventInstance& instance, const ZoneResolver& zones, const std::string& fallback_zone);

}  // namespace calgate
