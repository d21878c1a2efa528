#pragma once

#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/event.hpp"
#include "core/time.hpp"
#include "core/zone.hpp"

namespace calgate {

/// Bounds of one expansion (I26).
/// Steps bound the work. Time is for what nobody thought of, and long enough that a busy machine leaves out no series
/// that it would understand: what is left out blocks no time (I16).
struct ExpansionBudget {
    int occurrences = 5000;       ///< Per series and window.
    std::int64_t steps = 20'000;  ///< Of the rule iterator.
    std::chrono::milliseconds time{5000};
};

struct Occurrence {
    Instant start{};
    Instant end{};
    const EventInstance* instance = nullptr;  ///< Master or override it comes from; lives as long as the Event.
    Instant key{};                            ///< Where the rule puts it: RECURRENCE-ID as an instant.
    bool all_day = false;
    auto operator<=>(const Occurrence&) const = default;
};

struct Expansion {
    std::vector<Occurrence> occurrences{};  ///< By start; half-open overlap with the window; zero-length ones included.
    bool truncated = false;                 ///< A budget ended it.
    std::vector<std::string> warnings{};    ///< Unsupported rules, each a sentence.
};

/// Expands a series (RFC 5545 3.8.5, providers/icalendar 6): RRULE, RDATE, EXDATE, EXRULE, overrides, this-and-future.
/// @param zone for floating and all-day values. @param clock bounds the time spent.
Expansion expand(
    const Event& event,
    Interval window,
    const ZoneResolver& zones,
    const std::string& zone,
    const Clock& clock,
    const ExpansionBudget& budget = {}
);

}  // namespace calgate
