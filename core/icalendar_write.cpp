#include <algorithm>
#include <set>
#include <sstream>

#include "core/ical_handle.hpp"
#include "core/icalendar.hpp"
#include "core/icalendar_scan.hpp"
#include "core/identity.hpp"

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
        if (c == '\n') out += "\\n";
        else out += c;
    }
    return out;
}

void add_line(icalcomponent* part, const std::string& line) {
    icalproperty* property = icalproperty_new_from_string(line.c_str());
    CALGATE_ASSERT(property != nullptr);
    icalcomponent_add_property(part, property);
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

void set_times(icalcomponent* part, const EventInstance& instance) {
    remove_all(part, ICAL_DTSTART_PROPERTY);
    remove_all(part, ICAL_DTEND_PROPERTY);
    remove_all(part, ICAL_DURATION_PROPERTY);
    add_line(part, date_line("DTSTART", instance.start));
    if (instance.exact_duration) {
        const auto days = instance.nominal_days.count();
        add_line(
            part, "DURATION:P" + (days > 0 ? std::to_string(days) + "D" : std::string{}) + "T" +
                      std::to_string(instance.exact_duration->count()) + "S"
        );
    } else {
        add_line(part, date_line("DTEND", instance.end));
    }
}

void set_owned(icalcomponent* part, const EventInstance& instance, Instant stamp) {
    set_times(part, instance);
    set_text(part, ICAL_SUMMARY_PROPERTY, "SUMMARY", instance.title);
    set_text(part, ICAL_LOCATION_PROPERTY, "LOCATION", instance.place);
    set_text(part, ICAL_DESCRIPTION_PROPERTY, "DESCRIPTION", instance.notes);
    set_states(part, instance);
    const std::string now = compact(LocalSeconds{stamp.time_since_epoch()}, false) + "Z";
    remove_all(part, ICAL_DTSTAMP_PROPERTY);
    add_line(part, "DTSTAMP:" + now);
    remove_all(part, ICAL_LASTMODIFIED_PROPERTY);
    add_line(part, "LAST-MODIFIED:" + now);
    remove_all(part, ICAL_SEQUENCE_PROPERTY);
    add_line(part, "SEQUENCE:" + std::to_string(std::clamp<std::int64_t>(instance.sequence, 0, 1'000'000'000)));
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

icalcomponent* add_instance(icalcomponent* root, const Event& event, const EventInstance& instance, Instant stamp) {
    icalcomponent* part = icalcomponent_new(ICAL_VEVENT_COMPONENT);
    icalcomponent_add_component(root, part);
    add_line(part, "UID:" + escaped(event.uid.value));
    if (instance.recurrence_id) {
        std::string line = date_line("RECURRENCE-ID", *instance.recurrence_id);
        if (instance.this_and_future) line.insert(13, ";RANGE=THISANDFUTURE");
        add_line(part, line);
    }
    set_owned(part, instance, stamp);
    set_recurrence(part, instance);
    return part;
}

icalcomponent* master_of(icalcomponent* root) {
    for (icalcomponent* part = icalcomponent_get_first_component(root, ICAL_VEVENT_COMPONENT); part;
         part = icalcomponent_get_next_component(root, ICAL_VEVENT_COMPONENT)) {
        if (!icalcomponent_get_first_property(part, ICAL_RECURRENCEID_PROPERTY)) return part;
    }
    return nullptr;
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
        if (instance.recurrence_id && instance.recurrence_id->kind == When::Kind::Zoned) wanted.insert(instance.recurrence_id->zone);
        for (const When& when : instance.excluded_dates) {
            if (when.kind == When::Kind::Zoned) wanted.insert(when.zone);
        }
    };
    if (event.has_master) want(event.master);
    for (const EventInstance& instance : event.overrides) want(instance);
    const Instant around = zones.to_instant(event.has_master ? event.master.start : event.overrides.front().start, "UTC");
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
    return ical::owned(icalcomponent_as_ical_string_r(root));
}

std::string normal(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\r') continue;
        if (c == '\n') {
            while (!out.empty() && out.back() == ' ') out.pop_back();
        }
        out += c;
    }
    while (!out.empty() && (out.back() == ' ' || out.back() == '\n')) out.pop_back();
    return out;
}

std::string rule_form(const std::string& rule) {
    std::vector<std::string> parts;
    std::stringstream stream(rule);
    for (std::string part; std::getline(stream, part, ';');) parts.push_back(part);
    std::sort(parts.begin(), parts.end());
    std::string out;
    for (const std::string& part : parts) out += part + ";";
    return out;
}

class Canonical {
public:
    Canonical(const ZoneResolver& zones, const std::string& fallback) : zones_(zones), fallback_(fallback) {}

    void add(std::string_view text) { out_ += std::to_string(text.size()) + ":" + std::string(text); }
    void add(const When& when) {
        if (when.kind == When::Kind::Date) return add("date " + format_date(when.local));
        add(format_instant(zones_.to_instant(when, fallback_)));
    }
    void add_sorted(std::vector<std::string> values) {
        std::sort(values.begin(), values.end());
        add(std::to_string(values.size()));
        for (const std::string& value : values) add(value);
    }
    void add_dates(const std::vector<When>& dates) {
        std::vector<std::string> values;
        for (const When& when : dates) values.push_back(format_instant(zones_.to_instant(when, fallback_)));
        add_sorted(std::move(values));
    }
    void add(const EventInstance& i) {
        add(i.start);
        When end = i.end;
        if (i.exact_duration && i.start.kind != When::Kind::Date) {
            When nominal = i.start;
            nominal.local += i.nominal_days;
            end = When{When::Kind::Utc, LocalSeconds{(zones_.to_instant(nominal, fallback_) + *i.exact_duration).time_since_epoch()}, {}};
        }
        add(end);
        std::vector<std::string> rules;
        for (const std::string& rule : i.rules) rules.push_back(rule_form(rule));
        for (const std::string& rule : i.exclusion_rules) rules.push_back("not " + rule_form(rule));
        // A zone's name matters only where a rule lets it act again.
        if (!rules.empty()) add(i.start.zone);
        add_sorted(std::move(rules));
        add_dates(i.excluded_dates);
        std::vector<When> extra;
        for (const ExtraDate& date : i.extra_dates) extra.push_back(date.start);
        add_dates(extra);
        add(normal(i.title));
        add(normal(i.place));
        add(normal(i.notes));
        add(std::to_string(static_cast<int>(i.status)) + std::to_string(static_cast<int>(i.transparency)) +
            std::to_string(static_cast<int>(i.classification)) + std::to_string(static_cast<int>(i.reply)) +
            std::to_string(static_cast<int>(i.shown_as)));
        if (i.recurrence_id) add(*i.recurrence_id);
        add(i.this_and_future ? "future" : "");
    }
    std::string digest() const { return sha256_hex(out_); }
    std::string take() && { return std::move(out_); }

private:
    const ZoneResolver& zones_;
    const std::string& fallback_;
    std::string out_{};
};

}  // namespace

std::string canonical_digest(const Event& event, const ZoneResolver& zones, const std::string& fallback_zone) {
    Canonical all(zones, fallback_zone);
    all.add(event.uid.value);
    if (event.has_master) all.add(event.master);
    std::vector<std::string> overrides;
    for (const EventInstance& instance : event.overrides) {
        Canonical one(zones, fallback_zone);
        one.add(instance);
        overrides.push_back(std::move(one).take());
    }
    all.add_sorted(std::move(overrides));
    return all.digest();
}

Result<std::string> write_icalendar(const Event& event, const ZoneResolver& zones, Instant stamp) {
    if (event.partial) return unwritable("The event in the calendar is only partly understood, so it is not rewritten; edit or remove it there.");
    if (!event.has_master && event.overrides.empty()) return unwritable("There is no event to write.");
    if (!writable_zone(event.master.start, zones) || !writable_zone(event.master.end, zones)) {
        return unwritable("The event's time zone " + event.master.start.zone + " is not known here; use an IANA name.");
    }
    std::string base = kEmptyObject;
    if (!event.source.empty()) {
        CALGATE_TRY(base, scan_icalendar(event.source, IcalendarLimits{}));
    }
    const ical::Component root(icalcomponent_new_from_string(base.c_str()));
    if (!root || icalcomponent_isa(root.get()) != ICAL_VCALENDAR_COMPONENT) {
        return unwritable("The text in the calendar is no single calendar object, so it is not rewritten; remove it there.");
    }
    icalcomponent* master = master_of(root.get());
    if (event.source.empty()) {
        if (event.has_master) master = add_instance(root.get(), event, event.master, stamp);
        for (const EventInstance& instance : event.overrides) add_instance(root.get(), event, instance, stamp);
    } else {
        if (!master) return unwritable("The copy in the calendar has no main event any more, so it is not rewritten.");
        set_owned(master, event.master, stamp);
    }
    if (master) {
        remove_x(master, "X-CALGATE-MARK");
        remove_x(master, "X-CALGATE-CAPSULE");
        if (!event.mark.empty()) add_line(master, "X-CALGATE-MARK:" + event.mark);
        if (!event.capsule.empty()) add_line(master, "X-CALGATE-CAPSULE:" + event.capsule);
    }
    add_missing_zones(root.get(), event, zones);
    std::string text = serialised(root.get());
    const IcalendarContext context{zones, "UTC", {}};
    const auto again = read_icalendar(text, context);
    if (!again || again->partial) return unwritable("The event does not survive being written; shorten or simplify its text.");
    Canonical wanted(zones, context.default_zone);
    Canonical got(zones, context.default_zone);
    EventInstance expected = event.master;
    EventInstance found = again->master;
    if (!event.source.empty()) {  // Recurrence and replies belong to whoever wrote the source.
        expected.rules = found.rules;
        expected.exclusion_rules = found.exclusion_rules;
        expected.excluded_dates = found.excluded_dates;
        expected.extra_dates = found.extra_dates;
    }
    expected.reply = found.reply;
    expected.shown_as = found.shown_as;
    if (event.has_master) {
        wanted.add(expected);
        got.add(found);
    }
    if (wanted.digest() != got.digest() || again->mark != event.mark || again->capsule != event.capsule) {
        return unwritable("The event does not survive being written; shorten or simplify its text.");
    }
    return text;
}

}  // namespace calgate
