#include <nlohmann/json.hpp>

#include "core/icalendar.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kPage = 1000;
constexpr int kFormat = 1;

std::vector<Appointment> every_appointment(const Reader& reader) {
    std::vector<Appointment> all;
    for (AppointmentId after{};;) {
        auto page = reader.appointments(after, kPage);
        if (page.empty()) return all;
        after = page.back().id;
        all.insert(all.end(), page.begin(), page.end());
    }
}

Json without(Json record, std::initializer_list<const char*> names) {
    for (const char* name : names) record.erase(name);
    return record;
}

template <class F>
void each(const Json& document, const char* name, F&& take) {
    if (!document.contains(name)) return;
    if (!document[name].is_array())
        throw InputError("The export's \"" + std::string(name) + "\" is no list; the file is damaged.");
    for (const Json& record : document[name]) {
        if (!record.is_object() || !record.contains("id") || !record["id"].is_string())
            throw InputError("A record of \"" + std::string(name) + "\" has no id; the file is damaged.");
        take(record, record["id"].get<std::string>());
    }
}

}  // namespace

HttpResponse Api::get_export(const HttpRequest&, const PathValues&) {
    return read(parts_.store, [&](const Reader& reader) {
        Json staff = Json::array();
        for (const Staff& person : reader.staff()) staff.push_back(shown(person));
        Json services = Json::array();
        for (const Service& service : reader.services()) services.push_back(shown(service));
        Json appointments = Json::array();
        std::vector<std::pair<Event, Instant>> events;
        for (const Appointment& a : every_appointment(reader)) {
            if (a.hold_until) continue;  // Over before anybody reads this.
            appointments.push_back(without(shown(a, {}), {"mirrors", "hold_until"}));
            Event event;
            event.uid.value = a.id.value + "@calgate";
            const Shown full = shown_on(a, CopyDetail::Full, parts_.zones);
            event.master.start = full.start;
            event.master.end = full.end;
            event.master.title = full.title;
            event.master.place = full.place;
            event.master.notes = full.notes;
            event.master.status = full.cancelled ? EventStatus::Cancelled : EventStatus::Confirmed;
            event.master.sequence = a.revision;
            events.emplace_back(std::move(event), a.changed);
        }
        Json accounts = Json::array();
        for (const Account& account : reader.accounts()) accounts.push_back(shown(account));
        Json calendars = Json::array();
        for (const Calendar& calendar : reader.calendars()) calendars.push_back(shown(calendar));
        Json conflicts = Json::array();
        for (const Conflict& conflict : reader.conflicts(false)) conflicts.push_back(shown(conflict));
        return answer(
            200,
            Json{
                {"format", kFormat},
                {"staff", staff},
                {"services", services},
                {"appointments", appointments},
                {"accounts", accounts},
                {"calendars", calendars},
                {"conflicts", conflicts},
                {"icalendar", write_icalendar_stream(events, parts_.zones)}}
        );
    });
}

HttpResponse Api::post_import(const HttpRequest& request, const PathValues&) {
    const JsonInput checked(
        request.body, {"format", "staff", "services", "appointments", "accounts", "calendars", "conflicts", "icalendar"}
    );
    if (checked.number_or("format", 0, 1000, 0) != kFormat) throw InputError("This is no calgate export of format 1.");
    const Json document = Json::parse(request.body);
    const bool apply_it = request.parameter("apply") == "true";
    std::vector<Staff> staff;
    std::vector<Service> services;
    std::vector<Appointment> appointments;
    each(document, "staff", [&](const Json& record, const std::string& id) {
        staff.push_back(staff_from(JsonInput(record.dump(), staff_fields()), id));
    });
    each(document, "services", [&](const Json& record, const std::string& id) {
        services.push_back(service_from(JsonInput(record.dump(), service_fields()), id));
    });
    each(document, "appointments", [&](const Json& record, const std::string& id) {
        auto known = appointment_fields();
        known.insert(known.end(), {"revision", "created", "changed", "provisional"});
        const JsonInput fields(record.dump(), known);
        Appointment a = appointment_from(fields, id);
        if (!parts_.zones.knows(a.zone))
            throw InputError("The appointment " + id + " is in the unknown time zone " + a.zone + ".");
        a.provisional = fields.flag_or("provisional", false);
        appointments.push_back(std::move(a));
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
