#pragma once

#include <optional>
#include <vector>

#include "core/event.hpp"
#include "core/model.hpp"
#include "core/recurrence.hpp"

namespace calgate {

/// The published table (design 6): what an instance does to its owner's time. Nothing: free.
std::optional<BusyKind> busy_kind(const EventInstance& instance, bool all_day);

/// Busy time of an event over a window: expanded, judged by `busy_kind`, sorted. Zero-length occurrences are left out.
struct BusyExpansion {
    std::vector<BusyInterval> intervals{};
    bool truncated = false;
    std::vector<std::string> warnings{};
};
BusyExpansion busy_time(
    const Event& event, Interval window, const ZoneResolver& zones, const std::string& zone, const Clock& clock
);

/// Union of intervals, sorted; Busy wins over Tentative where they overlap; touching ones of a kind are joined.
std::vector<BusyInterval> merged(std::vector<BusyInterval> intervals);

}  // namespace calgate
