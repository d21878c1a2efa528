#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "core/identity.hpp"
#include "gateway/api_json.hpp"

namespace calgate {
namespace {

constexpr std::size_t kMaxPage = 1000;

using Json = nlohmann::json;

constexpr std::size_t kMostExceptions = 1000;

int clock_minute(std::string_view text) {
    const bool shape = text.size() == 5 && text[2] == ':' && std::isdigit(static_cast<unsigned char>(text[0])) &&
                       std::isdigit(static_cast<unsigned char>(text[1])) &&
                       std::isdigit(static_cast<unsigned char>(text[3])) &&
                       std::isdigit(static_cast<unsigned char>(text[4]));
    const int minute =
        shape ? (text[0] - '0') * 600 + (text[1] - '0') * 60 + (text[3] - '0') * 10 + (text[4] - '0') : -1;
    if (minute < 0 || minute > 24 * 60 || (text[3] - '0') > 5)
        throw InputError(
            "Working hours are written as \"09:00-17:00\"; mend \"" + std::string(text.substr(0, 20)) + "\"."
        );
    return minute;
}

std::vector<WorkingHours> day_hours(const Json& list) {
    if (!list.is_array() || list.size() > 8)
        throw InputError("The working hours of a day are a list such as [\"09:00-12:00\",\"13:00-17:00\"].");
    std::vector<WorkingHours> out;
    for (const Json& item : list) {
        const std::string text = item.is_string() ? item.get<std::string>() : std::string{};
        const auto dash = text.find('-');
        if (dash == std::string::npos) throw InputError("Working hours are written as \"09:00-17:00\".");
        const WorkingHours hours{clock_minute(text.substr(0, dash)), clock_minute(text.substr(dash + 1))};
        if (hours.start_minute >= hours.end_minute)
            throw InputError("Working hours have to end after they start: \"" + text + "\".");
        out.push_back(hours);
    }
    return out;
}

LocalSeconds local_from(const JsonInput& in, const char* name) {
    const std::string text = in.text(name, 40);
    const auto local = parse_local(text);
    if (!local || text.size() < 16)
        throw InputError(
            "The field \"" + std::string(name) +
            "\" is a local time such as 2026-12-01T09:00:00; the zone goes into \"zone\"."
        );
    return *local;
}

std::string id_of(const JsonInput& in, const std::string& id, const char* what) {
    if (in.has("id") && in.text("id", 128) != id)
        throw InputError("The field \"id\" differs from the id in the address; make them equal.");
    return checked_id(id, what);
}

std::vector<DayHours> exceptions_from(const Json& dates) {
    if (!dates.is_object() || dates.size() > kMostExceptions)
        throw InputError(
            "The field \"exceptions\" is an object such as {\"2026-12-24\":[\"09:00-12:00\"],\"2026-12-25\":[]}, of " +
            std::to_string(kMostExceptions) + " dates at most."
        );
    std::vector<DayHours> out;  // In order of dates, as the object is in order of its names.
    for (const auto& [date, list] : dates.items()) {
        const auto day = date.size() == 10 ? parse_local(date) : std::nullopt;
        if (!day) throw InputError("\"" + date.substr(0, 40) + "\" in \"exceptions\" is no date such as 2026-12-24.");
        out.push_back({std::chrono::floor<std::chrono::days>(*day), day_hours(list)});
    }
    return out;
}

}  // namespace

std::string checked_id(const std::string& id, const char* what) {
    const bool good = !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '.' || c == '_' || c == ':' || c == '-';
    });
    if (!good)
        throw InputError(std::string("The id of ") + what + " has 1 to 128 characters out of A-Z a-z 0-9 . _ : -");
    return id;
}

const std::vector<std::string>& appointment_fields() {
    static const std::vector<std::string> kFields = {
        "id",
        "staff",
        "service",
        "start",
        "end",
        "zone",
        "state",
        "title",
        "place",
        "customer",
        "notes",
        "override_busy",
        "client_address",
        "link",
        "booking",
        "override_limits"};
    return kFields;
}
const std::vector<std::string>& hold_fields() {
    static const std::vector<std::string> kFields = {
        "id",
        "service",
        "staff",
        "all",
        "start",
        "zone",
        "hold_s",
        "customer",
        "client_address",
        "link",
        "booking",
        "override_limits"};
    return kFields;
}
const std::vector<std::string>& staff_fields() {
    static const std::vector<std::string> kFields = {"id", "name", "zone", "capacity", "working_hours", "exceptions"};
    return kFields;
}
const std::vector<std::string>& service_fields() {
    static const std::vector<std::string> kFields = {
        "id",
        "name",
        "duration_min",
        "buffer_before_min",
        "buffer_after_min",
        "step_min",
        "notice_min",
        "horizon_days",
        "staff"};
    return kFields;
}

const std::vector<std::string>& export_fields() {
    static const std::vector<std::string> kFields = {
        "format",
        "settings",
        "staff",
        "services",
        "customers",
        "appointments",
        "versions",
        "changes",
        "accounts",
        "calendars",
        "conflicts",
        "external",
        "icalendar"};
    return kFields;
}

