#include "gateway/kit.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "connectors/http/url.hpp"
#include "core/icalendar.hpp"
#include "core/identity.hpp"
#include "gateway/command_support.hpp"
#include "gateway/kit_page.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;
using std::chrono::days;

Error refused(const std::string& sentence) { return {ErrorCode::Rejected, sentence, {}}; }

std::optional<Appointment> appointment_from(const Json& record) {
    Appointment a;
    const auto start = parse_local(text_of(record, "start")), end = parse_local(text_of(record, "end"));
    if (!start || !end || text_of(record, "state") == "cancelled") return std::nullopt;
    a.id.value = text_of(record, "id");
    a.staff.value = text_of(record, "staff");
    a.start = *start;
    a.end = *end;
    a.zone = text_of(record, "zone");
    a.state = text_of(record, "state") == "held" ? AppointmentState::Held : AppointmentState::Confirmed;
    a.title = text_of(record, "title");
    a.place = text_of(record, "place");
    a.customer = text_of(record, "customer");
    a.notes = text_of(record, "notes");
    a.provisional = record.value("provisional", false);
    a.revision = record.value("revision", std::int64_t{0});
    a.changed = parse_instant(text_of(record, "changed")).value_or(Instant{});
    return a;
}

Instant first_midnight(const Kit& kit, const KitPerson& person, const ZoneResolver& zones) {
    const auto local = std::chrono::floor<days>(zones.to_local(kit.made, person.zone));
    return zones.to_instant(LocalSeconds{local}, person.zone);
}

/// Until the midnight after the last day, in the person's zone.
Interval window_of(const Kit& kit, const KitPerson& person, const ZoneResolver& zones) {
    const Instant start = first_midnight(kit, person, zones);
    const LocalSeconds end = zones.to_local(start, person.zone) + days{kit.days};
    return {start, zones.to_instant(end, person.zone)};
}

Status add_appointments(Kit& kit, Caller& caller, const ZoneResolver& zones) {
    std::string after;
    while (true) {
        const auto page = caller.call(
            "GET", "/v1/appointments?limit=500" + (after.empty() ? "" : "&after=" + http::percent_encode(after))
        );
        if (!page.good()) return refused(page.problem());
        for (const Json& record : page.body["appointments"]) {
            auto a = appointment_from(record);
            if (!a || !zones.knows(a->zone)) continue;
            const auto person = std::find_if(kit.people.begin(), kit.people.end(), [&](const KitPerson& p) {
                return p.id == a->staff;
            });
            if (person == kit.people.end()) continue;
            const Interval window = window_of(kit, *person, zones);
            const Interval when{zones.to_instant(a->start, a->zone), zones.to_instant(a->end, a->zone)};
            if (when.start < window.end && when.end > window.start)
                person->appointments.emplace_back(std::move(*a), when);
        }
        if (!page.body.contains("next") || !page.body["next"].is_string()) return {};
        after = page.body["next"].get<std::string>();
    }
}

Status add_free_time(Kit& kit, Caller& caller, const ZoneResolver& zones, const Json& calendars) {
    for (KitPerson& person : kit.people) {
        const Interval window = window_of(kit, person, zones);
        const auto answer = caller.call(
            "GET",
            "/v1/availability?staff=" + http::percent_encode(person.id.value) +
                "&from=" + format_instant(window.start) + "&to=" + format_instant(window.end)
        );
        if (!answer.good()) return refused(answer.problem());
        const Json& one = answer.body["staff"][0];
        person.free_known = text_of(one, "offer") != "refused";
        for (const Json& free : one["free"]) {
            const auto start = parse_instant(text_of(free, "start")), end = parse_instant(text_of(free, "end"));
            if (start && end) person.free.push_back({*start, *end});
        }
        for (const Json& source : one["sources"]) {
            if (text_of(source, "source") == "appointments") continue;
            KitSource known{text_of(source, "source"), parse_instant(text_of(source, "as_of"))};
            for (const Json& calendar : calendars)
                if (text_of(calendar, "id") == known.name) known.name = text_of(calendar, "name");
            person.sources.push_back(std::move(known));
        }
    }
    return {};
}

