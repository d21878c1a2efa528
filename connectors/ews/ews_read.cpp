#include <algorithm>
#include <charconv>

#include "connectors/ews/ews_session.hpp"
#include "connectors/ews/ews_wire.hpp"
#include "connectors/exchange/exchange_recurrence.hpp"
#include "connectors/exchange/exchange_terms.hpp"
#include "connectors/exchange/exchange_text.hpp"

namespace calgate::ews {

namespace {

using exchange::Pattern;
using std::chrono::days;

constexpr std::size_t kMaxBody = 256 * 1024;
constexpr std::size_t kMaxExceptions = 2000;
constexpr int kMaxInterval = 999;

Error unreadable(std::string sentence) { return {ErrorCode::InvalidResponse, std::move(sentence), {}}; }

bool flag(const Element& item, std::string_view name) {
    const std::string word = item.word(name);
    return word == "true" || word == "1";
}

int number(const Element& at, std::string_view name, int least, int most) {
    const std::string word = at.word(name);
    int value = least;
    std::from_chars(word.data(), word.data() + word.size(), value);
    return std::clamp(value, least, most);
}

LocalSeconds midnight_of(LocalSeconds local) { return std::chrono::floor<days>(local); }

/// LegacyFreeBusyStatus in the words that Graph has for it. What nobody knows blocks time.
std::string show_as(const std::string& status) {
    if (status == "Free") return "free";
    if (status == "Tentative") return "tentative";
    if (status == "OOF") return "oof";
    return status == "WorkingElsewhere" ? "workingElsewhere" : "busy";
}

std::string lower_first(std::string word) {
    if (!word.empty() && word.front() >= 'A' && word.front() <= 'Z')
        word.front() = static_cast<char>(word.front() + 32);
    return word;
}

/// Reads one CalendarItem.
class InstanceReader {
public:
    InstanceReader(const Element& item, const WireContext& context, Event& event)
        : item_(item), context_(context), event_(event) {}

    /// The zone that the series or event lives in. @return false when it had to be guessed.
    bool choose_zone(const CopyWords& words) {
        std::string said = item_.child("StartTimeZone").attribute("Id");
        if (said.empty()) said = item_.word("StartTimeZoneId");
        if (said.empty()) said = item_.child("MeetingTimeZone").attribute("TimeZoneName");
        if (said == "tzone://Microsoft/Utc") said = "UTC";
        const bool ours = !words.zone.empty() && context_.zones.knows(words.zone) &&
                          (said.empty() || same_zone(windows_zone(words.zone), said));
        const auto known = ours ? words.zone : context_.zones.canonical_name(said);
        if (known && !known->empty() && context_.zones.knows(*known)) {
            zone_ = *known;
            return true;
        }
        // A zone that somebody made for himself has no name, and comes with its rules.
        const std::string rules = vtimezone_of(item_.child("StartTimeZone"));
        if (const auto own = rules.empty() ? std::nullopt : context_.zones.add_embedded(rules)) {
            zone_ = *own;
            return true;
        }
        zone_ = context_.zone();
        if (!said.empty())
            event_.warnings.push_back(
                "Its time zone is not known here (" + exchange::printable(said, 60) + "); it is shown in " + zone_ + "."
            );
        return false;
    }
    void use_zone(const std::string& zone) { zone_ = zone; }
    const std::string& zone() const { return zone_; }
    bool all_day() const { return flag(item_, "IsAllDayEvent"); }

    When in_zone(Instant instant) const {
        const When utc{When::Kind::Utc, LocalSeconds{instant.time_since_epoch()}, {}};
        if (zone_ == "UTC") return utc;
        const LocalSeconds local = context_.zones.to_local(instant, zone_);
        // The second of two equal wall times cannot be said in a zone.
        return context_.zones.to_instant(local, zone_) == instant ? When{When::Kind::Zoned, local, zone_} : utc;
    }

    Result<When> when(const char* name) const {
        const auto instant = parse_time(item_.word(name), zone_, context_.zones);
        if (!instant) return unreadable("The event has no " + std::string(name) + " that can be read.");
        if (!all_day()) return in_zone(*instant);
        // Midnight of another zone than ours is still nearest to its own day.
        const LocalSeconds local = context_.zones.to_local(*instant, zone_);
        return When{When::Kind::Date, midnight_of(local + std::chrono::hours(12)), {}};
    }

