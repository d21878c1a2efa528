#include <nlohmann/json.hpp>

#include "core/icalendar.hpp"
#include "core/identity.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/exchange_records.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPage = 1000;
constexpr std::size_t kEveryVersion = 1'000'000;
constexpr std::string_view kCalendarText = "BEGIN:VCALENDAR";

/// Holds that end by themselves are over before anybody reads this.
std::vector<Appointment> every_appointment(const Reader& reader) {
    std::vector<Appointment> all;
    for (AppointmentId after{};;) {
        const auto page = reader.appointments(after, kPage);
        if (page.empty()) return all;
        after = page.back().id;
        for (const Appointment& a : page) {
            if (!a.hold_until) all.push_back(a);
        }
    }
}

Json every_change(const Reader& reader) {
    Json list = Json::array();
    for (std::int64_t after = 0;;) {
        const auto page = reader.changes(after, kPage);
        if (page.empty()) return list;
        after = page.back().sequence;
        for (const Change& change : page) {
            list.push_back(shown(change));
            list.back().erase("erased");  // What has no words any more says so by having none.
        }
    }
}

template <class T>
Json listed(const std::vector<T>& records) {
    Json list = Json::array();
    for (const T& record : records) list.push_back(shown(record));
    return list;
}

std::string calendar_text(const std::vector<Appointment>& appointments, const ZoneResolver& zones) {
    std::vector<std::pair<Event, Instant>> events;
    for (const Appointment& a : appointments) {
        Event event;
        event.uid.value = a.id.value + "@calgate";
        const Shown full = shown_on(a, CopyDetail::kFull, zones);
        event.master.start = full.start;
        event.master.end = full.end;
        event.master.title = full.title;
        event.master.place = full.place;
        event.master.notes = full.notes;
        event.master.status = full.cancelled ? EventStatus::Cancelled : EventStatus::Confirmed;
        event.master.sequence = a.revision;
        events.emplace_back(std::move(event), a.changed);
    }
    return write_icalendar_stream(events, zones);
}

/// Events of others that block time, as their services gave them.
Json external_events(const Reader& reader, const std::vector<Calendar>& calendars) {
    Json list = Json::array();
    for (const Calendar& calendar : calendars) {
        Json events = Json::array();
        std::vector<std::string> texts;
        for (const CachedEvent& event : reader.cached_events(calendar.id)) {
            if (event.appointment) continue;
            events.push_back({{"calendar", calendar.id.value}, {"href", event.href.value}, {"text", event.text}});
            if (event.text.starts_with(kCalendarText)) texts.push_back(event.text);
        }
        list.push_back({{"calendar", calendar.id.value}, {"events", events}, {"icalendar", join_icalendar(texts)}});
    }
    return list;
}

/// What this gateway is set to otherwise.
Json differing(const Json& ours, const Json& theirs) {
    Json names = Json::array();
    for (const Json& setting : theirs) {
        if (std::find(ours.begin(), ours.end(), setting) == ours.end() && setting.contains("name"))
            names.push_back(setting["name"]);
    }
    return names;
}

Json settings_of(const Reader& reader) {
    return exported_settings(reader.business().value_or(Business{}), reader.setting(kDrillSchedule).value_or("0"));
}

}  // namespace

HttpResponse Api::get_export(const HttpRequest&, const PathValues&) {
    return read(parts_.store, [&](const Reader& reader) {
        const auto all = every_appointment(reader);
        Json appointments = Json::array(), versions = Json::array();
        for (const Appointment& a : all) {
            appointments.push_back(exported(a));
            for (const Appointment& version : reader.versions(a.id, kEveryVersion)) {
                if (version.revision < a.revision) versions.push_back(exported(version));
            }
        }
        const auto calendars = reader.calendars();
        return answer(
            200,
            Json{
                {"format", kExportFormat},
                {"settings", settings_of(reader)},
                {"staff", listed(reader.staff())},
                {"services", listed(reader.services())},
                {"customers", customers_of(all)},
                {"appointments", appointments},
                {"versions", versions},
                {"changes", every_change(reader)},
                {"accounts", listed(reader.accounts())},
                {"calendars", listed(calendars)},
                {"conflicts", listed(reader.conflicts(false))},
                {"external", external_events(reader, calendars)},
                {"icalendar", calendar_text(all, parts_.zones)}}
        );
    });
}

