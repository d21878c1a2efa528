#include "core/busy_days.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace calgate {
namespace {

using Intervals = std::vector<BusyInterval>;

BusyDay day_of(Instant at) { return std::chrono::floor<std::chrono::days>(at).time_since_epoch().count(); }

Instant beginning_of(BusyDay day) { return Instant{std::chrono::sys_days{std::chrono::days{day}}}; }

/// The last day with a second of it.
BusyDay last_day_of(const BusyInterval& interval) {
    return day_of(std::max(interval.start, interval.end - std::chrono::seconds{1}));
}

bool is_longer(const BusyInterval& interval) { return interval.end - interval.start > BusySource::kLongest; }

BusyDays::List listed(Intervals sorted) {
    return sorted.empty() ? nullptr : std::make_shared<const Intervals>(std::move(sorted));
}

/// @return false: it is not in it.
bool take_out(Intervals& sorted, const BusyInterval& interval) {
    const auto found = std::lower_bound(sorted.begin(), sorted.end(), interval);
    if (found == sorted.end() || *found != interval) return false;
    sorted.erase(found);
    return true;
}

void put_in(Intervals& sorted, const BusyInterval& interval) {
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), interval), interval);
}

void add_clipped(const Intervals& disjoint, Interval window, Intervals& to) {
    auto at = std::partition_point(disjoint.begin(), disjoint.end(), [&](const BusyInterval& one) {
        return one.end <= window.start;
    });
    for (; at != disjoint.end() && at->start < window.end; ++at)
        to.push_back({std::max(at->start, window.start), std::min(at->end, window.end), at->kind});
}

/// Days that are being changed: each list is copied once, however much of it changes.
class Draft {
public:
    explicit Draft(const BusyDays& days) : days_(days) {}
    Intervals& on(BusyDay day) {
        const auto [found, added] = lists_.try_emplace(day);
        if (added)
            if (const auto list = days_.on(day)) found->second = *list;
        return found->second;
    }
    void write(BusyDays& to) && {
        for (auto& [day, list] : lists_) to.replace(day, listed(std::move(list)));
    }

private:
    const BusyDays& days_;
    std::map<BusyDay, Intervals> lists_{};
};

}  // namespace

std::vector<BusyDays::Day>::const_iterator BusyDays::from(BusyDay day) const {
    return std::lower_bound(days_.begin(), days_.end(), day, [](const Day& one, BusyDay wanted) {
        return one.day < wanted;
    });
}

BusyDays::List BusyDays::on(BusyDay day) const {
    const auto found = from(day);
    return found == days_.end() || found->day != day ? nullptr : found->intervals;
}

void BusyDays::replace(BusyDay day, List sorted) {
    const auto at = days_.begin() + (from(day) - days_.cbegin());
    const bool there = at != days_.end() && at->day == day;
    if (!sorted || sorted->empty()) {
        if (there) days_.erase(at);
        return;
    }
    const auto latest =
        std::max_element(sorted->begin(), sorted->end(), [](const auto& a, const auto& b) { return a.end < b.end; });
    Day fresh{day, latest->end, std::move(sorted)};
    there ? void(*at = std::move(fresh)) : void(days_.insert(at, std::move(fresh)));
}

BusySource::BusySource(Intervals intervals) {
    std::sort(intervals.begin(), intervals.end());
    for (auto at = intervals.begin(); at != intervals.end();) {
        const BusyDay day = day_of(at->start);
        Intervals list;
        for (; at != intervals.end() && day_of(at->start) == day; ++at)
            (is_longer(*at) ? longer_ : list).push_back(*at);
        days_.replace(day, listed(std::move(list)));
    }
}

std::optional<BusyTouched> BusySource::change(std::span<const BusyInterval> gone, std::span<const BusyInterval> come) {
    BusyTouched touched;
    Draft draft(days_);
    Intervals longer = longer_;
    const auto list_of = [&](const BusyInterval& interval) -> Intervals& {
        if (is_longer(interval)) {
            touched.longer = true;
            return longer;
        }
        for (BusyDay day = day_of(interval.start); day <= last_day_of(interval); ++day) touched.days.insert(day);
        return draft.on(day_of(interval.start));
    };
    for (const BusyInterval& interval : gone)
        if (!take_out(list_of(interval), interval)) return std::nullopt;
    for (const BusyInterval& interval : come) put_in(list_of(interval), interval);
    longer_ = std::move(longer);
    std::move(draft).write(days_);
    return touched;
}

std::set<BusyDay> BusySource::busy_days() const {
    std::set<BusyDay> out;
    for (const BusyDays::Day& one : days_.days())
        for (const BusyInterval& interval : *one.intervals)
            for (BusyDay day = one.day; day <= last_day_of(interval); ++day) out.insert(day);
    return out;
}

void BusySource::add_day(BusyDay day, Intervals& to) const {
    const Interval window{beginning_of(day), beginning_of(day + 1)};
    for (auto at = days_.from(day - kLongest.count()); at != days_.days().end() && at->day <= day; ++at) {
        if (at->latest_end <= window.start) continue;
        for (const BusyInterval& one : *at->intervals)
            if (one.end > window.start)
                to.push_back({std::max(one.start, window.start), std::min(one.end, window.end), one.kind});
    }
}

int BusySource::count_beginning(Interval window) const {
    const auto begins = [&](const BusyInterval& one) { return one.start >= window.start && one.start < window.end; };
    auto count = std::count_if(longer_.begin(), longer_.end(), begins);
    for (auto at = days_.from(day_of(window.start)); at != days_.days().end() && beginning_of(at->day) < window.end;
         ++at)
        count += std::count_if(at->intervals->begin(), at->intervals->end(), begins);
    return static_cast<int>(count);
}

Intervals BusySource::all() const {
    Intervals out = longer_;
    for (const BusyDays::Day& one : days_.days()) out.insert(out.end(), one.intervals->begin(), one.intervals->end());
    std::sort(out.begin(), out.end());
    return out;
}

std::size_t BusySource::size() const {
    std::size_t count = longer_.size();
    for (const BusyDays::Day& one : days_.days()) count += one.intervals->size();
    return count;
}

int BusyUnion::add_within(Interval window, Intervals& to) const {
    const std::size_t before = to.size();
    add_clipped(longer, window, to);
    const std::size_t begin = to.size();
    for (auto at = days.from(day_of(window.start)); at != days.days().end() && beginning_of(at->day) < window.end;
         ++at) {
        const std::size_t next = to.size();
        add_clipped(*at->intervals, window, to);
        const bool cut = next > begin && next < to.size() && to[next - 1].end == to[next].start &&
                         to[next - 1].kind == to[next].kind;
        if (!cut) continue;
        to[next - 1].end = to[next].end;
        to.erase(to.begin() + static_cast<std::ptrdiff_t>(next));
    }
    return int{begin > before} + int{to.size() > begin};
}

Intervals BusyUnion::all() const {
    Intervals out;
    add_within({Instant::min(), kFarFuture}, out);
    return out;
}

}  // namespace calgate
