#include <algorithm>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::year_month_day;

constexpr int kMaxDays = 366 * 12;
constexpr const char* kNames[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};

unsigned number_of(const std::string& name) {
    for (unsigned day = 0; day < 7; ++day)
        if (name == kNames[day]) return day;
    return 0;
}

/// Days that a pattern names, decided day by day.
class Pattern {
public:
    Pattern(const Json& json, local_days start) : json_(json), start_(start) {
        for (const Json& day : json.value("daysOfWeek", Json::array())) days_.insert(number_of(day));
    }

    bool names(local_days day) const {
        const std::string type = json_.value("type", "daily");
        const int interval = std::max(1, json_.value("interval", 1));
        const year_month_day date(day), first(start_);
        const int months = (static_cast<int>(date.year()) - static_cast<int>(first.year())) * 12 +
                           (static_cast<int>(static_cast<unsigned>(date.month())) -
                            static_cast<int>(static_cast<unsigned>(first.month())));
        if (type == "daily") return (day - start_).count() % interval == 0;
        if (type == "weekly") return weekly(day, interval);
        if (type == "absoluteMonthly") return months % interval == 0 && is_day_of_month(date);
        if (type == "relativeMonthly") return months % interval == 0 && is_indexed(day);
        const bool right_month = static_cast<int>(static_cast<unsigned>(date.month())) == json_.value("month", 1);
        const int years = static_cast<int>(date.year()) - static_cast<int>(first.year());
        if (!right_month || years % interval != 0) return false;
        return type == "absoluteYearly" ? is_day_of_month(date) : is_indexed(day);
    }

private:
    static unsigned weekday(local_days day) { return std::chrono::weekday(day).c_encoding(); }
    static unsigned last_day(year_month_day date) {
        return static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
    }

    bool weekly(local_days day, int interval) const {
        const unsigned first = number_of(json_.value("firstDayOfWeek", "sunday"));
        const auto week = [&](local_days at) { return at - days((weekday(at) + 7 - first) % 7); };
        return days_.contains(weekday(day)) && (week(day) - week(start_)).count() / 7 % interval == 0;
    }
    /// Day 31 means the last day of a shorter month.
    bool is_day_of_month(year_month_day date) const {
        const auto wanted = static_cast<unsigned>(json_.value("dayOfMonth", 1));
        return static_cast<unsigned>(date.day()) == std::min(wanted, last_day(date));
    }
    bool is_indexed(local_days day) const {
        if (!days_.contains(weekday(day))) return false;
        const year_month_day date(day);
        int before = 0, after = 0;
        for (unsigned other = 1; other <= last_day(date); ++other) {
            const local_days at(date.year() / date.month() / std::chrono::day(other));
            if (!days_.contains(weekday(at)) || at == day) continue;
            ++(at < day ? before : after);
        }
        const std::string index = json_.value("index", "first");
        if (index == "last") return after == 0;
        const char* const order[] = {"first", "second", "third", "fourth"};
        return before < 4 && index == order[before];
    }

    const Json& json_;
    local_days start_;
    std::set<unsigned> days_{};
};

}  // namespace

std::vector<GraphSlot> GraphSim::State::slots(const GraphEvent& master, Interval window) const {
    std::vector<GraphSlot> out;
    const Json& recurrence = master.members.at("recurrence");
    const Json& range = recurrence.at("range");
    const auto first = std::chrono::floor<days>(master.times.start);
    const std::string type = range.value("type", "noEnd");
    const auto until = type == "endDate" ? parse_local(range.value("endDate", "")) : std::nullopt;
    const std::int64_t count = type == "numbered" ? range.value("numberOfOccurrences", 1) : INT64_MAX;
    const Pattern pattern(recurrence.at("pattern"), first);
    std::int64_t seen = 0;
    for (int n = 0; n < kMaxDays && seen < count; ++n) {
        const local_days day = first + days(n);
        if (until && LocalSeconds(day) > *until) break;
        if (!pattern.names(day)) continue;
        ++seen;
        GraphSlot slot{format_date(day), master.times};
        slot.times.start = master.times.start + days(n);
        slot.times.end = master.times.end + days(n);
        const Interval at = span(slot.times);
        if (at.start >= window.end) break;
        if (at.end > window.start || at.start >= window.start) out.push_back(std::move(slot));
    }
    return out;
}

bool GraphSim::State::crosses(const GraphEvent& master, const std::string& slot, const GraphTimes& wanted) const {
    const std::string zone = zones.canonical_name(master.times.start_zone).value_or("UTC");
    const auto day = [&](const GraphTimes& times) {
        return std::chrono::floor<days>(zones.to_local(span(times).start, zone));
    };
    const local_days to = day(wanted);
    for (const GraphSlot& other : slots(master, {Instant::min() + days(1), Instant::max() - days(1)})) {
        if (other.date == slot || master.cancelled.contains(other.date)) continue;
        const auto changed = master.exceptions.find(other.date);
        const local_days at = day(changed == master.exceptions.end() ? other.times : changed->second.times);
        if (other.date < slot ? at >= to : at <= to) return true;
    }
    return false;
}

}  // namespace calgate::testing
