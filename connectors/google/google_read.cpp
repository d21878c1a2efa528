#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectors/google/google_ids.hpp"
#include "connectors/google/google_properties.hpp"
#include "connectors/google/google_time.hpp"
#include "connectors/google/google_wire.hpp"

namespace calgate::google {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t kMaxText = 256 * 1024;  ///< Of title, place, notes, each.
constexpr std::size_t kMaxExceptions = 2000;

Error unreadable(const std::string& why) { return {ErrorCode::InvalidResponse, why, {}}; }

const json& member(const json& object, const char* name) {
    static const json kNothing = json::object();
    const auto at = object.is_object() ? object.find(name) : object.end();
    return object.is_object() && at != object.end() ? *at : kNothing;
}

std::string text_at(const json& object, const char* name) {
    const json& value = member(object, name);
    return value.is_string() ? value.get<std::string>() : std::string();
}

bool true_at(const json& object, const char* name) {
    const json& value = member(object, name);
    return value.is_boolean() && value.get<bool>();
}

DateTime date_time(const json& resource, const char* name) {
    const json& value = member(resource, name);
    return {text_at(value, "date"), text_at(value, "dateTime"), text_at(value, "timeZone")};
}

Reply own_reply(const json& resource) {
    const json& attendees = member(resource, "attendees");
    if (!attendees.is_array()) return Reply::None;
    for (const json& attendee : attendees) {
        if (!true_at(attendee, "self")) continue;
        const std::string status = text_at(attendee, "responseStatus");
        if (status == "declined") return Reply::Declined;
        if (status == "tentative") return Reply::Tentative;
        if (status == "needsAction") return Reply::NeedsAction;
        if (status == "accepted") return Reply::Accepted;
    }
    return Reply::None;
}

/// Working locations and birthdays take no time (trap G31); an unknown type is an event like any other.
ShownAs shown_as(const json& resource, bool all_day) {
    const std::string type = text_at(resource, "eventType");
    if (type == "outOfOffice") return ShownAs::OutOfOffice;
    if (type == "workingLocation") return ShownAs::WorkingElsewhere;
    if (type == "birthday" || (type == "fromGmail" && all_day)) return ShownAs::Free;
    return ShownAs::Unsaid;
}

Classification classification(const std::string& visibility) {
    if (visibility == "private") return Classification::Private;
    return visibility == "confidential" ? Classification::Confidential : Classification::Public;
}

EventStatus status(const std::string& text) {
    if (text == "tentative") return EventStatus::Tentative;
    return text == "cancelled" ? EventStatus::Cancelled : EventStatus::Confirmed;
}

class Reader {
public:
    explicit Reader(const ReadContext& context) : context_(context) {}

    Status read(const json& resource, EventInstance& instance) {
        const auto start = when(date_time(resource, "start"));
        if (!start) return unreadable("The event has no start that can be understood.");
        instance.start = *start;
        const auto end = when(date_time(resource, "end"));
        // Without an end, or with one that only stands there for old clients, the event takes no time.
        const bool usable = end && !true_at(resource, "endTimeUnspecified") && same_kind(*start, *end);
        instance.end = usable ? *end : *start;
        instance.title = text_at(resource, "summary");
        instance.place = text_at(resource, "location");
        instance.notes = text_at(resource, "description");
        if (std::max({instance.title.size(), instance.place.size(), instance.notes.size()}) > kMaxText)
            return unreadable("The event's text is longer than 256 KiB.");
        instance.status = status(text_at(resource, "status"));
        const bool free = text_at(resource, "transparency") == "transparent";
        instance.transparency = free ? Transparency::Transparent : Transparency::Opaque;
        instance.classification = classification(text_at(resource, "visibility"));
        instance.reply = own_reply(resource);
        instance.shown_as = shown_as(resource, start->kind == When::Kind::Date);
        const json& sequence = member(resource, "sequence");
        if (sequence.is_number_integer()) instance.sequence = sequence.get<std::int64_t>();
        instance.last_modified = updated(text_at(resource, "updated"));
        return {};
    }