std::string calendar_file(const KitPerson& person, const ZoneResolver& zones) {
    std::vector<std::pair<Event, Instant>> events;
    for (const auto& [a, when] : person.appointments) {
        Event event;
        event.uid.value = a.id.value + "@calgate";
        // As instants, so that any program shows them without a zone table.
        event.master.start = {When::Kind::Utc, LocalSeconds{when.start.time_since_epoch()}, {}};
        event.master.end = {When::Kind::Utc, LocalSeconds{when.end.time_since_epoch()}, {}};
        event.master.title = !a.title.empty() ? a.title : !a.customer.empty() ? a.customer : "Appointment";
        event.master.place = a.place;
        event.master.notes = a.customer + (a.customer.empty() || a.notes.empty() ? "" : "\n") + a.notes;
        event.master.status = a.state == AppointmentState::Held ? EventStatus::Tentative : EventStatus::Confirmed;
        event.master.sequence = a.revision;
        events.emplace_back(std::move(event), a.changed);
    }
    return write_icalendar_stream(events, zones);
}

std::string availability_data(const Kit& kit) {
    Json people = Json::array();
    for (const KitPerson& person : kit.people) {
        Json free = Json::array(), sources = Json::array();
        for (const Interval& i : person.free)
            free.push_back({{"start", format_instant(i.start)}, {"end", format_instant(i.end)}});
        for (const KitSource& source : person.sources)
            sources.push_back(
                {{"name", source.name}, {"as_of", source.as_of ? Json(format_instant(*source.as_of)) : Json(nullptr)}}
            );
        people.push_back(
            {{"id", person.id.value},
             {"name", person.name},
             {"zone", person.zone},
             {"free_known", person.free_known},
             {"free", free},
             {"sources", sources}}
        );
    }
    return Json{{"business", kit.business}, {"made", format_instant(kit.made)}, {"days", kit.days}, {"staff", people}}
               .dump(1) +
           "\n";
}

/// The id as a file name: what may not stand in one is replaced, and told apart by a hash.
std::string stem_of(const StaffId& id) {
    std::string out;
    for (const char c : id.value) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        out += plain ? c : '_';
    }
    static const std::set<std::string> kTaken = {"availability", "index"};
    return out == id.value && !kTaken.contains(out) ? out : out + "-" + sha256_hex(id.value).substr(0, 8);
}

}  // namespace

Result<Kit> gather_kit(Caller& caller, const ZoneResolver& zones, Instant now, int days_ahead) {
    Kit kit;
    kit.made = now;
    kit.days = days_ahead;
    const auto status = caller.call("GET", "/v1/status");
    const auto staff = caller.call("GET", "/v1/staff");
    const auto calendars = caller.call("GET", "/v1/calendars");
    for (const auto* answer : {&status, &staff, &calendars})
        if (!answer->good()) return refused(answer->problem());
    kit.business = text_of(status.body, "business");
    for (const Json& person : staff.body["staff"]) {
        KitPerson one{{text_of(person, "id")}, text_of(person, "name"), text_of(person, "zone")};
        if (!zones.knows(one.zone)) return refused("The zone " + one.zone + " of " + one.id.value + " is not known.");
        kit.people.push_back(std::move(one));
    }
    if (kit.people.empty()) return refused("There is nobody to make day sheets for; create a person first.");
    kit.zone = kit.people.front().zone;
    CALGATE_TRY_STATUS(add_appointments(kit, caller, zones));
    CALGATE_TRY_STATUS(add_free_time(kit, caller, zones, calendars.body["calendars"]));
    for (KitPerson& person : kit.people)
        std::stable_sort(person.appointments.begin(), person.appointments.end(), [](const auto& a, const auto& b) {
            return a.second.start < b.second.start;
        });
    return kit;
}

std::vector<KitFile> kit_files(const Kit& kit, const ZoneResolver& zones) {
    std::vector<KitFile> out;
    std::vector<std::string> stems;
    for (const KitPerson& person : kit.people) {
        stems.push_back(stem_of(person.id));
        out.push_back({stems.back() + ".html", "text/html; charset=utf-8", day_sheets(kit, person, zones)});
        out.push_back({stems.back() + ".ics", "text/calendar; charset=utf-8", calendar_file(person, zones)});
    }
    out.push_back({"availability.html", "text/html; charset=utf-8", availability_page(kit, zones)});
    out.push_back({"availability.json", "application/json", availability_data(kit)});
    out.push_back({"index.html", "text/html; charset=utf-8", index_page(kit, zones, stems)});
    return out;
}

}  // namespace calgate
