#include "tests/core/reference_expander.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace calgate::testing {
namespace {

constexpr std::array<const char*, 7> kNames = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

/// Civil date of a day number since 1970-01-01, counted by hand.
struct Date {
    long year = 1970;
    int month = 1;
    int day = 1;
    int year_day = 1;  ///< From 1.
    int weekday = 4;   ///< 1970-01-01 was a Thursday.
    long number = 0;
};

bool leap(long year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int length(long year, int month) {
    static constexpr std::array<int, 12> kLengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && leap(year) ? 29 : kLengths.at(static_cast<std::size_t>(month - 1));
}

void advance(Date& date) {
    ++date.number;
    date.weekday = (date.weekday + 1) % 7;
    ++date.year_day;
    if (++date.day <= length(date.year, date.month)) return;
    date.day = 1;
    if (++date.month <= 12) return;
    date.month = 1;
    date.year_day = 1;
    ++date.year;
}

bool has(const std::vector<int>& list, int value) { return std::find(list.begin(), list.end(), value) != list.end(); }

/// Which period a day belongs to, numbered so that the start's period is divisible by the interval when it counts.
long period_of(const PlainRule& rule, const Date& date) {
    if (rule.frequency == "DAILY") return date.number;
    if (rule.frequency == "WEEKLY") {
        const long since_monday_like = date.number + 4 - rule.week_start;  // 1970-01-01 is weekday 4.
        return since_monday_like >= 0 ? since_monday_like / 7 : -((-since_monday_like + 6) / 7);
    }
    if (rule.frequency == "MONTHLY") return date.year * 12 + date.month;
    return date.year;
}

bool day_listed(const PlainRule& rule, const Date& date) {
    for (const auto& [ordinal, name] : rule.days) {
        if (name != date.weekday) continue;
        if (ordinal == 0) return true;
        // Count such weekdays from one end of the month or year to here.
        const bool whole_year = rule.frequency == "YEARLY" && rule.months.empty();
        const int before = whole_year ? date.year_day : date.day;
        const int size = whole_year ? (leap(date.year) ? 366 : 365) : length(date.year, date.month);
        int count = 0;
        if (ordinal > 0) {
            for (int d = before; d >= 1; d -= 7) ++count;
        } else {
            for (int d = before; d <= size; d += 7) --count;
        }
        if (count == ordinal) return true;
    }
    return false;
}

bool candidate(const PlainRule& rule, const Date& date, const Date& start) {
    if (!rule.months.empty() && !has(rule.months, date.month)) return false;
    const bool month_day =
        has(rule.month_days, date.day) || has(rule.month_days, date.day - length(date.year, date.month) - 1);
    if (!rule.month_days.empty() && !month_day) return false;
    if (!rule.days.empty()) return day_listed(rule, date);
    if (!rule.month_days.empty() || rule.frequency == "DAILY") return true;
    if (rule.frequency == "WEEKLY") return date.weekday == start.weekday;
    if (rule.frequency == "MONTHLY") return date.day == start.day;
    return date.day == start.day && (!rule.months.empty() || date.month == start.month);
}

std::vector<long> pick(const std::vector<long>& days, const std::vector<int>& positions) {
    if (positions.empty()) return days;
    std::set<long> out;
    for (const int position : positions) {
        const long at = position > 0 ? position - 1 : static_cast<long>(days.size()) + position;
        if (at >= 0 && at < static_cast<long>(days.size())) out.insert(days[static_cast<std::size_t>(at)]);
    }
    return {out.begin(), out.end()};
}

std::string joined(const char* name, const std::vector<int>& values) {
    std::string out;
    for (const int value : values) out += (out.empty() ? std::string(";") + name + "=" : ",") + std::to_string(value);
    return out;
}

}  // namespace

std::string PlainRule::text() const {
    std::string out = "FREQ=" + frequency;
    if (interval != 1) out += ";INTERVAL=" + std::to_string(interval);
    if (count) out += ";COUNT=" + std::to_string(*count);
    if (until) {
        std::string at = format_local(*until);
        std::erase_if(at, [](char c) { return c == '-' || c == ':'; });
        out += ";UNTIL=" + at;
    }
    out += joined("BYMONTH", months) + joined("BYMONTHDAY", month_days);
    std::string listed;
    for (const auto& [ordinal, name] : days) {
        listed += (listed.empty() ? ";BYDAY=" : ",") + (ordinal == 0 ? "" : std::to_string(ordinal)) +
                  kNames.at(static_cast<std::size_t>(name));
    }
    out += listed + joined("BYSETPOS", positions);
    if (week_start != 1) out += std::string(";WKST=") + kNames.at(static_cast<std::size_t>(week_start));
    return out;
}

std::vector<LocalSeconds> reference_expand(const PlainRule& rule, LocalSeconds start, LocalSeconds end) {
    constexpr long kDay = 86400;
    const long begin = start.time_since_epoch().count();
    const long first_day = begin / kDay;
    const auto at = [&](long day) { return LocalSeconds{std::chrono::seconds{day * kDay + begin % kDay}}; };
    Date date;
    while (date.number < first_day) advance(date);
    const Date origin = date;
    Date walk;  // From the beginning of the start's period: positions count from there.
    while (walk.number < first_day - 400) advance(walk);
    std::vector<LocalSeconds> out{start};
    std::vector<long> days;
    int produced = 0;
    const long first_period = period_of(rule, origin);
    for (long period = first_period; at(walk.number) < end + std::chrono::days{400}; ++period) {
        days.clear();
        while (period_of(rule, walk) < period) advance(walk);
        for (; period_of(rule, walk) == period; advance(walk)) {
            if ((period - first_period) % rule.interval == 0 && candidate(rule, walk, origin))
                days.push_back(walk.number);
        }
        for (const long day : pick(days, rule.positions)) {
            if (at(day) < start) continue;
            if (rule.until && at(day) > *rule.until) return out;
            if (rule.count && ++produced > *rule.count) return out;
            if (at(day) >= end) return out;
            if (at(day) != start) out.push_back(at(day));
        }
    }
    return out;
}

}  // namespace calgate::testing
