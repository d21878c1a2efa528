#include "core/recurrence_walk.hpp"

#include <algorithm>

namespace calgate {
namespace {

using namespace std::chrono;

constexpr year kLastYear{9999};

/// More than the steps from the year 1 to the last one: dates stay in the range of `year`.
std::int64_t most_steps(Frequency frequency) {
    switch (frequency) {
        case Frequency::Hourly:
            return 24 * 3'700'000;
        case Frequency::Daily:
            return 3'700'000;
        case Frequency::Weekly:
            return 530'000;
        case Frequency::Monthly:
            return 120'000;
        case Frequency::Yearly:
            return 10'000;
    }
    return 0;
}

bool contains(const std::vector<int>& list, int value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

int month_length(year_month_day date) {
    return static_cast<int>(static_cast<unsigned>((date.year() / date.month() / last).day()));
}

int day_of(year_month_day date) { return static_cast<int>(static_cast<unsigned>(date.day())); }

/// Does the list name position `at` (from 1) of `size`, from either end?
bool names(const std::vector<int>& list, int at, int size) {
    return contains(list, at) || contains(list, at - size - 1);
}

std::vector<seconds> clock_times(const RecurrenceRule& rule, seconds start) {
    const hh_mm_ss own{start};
    const auto or_own = [](const std::vector<int>& list, std::int64_t value) {
        return list.empty() ? std::vector<int>{static_cast<int>(value)} : list;
    };
    std::vector<seconds> out;
    for (const int hour : or_own(rule.hours, own.hours().count())) {
        for (const int minute : or_own(rule.minutes, own.minutes().count())) {
            for (const int second : or_own(rule.seconds, own.seconds().count())) {
                out.push_back(hours{hour} + minutes{minute} + seconds{std::min(second, 59)});
            }
        }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

void pick_positions(std::vector<LocalSeconds>& candidates, const std::vector<int>& positions) {
    const int size = static_cast<int>(candidates.size());
    std::vector<LocalSeconds> picked;
    for (int at = 1; at <= size; ++at) {
        if (names(positions, at, size)) picked.push_back(candidates[static_cast<std::size_t>(at) - 1]);
    }
    candidates = std::move(picked);
}

}  // namespace

RecurrenceWalk::RecurrenceWalk(const RecurrenceRule& rule, LocalSeconds start, bool date_only)
    : rule_(rule), start_(start), start_date_(sys_days{floor<days>(start).time_since_epoch()}) {
    if (date_only)
        clocks_ = {seconds{0}};
    else
        clocks_ = clock_times(rule, start - floor<days>(start));
}

/// First day of the present period, after `period_` steps of the interval.
sys_days RecurrenceWalk::first_day() const {
    const std::int64_t steps = period_ * rule_.interval;
    switch (rule_.frequency) {
        case Frequency::Hourly:
            break;
        case Frequency::Daily:
            return sys_days{start_date_} + days{steps};
        case Frequency::Weekly: {
            const sys_days day{start_date_};
            return day - (weekday{day} - rule_.week_start) + days{7 * steps};
        }
        case Frequency::Monthly:
            return sys_days{(start_date_.year() / start_date_.month() + months{steps}) / 1};
        case Frequency::Yearly:
            return sys_days{(start_date_.year() + years{steps}) / January / 1};
    }
    return sys_days{floor<days>(start_ + hours{steps}).time_since_epoch()};
}

void RecurrenceWalk::skip_to(LocalSeconds local) {
    if (local <= start_) return;
    const auto whole = floor<days>(local - start_).count();
    std::int64_t units = 0;
    switch (rule_.frequency) {
        case Frequency::Hourly:
            units = floor<hours>(local - start_).count();
            break;
        case Frequency::Daily:
            units = whole;
            break;
        case Frequency::Weekly:
            units = whole / 7;
            break;
        case Frequency::Monthly:
            units = whole / 31;
            break;  // Too early is harmless, too late is not.
        case Frequency::Yearly:
            units = whole / 366;
            break;
    }
    period_ = std::max<std::int64_t>(0, units / rule_.interval - 1);
}

bool RecurrenceWalk::next(std::vector<LocalSeconds>& candidates) {
    candidates.clear();
    const std::int64_t steps = period_ * rule_.interval;
    if (steps > most_steps(rule_.frequency) || year_month_day{first_day()}.year() > kLastYear) return false;
    if (rule_.frequency == Frequency::Hourly) {
        candidates.push_back(start_ + hours{steps});
        ++period_;
        return true;
    }
    days_.clear();
    collect_days(first_day());
    for (const sys_days day : days_) {
        for (const seconds clock : clocks_) candidates.push_back(LocalSeconds{day.time_since_epoch()} + clock);
    }
    if (!rule_.positions.empty()) pick_positions(candidates, rule_.positions);
    ++period_;
    return true;
}

void RecurrenceWalk::collect_days(sys_days first) {
    switch (rule_.frequency) {
        case Frequency::Hourly:
            return;
        case Frequency::Daily:
            if (matches(first)) days_.push_back(first);
            return;
        case Frequency::Weekly:
            for (int i = 0; i < 7; ++i) {
                if (matches(first + days{i})) days_.push_back(first + days{i});
            }
            return;
        case Frequency::Monthly: {
            const year_month_day date{first};
            return collect_month(date.year() / date.month());
        }
        case Frequency::Yearly:
            for (int i = 0; i < 12; ++i) collect_month(year_month_day{first}.year() / January + months{i});
            return;
    }
}

void RecurrenceWalk::collect_month(year_month month) {
    if (!rule_.months.empty() && !contains(rule_.months, static_cast<int>(static_cast<unsigned>(month.month()))))
        return;
    const int length = month_length(month / 1);
    for (int d = 1; d <= length; ++d) {
        const year_month_day date = month / day{static_cast<unsigned>(d)};
        if (matches(date)) days_.push_back(date);
    }
}

/// RFC 5545 3.3.10: parts that are present limit; what none of them says comes from the start.
bool RecurrenceWalk::matches(year_month_day date) const {
    if (!rule_.months.empty() && !contains(rule_.months, static_cast<int>(static_cast<unsigned>(date.month()))))
        return false;
    if (!rule_.month_days.empty() && !names(rule_.month_days, day_of(date), month_length(date))) return false;
    if (!rule_.year_days.empty()) {
        const sys_days first{date.year() / January / 1};
        const int size = date.year().is_leap() ? 366 : 365;
        if (!names(rule_.year_days, static_cast<int>((sys_days{date} - first).count()) + 1, size)) return false;
    }
    if (!rule_.days.empty()) return is_listed_day(date);
    return matches_start(date);
}

bool RecurrenceWalk::matches_start(year_month_day date) const {
    switch (rule_.frequency) {
        case Frequency::Hourly:
        case Frequency::Daily:
            return true;
        case Frequency::Weekly:
            return weekday{date} == weekday{start_date_};
        case Frequency::Monthly:
            return !rule_.month_days.empty() || date.day() == start_date_.day();
        case Frequency::Yearly:
            if (!rule_.month_days.empty() || !rule_.year_days.empty()) return true;
            return date.day() == start_date_.day() && (!rule_.months.empty() || date.month() == start_date_.month());
    }
    return false;
}

bool RecurrenceWalk::is_listed_day(year_month_day date) const {
    const weekday name{date};
    const bool in_year = rule_.frequency == Frequency::Yearly && rule_.months.empty();
    const int at =
        in_year ? static_cast<int>((sys_days{date} - sys_days{date.year() / January / 1}).count()) : day_of(date) - 1;
    const int size = in_year ? (date.year().is_leap() ? 366 : 365) : month_length(date);
    return std::any_of(rule_.days.begin(), rule_.days.end(), [&](const RuleDay& wanted) {
        if (wanted.name != name) return false;
        if (wanted.ordinal == 0) return true;
        return wanted.ordinal == at / 7 + 1 || -wanted.ordinal == (size - 1 - at) / 7 + 1;
    });
}

}  // namespace calgate
