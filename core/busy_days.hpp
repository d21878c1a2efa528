#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "core/model.hpp"
#include "core/time.hpp"

namespace calgate {

/// A day of UTC, counted from 1970-01-01.
using BusyDay = std::int64_t;

/// Intervals by day. The lists never change, so that copies share them and a change costs what it touches and a pointer
/// a day, however long a calendar is.
class BusyDays {
public:
    using List = std::shared_ptr<const std::vector<BusyInterval>>;
    struct Day {
        BusyDay day = 0;
        Instant latest_end{};
        List intervals{};  ///< Sorted, never empty.
    };

    const std::vector<Day>& days() const { return days_; }
    /// The first that is not before `day`.
    std::vector<Day>::const_iterator from(BusyDay day) const;
    /// Null: nothing on that day.
    List on(BusyDay) const;
    /// @param sorted Null or empty: the day is left out.
    void replace(BusyDay, List sorted);

private:
    std::vector<Day> days_{};
};

/// What a change touched.
struct BusyTouched {
    std::set<BusyDay> days{};
    bool longer = false;
};

/// The busy time that one source tells of, as it came: not merged, and the same interval as often as it was told.
class BusySource {
public:
    /// Longer ones stand apart, so that one of a thousand years does not fill every day.
    static constexpr std::chrono::days kLongest{31};

    BusySource() = default;
    explicit BusySource(std::vector<BusyInterval> intervals);

    /// @return nothing, and nothing is changed, when one of `gone` is not in it.
    std::optional<BusyTouched> change(std::span<const BusyInterval> gone, std::span<const BusyInterval> come);
    /// Every day with busy time that is not of a longer interval.
    std::set<BusyDay> busy_days() const;
    /// Adds what lies on the day, clipped to it, without what is of a longer interval.
    void add_day(BusyDay, std::vector<BusyInterval>& to) const;
    /// What begins on the day; null: nothing.
    BusyDays::List beginning(BusyDay day) const { return days_.on(day); }
    const std::vector<BusyInterval>& longer() const { return longer_; }
    /// How many begin within the window.
    int count_beginning(Interval window) const;
    /// Sorted.
    std::vector<BusyInterval> all() const;
    std::size_t size() const;
    bool empty() const { return days_.days().empty() && longer_.empty(); }

private:
    BusyDays days_{};                     ///< By the day of the beginning.
    std::vector<BusyInterval> longer_{};  ///< Sorted.
};

/// Disjoint busy time, cut at midnights of UTC.
struct BusyUnion {
    BusyDays days{};
    std::vector<BusyInterval> longer{};  ///< Sorted, disjoint; not cut.

    /// Adds what lies in the window, clipped; what was cut at a midnight is one again. O(log n + answer).
    /// @return how many of the two lists had something: with both, `to` is to be merged.
    int add_within(Interval window, std::vector<BusyInterval>& to) const;
    std::vector<BusyInterval> all() const;
};

}  // namespace calgate
