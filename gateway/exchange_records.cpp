#include "gateway/exchange_records.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <map>
#include <set>

#include "core/identity.hpp"
#include "gateway/api_json.hpp"
#include "store/booking.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMostMinutes = 100'000;
constexpr int kAnyNumber = 1'000'000;
constexpr std::size_t kEveryVersion = 1'000'000;

constexpr std::array<const char*, 4> kConcurrentEdits = {"ask", "gateway", "calendar", "newest"};
constexpr std::array<const char*, 5> kDeletions = {"ask_when_many", "cancel", "restore", "ask", "hide"};
constexpr std::array<const char*, 3> kStale = {"provisional", "offer", "refuse"};

const std::vector<std::string>& exported_fields() {
    static const std::vector<std::string> kFields = [] {
        auto fields = appointment_fields();
        fields.insert(
            fields.end(),
            {"revision", "created", "changed", "provisional", "hold_until", "buffer_before_min", "buffer_after_min"}
        );
        return fields;
    }();
    return kFields;
}

/// Texts may have come from a calendar, so that they are longer than the API takes them.
constexpr std::size_t kMostText = 1024 * 1024;

LocalSeconds local_from(const JsonInput& in, const char* name) {
    const auto local = parse_local(in.text(name, 40));
    if (!local) throw InputError("The field \"" + std::string(name) + "\" is no time such as 2026-12-01T09:00:00.");
    return *local;
}

AppointmentState state_from(const std::string& name) {
    for (const auto state : {AppointmentState::Held, AppointmentState::Confirmed, AppointmentState::Cancelled}) {
        if (name == to_string(state)) return state;
    }
    throw InputError("The field \"state\" is one of held, confirmed, cancelled.");
}

Instant instant_from(const JsonInput& in, const char* name) {
    const auto instant = parse_instant(in.text(name, 40));
    if (!instant) throw InputError("The field \"" + std::string(name) + "\" is no time such as 2026-12-01T08:00:00Z.");
    return *instant;
}

InputError other_way(const std::string& what) {
    return InputError(
        what +
        " is here already and differs, so the export cannot be put back as it was; take its bookings in with "
        "--merge, or import into a new gateway."
    );
}

std::vector<Change> changes_in(const Json& document) {
    std::vector<Change> changes;
    if (!document.contains("changes")) return changes;
    if (!document["changes"].is_array()) throw InputError("The export's \"changes\" is no list; the file is damaged.");
    for (const Json& record : document["changes"]) changes.push_back(change_from_export(record));
    return changes;
}

std::string name_of(const Change& change) { return "Entry " + std::to_string(change.sequence) + " of the change feed"; }

std::vector<Staff> staff_in(const Json& document) {
    std::vector<Staff> staff;
    each_record(document, "staff", [&](const Json& record, const std::string& id) {
        staff.push_back(staff_from(JsonInput(record.dump(), staff_fields()), id));
    });
    return staff;
}

std::vector<Service> services_in(const Json& document) {
    std::vector<Service> services;
    each_record(document, "services", [&](const Json& record, const std::string& id) {
        services.push_back(service_from(JsonInput(record.dump(), service_fields()), id));
    });
    return services;
}

/// Those of a list, without the words of customers who were erased here.
struct Wanted {
    std::vector<Appointment> appointments{};
    std::set<AppointmentId> nameless{};
};
Wanted appointments_in(
    const Reader& reader,
    const Json& document,
    const char* list,
    const ZoneResolver& zones,
    const std::string& recovery_key
) {
    const auto erased = reader.erasures();
    Wanted out;
    each_record(document, list, [&](const Json& record, const std::string&) {
        Appointment a = appointment_from_export(record, zones);
        if (is_erased(erased, a, recovery_key)) {
            make_nameless(a);
            out.nameless.insert(a.id);
        }
        out.appointments.push_back(std::move(a));
    });
    return out;
}

/// An entry whose words were erased here is compared without them.
bool same_entry(const Change& here, Change wanted) {
    if (here.erased) {
        wanted.why.clear();
        std::erase_if(wanted.fields, [](const FieldChange& field) { return is_personal(field.field); });
    }
    wanted.erased = here.erased;
    return here == wanted;
}

template <class T>
void check_same(const T& wanted, const std::optional<T>& here, const std::string& name) {
    if (here && !(*here == wanted)) throw other_way(name);
}