Appointment appointment_from(const JsonInput& in, const std::string& id) {
    Appointment a;
    a.id.value = id_of(in, id, "an appointment");
    a.staff.value = checked_id(in.text("staff", 128), "a person");
    a.service.value = in.text_or("service", 128, "");
    a.start = local_from(in, "start");
    a.end = local_from(in, "end");
    a.zone = in.text("zone", 100);
    if (a.end <= a.start) throw InputError("The appointment has to end after it starts.");
    if (a.end - a.start > std::chrono::hours{24 * 31}) throw InputError("An appointment lasts 31 days at most.");
    const std::string state = in.text_or("state", 20, "confirmed");
    if (state == "held")
        a.state = AppointmentState::Held;
    else if (state == "cancelled")
        a.state = AppointmentState::Cancelled;
    else if (state != "confirmed")
        throw InputError("The field \"state\" is one of held, confirmed, cancelled.");
    a.title = in.text_or("title", kMaxShort, "");
    a.place = in.text_or("place", kMaxShort, "");
    a.customer = in.text_or("customer", kMaxShort, "");
    a.notes = in.text_or("notes", kMaxText, "");
    return a;
}

Staff staff_from(const JsonInput& in, const std::string& id) {
    Staff s;
    s.id.value = id_of(in, id, "a person");
    s.name = in.text_or("name", kMaxShort, id);
    s.zone = in.text("zone", 100);
    s.capacity = static_cast<int>(in.number_or("capacity", 1, 1000, 1));
    if (in.has("exceptions")) s.exceptions = exceptions_from(in.raw("exceptions"));
    if (!in.has("working_hours")) return s;
    const Json& week = in.raw("working_hours");
    if (!week.is_object())
        throw InputError("The field \"working_hours\" is an object such as {\"mon\":[\"09:00-17:00\"]}.");
    for (const auto& [name, list] : week.items()) {
        const auto day = std::find(kWeekdays.begin(), kWeekdays.end(), name);
        if (day == kWeekdays.end())
            throw InputError("The days of \"working_hours\" are mon, tue, wed, thu, fri, sat, sun.");
        s.week.at(static_cast<std::size_t>(day - kWeekdays.begin())) = day_hours(list);
    }
    return s;
}

Service service_from(const JsonInput& in, const std::string& id) {
    Service s;
    s.id.value = id_of(in, id, "a service");
    s.name = in.text_or("name", kMaxShort, id);
    s.duration = std::chrono::minutes{in.number_or("duration_min", 1, 60 * 24 * 31, 30)};
    s.buffer_before = std::chrono::minutes{in.number_or("buffer_before_min", 0, 60 * 24, 0)};
    s.buffer_after = std::chrono::minutes{in.number_or("buffer_after_min", 0, 60 * 24, 0)};
    s.step = std::chrono::minutes{in.number_or("step_min", 1, 60 * 24, 15)};
    s.notice = std::chrono::minutes{in.number_or("notice_min", 0, 60 * 24 * 366, 0)};
    s.horizon = std::chrono::days{in.number_or("horizon_days", 0, 3660, 0)};
    for (const std::string& person : in.texts_or("staff", 10'000, 128))
        s.staff.push_back(StaffId{checked_id(person, "a person")});
    return s;
}

Appointment hold_from(
    const JsonInput& in, const Service& service, const ZoneResolver& zones, Instant now, Random& random
) {
    Appointment hold;
    hold.id.value = in.text_or("id", 128, "");
    if (hold.id.empty()) {
        std::array<unsigned char, 12> bytes{};
        random.fill(bytes);
        hold.id.value = "hold-" + base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
    checked_id(hold.id.value, "an appointment");
    hold.staff.value = in.text_or("staff", 128, "");
    if (!hold.staff.empty() && !service.staff.empty() &&
        std::find(service.staff.begin(), service.staff.end(), hold.staff) == service.staff.end())
        throw InputError("Nobody named " + hold.staff.value + " does this service.");
    hold.service = service.id;
    hold.zone = in.text("zone", 100);
    if (!zones.knows(hold.zone))
        throw InputError("The time zone " + hold.zone + " is not known; use an IANA name such as Europe/Berlin.");
    hold.start = local_from(in, "start");
    hold.end = zones.to_local(zones.to_instant(hold.start, hold.zone) + service.duration, hold.zone);
    hold.buffer_before = service.buffer_before;
    hold.buffer_after = service.buffer_after;
    hold.title = service.name;
    hold.state = AppointmentState::Held;
    hold.hold_until = now + std::chrono::seconds{in.number_or("hold_s", 10, 3600, 300)};
    return hold;
}

std::size_t limit_of(const HttpRequest& request) {
    const std::string_view text = request.parameter("limit");
    if (text.empty()) return 100;
    std::size_t limit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error != std::errc{} || end != text.data() + text.size() || limit < 1 || limit > kMaxPage) {
        throw InputError("The parameter \"limit\" is a number from 1 to " + std::to_string(kMaxPage) + ".");
    }
    return limit;
}

}  // namespace calgate
