#include "core/icalendar.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

#include "core/ical_handle.hpp"
#include "core/icalendar_scan.hpp"
#include "core/icalendar_value.hpp"
#include "core/identity.hpp"
#include "core/recurrence.hpp"

namespace calgate {
namespace {

using std::chrono::days;

Error unusable(const std::string& why) { return Error{ErrorCode::InvalidResponse, why}; }

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

class ObjectReader {
public:
    ObjectReader(const IcalendarContext& context, icalcomponent* root) : context_(context) { collect_zones(root); }

    Result<EventInstance> instance(icalcomponent* part) {
        EventInstance out;
        if (icalcomponent_count_properties(part, ICAL_DTSTART_PROPERTY) != 1) {
            return unusable("The event has no start, or more than one; repair it in the calendar.");
        }
        icalproperty* start = icalcomponent_get_first_property(part, ICAL_DTSTART_PROPERTY);
        const auto begins = when(start, ical::value_of(start));
        if (!begins) return unusable("The event's start cannot be understood; repair it in the calendar.");
        out.start = *begins;
        if (!read_end(part, out)) return unusable("The event's end cannot be understood; repair it in the calendar.");
        read_texts(part, out);
        read_states(part, out);
        read_recurrence(part, out);
        if (icalproperty* id = icalcomponent_get_first_property(part, ICAL_RECURRENCEID_PROPERTY)) {
            out.recurrence_id = when(id, ical::value_of(id));
            if (!out.recurrence_id) return unusable("A changed occurrence does not say which one it is.");
            out.this_and_future = ical::parameter_of(id, "RANGE").find("THISANDFUTURE") != std::string::npos;
        }
        return out;
    }

    std::vector<std::string> take_warnings() { return std::exchange(warnings_, {}); }
    bool take_partial() { return std::exchange(partial_, false); }

private:
    void collect_zones(icalcomponent* root) {
        for (icalcomponent* zone = icalcomponent_get_first_component(root, ICAL_VTIMEZONE_COMPONENT); zone;
             zone = icalcomponent_get_next_component(root, ICAL_VTIMEZONE_COMPONENT)) {
            icalproperty* id = icalcomponent_get_first_property(zone, ICAL_TZID_PROPERTY);
            if (id) embedded_.emplace(ical::value_of(id), ical::owned(icalcomponent_as_ical_string_r(zone)));
        }
        ical::each(root, ICAL_X_PROPERTY, [&](icalproperty* p) {
            const char* name = icalproperty_get_x_name(p);
            if (!name || std::string_view(name) != "X-WR-TIMEZONE") return;
            if (const auto zone = context_.zones.canonical_name(ical::value_of(p))) own_zone_ = *zone;
        });
    }

    /// For values whose zone nobody knows (providers/icalendar 4.2, steps 6 to 8).
    std::string guessed_zone(const std::string& tzid) {
        const auto utc = tzid.find("(UTC");  // Outlook's display names: "(UTC+01:00) Amsterdam, Berlin, …".
        const auto offset = utc == std::string::npos
                                ? std::nullopt
                                : context_.zones.canonical_name(tzid.substr(utc + 1, tzid.find(')') - utc - 1));
        if (!own_zone_.empty()) {
            warn("The zone " + tzid + " is unknown; the calendar's own zone " + own_zone_ + " was used instead.");
            return own_zone_;
        }
        if (offset) {
            warn("The zone " + tzid + " is unknown; its offset " + *offset + " was used all year round.");
            return *offset;
        }
        const std::string fallback = context_.zones.knows(context_.default_zone) ? context_.default_zone : "UTC";
        warn("The zone " + tzid + " is unknown; the account's zone " + fallback + " was used instead.");
        return fallback;
    }

    void warn(std::string sentence) {
        if (std::find(warnings_.begin(), warnings_.end(), sentence) == warnings_.end())
            warnings_.push_back(std::move(sentence));
    }

    /// providers/icalendar 4.2: by name, by Windows name, by the embedded rules, by the calendar's own zone.
    std::string zone_of(const std::string& tzid, LocalSeconds local) {
        const auto named = context_.zones.canonical_name(tzid);
        const auto text = embedded_.find(tzid);
        const auto carried = text == embedded_.end() ? std::nullopt : context_.zones.add_embedded(text->second);
        // docs/decisions/0003.
        if (named && tzid.ends_with(*named)) return *named;
        if (named && carried && *named != "UTC" &&
            context_.zones.to_instant(local, *named) != context_.zones.to_instant(local, *carried)) {
            warn("The zone " + tzid + " carries other rules than its name; its own rules were used.");
            return *carried;
        }
        if (named) return *named;
        if (carried) return *carried;
        return guessed_zone(tzid);
    }

