#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/time.hpp"

namespace calgate {

/// An RRULE that passed the shape checks of the iterator's known traps; COUNT and UNTIL are taken out, we keep them.
struct RecurrenceRule {
    std::string iterated{};              ///< What the iterator gets.
    std::optional<std::int64_t> count{};
    std::optional<When> until{};         ///< Date, Utc or Floating.
};

/// @param date_only the series starts on a DATE: clock parts of the rule are dropped.
/// @return Unsupported with a sentence when the rule is hostile, impossible or not handled (providers/icalendar 6).
Result<RecurrenceRule> read_recurrence_rule(std::string_view text, bool date_only);

}  // namespace calgate
