#include <algorithm>
#include <array>

#include "connectors/ews/ews_requests.hpp"
#include "connectors/ews/ews_session.hpp"
#include "connectors/ews/ews_wire.hpp"
#include "connectors/exchange/exchange_recurrence.hpp"
#include "connectors/exchange/exchange_terms.hpp"
#include "connectors/exchange/exchange_text.hpp"
#include "core/windows_zones.hpp"

namespace calgate::ews {

namespace {

using exchange::Pattern;
using std::chrono::days;

constexpr std::size_t kMaxTitle = 255;  ///< Characters that Exchange keeps of a subject.
constexpr std::size_t kMaxKeptNotes = 16 * 1024;
constexpr int kMaxMonths = 99;  ///< Interval of a monthly recurrence.

Error rejected(std::string sentence) { return {ErrorCode::Rejected, std::move(sentence), {}}; }

/// A property of an item: how an update names it, and the element with its value.
struct Field {
    Element path{};                  ///< FieldURI or ExtendedFieldURI.
    std::optional<Element> value{};  ///< None: the property is to be absent.
    enum class Part : std::uint8_t { Alone, Time, Recurrence } part = Part::Alone;

    bool operator==(const Field&) const = default;
};

std::string element_of(std::string_view uri) { return "t:" + std::string(uri.substr(uri.find(':') + 1)); }

Field field(std::string_view uri, std::string text, Field::Part part = Field::Part::Alone) {
    return {field_uri(uri), with_text(element_of(uri), std::move(text)), part};
}

Field own_field(std::string_view name, const std::string& value) {
    const Element path = own_field_uri(name);
    if (value.empty()) return {path, std::nullopt};
    return {path, with_children("t:ExtendedProperty", {path, with_text("t:Value", value)})};
}

/// A time, and the Windows zone that it is in.
struct WallTime {
    std::string text{};
    std::string zone{};
};

/// The zone name that stands for exactly this wall time at Exchange; empty when there is none.
std::string zone_for(const When& when, const WireContext& context) {
    const std::string_view windows = windows_of_iana(when.zone);
    const std::string meant(windows.empty() ? std::string_view{} : iana_of_windows(windows));
    if (meant.empty() || !context.zones.knows(meant)) return {};
    const bool same = context.zones.to_instant(when.local, meant) == context.zones.to_instant(when.local, when.zone);
    return same ? std::string(windows) : std::string();
}

WallTime wall_time(const When& when, const WireContext& context) {
    if (when.kind == When::Kind::Utc) return {format_local(when.local) + "Z", "UTC"};
    if (when.kind == When::Kind::Zoned) {
        const std::string zone = zone_for(when, context);
        if (!zone.empty()) return {format_local(when.local), zone};
        return {format_instant(context.zones.to_instant(when, "UTC")), "UTC"};
    }
    return {format_local(when.local), windows_zone(context.zone())};
}

When end_of(const EventInstance& instance, const WireContext& context) {
    When end = instance.end;
    if (instance.start.kind == When::Kind::Date) {
        if (end.local <= instance.start.local) end.local = instance.start.local + days(1);
        return end;
    }
    if (!instance.exact_duration) return end;
    When nominal = instance.start;
    nominal.local += instance.nominal_days;
    const Instant at = context.zones.to_instant(nominal, context.zone()) + *instance.exact_duration;
    return {When::Kind::Utc, LocalSeconds{at.time_since_epoch()}, {}};
}

std::string status_of(const EventInstance& instance) {
    const std::string shown = exchange::show_as_of(instance);
    if (shown == "free") return "Free";
    if (shown == "tentative") return "Tentative";
    if (shown == "oof") return "OOF";
    return shown == "workingElsewhere" ? "WorkingElsewhere" : "Busy";
}

std::string sensitivity_of(Classification classification) {
    std::string out = exchange::sensitivity_of(classification);
    out.front() = static_cast<char>(out.front() - 32);
    return out;
}

Status check(const EventInstance& instance, const WireContext& context) {
    if (exchange::characters(instance.title) > kMaxTitle)
        return rejected("Exchange keeps 255 characters of a title and this one is longer; shorten it.");
    if (context.zones.to_instant(end_of(instance, context), context.zone()) <
        context.zones.to_instant(instance.start, context.zone()))
        return rejected("The event ends before it starts; correct its times.");
    return {};
}

std::string_view day_name(unsigned day) {
    constexpr std::array<std::string_view, 7> kNames{
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
    return kNames[day % 7];
}

/// One word of DayOfWeekType for several days; empty when there is none.
std::string_view one_day_word(const std::vector<unsigned>& weekdays) {
    if (weekdays.size() == 1) return day_name(weekdays.front());
    if (weekdays.size() == 7) return "Day";
    if (weekdays == std::vector<unsigned>{1, 2, 3, 4, 5}) return "Weekday";
    return weekdays == std::vector<unsigned>{0, 6} ? "WeekendDay" : "";
}

std::string capitalised(std::string word) {
    if (!word.empty()) word.front() = static_cast<char>(word.front() - 32);
    return word;
}

Result<Element> pattern_xml(const Pattern& pattern) {
    constexpr std::array<std::string_view, 12> kMonths{
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
    Element out{"t:" + capitalised(pattern.type) + "Recurrence", {}, {}, {}};
    const auto add = [&](const char* name, std::string_view text) {
        out.children.push_back(with_text(name, std::string(text)));
    };
    if (!pattern.type.ends_with("Yearly")) add("t:Interval", std::to_string(pattern.interval));
    if (pattern.type == "weekly") {
        std::string weekdays;
        for (const unsigned day : pattern.days) weekdays += (weekdays.empty() ? "" : " ") + std::string(day_name(day));
        add("t:DaysOfWeek", weekdays);
        add("t:FirstDayOfWeek", day_name(pattern.first_day));
    }
    if (pattern.type.starts_with("relative")) {
        const std::string_view word = one_day_word(pattern.days);
        if (word.empty())
            return rejected("Exchange cannot repeat an event on such a group of weekdays; enter single events instead."
            );
        add("t:DaysOfWeek", word);
        add("t:DayOfWeekIndex", capitalised(pattern.index));
    }
    if (pattern.type.starts_with("absolute")) add("t:DayOfMonth", std::to_string(pattern.day_of_month));
    if (pattern.type.ends_with("Yearly")) add("t:Month", kMonths[static_cast<std::size_t>(pattern.month - 1)]);
    return out;
}

Element range_xml(const Pattern& pattern, const When& start) {
    const Element from = with_text("t:StartDate", format_date(start.local));
    if (pattern.until)
        return with_children("t:EndDateRecurrence", {from, with_text("t:EndDate", format_date(*pattern.until))});
    if (pattern.count)
        return with_children(
            "t:NumberedRecurrence", {from, with_text("t:NumberOfOccurrences", std::to_string(*pattern.count))}
        );
    return with_children("t:NoEndRecurrence", {from});
}

Status check_series(const Event& event, const WireContext& context) {
    const EventInstance& master = event.master;
    if (event.partial) return rejected("The event was only partly understood; it is not written.");
    if (!event.has_master) return rejected("Only single occurrences of the series are known; it is not written.");
    if (master.rules.size() > 1 || !master.exclusion_rules.empty() || !master.extra_dates.empty())
        return rejected("Exchange repeats an event by one rule only; enter the other dates as single events.");
    if (master.rules.empty() && (!event.overrides.empty() || !master.excluded_dates.empty()))
        return rejected("An event that does not repeat cannot have changed occurrences.");
    for (const EventInstance& instance : event.overrides)
        if (instance.this_and_future || !instance.recurrence_id)
            return rejected("Exchange cannot change a series from one date on; split the series.");
    if (!master.rules.empty() && master.start.kind == When::Kind::Zoned && zone_for(master.start, context).empty())
        return rejected("The series lives in a time zone that Exchange does not know; choose another one.");
    return {};
}

CopyWords words_of(const EventInstance& instance, const std::optional<Pattern>& pattern, const WireContext& context) {
    CopyWords out;
    const When& start = instance.start;
    if (start.kind == When::Kind::Zoned && !start.zone.starts_with("embedded:") &&
        (pattern || iana_of_windows(wall_time(start, context).zone) != start.zone))
        out.zone = start.zone;
    if (pattern) {
        // A series answered without its zone would be understood in part only.
        if (start.kind != When::Kind::Zoned) out.zone = start.kind == When::Kind::Utc ? "UTC" : context.zone();
        const auto shortest = exchange::rule_of_pattern(*pattern, start, context.zones);
        if (!shortest || *shortest != instance.rules.front()) out.rule = instance.rules.front();
    }
    if (instance.notes.size() <= kMaxKeptNotes) out.notes = instance.notes;
    out.state = exchange::state_word(instance);
    return out;
}

/// What an instance shows, in the order of the schema; the same meaning gives the same fields.
/// @param recurrence none for what is no series.
std::vector<Field> fields_of(
    const EventInstance& instance,
    const std::vector<Field>& own,
    const std::optional<Element>& recurrence,
    const WireContext& context
) {
    const WallTime start = wall_time(instance.start, context), end = wall_time(end_of(instance, context), context);
    const auto zone = [](std::string_view uri, const std::string& id) {
        return Field{field_uri(uri), Element{element_of(uri), {{"Id", id}}, {}, {}}, Field::Part::Time};
    };
    const bool all_day = instance.start.kind == When::Kind::Date;
    std::vector<Field> out = {
        field("item:Subject", instance.title),
        field("item:Sensitivity", sensitivity_of(instance.classification)),
        {field_uri("item:Body"), Element{"t:Body", {{"BodyType", "Text"}}, instance.notes, {}}}};
    out.insert(out.end(), own.begin(), own.end());
    out.push_back(field("calendar:Start", start.text, Field::Part::Time));
    out.push_back(field("calendar:End", end.text, Field::Part::Time));
    out.push_back(field("calendar:IsAllDayEvent", all_day ? "true" : "false", Field::Part::Time));
    out.push_back(field("calendar:LegacyFreeBusyStatus", status_of(instance)));
    out.push_back(field("calendar:Location", instance.place));
    if (instance.place.empty()) out.back().value.reset();
    out.push_back({field_uri("calendar:Recurrence"), recurrence, Field::Part::Recurrence});
    out.push_back(zone("calendar:StartTimeZone", start.zone));
    out.push_back(zone("calendar:EndTimeZone", end.zone));
    return out;
}

Result<std::vector<Field>> fields_of(const Event& event, const WireContext& context) {
    CALGATE_TRY_STATUS(check_series(event, context));
    CALGATE_TRY_STATUS(check(event.master, context));
    std::optional<Pattern> pattern;
    std::optional<Element> recurrence;
    if (!event.master.rules.empty()) {
        CALGATE_TRY(
            const Pattern whole,
            exchange::pattern_of_rule(event.master.rules.front(), event.master.start, context.zones)
        );
        CALGATE_TRY(pattern, in_months(whole));
        CALGATE_TRY(const Element repeats, pattern_xml(*pattern));
        recurrence = with_children("t:Recurrence", {repeats, range_xml(*pattern, event.master.start)});
    }
    CopyWords words = words_of(event.master, pattern, context);
    words.mark = event.mark;
    words.capsule = event.capsule;
    const std::vector<Field> own = {
        own_field(kUidProperty, event.uid.value), own_field(kCopyProperty, write_copy_words(words))};
    return fields_of(event.master, own, recurrence, context);
}

/// @param field with its value.
Element set_field(const Field& field) {
    return with_children("t:SetItemField", {field.path, with_children("t:CalendarItem", {*field.value})});
}

/// Start, end and zones are given together (EWS: UpdateItem would keep the other end), and the recurrence with them.
Update difference(const std::vector<Field>& wanted, const std::vector<Field>& current) {
    bool times = false, recurrence = false;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] == current[i]) continue;
        times |= wanted[i].part == Field::Part::Time;
        recurrence |= wanted[i].part == Field::Part::Recurrence;
    }
    Update out;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const Field& field = wanted[i];
        const bool was_or_is = field.value || current[i].value;
        const bool together = field.part != Field::Part::Alone && (times || recurrence) && was_or_is;
        if (field == current[i] && !together) continue;
        out.fields.push_back(field.value ? set_field(field) : with_children("t:DeleteItemField", {field.path}));
    }
    out.drops_exceptions = times || recurrence;
    return out;
}

}  // namespace

