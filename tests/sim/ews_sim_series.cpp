#include <algorithm>
#include <charconv>
#include <pugixml.hpp>
#include <sstream>

#include "core/identity.hpp"
#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::size_t kMostDays = 1500;
constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr const char* kMonths[] = {
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December"};
constexpr const char* kIndexes[] = {"First", "Second", "Third", "Fourth"};

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::year_month_day;

bool on_weekday(local_days day, const std::string& words) {
    const unsigned weekday = std::chrono::weekday(day).c_encoding();
    const bool weekend = weekday == 0 || weekday == 6;
    std::istringstream in(words);
    for (std::string word; in >> word;)
        if (word == kDays[weekday] || word == "Day" || word == (weekend ? "WeekendDay" : "Weekday")) return true;
    return false;
}

local_days last_of_month(year_month_day date) { return local_days(date.year() / date.month() / std::chrono::last); }

bool is_month(year_month_day date, const std::string& name) {
    return name.empty() || name == kMonths[static_cast<unsigned>(date.month()) - 1];
}

bool on_relative_day(local_days day, const Element& part) {
    const std::string words = part.word("DaysOfWeek"), index = part.word("DayOfWeekIndex");
    if (!on_weekday(day, words)) return false;
    const year_month_day date(day);
    if (index == "Last") {
        for (local_days later = day + days(1); later <= last_of_month(date); later += days(1))
            if (on_weekday(later, words)) return false;
        return true;
    }
    int place = 0;
    for (local_days earlier(date.year() / date.month() / 1); earlier <= day; earlier += days(1))
        place += on_weekday(earlier, words) ? 1 : 0;
    return place >= 1 && place <= 4 && index == kIndexes[place - 1];
}

bool falls_on(local_days day, local_days start, const Element& part) {
    const int interval = number_of(part.word("Interval"), 1, 999, 1);
    const year_month_day date(day), first(start);
    const int months = (static_cast<int>(date.year()) - static_cast<int>(first.year())) * 12 +
                       static_cast<int>(static_cast<unsigned>(date.month())) -
                       static_cast<int>(static_cast<unsigned>(first.month()));
    if (part.name == "DailyRecurrence") return (day - start).count() % interval == 0;
    if (part.name == "WeeklyRecurrence") {
        unsigned week_start = 1;
        for (unsigned i = 0; i < 7; ++i)
            if (part.word("FirstDayOfWeek") == kDays[i]) week_start = i;
        const auto week_of = [&](local_days at) {
            return at - (std::chrono::weekday(at) - std::chrono::weekday(week_start));
        };
        return on_weekday(day, part.word("DaysOfWeek")) && (week_of(day) - week_of(start)).count() / 7 % interval == 0;
    }
    const bool yearly = part.name.find("Yearly") != std::string::npos;
    if (yearly ? !is_month(date, part.word("Month")) : months % interval != 0) return false;
    if (part.name.starts_with("Relative")) return on_relative_day(day, part);
    const auto wanted = static_cast<unsigned>(number_of(part.word("DayOfMonth"), 1, 31, 1));
    const unsigned there = static_cast<unsigned>(year_month_day(last_of_month(date)).day());
    return static_cast<unsigned>(date.day()) == std::min(wanted, there);
}

bool is_list(std::string_view name) {
    for (const char* list : {"ResponseMessages", "Items", "Changes", "Folders", "Envelope", "Groups"})
        if (name.ends_with(list)) return true;
    return false;
}

void scramble(pugi::xml_node node) {
    std::vector<pugi::xml_node> children;
    for (pugi::xml_node child : node.children())
        if (child.type() == pugi::node_element) children.push_back(child);
    if (children.size() > 1 && !is_list(node.name()))
        for (const pugi::xml_node& child : children) node.prepend_move(child);
    for (pugi::xml_node child : children) scramble(child);
    if (std::string_view(node.name()).ends_with("CalendarItem")) {
        pugi::xml_node odd = node.prepend_child("x:MoodOfTheServer");
        odd.append_attribute("xmlns:x") = "urn:nobody-knows-this";
        odd.append_child("x:Start").text() = "not a time";
    }
}

}  // namespace

std::vector<LocalSeconds> days_of_recurrence(const Element& recurrence) {
    const Element* part = nullptr;
    const Element* range = nullptr;
    for (const Element& child : recurrence.children) (child.has("StartDate") ? range : part) = &child;
    if (!part || !range) throw EwsRefusal{"ErrorCalendarInvalidRecurrence"};
    const auto first = parse_local(range->word("StartDate").substr(0, 10));
    if (!first) throw EwsRefusal{"ErrorCalendarInvalidRecurrence"};
    const auto start = std::chrono::floor<days>(*first);
    const auto until = parse_local(range->word("EndDate").substr(0, 10));
    const auto most = static_cast<std::size_t>(
        number_of(range->word("NumberOfOccurrences"), 1, static_cast<int>(kMostDays), static_cast<int>(kMostDays))
    );
    std::vector<LocalSeconds> out;
    for (local_days day = start; day < start + days(20 * 366) && out.size() < most; day += days(1)) {
        if (until && day > std::chrono::floor<days>(*until)) break;
        if (falls_on(day, start, *part)) out.push_back(LocalSeconds(day));
    }
    if (out.empty()) throw EwsRefusal{"ErrorRecurrenceHasNoOccurrence"};
    return out;
}

std::string without_fraction(std::string time) {
    const std::size_t point = time.find('.');
    if (point == std::string::npos) return time;
    const std::size_t end = std::min(time.find_first_not_of("0123456789", point + 1), time.size());
    if (end == point + 1) throw EwsRefusal{"ErrorSchemaValidation"};
    return time.erase(point, end - point);
}

int number_of(const std::string& text, int least, int most, int otherwise) {
    if (text.empty()) return otherwise;
    int value = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (wrong != std::errc{} || end != text.data() + text.size() || value < least || value > most)
        throw EwsRefusal{"ErrorSchemaValidation"};
    return value;
}

std::string base64_of(const std::string& bytes) {
    std::string out = base64url(bytes);
    for (char& c : out) c = c == '-' ? '+' : c == '_' ? '/' : c;
    while (out.size() % 4 != 0) out += '=';
    return out;
}

std::optional<std::string> bytes_of_base64(std::string text) {
    while (text.ends_with('=')) text.pop_back();
    for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
    return from_base64url(text);
}

std::string prefixed(const Element& element) {
    std::string out = "<t:" + element.name;
    for (const auto& [name, value] : element.attributes) out += " " + name + "=\"" + xml_text(value) + "\"";
    out += ">" + xml_text(element.text);
    for (const Element& child : element.children) out += prefixed(child);
    return out + "</t:" + element.name + ">";
}

std::string scrambled(const std::string& envelope) {
    pugi::xml_document document;
    if (!document.load_buffer(envelope.data(), envelope.size())) return envelope;
    scramble(document.document_element());
    std::ostringstream out;
    document.save(out, "", pugi::format_raw);
    return out.str();
}

}  // namespace calgate::testing