/// That revision as it is here, if it is.
std::optional<Appointment> kept_revision(const Reader& reader, const Appointment& wanted) {
    for (const Appointment& kept : reader.versions(wanted.id, kEveryVersion)) {
        if (kept.revision == wanted.revision) return kept;
    }
    return std::nullopt;
}

void check_revision(const Reader& reader, const Appointment& wanted) {
    const auto here = kept_revision(reader, wanted);
    const auto present = reader.appointment(wanted.id);
    check_same(wanted, here, "Appointment " + wanted.id.value);
    if (!here && present && present->revision > wanted.revision) throw other_way("Appointment " + wanted.id.value);
}

/// Others may be booked at that time since the capacity was lowered: it is checked for what comes, not for what was.
class AnyCapacity {
public:
    AnyCapacity(Writer& writer, const std::set<StaffId>& people) : writer_(writer) {
        for (const StaffId& id : people) {
            const auto person = writer.staff(id);
            if (!person) throw InputError("The export has no person " + id.value + "; the file is damaged.");
            people_.push_back(*person);
            Staff roomy = *person;
            roomy.capacity = kAnyNumber;
            writer.put(roomy);
        }
    }
    void end() {
        for (const Staff& person : people_) writer_.put(person);
    }

private:
    Writer& writer_;
    std::vector<Staff> people_{};
};

}  // namespace

Json exported(const Appointment& a) {
    Json record = shown(a, {});
    record.erase("mirrors");
    record["buffer_before_min"] = a.buffer_before.count();
    record["buffer_after_min"] = a.buffer_after.count();
    return record;
}

Appointment appointment_from_export(const Json& record, const ZoneResolver& zones) {
    const JsonInput in(record.dump(), exported_fields());
    Appointment a;
    a.id.value = checked_id(in.text("id", 128), "an appointment");
    a.staff.value = in.text("staff", 128);
    a.service.value = in.text_or("service", 128, "");
    a.start = local_from(in, "start");
    a.end = local_from(in, "end");
    a.zone = in.text("zone", 100);
    a.state = state_from(in.text("state", 20));
    a.title = in.text_or("title", kMostText, "");
    a.place = in.text_or("place", kMostText, "");
    a.customer = in.text_or("customer", kMostText, "");
    a.notes = in.text_or("notes", kMostText, "");
    if (!zones.knows(a.zone))
        throw InputError("The appointment " + a.id.value + " is in the unknown time zone " + a.zone + ".");
    a.provisional = in.flag_or("provisional", false);
    a.buffer_before = std::chrono::minutes{in.number_or("buffer_before_min", 0, kMostMinutes, 0)};
    a.buffer_after = std::chrono::minutes{in.number_or("buffer_after_min", 0, kMostMinutes, 0)};
    a.revision = in.number_or("revision", 1, std::numeric_limits<std::int64_t>::max(), 1);
    a.created = instant_from(in, "created");
    a.changed = instant_from(in, "changed");
    if (in.has("hold_until")) a.hold_until = instant_from(in, "hold_until");
    return a;
}

namespace {

std::vector<FieldChange> fields_from(const Json& record) {
    std::vector<FieldChange> fields;
    if (!record.contains("fields")) return fields;
    const InputError damaged("An entry's \"fields\" are no list of field, from and to; the file is damaged.");
    if (!record["fields"].is_array()) throw damaged;
    for (const Json& one : record["fields"]) {
        const bool texts =
            one.is_array() && one.size() == 3 && one[0].is_string() && one[1].is_string() && one[2].is_string();
        if (!texts) throw damaged;
        fields.push_back({one[0].get<std::string>(), one[1].get<std::string>(), one[2].get<std::string>()});
    }
    return fields;
}

}  // namespace

Change change_from_export(const Json& record) {
    const JsonInput in(record.dump(), {"sequence", "at", "kind", "subject", "actor", "why", "revision", "fields"});
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    return Change{
        in.number_or("sequence", 1, kMost, 1),
        instant_from(in, "at"),
        in.text("kind", kMaxShort),
        in.text_or("subject", kMostText, ""),
        in.text_or("actor", kMostText, ""),
        in.text_or("why", kMostText, ""),
        in.number_or("revision", 0, kMost, 0),
        fields_from(record),
        false};
}

