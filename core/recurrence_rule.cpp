#include "core/recurrence_rule.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <vector>

namespace calgate {
namespace {

constexpr std::size_t kMaxRuleBytes = 512;
constexpr std::size_t kMaxListValues = 62;  // BYMONTHDAY may name every day, from both ends.
constexpr std::int64_t kMaxCount = 20'000;

/// COUNT takes any number of digits; what does not fit is more than anybody looks at.
constexpr std::int64_t kCountless = std::numeric_limits<std::int64_t>::max();

using Parts = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> out;
    for (std::size_t from = 0; from <= text.size();) {
        const auto to = std::min(text.find(separator, from), text.size());
        out.emplace_back(text.substr(from, to - from));
        from = to + 1;
    }
    return out;
}

std::optional<std::int64_t> number(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

struct Checked {
    Parts parts{};
    std::string frequency{};
    std::string why{};

    bool has(const char* name) const { return parts.contains(name); }
    const std::vector<std::string>& list(const char* name) const {
        static const std::vector<std::string> kNone;
        const auto found = parts.find(name);
        return found == parts.end() ? kNone : found->second;
    }
};

Checked parse(std::string_view text) {
    Checked out;
    static const std::set<std::string> kKnown = {
        "FREQ",
        "UNTIL",
        "COUNT",
        "INTERVAL",
        "BYSECOND",
        "BYMINUTE",
        "BYHOUR",
        "BYDAY",
        "BYMONTHDAY",
        "BYYEARDAY",
        "BYWEEKNO",
        "BYMONTH",
        "BYSETPOS",
        "WKST",
        "RSCALE",
        "SKIP"};
    for (const std::string& part : split(text, ';')) {
        const auto equals = part.find('=');
        if (part.empty()) continue;
        if (equals == std::string::npos) {
            out.why = "has a part without a value";
            return out;
        }
        const std::string name = part.substr(0, equals);
        if (!kKnown.contains(name)) {
            out.why = "has the unknown part " + name.substr(0, 40);
            return out;
        }
        std::vector<std::string> values;
        for (const std::string& value : split(std::string_view(part).substr(equals + 1), ',')) {
            if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
        }
        if (values.size() > kMaxListValues) out.why = "lists more than " + std::to_string(kMaxListValues) + " values";
        out.parts[name] = std::move(values);
    }
    if (out.has("FREQ")) out.frequency = out.parts["FREQ"].front();
    return out;
}

std::optional<std::chrono::weekday> parse_weekday(std::string_view text) {
    static constexpr std::array<std::string_view, 7> kNames = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    const auto found = std::find(kNames.begin(), kNames.end(), text);
    if (found == kNames.end()) return std::nullopt;
    return std::chrono::weekday{static_cast<unsigned>(found - kNames.begin())};
}

/// "MO", "2TU", "-1FR".
std::optional<RuleDay> parse_day(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    const auto name = parse_weekday(text.substr(text.size() - 2));
    if (!name) return std::nullopt;
    if (text.size() == 2) return RuleDay{0, *name};
    const auto ordinal = number(text.substr(0, text.size() - 2));
    if (!ordinal || *ordinal == 0 || *ordinal < -53 || *ordinal > 53) return std::nullopt;
    return RuleDay{static_cast<int>(*ordinal), *name};
}

/// How many dates one period can offer before BYSETPOS picks; generous where exactness does not matter.
std::int64_t candidates(const Checked& rule) {
    const auto clock = static_cast<std::int64_t>(
        std::max<std::size_t>(1, rule.list("BYHOUR").size()) * std::max<std::size_t>(1, rule.list("BYMINUTE").size()) *
        std::max<std::size_t>(1, rule.list("BYSECOND").size())
    );
    std::int64_t days = 0;
    for (const std::string& day : rule.list("BYDAY")) {
        days += day.size() > 2 ? 1 : (rule.frequency == "YEARLY" ? 53 : rule.frequency == "MONTHLY" ? 5 : 1);
    }
    auto month_days = static_cast<std::int64_t>(rule.list("BYMONTHDAY").size());
    if (rule.frequency == "YEARLY" && !rule.has("BYMONTH")) month_days *= 12;
    if (days == 0)
        days = month_days == 0 ? 1 : month_days;
    else if (month_days > 0)
        days = std::min(days, month_days);
    if (rule.frequency == "DAILY") days = 1;
    if (rule.frequency == "YEARLY") {
        days = std::max<std::int64_t>(days, static_cast<std::int64_t>(rule.list("BYYEARDAY").size()));
        if (rule.has("BYMONTH")) days *= static_cast<std::int64_t>(rule.list("BYMONTH").size());
    }
    return days * clock;
}

bool impossible_month_days(const Checked& rule) {
    if (!rule.has("BYMONTHDAY") || !rule.has("BYMONTH")) return false;
    static constexpr std::array<std::int64_t, 13> kDays = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (const std::string& month : rule.list("BYMONTH")) {
        const auto m = number(month);
        if (!m || *m < 1 || *m > 12) continue;
        for (const std::string& day : rule.list("BYMONTHDAY")) {
            const auto d = number(day);
            if (d && *d != 0 && std::llabs(*d) <= kDays.at(static_cast<std::size_t>(*m))) return false;
        }
    }
    return true;
}

bool all_in_range(const Checked& rule, const char* name, std::int64_t low, std::int64_t high, bool zero) {
    return std::all_of(rule.list(name).begin(), rule.list(name).end(), [&](const std::string& text) {
        const auto value = number(text);
        return value && *value >= low && *value <= high && (zero || *value != 0);
    });
}

std::string shape_problem(const Checked& rule) {
    static const std::set<std::string> kFrequencies = {"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
    if (rule.frequency == "SECONDLY" || rule.frequency == "MINUTELY") return "repeats more often than hourly";
    if (!kFrequencies.contains(rule.frequency)) return "has no known frequency";
    if (rule.has("INTERVAL")) {
        const auto interval = number(rule.list("INTERVAL").front());
        if (!interval || *interval < 1 || *interval > 32'767) return "has an interval that makes no sense";
    }
    if (rule.frequency == "HOURLY") {
        for (const auto& [name, values] : rule.parts) {
            if (name.starts_with("BY")) return "repeats hourly with further conditions";
        }
    }
    if (rule.has("BYWEEKNO")) return "counts by week numbers";
    if (rule.has("BYYEARDAY") && rule.frequency != "YEARLY") return "names days of the year without repeating yearly";
    if (rule.has("RSCALE") && rule.list("RSCALE").front() != "GREGORIAN")
        return "uses another calendar than the Gregorian one";
    if (rule.has("SKIP") && rule.list("SKIP").front() != "OMIT") return "moves dates that do not exist";
    if (!all_in_range(rule, "BYMONTH", 1, 12, false) || !all_in_range(rule, "BYMONTHDAY", -31, 31, false) ||
        !all_in_range(rule, "BYYEARDAY", -366, 366, false) || !all_in_range(rule, "BYHOUR", 0, 23, true) ||
        !all_in_range(rule, "BYMINUTE", 0, 59, true) || !all_in_range(rule, "BYSECOND", 0, 60, true) ||
        !all_in_range(rule, "BYSETPOS", -366, 366, false)) {
        return "has a value out of range";
    }
    for (const std::string& text : rule.list("BYDAY")) {
        const auto day = parse_day(text);
        if (!day) return "has a value out of range";
        if (day->ordinal != 0 && rule.frequency != "MONTHLY" && rule.frequency != "YEARLY") {
            return "counts weekdays without repeating monthly or yearly";
        }
    }
    if (rule.has("WKST") && !parse_weekday(rule.list("WKST").front())) return "has a value out of range";
    if (rule.has("BYMONTHDAY") && rule.frequency == "WEEKLY") return "names days of the month but repeats weekly";
    if (impossible_month_days(rule)) return "names only days that no month has";
    for (const std::string& text : rule.list("BYSETPOS")) {
        if (std::llabs(*number(text)) > candidates(rule)) return "picks a position that never exists";
    }
    return {};
}

std::optional<When> parse_until(std::string text) {
    const bool utc = text.ends_with('Z');
    if (utc) text.pop_back();
    if (text.size() != 8 && text.size() != 15) return std::nullopt;
    std::string dashed = text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2);
    if (text.size() == 15) dashed += "T" + text.substr(9, 2) + ":" + text.substr(11, 2) + ":" + text.substr(13, 2);
    const auto local = parse_local(dashed);
    if (!local) return std::nullopt;
    if (text.size() == 8) return When{When::Kind::Date, *local, {}};
    return When{utc ? When::Kind::Utc : When::Kind::Floating, *local, {}};
}

std::vector<int> numbers(const Checked& rule, const char* name) {
    std::vector<int> out;
    for (const std::string& text : rule.list(name)) out.push_back(static_cast<int>(*number(text)));
    return out;
}

/// @param rule its shape was checked.
RecurrenceRule translated(const Checked& rule) {
    static const std::map<std::string, Frequency> kFrequencies = {
        {"HOURLY", Frequency::Hourly},
        {"DAILY", Frequency::Daily},
        {"WEEKLY", Frequency::Weekly},
        {"MONTHLY", Frequency::Monthly},
        {"YEARLY", Frequency::Yearly}};
    RecurrenceRule out;
    out.frequency = kFrequencies.at(rule.frequency);
    if (rule.has("INTERVAL")) out.interval = static_cast<int>(*number(rule.list("INTERVAL").front()));
    for (const std::string& text : rule.list("BYDAY")) out.days.push_back(*parse_day(text));
    out.month_days = numbers(rule, "BYMONTHDAY");
    out.year_days = numbers(rule, "BYYEARDAY");
    out.months = numbers(rule, "BYMONTH");
    out.hours = numbers(rule, "BYHOUR");
    out.minutes = numbers(rule, "BYMINUTE");
    out.seconds = numbers(rule, "BYSECOND");
    out.positions = numbers(rule, "BYSETPOS");
    if (rule.has("WKST")) out.week_start = *parse_weekday(rule.list("WKST").front());
    return out;
}

std::optional<std::int64_t> parse_count(const std::string& text) {
    const bool digits =
        !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits) return std::nullopt;
    return number(text).value_or(kCountless);
}

}  // namespace

Result<RecurrenceRule> read_recurrence_rule(std::string_view text, bool date_only) {
    const std::string named = "The repetition rule " + std::string(text.substr(0, 80)) + " ";
    const auto refuse = [&](const std::string& why) {
        return Error{
            ErrorCode::Unsupported,
            named + why + "; only the first occurrence counts. Simplify the rule in the calendar."};
    };
    if (text.size() > kMaxRuleBytes) return refuse("is longer than 512 bytes");
    Checked rule = parse(text);
    if (!rule.why.empty()) return refuse(rule.why);
    if (date_only) {
        for (const char* clock : {"BYHOUR", "BYMINUTE", "BYSECOND"}) rule.parts.erase(clock);
    }
    if (const std::string why = shape_problem(rule); !why.empty()) return refuse(why);
    RecurrenceRule out = translated(rule);
    if (rule.has("UNTIL")) {
        out.until = parse_until(rule.list("UNTIL").front());
        if (!out.until) return refuse("ends at a time that cannot be understood");
    } else if (rule.has("COUNT")) {
        out.count = parse_count(rule.list("COUNT").front());
        if (!out.count || *out.count < 1) return refuse("has a count that makes no sense");
        if (*out.count > kMaxCount) {
            out.count = kMaxCount;
            out.warning =
                named + "has more than " + std::to_string(kMaxCount) +
                " occurrences; those after that are not in the answers. Give the rule an end date in the calendar.";
        }
    }
    return out;
}

}  // namespace calgate