Result<Pattern> in_months(Pattern pattern) {
    if (!pattern.type.ends_with("Yearly") || pattern.interval == 1) return pattern;
    if (pattern.interval * 12 > kMaxMonths)
        return rejected("Exchange repeats an event every 8 years at most; enter single events instead.");
    pattern.interval *= 12;
    pattern.month = 0;
    pattern.type = pattern.type == "absoluteYearly" ? "absoluteMonthly" : "relativeMonthly";
    return pattern;
}

std::string zone_of_request(const EventInstance& instance, const WireContext& context) {
    const bool named = instance.start.kind == When::Kind::Zoned && !zone_for(instance.start, context).empty();
    return named ? instance.start.zone : context.zone();
}

Event in_utc(Event event, const WireContext& context) {
    for (When* when : {&event.master.start, &event.master.end}) {
        if (when->kind == When::Kind::Date) continue;
        const Instant at = context.zones.to_instant(*when, context.zone());
        *when = {When::Kind::Utc, LocalSeconds{at.time_since_epoch()}, {}};
    }
    return event;
}

Result<Element> write_create(const Event& event, const WireContext& context) {
    CALGATE_TRY(const std::vector<Field> fields, fields_of(event, context));
    Element out{"t:CalendarItem", {}, {}, {}};
    bool before_own = true;
    for (const Field& field : fields) {
        if (before_own && field.path.name == "t:ExtendedFieldURI") {
            out.children.push_back(with_text("t:ReminderIsSet", "false"));
            before_own = false;
        }
        // Cannot be changed later, so it is no field; tells who a copy is where named properties are dropped.
        if (field.path == field_uri("calendar:Start") && !event.uid.empty())
            out.children.push_back(with_text("t:UID", event.uid.value));
        if (field.value) out.children.push_back(*field.value);
    }
    return out;
}

Result<Update> write_update(const Event& wanted, const Event& current, const WireContext& context) {
    CALGATE_TRY(const std::vector<Field> all, fields_of(wanted, context));
    CALGATE_TRY(const std::vector<Field> old, fields_of(current, context));
    Update out = difference(all, old);
    out.drops_exceptions = out.drops_exceptions && !current.master.rules.empty();
    return out;
}

Result<Update> write_occurrence(const EventInstance& wanted, const EventInstance& current, const WireContext& context) {
    CALGATE_TRY_STATUS(check(wanted, context));
    const std::vector<Field> own = {own_field(kCopyProperty, write_copy_words(words_of(wanted, {}, context)))};
    Update out = difference(fields_of(wanted, own, {}, context), fields_of(current, own, {}, context));
    if (!out.fields.empty() && own.front().value) out.fields.push_back(set_field(own.front()));
    out.drops_exceptions = false;
    return out;
}

}  // namespace calgate::ews
