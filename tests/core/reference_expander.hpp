#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace calgate::testing {

/// A repetition rule in pieces, as the reference takes it; `text()` is the same rule as RRULE value.
struct PlainRule {
    std::string frequency = "DAILY";  ///< DAILY, WEEKLY, MONTHLY, YEARLY.
    int interval = 1;
    std::optional<int> count{};
    std::optional<LocalSeconds> until{};
    std::vector<std::pair<int, int>> days{};  ///< (ordinal or 0, weekday with Sunday 0).
    std::vector<int> month_days{};
    std::vector<int> months{};
    std::vector<int> positions{};
    int week_start = 1;

    std::string text() const;
};

/// Every occurrence before `end`, by looking at each single day from the start on. Slow, plain, and shares no code with
/// the code under test. The start itself always counts (RFC 5545 3.8.5.3).
std::vector<LocalSeconds> reference_expand(const PlainRule& rule, LocalSeconds start, LocalSeconds end);

}  // namespace calgate::testing
