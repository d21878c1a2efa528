#include "core/busy.hpp"

#include <algorithm>
#include <array>

namespace calgate {

namespace {

constexpr std::array<BusyRule, 10> kRules = {{
    {Transparency::Transparent, {}, {}, {}, {}},
    {{}, EventStatus::Cancelled, {}, {}, {}},
    {{}, {}, Reply::Declined, {}, {}},
    {{}, {}, {}, ShownAs::Free, {}},
    {{}, {}, {}, ShownAs::WorkingElsewhere, {}},
    {{}, EventStatus::Tentative, {}, {}, BusyKind::Tentative},
    {{}, {}, Reply::Tentative, {}, BusyKind::Tentative},
    {{}, {}, Reply::NeedsAction, {}, BusyKind::Tentative},
    {{}, {}, {}, ShownAs::Tentative, BusyKind::Tentative},
    {{}, {}, {}, {}, BusyKind::Busy},
}};

constexpr std::array<const char*, 2> kTransparencies = {"opaque", "transparent"};
constexpr std::array<const char*, 3> kStatuses = {"confirmed", "tentative", "cancelled"};
constexpr std::array<const char*, 5> kReplies = {"none", "accepted", "tentative", "declined", "needs action"};
constexpr std::array<const char*, 6> kShown = {
    "unsaid", "free", "tentative", "busy", "out of office", "working elsewhere"};

/// A cell of the table. @param names in the order of the enumeration.
template <class Value, std::size_t N>
std::string cell(const std::optional<Value>& value, const std::array<const char*, N>& names) {
    return std::string(value ? names.at(static_cast<std::size_t>(*value)) : "any") + " | ";
}

template <class Value>
bool fits(const std::optional<Value>& wanted, Value found) {
    return !wanted || *wanted == found;
}

}  // namespace

std::span<const BusyRule> busy_rules() { return kRules; }

std::string busy_table() {
    std::string out =
        "| TRANSP | STATUS | own reply | shown as | all-day | class | answer |\n|---|---|---|---|---|---|---|\n";
    for (const BusyRule& rule : kRules) {
        out += "| " + cell(rule.transparency, kTransparencies) + cell(rule.status, kStatuses) +
               cell(rule.reply, kReplies) + cell(rule.shown_as, kShown) + "any | any | ";
        out += !rule.answer ? "free" : *rule.answer == BusyKind::Busy ? "busy" : "tentative";
        out += " |\n";
    }
    return out;
}

std::optional<BusyKind> busy_kind(const EventInstance& instance, bool /*all_day*/) {
    for (const BusyRule& rule : kRules)
        if (fits(rule.transparency, instance.transparency) && fits(rule.status, instance.status) &&
            fits(rule.reply, instance.reply) && fits(rule.shown_as, instance.shown_as))
            return rule.answer;
    return BusyKind::Busy;
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