    void read_rules(const json& resource, EventInstance& master, Event& event) {
        const json& given = member(resource, "recurrence");
        std::vector<std::string> lines;
        bool good = given.is_array();
        for (const json& line : given) {
            good &= line.is_string();
            if (line.is_string()) lines.push_back(line.get<std::string>());
        }
        if (given.is_object()) return;  // Absent.
        good &= read_recurrence(lines, master, context_.zones);
        if (good) return;
        event.partial = true;
        event.warnings.push_back("A line of the series' recurrence was not understood.");
    }

    /// Where in its series an exception belongs: by originalStartTime, otherwise by its id (trap G25).
    std::optional<When> original(const json& resource, const std::string& id, const When& master_start) {
        if (auto given = when(date_time(resource, "originalStartTime"))) {
            const bool zoned = given->kind == When::Kind::Utc && master_start.kind == When::Kind::Zoned;
            if (!zoned) return given;
            const Instant instant{given->local.time_since_epoch()};
            const LocalSeconds there = context_.zones.to_local(instant, master_start.zone);
            if (context_.zones.to_instant(there, master_start.zone) != instant) return given;
            return When{When::Kind::Zoned, there, master_start.zone};
        }
        const auto parts = split_instance_id(id);
        return parts ? original_start(parts->original, master_start, context_.zones) : std::nullopt;
    }

    bool zone_guessed() const { return zone_guessed_; }

private:
    std::optional<When> when(const DateTime& given) {
        const auto read = read_when(given, context_.zones, context_.default_zone);
        if (!read) return std::nullopt;
        zone_guessed_ |= read->zone_guessed && !context_.zones.canonical_name(given.zone);
        return read->when;
    }
    static bool same_kind(const When& a, const When& b) {
        return (a.kind == When::Kind::Date) == (b.kind == When::Kind::Date);
    }
    static std::optional<Instant> updated(const std::string& text) {
        const auto dot = text.find('.');
        return parse_instant(dot == std::string::npos ? text : text.substr(0, dot) + "Z");
    }

    const ReadContext& context_;
    bool zone_guessed_ = false;
};

void add_exception(Reader& reader, const Item& item, Event& event) {
    const json resource = json::parse(item.text, nullptr, false);
    const auto original = reader.original(resource, item.id, event.master.start);
    if (!original) {
        event.partial = true;
        event.warnings.push_back("A changed instance of the series does not say which one it is.");
        return;
    }
    if (item.cancelled) {
        event.master.excluded_dates.push_back(*original);
        return;
    }
    EventInstance instance;
    const Status read = reader.read(resource, instance);
    if (!read) {
        event.partial = true;
        event.warnings.push_back("A changed instance of the series cannot be understood: " + read.error().detail);
        return;
    }
    instance.recurrence_id = *original;
    event.overrides.push_back(std::move(instance));
}

}  // namespace

Result<Event> read_event(const Whole& whole, const ReadContext& context) {
    if (whole.exceptions.size() > kMaxExceptions) return unreadable("The series has more than 2000 changed instances.");
    if (whole.master.cancelled) return unreadable("The event is deleted.");
    Reader reader(context);
    Event event;
    const json resource = json::parse(whole.master.text, nullptr, false);
    CALGATE_TRY_STATUS(reader.read(resource, event.master));
    reader.read_rules(resource, event.master, event);
    const Properties ours = read_properties(whole.master.text);
    event.mark = ours.mark;
    event.capsule = ours.capsule;
    event.uid = uid_of(whole.master.id, whole.master.ical_uid);
    for (const Item& item : whole.exceptions) add_exception(reader, item, event);
    if (reader.zone_guessed()) event.warnings.push_back("A time zone was not known and was guessed.");
    return event;
}

}  // namespace calgate::google