HttpResponse Api::post_import(const HttpRequest& request, const PathValues&) {
    const JsonInput checked(request.body, export_fields());
    const auto format = checked.number_or("format", 0, 1000, 0);
    if (format != 1 && format != kExportFormat) throw InputError("This is no calgate export of format 1 or 2.");
    const Json document = Json::parse(request.body);
    const bool apply_it = request.parameter("apply") == "true";
    return format == kExportFormat && request.parameter("merge") != "true" ? replay_import(document, apply_it)
                                                                           : merge_import(document, apply_it);
}

/// As it was, with history and audit, into a gateway that has none of its own.
HttpResponse Api::replay_import(const Json& document, bool apply_it) {
    std::vector<Appointment> fresh;
    std::vector<CalendarId> targets;
    Json differ = Json::array();
    const auto compare = [&](const Reader& reader) {
        if (document.contains("settings")) differ = differing(settings_of(reader), document["settings"]);
    };
    if (apply_it) {
        parts_.store.write([&](Writer& writer) {
            fresh = replay(writer, document, parts_.zones, parts_.keys.recovery_key);
            targets.clear();
            for (const Calendar& calendar : writer.calendars()) {
                if (calendar.mirror && add_target(writer, calendar, parts_.zones, parts_.clock.now()) > 0)
                    targets.push_back(calendar.id);
            }
            compare(writer);
        });
    } else {
        parts_.store.read([&](const Reader& reader) {
            check_replay(reader, document, parts_.zones, parts_.keys.recovery_key);
            compare(reader);
        });
    }
    if (apply_it) {
        each_record(document, "staff", [&](const Json& record, const std::string& id) {
            parts_.index.set_person(staff_from(JsonInput(record.dump(), staff_fields()), id));
        });
        each_record(document, "services", [&](const Json& record, const std::string& id) {
            parts_.index.set_service(service_from(JsonInput(record.dump(), service_fields()), id));
        });
        for (const Appointment& a : fresh) {
            if (a.state != AppointmentState::Cancelled)
                parts_.index.change_appointment(a.staff, std::nullopt, occupied_by(a, parts_.zones));
        }
        parts_.engine.wake(targets);
    }
    Json body = {{"applied", apply_it}, {"refused", Json::array()}, {"settings_differ", differ}};
    for (const char* list : {"staff", "services", "appointments", "changes"})
        body[list] = document.contains(list) ? document[list].size() : 0;
    return answer(200, body);
}

/// Into a gateway with bookings of its own: each becomes a new revision here, unless it is the same.
HttpResponse Api::merge_import(const Json& document, bool apply_it) {
    std::vector<Staff> staff;
    std::vector<Service> services;
    std::vector<Appointment> appointments;
    each_record(document, "staff", [&](const Json& record, const std::string& id) {
        staff.push_back(staff_from(JsonInput(record.dump(), staff_fields()), id));
    });
    each_record(document, "services", [&](const Json& record, const std::string& id) {
        services.push_back(service_from(JsonInput(record.dump(), service_fields()), id));
    });
    const auto erased = read(parts_.store, [](const Reader& reader) { return reader.erasures(); });
    each_record(document, "appointments", [&](const Json& record, const std::string& id) {
        appointments.push_back(booking_from_export(record, id, parts_.zones));
        if (record.contains("changed") &&
            is_erased(erased, appointment_from_export(record, parts_.zones), parts_.keys.recovery_key))
            make_nameless(appointments.back());
    });
    std::vector<BookingResult> placed;
    Json refused = Json::array();
    if (apply_it) {
        parts_.store.write([&](Writer& writer) {
            placed.clear();
            refused = Json::array();
            for (const Staff& person : staff) writer.put(person);
            for (const Service& service : services) writer.put(service);
            for (const Appointment& a : appointments) {
                auto result =
                    place_appointment(writer, a, std::nullopt, parts_.zones, parts_.clock.now(), "import", "");
                if (result.outcome == BookingOutcome::Created || result.outcome == BookingOutcome::Changed)
                    placed.push_back(std::move(result));
                else if (result.outcome != BookingOutcome::Unchanged)
                    refused.push_back(a.id.value);
            }
        });
        for (const Staff& person : staff) parts_.index.set_person(person);
        for (const Service& service : services) parts_.index.set_service(service);
        for (const BookingResult& result : placed) apply(result);
    }
    return answer(
        200,
        Json{
            {"applied", apply_it},
            {"staff", staff.size()},
            {"services", services.size()},
            {"appointments", appointments.size()},
            {"refused", refused}}
    );
}

}  // namespace calgate
