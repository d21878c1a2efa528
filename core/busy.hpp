#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/event.hpp"
#include "core/model.hpp"
#include "core/recurrence.hpp"

namespace calgate {

/// A line of the published table (design 6): what is not named fits everything.
struct BusyRule {
    std::optional<Transparency> transparency{};
    std::optional<EventStatus> status{};
    std::optional<Reply> reply{};
    std::optional<ShownAs> shown_as{};
    std::optional<BusyKind> answer{};  ///< Nothing: free.
};

/// In order; the first that fits decides, and the last fits everything. Whether an instance is all-day, and its class,
/// never count.
std::span<const BusyRule> busy_rules();

/// The table as docs/busy-table.md shows it, in Markdown.
std::string busy_table();

/// What an instance does to its owner's time, by the table. Nothing: free.
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