    std::optional<When> when(icalproperty* property, std::string_view value) {
        auto parsed = parse_ical_value(value);
        if (!parsed || parsed->kind != When::Kind::Floating) return parsed;
        std::string tzid = ical::parameter_of(property, "TZID");
        if (tzid.starts_with("TZID=")) tzid.erase(0, 5);
        if (tzid.size() > 1 && tzid.front() == '"') tzid = tzid.substr(1, tzid.size() - 2);
        if (tzid.empty()) return parsed;
        const std::string zone = zone_of(tzid, parsed->local);
        if (zone == "UTC") return When{When::Kind::Utc, parsed->local, {}};
        return When{When::Kind::Zoned, parsed->local, zone};
    }

    bool read_end(icalcomponent* part, EventInstance& out) {
        const bool date = out.start.kind == When::Kind::Date;
        out.end = out.start;
        if (icalproperty* end = icalcomponent_get_first_property(part, ICAL_DTEND_PROPERTY)) {
            const auto ends = when(end, ical::value_of(end));
            if (!ends) return false;
            out.end = (ends->kind == When::Kind::Date) == date ? *ends : end_like(out.start, *ends);
        } else if (icalproperty* length = icalcomponent_get_first_property(part, ICAL_DURATION_PROPERTY)) {
            const auto duration = parse_ical_duration(ical::value_of(length));
            if (!duration) return false;
            out.end.local += duration->nominal + duration->exact;
            if (duration->timed && !date) {
                out.exact_duration = duration->exact;
                out.nominal_days = duration->nominal;
            }
        } else if (date) {
            out.end.local += days{1};
        }
        if (date && out.end.local <= out.start.local) out.end.local = out.start.local + days{1};
        if (date) return true;
        const std::string zone = context_.zones.knows(context_.default_zone) ? context_.default_zone : "UTC";
        if (context_.zones.to_instant(out.end, zone) < context_.zones.to_instant(out.start, zone) &&
            !out.exact_duration) {
            warn("The event ends before it starts; its end was ignored.");
            out.end = out.start;
        }
        return true;
    }

    /// An end that has a clock where the start has none, or the other way round: the whole of its day, or its midnight.
    When end_like(const When& start, const When& end) {
        warn("The event's end is of another kind than its start; it was adapted.");
        When out = start;
        out.local = LocalSeconds{std::chrono::floor<days>(end.local)};
        if (start.kind == When::Kind::Date && out.local < end.local) out.local += days{1};
        return out;
    }

    void read_texts(icalcomponent* part, EventInstance& out) {
        if (const char* text = icalcomponent_get_summary(part)) out.title = text;
        if (const char* text = icalcomponent_get_location(part)) out.place = text;
        if (const char* text = icalcomponent_get_description(part)) out.notes = text;
        if (icalproperty* p = icalcomponent_get_first_property(part, ICAL_SEQUENCE_PROPERTY))
            out.sequence = icalproperty_get_sequence(p);
        if (icalproperty* p = icalcomponent_get_first_property(part, ICAL_LASTMODIFIED_PROPERTY)) {
            const auto at = parse_ical_value(ical::value_of(p));
            if (at && at->kind == When::Kind::Utc) out.last_modified = Instant{at->local.time_since_epoch()};
        }
    }

    void read_states(icalcomponent* part, EventInstance& out) {
        if (icalproperty* p = icalcomponent_get_first_property(part, ICAL_STATUS_PROPERTY)) {
            const std::string status = lower(ical::value_of(p));
            if (status == "cancelled") out.status = EventStatus::Cancelled;
            if (status == "tentative") out.status = EventStatus::Tentative;
        }
        if (icalproperty* p = icalcomponent_get_first_property(part, ICAL_TRANSP_PROPERTY)) {
            if (lower(ical::value_of(p)).starts_with("transparent")) out.transparency = Transparency::Transparent;
        }
        if (icalproperty* p = icalcomponent_get_first_property(part, ICAL_CLASS_PROPERTY)) {
            const std::string kind = lower(ical::value_of(p));
            if (kind == "private") out.classification = Classification::Private;
            if (kind == "confidential") out.classification = Classification::Confidential;
        }
        ical::each(part, ICAL_ATTENDEE_PROPERTY, [&](icalproperty* p) { read_reply(p, out); });
        ical::each(part, ICAL_X_PROPERTY, [&](icalproperty* p) {
            const char* name = icalproperty_get_x_name(p);
            if (!name || lower(name) != "x-microsoft-cdo-busystatus") return;
            static const std::map<std::string, ShownAs> kKinds = {
                {"free", ShownAs::Free},
                {"tentative", ShownAs::Tentative},
                {"busy", ShownAs::Busy},
                {"oof", ShownAs::OutOfOffice},
                {"workingelsewhere", ShownAs::WorkingElsewhere}};
            const auto found = kKinds.find(lower(ical::value_of(p)));
            if (found != kKinds.end()) out.shown_as = found->second;
        });
    }

