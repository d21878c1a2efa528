#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"
#include "core/zone.hpp"

namespace calgate::exchange {

/// recurrencePattern and recurrenceRange, without what their type does not use.
struct Pattern {
    std::string type{};  ///< daily, weekly, absoluteMonthly, relativeMonthly, absoluteYearly, relativeYearly.
    int interval = 1;
    std::vector<unsigned> days{};  ///< 0 is Sunday; sorted.
    unsigned first_day = 1;        ///< firstDayOfWeek; only weekly.
    int day_of_month = 0;
    int month = 0;
    std::string index{};                  ///< first, second, third, fourth, last.
    std::optional<std::int64_t> count{};  ///< numbered
    std::optional<LocalSeconds> until{};  ///< endDate: the last day, as midnight.
    bool operator==(const Pattern&) const = default;
};

/// @param start of the series; has to be its first occurrence.
/// @return Rejected with what Exchange cannot hold.
Result<Pattern> pattern_of_rule(std::string_view rule, const When& start, const ZoneResolver&);
/// The shortest RRULE for it: what follows from `start` is left out. A day that some months lack means the last day of
/// such a month in Exchange, and so does the rule. @return InvalidResponse for a type that nobody knows.
Result<std::string> rule_of_pattern(const Pattern&, const When& start, const ZoneResolver&);

}  // namespace calgate::exchange
