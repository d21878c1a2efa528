#include <algorithm>
#include <charconv>

#include "connectors/ews/ews_wire.hpp"

namespace calgate::ews {

namespace {

using std::chrono::seconds;

constexpr std::size_t kMostTransitions = 20;
constexpr std::string_view kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::string_view kShortDays[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

/// xs:duration of days, hours, minutes and seconds; "-PT1H".
std::optional<seconds> duration_of(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    if (!text.starts_with('P')) return std::nullopt;
    text.remove_prefix(1);
    seconds out{0};
    bool in_time = false;
    while (!text.empty()) {
        if (text.front() == 'T' && !in_time) {
            in_time = true;
            text.remove_prefix(1);
            continue;
        }
        int count = 0;
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), count);
        const auto length = static_cast<std::size_t>(end - text.data());
        if (wrong != std::errc{} || length == text.size() || count < 0 || count > 100'000) return std::nullopt;
        const char unit = text[length];
        if (unit == 'D' && !in_time)
            out += std::chrono::hours{24 * count};
        else if (unit == 'H' && in_time)
            out += std::chrono::hours{count};
        else if (unit == 'M' && in_time)
            out += std::chrono::minutes{count};
        else if (unit == 'S' && in_time)
            out += seconds{count};
        else
            return std::nullopt;
        text.remove_prefix(length + 1);
    }
    return negative ? -out : out;
}

int number_in(const Element& at, std::string_view name) {
    const std::string word = at.word(name);
    int value = 0;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return value;
}

/// A yearly change to `offset`.
struct Change {
    LocalSeconds first{};  ///< In 1970.
    std::string rule{};
    seconds offset{};
};

/// Of a RecurringDayTransition or a RecurringDateTransition, but for its offset.
std::optional<Change> change_of(const Element& transition) {
    using namespace std::chrono;
    const auto at = duration_of(transition.word("TimeOffset"));
    const int month_number = number_in(transition, "Month");
    if (!at || *at < seconds{0} || *at >= hours{24} || month_number < 1 || month_number > 12) return std::nullopt;
    const month in{static_cast<unsigned>(month_number)};
    Change out;
    out.rule = "FREQ=YEARLY;BYMONTH=" + std::to_string(month_number);
    if (transition.name == "RecurringDateTransition") {
        const int day_number = number_in(transition, "Day");
        const auto date = 1970y / in / day{static_cast<unsigned>(day_number)};
        if (day_number < 1 || !date.ok()) return std::nullopt;
        out.rule += ";BYMONTHDAY=" + std::to_string(day_number);
        out.first = LocalSeconds{local_days{date}} + *at;
        return out;
    }
    const int occurrence = number_in(transition, "Occurrence");
    const auto name = std::find(std::begin(kDays), std::end(kDays), transition.word("DayOfWeek"));
    if (name == std::end(kDays) || occurrence == 0 || occurrence < -1 || occurrence > 5) return std::nullopt;
    const auto index = static_cast<std::size_t>(name - std::begin(kDays));
    const weekday on{static_cast<unsigned>(index)};
    const bool last = occurrence == -1 || occurrence == 5;
    out.rule += ";BYDAY=" + (last ? std::string("-1") : std::to_string(occurrence)) + std::string(kShortDays[index]);
    const local_days date = last ? local_days{1970y / in / on[std::chrono::last]}
                                 : local_days{1970y / in / on[static_cast<unsigned>(occurrence)]};
    out.first = LocalSeconds{date} + *at;
    return out;
}

std::string offset_text(seconds offset) {
    const auto minutes = std::chrono::abs(std::chrono::duration_cast<std::chrono::minutes>(offset)).count();
    const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return (offset < seconds{0} ? "-" : "+") + two(minutes / 60) + two(minutes % 60);
}

std::string stamp(LocalSeconds local) {
    std::string out = format_local(local);
    std::erase_if(out, [](char c) { return c == '-' || c == ':'; });
    return out;
}

std::string observance(seconds from, seconds to, LocalSeconds first, const std::string& rule) {
    return "BEGIN:STANDARD\r\nDTSTART:" + stamp(first) + "\r\nTZOFFSETFROM:" + offset_text(from) +
           "\r\nTZOFFSETTO:" + offset_text(to) + "\r\n" + (rule.empty() ? "" : "RRULE:" + rule + "\r\n") +
           "END:STANDARD\r\n";
}

/// The group that is in force last; a definition without groups has one period.
const Element* last_group(const Element& definition) {
    const auto& transitions = definition.child("Transitions").children;
    const auto& groups = definition.child("TransitionsGroups").children;
    if (transitions.empty()) return groups.size() == 1 ? &groups.front() : nullptr;
    const Element* latest = &transitions.front();
    for (const Element& one : transitions)
        if (latest->word("DateTime") <= one.word("DateTime")) latest = &one;
    const std::string wanted = latest->word("To");
    for (const Element& group : groups)
        if (group.attribute("Id") == wanted) return &group;
    return nullptr;
}

}  // namespace

std::string vtimezone_of(const Element& definition) {
    // Bias is what makes UTC of a local time (MS-OXWSCDATA: PeriodType).
    const auto offset_of = [&](const std::string& period) -> std::optional<seconds> {
        for (const Element& one : definition.child("Periods").children) {
            const auto bias = duration_of(one.attribute("Bias"));
            if (one.attribute("Id") == period && bias && std::chrono::abs(*bias) <= std::chrono::hours{15})
                return -*bias;
        }
        return std::nullopt;
    };
    const auto& periods = definition.child("Periods").children;
    const Element* const group = last_group(definition);
    if (periods.empty() || (!group && periods.size() > 1)) return {};
    std::vector<Change> changes;
    std::optional<seconds> only = group ? std::nullopt : offset_of(periods.front().attribute("Id"));
    for (const Element& one : group ? group->children : std::vector<Element>{}) {
        const auto offset = offset_of(one.word("To"));
        if (!offset || changes.size() >= kMostTransitions) return {};
        if (one.name == "Transition") {
            only = offset;
            continue;
        }
        auto change = change_of(one);
        if (!change) return {};
        change->offset = *offset;
        changes.push_back(std::move(*change));
    }
    std::string out;
    std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const Change& before = changes[(i + changes.size() - 1) % changes.size()];
        out += observance(before.offset, changes[i].offset, changes[i].first, changes[i].rule);
    }
    if (changes.empty() && only) out = observance(*only, *only, *parse_local("1970-01-01T00:00:00"), {});
    return out.empty() ? out : "BEGIN:VTIMEZONE\r\nTZID:Custom\r\n" + out + "END:VTIMEZONE\r\n";
}

}  // namespace calgate::ews