    void read_reply(icalproperty* attendee, EventInstance& out) const {
        std::string address = lower(ical::value_of(attendee));
        if (address.starts_with("mailto:")) address.erase(0, 7);
        const bool own =
            std::any_of(context_.own_addresses.begin(), context_.own_addresses.end(), [&](const std::string& a) {
                const std::string mine = lower(a);
                return mine == address || mine == "mailto:" + address;
            });
        if (!own) return;
        const std::string reply = lower(ical::parameter_of(attendee, "PARTSTAT"));
        if (reply.find("accepted") != std::string::npos)
            out.reply = Reply::Accepted;
        else if (reply.find("declined") != std::string::npos)
            out.reply = Reply::Declined;
        else if (reply.find("tentative") != std::string::npos)
            out.reply = Reply::Tentative;
        else
            out.reply = Reply::NeedsAction;
    }

    void read_recurrence(icalcomponent* part, EventInstance& out) {
        ical::each(part, ICAL_X_PROPERTY, [&](icalproperty* p) {
            const char* name = icalproperty_get_x_name(p);
            if (name && name == kRule) add_rule(p, out.rules);
            if (name && name == kExclusionRule) add_rule(p, out.exclusion_rules);
        });
        ical::each(part, ICAL_EXDATE_PROPERTY, [&](icalproperty* p) {
            if (const auto date = when(p, ical::value_of(p)))
                out.excluded_dates.push_back(*date);
            else
                warn("An excluded date cannot be understood and was ignored.");
        });
        ical::each(part, ICAL_RDATE_PROPERTY, [&](icalproperty* p) {
            const std::string value = ical::value_of(p);
            const auto slash = value.find('/');
            const auto start = when(p, value.substr(0, slash));
            if (!start) return warn("An added date cannot be understood and was ignored.");
            ExtraDate extra{*start, std::nullopt};
            if (slash != std::string::npos) extra.end = period_end(p, *start, value.substr(slash + 1));
            out.extra_dates.push_back(extra);
        });
    }

    std::optional<When> period_end(icalproperty* property, const When& start, const std::string& text) {
        if (!text.starts_with('P')) return when(property, text);
        const auto duration = parse_ical_duration(text);
        if (!duration) return std::nullopt;
        When end = start;
        end.local += duration->nominal + duration->exact;
        return end;
    }

    void add_rule(icalproperty* property, std::vector<std::string>& rules) {
        std::string text = ical::value_of(property);
        std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
            return static_cast<char>(std::toupper(c));
        });
        // What libical cannot parse it would not write either.
        if (icalrecurrencetype_from_string(text.c_str()).freq == ICAL_NO_RECURRENCE) partial_ = true;
        rules.push_back(std::move(text));
    }

    const IcalendarContext& context_;
    std::map<std::string, std::string> embedded_{};
    std::string own_zone_{};  ///< X-WR-TIMEZONE, when a table knows it.
    std::vector<std::string> warnings_{};
    bool partial_ = false;
};

std::string x_value(icalcomponent* part, std::string_view wanted) {
    std::string found;
    ical::each(part, ICAL_X_PROPERTY, [&](icalproperty* p) {
        const char* name = icalproperty_get_x_name(p);
        if (name && wanted == name) found = ical::value_of(p);
    });
    return found;
}

bool better_master(const EventInstance& candidate, const EventInstance& current) {
    if (candidate.sequence != current.sequence) return candidate.sequence > current.sequence;
    return candidate.last_modified.value_or(Instant{}) > current.last_modified.value_or(Instant{});
}