    Status read(EventInstance& out, const CopyWords& words) const {
        CALGATE_TRY(out.start, when("Start"));
        CALGATE_TRY(out.end, when("End"));
        if (out.end.kind == When::Kind::Date && out.end.local <= out.start.local)
            out.end.local = out.start.local + days(1);
        out.title = item_.child("Subject").text;
        out.place = item_.child("Location").text;
        // Exchange gives every item a Body, an empty one where nothing stands in it; without one nothing is said.
        out.notes = item_.has("Body") ? notes() : words.notes;
        if (out.notes.size() > kMaxBody || out.title.size() > kMaxBody)
            return unreadable("The event's text is longer than 256 KiB; shorten it in Outlook.");
        if (!words.notes.empty() && exchange::loose_text(words.notes) == exchange::loose_text(out.notes))
            out.notes = words.notes;
        const std::string shown = show_as(item_.word("LegacyFreeBusyStatus"));
        if (!exchange::apply_state_word(words.state, shown, out)) exchange::apply_show_as(shown, out);
        if (flag(item_, "IsCancelled")) out.status = EventStatus::Cancelled;
        out.classification = exchange::classification_of(lower_first(item_.word("Sensitivity")));
        out.reply = reply();
        out.last_modified = parse_time(item_.word("LastModifiedTime"), "UTC", context_.zones);
        return {};
    }

private:
    bool same_zone(const std::string& a, const std::string& b) const {
        const auto one = context_.zones.canonical_name(a);
        return a == b || (one && one == context_.zones.canonical_name(b));
    }
    std::string notes() const {
        const Element& body = item_.child("Body");
        return body.attribute("BodyType") == "HTML" ? exchange::text_of_html(body.text)
                                                    : exchange::plain_text(body.text);
    }
    /// Unanswered is as LegacyFreeBusyStatus says: Exchange shows such a meeting as tentative.
    Reply reply() const {
        const std::string response = item_.word("MyResponseType");
        if (response == "Accept") return Reply::Accepted;
        if (response == "Tentative") return Reply::Tentative;
        return response == "Decline" ? Reply::Declined : Reply::None;
    }

