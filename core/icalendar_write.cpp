#include <algorithm>
#include <optional>
#include <set>

#include "core/ical_handle.hpp"
#include "core/icalendar.hpp"
#include "core/icalendar_digest.hpp"
#include "core/icalendar_scan.hpp"

namespace calgate {
namespace {

constexpr const char* kEmptyObject =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//calgate//EN\r\nCALSCALE:GREGORIAN\r\nEND:VCALENDAR\r\n";

std::string compact(LocalSeconds local, bool date_only) {
    std::string text = date_only ? format_date(local) : format_local(local);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string value_text(const When& when) {
    return compact(when.local, when.kind == When::Kind::Date) + (when.kind == When::Kind::Utc ? "Z" : "");
}

std::string date_line(const char* name, const When& when) {
    std::string line = name;
    if (when.kind == When::Kind::Date) line += ";VALUE=DATE";
    if (when.kind == When::Kind::Zoned) line += ";TZID=" + when.zone;
    return line + ":" + value_text(when);
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == ';' || c == ',') out += '\\';
        if (c == '\r') continue;
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out;
}

/// A line that libical refuses is missing from the output; the comparison after writing finds that.
void add_line(icalcomponent* part, const std::string& line) {
    icalproperty* property = icalproperty_new_from_string(line.c_str());
    if (property) icalcomponent_add_property(part, property);
}

void remove_all(icalcomponent* part, icalproperty_kind kind) {
    while (icalproperty* property = icalcomponent_get_first_property(part, kind)) {
        icalcomponent_remove_property(part, property);
        icalproperty_free(property);
    }
}

void remove_x(icalcomponent* part, std::string_view wanted) {
    std::vector<icalproperty*> found;
    ical::each(part, ICAL_X_PROPERTY, [&](icalproperty* p) {
        const char* name = icalproperty_get_x_name(p);
        if (name && wanted == name) found.push_back(p);
    });
    for (icalproperty* property : found) {
        icalcomponent_remove_property(part, property);
        icalproperty_free(property);
    }
}

/// Keeps the property untouched, parameters included, when its text already says so.
void set_text(icalcomponent* part, icalproperty_kind kind, const char* name, const std::string& text) {
    icalproperty* present = icalcomponent_get_first_property(part, kind);
    if (present && ical::value_of(present) == escaped(text)) return;
    remove_all(part, kind);
    if (!text.empty()) add_line(part, std::string(name) + ":" + escaped(text));
}

void set_states(icalcomponent* part, const EventInstance& instance) {
    remove_all(part, ICAL_STATUS_PROPERTY);
    static constexpr const char* kStatus[] = {"CONFIRMED", "TENTATIVE", "CANCELLED"};
    add_line(part, std::string("STATUS:") + kStatus[static_cast<int>(instance.status)]);
    remove_all(part, ICAL_TRANSP_PROPERTY);
    add_line(part, instance.transparency == Transparency::Opaque ? "TRANSP:OPAQUE" : "TRANSP:TRANSPARENT");
    remove_all(part, ICAL_CLASS_PROPERTY);
    if (instance.classification == Classification::Private) add_line(part, "CLASS:PRIVATE");
    if (instance.classification == Classification::Confidential) add_line(part, "CLASS:CONFIDENTIAL");
}

/// The end as DTEND: servers and phones refuse or misread events without one.
When written_end(const EventInstance& instance, const ZoneResolver& zones) {
    if (!instance.exact_duration || instance.start.kind == When::Kind::Date) return instance.end;
    When end = instance.start;
    end.local += instance.nominal_days;
    if (end.kind != When::Kind::Zoned) {
        end.local += *instance.exact_duration;
        return end;
    }
    const Instant exact = zones.to_instant(end.local, end.zone) + *instance.exact_duration;
    end.local = zones.to_local(exact, end.zone);
    // The second of two equal wall times has no other name than its UTC one.
    if (zones.to_instant(end.local, end.zone) != exact)
        return When{When::Kind::Utc, LocalSeconds{exact.time_since_epoch()}, {}};
    return end;
}

std::string duration_line(std::chrono::days whole, std::chrono::seconds exact) {
    return "DURATION:P" + (whole.count() > 0 ? std::to_string(whole.count()) + "D" : std::string{}) + "T" +
           std::to_string(exact.count()) + "S";
}

void set_times(icalcomponent* part, const EventInstance& instance, const ZoneResolver& zones) {
    remove_all(part, ICAL_DTSTART_PROPERTY);
    remove_all(part, ICAL_DTEND_PROPERTY);
    remove_all(part, ICAL_DURATION_PROPERTY);
    add_line(part, date_line("DTSTART", instance.start));
    // Of a series a DTEND would give every instance the same wall time (RFC 5545 3.8.5.3).
    const bool recurs = !instance.rules.empty() || !instance.extra_dates.empty();
    if (recurs && instance.exact_duration && instance.start.kind != When::Kind::Date)
        add_line(part, duration_line(instance.nominal_days, *instance.exact_duration));
    else
        add_line(part, date_line("DTEND", written_end(instance, zones)));
}

/// It never falls (RFC 5546 2.1.4): what somebody's program counted on further is counted on by one.
void set_sequence(icalcomponent* part, std::int64_t wanted) {
    constexpr std::int64_t kMost = 1'000'000'000;
    const icalproperty* stored = icalcomponent_get_first_property(part, ICAL_SEQUENCE_PROPERTY);
    const std::int64_t before = stored ? icalproperty_get_sequence(stored) : 0;
    remove_all(part, ICAL_SEQUENCE_PROPERTY);
    const std::int64_t next = before > wanted ? before + 1 : wanted;
    add_line(part, "SEQUENCE:" + std::to_string(std::clamp<std::int64_t>(next, 0, kMost)));
}

void set_owned(icalcomponent* part, const EventInstance& instance, const ZoneResolver& zones, Instant stamp) {
    set_times(part, instance, zones);
    set_text(part, ICAL_SUMMARY_PROPERTY, "SUMMARY", instance.title);
    set_text(part, ICAL_LOCATION_PROPERTY, "LOCATION", instance.place);
    set_text(part, ICAL_DESCRIPTION_PROPERTY, "DESCRIPTION", instance.notes);
    set_states(part, instance);
    const std::string now = compact(LocalSeconds{stamp.time_since_epoch()}, false) + "Z";
    remove_all(part, ICAL_DTSTAMP_PROPERTY);
    add_line(part, "DTSTAMP:" + now);
    remove_all(part, ICAL_LASTMODIFIED_PROPERTY);
    add_line(part, "LAST-MODIFIED:" + now);
    set_sequence(part, instance.sequence);
}

void set_recurrence(icalcomponent* part, const EventInstance& instance) {
    for (const std::string& rule : instance.rules) add_line(part, "RRULE:" + rule);
    for (const std::string& rule : instance.exclusion_rules) add_line(part, "EXRULE:" + rule);
    for (const When& date : instance.excluded_dates) add_line(part, date_line("EXDATE", date));
    for (const ExtraDate& extra : instance.extra_dates) {
        std::string line = date_line("RDATE", extra.start);
        if (extra.end) {
            line.insert(5, ";VALUE=PERIOD");
            line += "/" + value_text(*extra.end);
        }
        add_line(part, line);
    }
}

icalcomponent* add_instance(
    icalcomponent* root, const Event& event, const EventInstance& instance, const ZoneResolver& zones, Instant stamp
) {
    icalcomponent* part = icalcomponent_new(ICAL_VEVENT_COMPONENT);
    icalcomponent_add_component(root, part);
    add_line(part, "UID:" + escaped(event.uid.value));
    if (instance.recurrence_id) {
        std::string line = date_line("RECURRENCE-ID", *instance.recurrence_id);
        if (instance.this_and_future) line.insert(13, ";RANGE=THISANDFUTURE");
        add_line(part, line);
    }
    set_owned(part, instance, zones, stamp);
    set_recurrence(part, instance);
    return part;
}

std::vector<icalcomponent*> masters_of(icalcomponent* root) {
    std::vector<icalcomponent*> found;
    for (icalcomponent* part = icalcomponent_get_first_component(root, ICAL_VEVENT_COMPONENT); part;
         part = icalcomponent_get_next_component(root, ICAL_VEVENT_COMPONENT)) {
        if (!icalcomponent_get_first_property(part, ICAL_RECURRENCEID_PROPERTY)) found.push_back(part);
    }
    return found;
}

void set_marks(icalcomponent* master, const Event& event) {
    remove_x(master, "X-CALGATE-MARK");
    remove_x(master, "X-CALGATE-CAPSULE");
    if (!event.mark.empty()) add_line(master, "X-CALGATE-MARK:" + event.mark);
    if (!event.capsule.empty()) add_line(master, "X-CALGATE-CAPSULE:" + event.capsule);
}

void add_missing_zones(icalcomponent* root, const Event& event, const ZoneResolver& zones) {
    std::set<std::string> present;
    for (icalcomponent* zone = icalcomponent_get_first_component(root, ICAL_VTIMEZONE_COMPONENT); zone;
         zone = icalcomponent_get_next_component(root, ICAL_VTIMEZONE_COMPONENT)) {
        icalproperty* id = icalcomponent_get_first_property(zone, ICAL_TZID_PROPERTY);
        if (id) present.insert(ical::value_of(id));
    }
    std::set<std::string> wanted;
    const auto want = [&](const EventInstance& instance) {
        for (const When& when : {instance.start, instance.end}) {
            if (when.kind == When::Kind::Zoned) wanted.insert(when.zone);
        }
        if (instance.recurrence_id && instance.recurrence_id->kind == When::Kind::Zoned)
            wanted.insert(instance.recurrence_id->zone);
        for (const When& when : instance.excluded_dates) {
            if (when.kind == When::Kind::Zoned) wanted.insert(when.zone);
        }
        for (const ExtraDate& extra : instance.extra_dates) {
            if (extra.start.kind == When::Kind::Zoned) wanted.insert(extra.start.zone);
        }
    };
    if (event.has_master) want(event.master);
    if (event.source.empty()) {
        for (const EventInstance& instance : event.overrides) want(instance);
    }
    const Instant around =
        zones.to_instant(event.has_master ? event.master.start : event.overrides.front().start, "UTC");
    for (const std::string& zone : wanted) {
        if (present.contains(zone)) continue;
        const std::string text = zones.vtimezone(zone, around);
        if (text.empty()) continue;
        if (icalcomponent* made = icalcomponent_new_from_string(text.c_str())) icalcomponent_add_component(root, made);
    }
}

Error unwritable(const std::string& why) { return Error{ErrorCode::Rejected, why}; }

bool writable_zone(const When& when, const ZoneResolver& zones) {
    return when.kind != When::Kind::Zoned || (zones.knows(when.zone) && !when.zone.starts_with("embedded:"));
}

/// libical counts a line's end as content: of a line that fills its folds exactly it folds the CR off the LF, or leaves
/// an empty fold behind. XML makes an empty line of the one, at which strict readers stop.
std::string with_whole_line_ends(std::string text) {
    for (const std::string_view cut : {"\r\r\n \n", "\r\n \r\n"}) {
        for (auto at = text.find(cut); at != std::string::npos; at = text.find(cut, at))
            text.replace(at, cut.size(), "\r\n");
    }
    return text;
}

/// VTIMEZONEs first (RFC 5545 3.6 lets any order, servers and phones expect this one).
std::string serialised(icalcomponent* root) {
    std::vector<icalcomponent*> events;
    for (icalcomponent* part = icalcomponent_get_first_component(root, ICAL_VEVENT_COMPONENT); part;
         part = icalcomponent_get_next_component(root, ICAL_VEVENT_COMPONENT)) {
        events.push_back(part);
    }
    for (icalcomponent* part : events) {
        icalcomponent_remove_component(root, part);
        icalcomponent_add_component(root, part);
    }
    icalcomponent_strip_errors(root);
    return with_whole_line_ends(ical::owned(icalcomponent_as_ical_string_r(root)));
}

bool same_instance(
    EventInstance wanted, const EventInstance& found, bool foreign_recurrence, const ZoneResolver& zones
) {
    if (foreign_recurrence) {  // It belongs to whoever wrote the source.
        wanted.rules = found.rules;
        wanted.exclusion_rules = found.exclusion_rules;
        wanted.excluded_dates = found.excluded_dates;
        wanted.extra_dates = found.extra_dates;
    }
    wanted.reply = found.reply;
    wanted.shown_as = found.shown_as;
    return canonical_form(wanted, zones, "UTC") == canonical_form(found, zones, "UTC");
}

/// Read again, does the text say what was meant?
bool survives(const std::string& text, const Event& event, const ZoneResolver& zones) {
    const auto again = read_icalendar(text, {zones, "UTC", {}});
    if (!again || again->partial || again->uid != event.uid || again->has_master != event.has_master) return false;
    if (again->mark != event.mark || again->capsule != event.capsule) return false;
    if (event.has_master && !same_instance(event.master, again->master, !event.source.empty(), zones)) return false;
    if (!event.source.empty()) return true;
    return std::equal(
        event.overrides.begin(),
        event.overrides.end(),
        again->overrides.begin(),
        again->overrides.end(),
        [&](const EventInstance& a, const EventInstance& b) { return same_instance(a, b, false, zones); }
    );
}

std::optional<std::string> unknown_zone(const Event& event, const ZoneResolver& zones) {
    const auto check = [&](const EventInstance& instance) -> std::optional<std::string> {
        std::vector<When> all = {instance.start, instance.end};
        if (instance.recurrence_id) all.push_back(*instance.recurrence_id);
        all.insert(all.end(), instance.excluded_dates.begin(), instance.excluded_dates.end());
        for (const ExtraDate& extra : instance.extra_dates) all.push_back(extra.start);
        for (const When& when : all) {
            if (!writable_zone(when, zones)) return when.zone;
        }
        return std::nullopt;
    };
    if (event.has_master) {
        if (auto zone = check(event.master)) return zone;
    }
    if (!event.source.empty()) return std::nullopt;  // Overrides stay as the source has them.
    for (const EventInstance& instance : event.overrides) {
        if (auto zone = check(instance)) return zone;
    }
    return std::nullopt;
}

void write_fresh(icalcomponent* root, const Event& event, const ZoneResolver& zones, Instant stamp) {
    if (event.has_master) set_marks(add_instance(root, event, event.master, zones, stamp), event);
    for (const EventInstance& instance : event.overrides) add_instance(root, event, instance, zones, stamp);
    add_missing_zones(root, event, zones);
}

/// @return why the source cannot be rewritten, or nothing.
std::string write_over(icalcomponent* root, const Event& event, const ZoneResolver& zones, Instant stamp) {
    if (icalcomponent_count_errors(root) > 0) return "The event in the calendar is only partly understood";
    if (!event.has_master) return "The event has no main part";
    const auto masters = masters_of(root);
    if (masters.size() != 1)
        return "The copy in the calendar has " +
               std::string(masters.empty() ? "no main event any more" : "several main events");
    set_owned(masters.front(), event.master, zones, stamp);
    set_marks(masters.front(), event);
    add_missing_zones(root, event, zones);
    return {};
}

}  // namespace

Result<std::string> write_icalendar(const Event& event, const ZoneResolver& zones, Instant stamp) {
    if (event.partial)
        return unwritable(
            "The event in the calendar is only partly understood, so it is not rewritten; edit or remove it there."
        );
    if (!event.has_master && event.overrides.empty()) return unwritable("There is no event to write.");
    if (const auto zone = unknown_zone(event, zones)) {
        return unwritable("The event's time zone " + *zone + " is not known here; use an IANA name.");
    }
    std::string base = kEmptyObject;
    if (!event.source.empty()) {
        auto scanned = scan_icalendar(event.source, IcalendarLimits{}, ScanFor::Rewriting);
        if (!scanned) return unwritable(scanned.error().detail);
        base = std::move(*scanned);
    }
    const ical::Component root(icalcomponent_new_from_string(base.c_str()));
    if (!root || icalcomponent_isa(root.get()) != ICAL_VCALENDAR_COMPONENT) {
        return unwritable(
            "The text in the calendar is no single calendar object, so it is not rewritten; remove it there."
        );
    }
    if (event.source.empty()) {
        write_fresh(root.get(), event, zones, stamp);
    } else if (const std::string why = write_over(root.get(), event, zones, stamp); !why.empty()) {
        return unwritable(why + ", so it is not rewritten; edit or remove it there.");
    }
    std::string text = serialised(root.get());
    if (!survives(text, event, zones))
        return unwritable("The event does not survive being written; shorten or simplify its text.");
    return text;
}

}  // namespace calgate
