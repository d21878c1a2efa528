#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace calgate {

/// A date and a time as tables write them: "2026-12-01T09:00", "01/12/2026 9:00", "1.12.2026 13:30:00",
/// "12/01/2026 1:30 PM", "December 1, 2026 9:00 am". Without a time: midnight.
/// @param order of dates with slashes or dots: "ymd", "dmy" or "mdy". @return nothing when it is none.
std::optional<LocalSeconds> csv_moment(std::string_view cell, const std::string& order);

}  // namespace calgate