    const Element& item_;
    const WireContext& context_;
    Event& event_;
    std::string zone_ = "UTC";
};

void add_days(const std::string& words, std::vector<unsigned>& out) {
    constexpr std::string_view kNames[] = {
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
    std::size_t at = 0;
    while (at < words.size()) {
        const std::size_t end = std::min(words.find_first_of(" \t\r\n", at), words.size());
        const std::string word = words.substr(at, end - at);
        for (unsigned day = 0; day < 7; ++day) {
            const bool weekend = day == 0 || day == 6;
            if (word == kNames[day] || word == "Day" || word == (weekend ? "WeekendDay" : "Weekday"))
                out.push_back(day);
        }
        at = end + 1;
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
}

std::optional<LocalSeconds> date_of(const Element& range, std::string_view name) {
    return parse_local(range.word(name).substr(0, 10));
}

Pattern pattern_of(const Element& recurrence) {
    constexpr std::string_view kNoPatterns[] = {"NoEndRecurrence", "EndDateRecurrence", "NumberedRecurrence"};
    Pattern out;
    for (const Element& part : recurrence.children) {
        if (std::find(std::begin(kNoPatterns), std::end(kNoPatterns), part.name) != std::end(kNoPatterns)) continue;
        const std::size_t end = part.name.find("Recurrence");
        out.type = lower_first(part.name.substr(0, end));
        out.interval = number(part, "Interval", 1, kMaxInterval);
        add_days(part.word("DaysOfWeek"), out.days);
        if (out.type == "weekly") {
            std::vector<unsigned> first;
            add_days(part.word("FirstDayOfWeek"), first);
            out.first_day = first.empty() ? 1 : first.front();
        }
        if (out.type.starts_with("absolute")) out.day_of_month = number(part, "DayOfMonth", 1, 31);
        if (out.type.starts_with("relative"))
            out.index = part.has("DayOfWeekIndex") ? lower_first(part.word("DayOfWeekIndex")) : "first";
        if (!out.type.ends_with("Yearly")) continue;
        constexpr std::string_view kMonths[] = {
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
        const auto month = std::find(std::begin(kMonths), std::end(kMonths), part.word("Month"));
        out.month = month == std::end(kMonths) ? 1 : static_cast<int>(month - std::begin(kMonths)) + 1;
    }
    if (recurrence.has("NumberedRecurrence"))
        out.count = number(recurrence.child("NumberedRecurrence"), "NumberOfOccurrences", 1, 1'000'000);
    if (recurrence.has("EndDateRecurrence")) out.until = date_of(recurrence.child("EndDateRecurrence"), "EndDate");
    return out;
}

bool same_occurrence(EventInstance exception, EventInstance plain) {
    exception.recurrence_id = plain.recurrence_id = std::nullopt;
    exception.last_modified = plain.last_modified = std::nullopt;
    return exception == plain;
}

/// The occurrence that the rule alone puts at a slot.
EventInstance plain_occurrence(const EventInstance& master, const When& slot) {
    EventInstance out = master;
    out.rules.clear();
    out.excluded_dates.clear();
    out.start = slot;
    out.end.local = slot.local + (master.end.local - master.start.local);
    return out;
}

class SeriesReader {
public:
    SeriesReader(const Element& source, const InstanceReader& master, const WireContext& context, Event& event)
        : source_(source), master_(master), context_(context), event_(event) {}

    Status read(const Element& item, const CopyWords& words, bool zone_is_known) {
        const Pattern pattern = pattern_of(item.child("Recurrence"));
        auto rule = exchange::rule_of_pattern(pattern, event_.master.start, context_.zones);
        if (!rule || !zone_is_known) {
            event_.partial = true;
            event_.warnings.push_back(rule ? "Its occurrences are known to the service only." : rule.error().detail);
        }
        if (!rule) return {};
        if (!words.rule.empty()) {
            auto ours = exchange::pattern_of_rule(words.rule, event_.master.start, context_.zones);
            if (ours) ours = in_months(std::move(*ours));
            if (ours && *ours == pattern) *rule = words.rule;
        }
        event_.master.rules = {std::move(*rule)};
        for (const Element& gone : item.child("DeletedOccurrences").children)
            if (const auto slot = slot_of(gone.word("Start"))) event_.master.excluded_dates.push_back(*slot);
        std::sort(event_.master.excluded_dates.begin(), event_.master.excluded_dates.end());
        return read_exceptions();
    }

private:
    /// Every occurrence of a pattern has the series' own wall time; what a service names can be an hour or, for whole
    /// days, some hours beside it.
    std::optional<When> slot_of(const std::string& text) const {
        const auto instant = parse_time(text, master_.zone(), context_.zones);
        if (!instant) return std::nullopt;
        const EventInstance& series = event_.master;
        const auto clock = series.start.local - midnight_of(series.start.local);
        const LocalSeconds local = series.start.kind == When::Kind::Utc
                                       ? LocalSeconds{instant->time_since_epoch()}
                                       : context_.zones.to_local(*instant, master_.zone());
        When slot = series.start;
        slot.local = midnight_of(local - clock + std::chrono::hours(12)) + clock;
        return slot;
    }

    Status read_exceptions() {
        std::size_t count = 0;
        for (const Element& exception : source_.children) {
            if (exception.name != "Exception") continue;
            if (++count > kMaxExceptions) return unreadable("The series has more than 2000 changed occurrences.");
            const auto slot = slot_of(exception.attribute("OriginalStart"));
            const Element& item = exception.child("CalendarItem");
            InstanceReader reader(item, context_, event_);
            reader.use_zone(master_.zone());
            EventInstance instance;
            if (!slot || !reader.read(instance, read_copy_words(own_property(item, kCopyProperty)))) {
                event_.partial = true;
                event_.warnings.push_back("A changed occurrence could not be read.");
                continue;
            }
            instance.recurrence_id = slot;
            if (!same_occurrence(instance, plain_occurrence(event_.master, *slot)))
                event_.overrides.push_back(std::move(instance));
        }
        return {};
    }

    const Element& source_;
    const InstanceReader& master_;
    const WireContext& context_;
    Event& event_;
};

}  // namespace

const std::string& WireContext::zone() const {
    static const std::string kUtc = "UTC";
    return !default_zone.empty() && zones.knows(default_zone) ? default_zone : kUtc;
}

bool is_series(const Element& item) {
    return item.has("Recurrence") &&
           (!item.child("Recurrence").children.empty() || item.word("CalendarItemType") == "RecurringMaster");
}

std::string own_property(const Element& item, std::string_view name) {
    for (const Element& property : item.children) {
        if (property.name != "ExtendedProperty") continue;
        if (property.child("ExtendedFieldURI").attribute("PropertyName") == name) return property.word("Value");
    }
    return {};
}

std::optional<Instant> parse_time(std::string_view text, const std::string& zone, const ZoneResolver& zones) {
    std::string plain(text);
    if (const std::size_t point = plain.find('.'); point != std::string::npos) {
        const std::size_t end = plain.find_first_not_of("0123456789", point + 1);
        plain.erase(point, end == std::string::npos ? end : end - point);
    }
    if (const auto instant = parse_instant(plain)) return instant;
    const auto local = parse_local(plain);
    return local ? std::optional(zones.to_instant(*local, zone)) : std::nullopt;
}

std::string write_series_source(const Element& master, const std::vector<Exception>& exceptions) {
    Element series{"Series", {}, {}, {master}};
    for (const Exception& one : exceptions)
        series.children.push_back({"Exception", {{"OriginalStart", one.original_start}}, {}, {one.item}});
    return write_xml(series);
}

Result<Event> read_event(std::string_view source, const WireContext& context) {
    const auto root = parse_xml(source);
    const bool series = root && root->name == "Series";
    if (!root || (!series && root->name != "CalendarItem")) return unreadable("This is no calendar item of Exchange.");
    const Element& item = series ? root->child("CalendarItem") : *root;
    Event event;
    event.uid = Uid{own_property(item, kUidProperty)};
    if (event.uid.empty()) event.uid = Uid{uid_of(item.word("UID"))};
    if (event.uid.empty()) event.uid = Uid{item.child("ItemId").attribute("Id")};
    if (event.uid.empty()) return unreadable("The event has neither an id nor a UID.");
    const CopyWords words = read_copy_words(own_property(item, kCopyProperty));
    event.mark = words.mark;
    event.capsule = words.capsule;
    InstanceReader master(item, context, event);
    const bool zone_is_known = master.choose_zone(words);
    CALGATE_TRY_STATUS(master.read(event.master, words));
    if (is_series(item))
        CALGATE_TRY_STATUS(SeriesReader(*root, master, context, event).read(item, words, zone_is_known));
    event.source = std::string(source);
    return event;
}

}  // namespace calgate::ews