Json exported_settings(const Business& business, const std::string& drill_schedule) {
    const std::pair<const char*, std::string> all[] = {
        {"concurrent_edits", kConcurrentEdits.at(static_cast<std::size_t>(business.concurrent_edits))},
        {"deletions", kDeletions.at(static_cast<std::size_t>(business.deletions))},
        {"drill_every_s", drill_schedule},
        {"name", business.name},
        {"stale", kStale.at(static_cast<std::size_t>(business.stale))},
        {"stale_after_s", std::to_string(business.stale_after.count())},
        {"zone", business.zone}};
    Json list = Json::array();
    for (const auto& [name, value] : all) list.push_back({{"name", name}, {"value", value}});
    return list;
}

Json customers_of(const std::vector<Appointment>& appointments) {
    struct Seen {
        int count = 0;
        LocalSeconds first = LocalSeconds::max();
        LocalSeconds last = LocalSeconds::min();
    };
    std::map<std::string, Seen> everybody;
    for (const Appointment& a : appointments) {
        if (a.customer.empty()) continue;
        Seen& seen = everybody[a.customer];
        ++seen.count;
        seen.first = std::min(seen.first, a.start);
        seen.last = std::max(seen.last, a.start);
    }
    Json list = Json::array();
    for (const auto& [customer, seen] : everybody)
        list.push_back(
            {{"customer", customer},
             {"appointments", seen.count},
             {"first", format_local(seen.first)},
             {"last", format_local(seen.last)}}
        );
    return list;
}

Appointment booking_from_export(const Json& record, const std::string& id, const ZoneResolver& zones) {
    const JsonInput in(record.dump(), exported_fields());
    Appointment a = appointment_from(in, id);
    if (!zones.knows(a.zone))
        throw InputError("The appointment " + id + " is in the unknown time zone " + a.zone + ".");
    a.provisional = in.flag_or("provisional", false);
    return a;
}

void check_replay(
    const Reader& reader, const Json& document, const ZoneResolver& zones, const std::string& recovery_key
) {
    const std::int64_t last = reader.last_change();
    for (const Change& change : changes_in(document)) {
        if (change.sequence > last) continue;
        const auto here = reader.changes(change.sequence - 1, 1);
        if (here.empty() || !same_entry(here.front(), change)) throw other_way(name_of(change));
    }
    for (const Staff& person : staff_in(document))
        check_same(person, reader.staff(person.id), "Person " + person.id.value);
    for (const Service& service : services_in(document))
        check_same(service, reader.service(service.id), "Service " + service.id.value);
    for (const char* list : {"versions", "appointments"})
        for (const Appointment& wanted : appointments_in(reader, document, list, zones, recovery_key).appointments)
            check_revision(reader, wanted);
}

std::vector<Appointment> replay(
    Writer& writer, const Json& document, const ZoneResolver& zones, const std::string& recovery_key
) {
    check_replay(writer, document, zones, recovery_key);
    std::int64_t last = writer.last_change();
    for (const Change& change : changes_in(document)) {
        if (change.sequence <= last) continue;
        if (change.sequence != last + 1 || writer.append(change) != change.sequence)
            throw InputError(
                name_of(change) +
                " does not follow the last one here; something else was changed meanwhile. Import "
                "into a new gateway that nobody uses yet."
            );
        last = change.sequence;
    }
    for (const Staff& person : staff_in(document)) writer.put(person);
    for (const Service& service : services_in(document)) writer.put(service);
    auto [revisions, nameless] = appointments_in(writer, document, "versions", zones, recovery_key);
    const auto [present, nameless_now] = appointments_in(writer, document, "appointments", zones, recovery_key);
    nameless.insert(nameless_now.begin(), nameless_now.end());
    for (const AppointmentId& id : nameless) writer.erase_words(id.value);
    std::vector<Appointment> fresh;
    std::copy_if(present.begin(), present.end(), std::back_inserter(fresh), [&](const Appointment& a) {
        return !kept_revision(writer, a);
    });
    revisions.insert(revisions.end(), present.begin(), present.end());
    std::set<StaffId> people;
    for (const Appointment& a : revisions) people.insert(a.staff);
    AnyCapacity roomy(writer, people);
    for (const Appointment& a : revisions) {
        if (!kept_revision(writer, a)) writer.put(a, occupied_by(a, zones));
    }
    roomy.end();
    return fresh;
}

}  // namespace calgate
