#include "connectors/exchange/exchange_recurrence.hpp"

#include <algorithm>
#include <array>

#include "core/recurrence_rule.hpp"

namespace calgate::exchange {

namespace {

constexpr std::array<std::string_view, 7> kDays{"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
struct Index {
    std::string_view name;
    int ordinal;
};
constexpr std::array<Index, 5> kIndexes{{{"first", 1}, {"second", 2}, {"third", 3}, {"fourth", 4}, {"last", -1}}};
constexpr int kLastCertainDay = 28;  ///< Every month has it.

Error rejected(const std::string& what) {
    return {ErrorCode::Rejected, "Exchange cannot repeat an event " + what + "; enter single events instead.", {}};
}

std::chrono::local_days day_of(const When& start) { return std::chrono::floor<std::chrono::days>(start.local); }
unsigned weekday_of(const When& start) { return std::chrono::weekday(day_of(start)).c_encoding(); }
std::chrono::year_month_day date_of(const When& start) { return std::chrono::year_month_day(day_of(start)); }
int day_number(const When& start) { return static_cast<int>(static_cast<unsigned>(date_of(start).day())); }
int month_number(const When& start) { return static_cast<int>(static_cast<unsigned>(date_of(start).month())); }

std::string_view index_name(int ordinal) {
    for (const Index& index : kIndexes)
        if (index.ordinal == ordinal) return index.name;
    return {};
}

Status fill_days(const RecurrenceRule& rule, const When& start, Pattern& out) {
    for (const RuleDay& day : rule.days) out.days.push_back(day.name.c_encoding());
    if (out.days.empty()) out.days.push_back(weekday_of(start));
    std::sort(out.days.begin(), out.days.end());
    out.days.erase(std::unique(out.days.begin(), out.days.end()), out.days.end());
    if (std::find(out.days.begin(), out.days.end(), weekday_of(start)) == out.days.end())
        return rejected("whose first day is not one of the rule's own days");
    return {};
}

Status fill_relative(const RecurrenceRule& rule, const When& start, Pattern& out) {
    int ordinal = rule.days.front().ordinal;
    for (const RuleDay& day : rule.days)
        if (day.ordinal != ordinal) return rejected("on several weekdays of different weeks of the month");
    if (ordinal != 0 && (rule.days.size() > 1 || !rule.positions.empty()))
        return rejected("on several numbered weekdays of the month");
    if (ordinal == 0) {
        if (rule.positions.size() != 1) return rejected("on every such weekday of the month");
        ordinal = rule.positions.front();
    }
    out.index = index_name(ordinal);
    if (out.index.empty()) return rejected("on a weekday other than the first to fourth or the last of the month");
    return fill_days(rule, start, out);
}

/// Days 28 to n with the last of them taken: what Exchange means by day n.
bool means_last_of(const std::vector<int>& days, const std::vector<int>& positions) {
    if (positions != std::vector<int>{-1} || days.size() < 2 || days.size() > 4) return false;
    for (std::size_t i = 0; i < days.size(); ++i)
        if (days[i] != kLastCertainDay + static_cast<int>(i)) return false;
    return true;
}

Status fill_absolute(const RecurrenceRule& rule, const When& start, bool yearly, Pattern& out) {
    std::vector<int> days = rule.month_days;
    std::sort(days.begin(), days.end());
    if (means_last_of(days, rule.positions)) {
        out.day_of_month = days.back();
        return {};
    }
    if (!rule.positions.empty() || days.size() > 1) return rejected("on several days of the month");
    out.day_of_month = days.empty() ? day_number(start) : days.front();
    if (out.day_of_month == -1) {
        out.day_of_month = 31;
        return {};
    }
    if (out.day_of_month < 1) return rejected("counted back from the end of the month");
    const bool certain = out.day_of_month <= kLastCertainDay || (yearly && (out.month != 2 && out.day_of_month <= 30));
    const bool long_month = yearly && out.day_of_month == 31 &&
                            (out.month == 1 || out.month == 3 || out.month == 5 || out.month == 7 || out.month == 8 ||
                             out.month == 10 || out.month == 12);
    if (!certain && !long_month) return rejected("on a day that some months lack, and skip those months");
    if (out.day_of_month != day_number(start)) return rejected("whose first day is not one of the rule's own days");
    return {};
}

Status fill_month(const RecurrenceRule& rule, const When& start, Pattern& out) {
    if (rule.months.size() > 1) return rejected("in several months of the year");
    out.month = rule.months.empty() ? month_number(start) : rule.months.front();
    if (out.month != month_number(start)) return rejected("whose first day is not in the rule's own month");
    return {};
}

Status fill_range(const RecurrenceRule& rule, const When& start, const ZoneResolver& zones, Pattern& out) {
    out.count = rule.count;
    if (!rule.until) return {};
    using std::chrono::days;
    LocalSeconds local = rule.until->local;
    if (rule.until->kind == When::Kind::Utc && start.kind == When::Kind::Zoned)
        local = zones.to_local(zones.to_instant(*rule.until, "UTC"), start.zone);
    const LocalSeconds midnight = std::chrono::floor<days>(local);
    const bool before_that_days_start = rule.until->kind != When::Kind::Date && start.kind != When::Kind::Date &&
                                        local - midnight < start.local - std::chrono::floor<days>(start.local);
    out.until = before_that_days_start ? midnight - days(1) : midnight;
    return {};
}

Status fill_pattern(const RecurrenceRule& rule, const When& start, Pattern& out) {
    switch (rule.frequency) {
        case Frequency::Hourly:
            return rejected("every hour");
        case Frequency::Daily:
            if (!rule.month_days.empty() || !rule.months.empty()) return rejected("daily in parts of the year");
            out.type = rule.days.empty() ? "daily" : "weekly";
            if (rule.days.empty()) return {};
            if (out.interval != 1) return rejected("every few days on certain weekdays");
            return fill_days(rule, start, out);
        case Frequency::Weekly:
            if (!rule.months.empty()) return rejected("weekly in parts of the year");
            out.type = "weekly";
            return fill_days(rule, start, out);
        case Frequency::Monthly:
            if (!rule.months.empty()) return rejected("monthly in parts of the year");
            if (!rule.days.empty() && !rule.month_days.empty()) return rejected("on certain weekdays of certain days");
            out.type = rule.days.empty() ? "absoluteMonthly" : "relativeMonthly";
            return rule.days.empty() ? fill_absolute(rule, start, false, out) : fill_relative(rule, start, out);
        case Frequency::Yearly:
            break;
    }
    if (!rule.days.empty() && (!rule.month_days.empty() || rule.months.empty()))
        return rejected("on a weekday that is counted through the year");
    CALGATE_TRY_STATUS(fill_month(rule, start, out));
    out.type = rule.days.empty() ? "absoluteYearly" : "relativeYearly";
    return rule.days.empty() ? fill_absolute(rule, start, true, out) : fill_relative(rule, start, out);
}

}  // namespace

Result<Pattern> pattern_of_rule(std::string_view text, const When& start, const ZoneResolver& zones) {
    const auto rule = read_recurrence_rule(text, start.kind == When::Kind::Date);
    if (!rule) return rejected("by this rule, which is not understood (" + rule.error().detail + ")");
    const bool by_clock = !rule->hours.empty() || !rule->minutes.empty() || !rule->seconds.empty();
    const bool odd_positions = !rule->positions.empty() && rule->days.empty() && rule->month_days.empty();
    if (by_clock || odd_positions || !rule->year_days.empty() || !rule->warning.empty())
        return rejected("at several times of the day or on days counted through the year");
    const bool weekly = rule->frequency == Frequency::Weekly || rule->frequency == Frequency::Daily;
    if (weekly && (!rule->positions.empty() || !rule->month_days.empty())) return rejected("by such a weekly rule");
    for (const RuleDay& day : rule->days)
        if (weekly && day.ordinal != 0) return rejected("by such a weekly rule");
    Pattern out;
    out.interval = rule->interval;
    CALGATE_TRY_STATUS(fill_pattern(*rule, start, out));
    if (out.type == "weekly") out.first_day = rule->week_start.c_encoding();
    CALGATE_TRY_STATUS(fill_range(*rule, start, zones, out));
    return out;
}

namespace {

std::string joined(const std::vector<unsigned>& days) {
    std::string out;
    for (const unsigned day : days) out += (out.empty() ? "" : ",") + std::string(kDays[day % 7]);
    return out;
}

std::string month_day_part(int day, const When& start) {
    if (day == day_number(start) && day <= kLastCertainDay) return {};
    if (day >= 31) return ";BYMONTHDAY=-1";
    if (day <= kLastCertainDay) return ";BYMONTHDAY=" + std::to_string(day);
    return day == 29 ? ";BYMONTHDAY=28,29;BYSETPOS=-1" : ";BYMONTHDAY=28,29,30;BYSETPOS=-1";
}

std::string relative_part(const Pattern& pattern) {
    int ordinal = 1;
    for (const Index& index : kIndexes)
        if (index.name == pattern.index) ordinal = index.ordinal;
    if (pattern.days.size() == 7 && ordinal == -1) return ";BYMONTHDAY=-1";
    if (pattern.days.size() == 1) return ";BYDAY=" + std::to_string(ordinal) + joined(pattern.days);
    return ";BYDAY=" + joined(pattern.days) + ";BYSETPOS=" + std::to_string(ordinal);
}

std::string compact(std::string text) {
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string range_part(const Pattern& pattern, const When& start, const ZoneResolver& zones) {
    if (pattern.count) return ";COUNT=" + std::to_string(*pattern.count);
    if (!pattern.until) return {};
    if (start.kind == When::Kind::Date) return ";UNTIL=" + compact(format_date(*pattern.until));
    const LocalSeconds last = *pattern.until + (start.local - std::chrono::floor<std::chrono::days>(start.local));
    When when = start;
    when.local = last;
    return ";UNTIL=" + compact(format_instant(zones.to_instant(when, "UTC")));
}

std::string weekly_part(const Pattern& pattern, const When& start) {
    std::string out;
    if (pattern.days != std::vector<unsigned>{weekday_of(start)} && !pattern.days.empty())
        out += ";BYDAY=" + joined(pattern.days);
    const bool week_matters = pattern.interval > 1 && pattern.days.size() > 1;
    if (week_matters && pattern.first_day != 1) out += ";WKST=" + std::string(kDays[pattern.first_day % 7]);
    return out;
}

std::string yearly_month_part(const Pattern& pattern, const When& start, bool needed) {
    if (!needed && pattern.month == month_number(start)) return {};
    return ";BYMONTH=" + std::to_string(pattern.month);
}

}  // namespace

Result<std::string> rule_of_pattern(const Pattern& pattern, const When& start, const ZoneResolver& zones) {
    const std::string every = pattern.interval > 1 ? ";INTERVAL=" + std::to_string(pattern.interval) : std::string();
    const std::string range = range_part(pattern, start, zones);
    const bool relative = pattern.type.starts_with("relative");
    if (relative && pattern.days.empty())
        return Error{ErrorCode::InvalidResponse, "The event repeats on weekdays that are not named.", {}};
    if (pattern.type == "daily") return "FREQ=DAILY" + every + range;
    if (pattern.type == "weekly") return "FREQ=WEEKLY" + every + weekly_part(pattern, start) + range;
    if (pattern.type == "absoluteMonthly")
        return "FREQ=MONTHLY" + every + month_day_part(pattern.day_of_month, start) + range;
    if (pattern.type == "relativeMonthly") return "FREQ=MONTHLY" + every + relative_part(pattern) + range;
    if (pattern.type == "absoluteYearly") {
        // A rule with BYMONTHDAY needs its month said, or it would act in every month.
        const std::string day = pattern.month != 2 && pattern.day_of_month == day_number(start)
                                    ? std::string()
                                    : month_day_part(pattern.day_of_month, start);
        return "FREQ=YEARLY" + every + yearly_month_part(pattern, start, !day.empty()) + day + range;
    }
    if (pattern.type == "relativeYearly")
        return "FREQ=YEARLY" + every + yearly_month_part(pattern, start, true) + relative_part(pattern) + range;
    return Error{ErrorCode::InvalidResponse, "The event repeats in a way that we do not know.", {}};
}

}  // namespace calgate::exchange