std::vector<icalcomponent*> events_of(icalcomponent* root) {
    std::vector<icalcomponent*> found;
    for (icalcomponent* part = icalcomponent_get_first_component(root, ICAL_VEVENT_COMPONENT); part;
         part = icalcomponent_get_next_component(root, ICAL_VEVENT_COMPONENT)) {
        found.push_back(part);
    }
    return found;
}

std::string uid_of(icalcomponent* part) {
    const char* uid = icalcomponent_get_uid(part);
    return uid ? uid : "";
}

Result<Event> read_parts(const std::vector<icalcomponent*>& parts, ObjectReader& reader) {
    Event event;
    event.has_master = false;
    for (icalcomponent* part : parts) {
        const std::string uid = uid_of(part);
        if (uid.empty()) return unusable("The event has no UID; repair it in the calendar.");
        if (!event.uid.empty() && event.uid.value != uid) {
            return unusable("One object holds events of several UIDs (RFC 4791 4.1); repair it in the calendar.");
        }
        event.uid.value = uid;
        CALGATE_TRY(EventInstance instance, reader.instance(part));
        if (instance.recurrence_id) {
            event.overrides.push_back(std::move(instance));
            continue;
        }
        if (event.has_master && !better_master(instance, event.master)) continue;
        event.master = std::move(instance);
        event.has_master = true;
        event.mark = x_value(part, "X-CALGATE-MARK");
        event.capsule = x_value(part, "X-CALGATE-CAPSULE");
    }
    event.warnings = reader.take_warnings();
    event.partial = reader.take_partial();
    return event;
}

Event unread(const std::string& uid, const Error& error) {
    Event event;
    event.uid.value = uid;
    event.has_master = false;
    event.partial = true;
    event.warnings.push_back(error.detail);
    return event;
}

}  // namespace

Result<Event> read_icalendar(std::string_view text, const IcalendarContext& context, const IcalendarLimits& limits) {
    CALGATE_TRY(const std::string scanned, scan_icalendar(text, limits, ScanFor::Reading));
    const ical::Component root(icalcomponent_new_from_string(scanned.c_str()));
    if (!root || icalcomponent_isa(root.get()) != ICAL_VCALENDAR_COMPONENT) {
        return unusable("This is no single calendar object; repair or remove it in the calendar.");
    }
    const auto parts = events_of(root.get());
    if (parts.empty()) return unusable("The object holds no event.");
    ObjectReader reader(context, root.get());
    CALGATE_TRY(Event event, read_parts(parts, reader));
    const bool too_large = text.size() > limits.object_bytes;
    event.partial = event.partial || icalcomponent_count_errors(root.get()) > 0 || too_large || is_cut(text);
    if (event.partial)
        event.warnings.push_back(
            "A part of the event cannot be understood; it is read as far as possible and not rewritten."
        );
    event.source = std::string(text);
    if (too_large) {
        CALGATE_TRY(event.source, scan_icalendar(text, limits, ScanFor::Keeping));
    }
    return event;
}

Result<std::vector<Event>> read_icalendar_stream(
    std::string_view text, const IcalendarContext& context, const IcalendarLimits& per_object
) {
    IcalendarLimits whole = per_object;
    whole.object_bytes = per_object.object_bytes * 64;
    whole.components = per_object.components * 64;
    whole.properties = per_object.properties * 256;
    CALGATE_TRY(const std::string scanned, scan_icalendar(text, whole, ScanFor::Reading));
    const ical::Component root(icalcomponent_new_from_string(scanned.c_str()));
    if (!root) return unusable("This is no iCalendar text.");
    std::vector<icalcomponent*> calendars;
    if (icalcomponent_isa(root.get()) == ICAL_VCALENDAR_COMPONENT) calendars.push_back(root.get());
    for (icalcomponent* part = icalcomponent_get_first_component(root.get(), ICAL_VCALENDAR_COMPONENT); part;
         part = icalcomponent_get_next_component(root.get(), ICAL_VCALENDAR_COMPONENT)) {
        calendars.push_back(part);
    }
    std::vector<Event> events;
    for (icalcomponent* calendar : calendars) {
        std::map<std::string, std::vector<icalcomponent*>> by_uid;
        for (icalcomponent* part : events_of(calendar)) by_uid[uid_of(part)].push_back(part);
        ObjectReader reader(context, calendar);
        for (const auto& [uid, parts] : by_uid) {
            auto event = read_parts(parts, reader);
            // One event nobody can read does not hide the others.
            events.push_back(event ? std::move(*event) : unread(uid, event.error()));
        }
    }
    return events;
}

}  // namespace calgate
