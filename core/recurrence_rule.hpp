#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace calgate {

enum class Frequency : std::uint8_t { Hourly, Daily, Weekly, Monthly, Yearly };

/// One BYDAY value: "-1SU" is {-1, Sunday}; ordinal 0 means every such day.
struct RuleDay {
    int ordinal = 0;
    std::chrono::weekday name{};
};

/// An RRULE (RFC 5545 3.3.10) that passed the shape checks; lists are empty where the rule has no such part.
struct RecurrenceRule {
    Frequency frequency = Frequency::Daily;
    int interval = 1;
    std::vector<RuleDay> days{};
    std::vector<int> month_days{};
    std::vector<int> year_days{};
    std::vector<int> months{};
    std::vector<int> hours{};
    std::vector<int> minutes{};
    std::vector<int> seconds{};
    std::vector<int> positions{};
    std::chrono::weekday week_start{std::chrono::Monday};
    std::optional<std::int64_t> count{};
    std::optional<When> until{};  ///< Date, Utc or Floating.
    std::string warning{};        ///< A sentence when only a part of the rule is followed.
};

/// @param date_only the series starts on a DATE: clock parts of the rule are dropped.
/// @return Unsupported with a sentence when the rule is hostile, impossible or not handled (providers/icalendar 6).
Result<RecurrenceRule> read_recurrence_rule(std::string_view text, bool date_only);

}  // namespace calgate
