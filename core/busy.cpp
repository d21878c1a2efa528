#include "core/busy.hpp"

#include <algorithm>

namespace calgate {

std::optional<BusyKind> busy_kind(const EventInstance& instance, bool /*all_day*/) {
    const bool free = instance.status == EventStatus::Cancelled || instance.transparency == Transparency::Transparent ||
                      instance.reply == Reply::Declined || instance.shown_as == ShownAs::Free ||
                      instance.shown_as == ShownAs::WorkingElsewhere;
    if (free) return std::nullopt;
    const bool tentative = instance.status == EventStatus::Tentative || instance.reply == Reply::Tentative ||
                           instance.reply == Reply::NeedsAction || instance.shown_as == ShownAs::Tentative;
    return tentative ? BusyKind::Tentative : BusyKind::Busy;
}

BusyExpansion busy_time(
    const Event& event, Interval window, const ZoneResolver& zones, const std::string& zone, const Clock& clock
) {
    Expansion expansion = expand(event, window, zones, zone, clock);
    BusyExpansion out;
    out.truncated = expansion.truncated;
    out.warnings = std::move(expansion.warnings);
    out.intervals.reserve(expansion.occurrences.size());
    for (const Occurrence& occurrence : expansion.occurrences) {
        const auto kind = busy_kind(*occurrence.instance, occurrence.all_day);
        if (kind && occurrence.start < occurrence.end)
            out.intervals.push_back({occurrence.start, occurrence.end, *kind});
    }
    return out;
}

namespace {

/// Sorted and of one kind: joined where they touch.
std::vector<BusyInterval> joined(std::vector<BusyInterval> intervals) {
    std::sort(intervals.begin(), intervals.end());
    std::vector<BusyInterval> out;
    for (const BusyInterval& next : intervals) {
        if (next.start >= next.end) continue;
        if (!out.empty() && next.start <= out.back().end)
            out.back().end = std::max(out.back().end, next.end);
        else
            out.push_back(next);
    }
    return out;
}

}  // namespace

std::vector<BusyInterval> merged(std::vector<BusyInterval> intervals) {
    const auto split = std::stable_partition(intervals.begin(), intervals.end(), [](const BusyInterval& i) {
        return i.kind == BusyKind::Busy;
    });
    const std::vector<BusyInterval> busy = joined({intervals.begin(), split});
    std::vector<BusyInterval> out = busy;
    auto cover = busy.begin();
    for (BusyInterval rest : joined({split, intervals.end()})) {
        while (cover != busy.end() && cover->end <= rest.start) ++cover;
        for (auto at = cover; at != busy.end() && at->start < rest.end; ++at) {
            if (rest.start < at->start) out.push_back({rest.start, at->start, BusyKind::Tentative});
            rest.start = std::max(rest.start, at->end);
        }
        if (rest.start < rest.end) out.push_back(rest);
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace calgate
