#include "gateway/api_json.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::array<const char*, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::string clock_text(int minute) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%02d:%02d", minute / 60, minute % 60);
    return text.data();
}

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

const char* name_of(SignInMethod method) {
    switch (method) {
        case SignInMethod::Password:
            return "password";
        case SignInMethod::Person:
            return "person";
        case SignInMethod::ServiceAccount:
            return "service-account";
        case SignInMethod::ApplicationSecret:
            return "application-secret";
        case SignInMethod::ApplicationCertificate:
            return "application-certificate";
    }
    return "password";
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

Json side(const std::optional<Shown>& shown) {
    if (!shown) return nullptr;
    const auto when = [](const When& w) {
        return w.kind == When::Kind::Date ? format_date(w.local)
                                          : format_local(w.local) + (w.kind == When::Kind::Utc ? "Z" : "");
    };
    return Json{
        {"start", when(shown->start)},
        {"end", when(shown->end)},
        {"zone", shown->start.zone},
        {"title", shown->title},
        {"place", shown->place},
        {"notes", shown->notes},
        {"cancelled", shown->cancelled}};
}

std::string id_of(const JsonInput& in, const std::string& id, const char* what) {
    if (in.has("id") && in.text("id", 128) != id)
        throw InputError("The field \"id\" differs from the id in the address; make them equal.");
    return checked_id(id, what);
}

}  // namespace

Json instant_json(const std::optional<Instant>& instant) {
    return instant ? Json(format_instant(*instant)) : Json(nullptr);
}

HttpResponse answer(int status, const Json& body) {
    HttpResponse response;
    response.status = status;
    response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    return response;
}

std::string checked_id(const std::string& id, const char* what) {
    const bool good = !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '.' || c == '_' || c == ':' || c == '-';
    });
    if (!good)
        throw InputError(std::string("The id of ") + what + " has 1 to 128 characters out of A-Z a-z 0-9 . _ : -");
    return id;
}

const char* to_string(CopyDetail detail) {
    switch (detail) {
        case CopyDetail::Busy:
            return "busy";
        case CopyDetail::Title:
            return "title";
        case CopyDetail::Full:
            return "full";
    }
    return "busy";
}

CopyDetail copy_detail_from(const std::string& name) {
    if (name == "busy") return CopyDetail::Busy;
    if (name == "title") return CopyDetail::Title;
    if (name == "full") return CopyDetail::Full;
    throw InputError("What a copy shows is one of busy, title, full.");
}

Json shown(const Appointment& a, const std::vector<Mirror>& mirrors) {
    Json copies = Json::array();
    for (const Mirror& m : mirrors) {
        copies.push_back(
            {{"calendar", m.calendar.value},
             {"state", to_string(m.state)},
             {"wanted", m.wanted},
             {"confirmed", m.confirmed},
             {"detail", m.detail}}
        );
    }
    return Json{
        {"id", a.id.value},
        {"staff", a.staff.value},
        {"service", a.service.value},
        {"start", format_local(a.start)},
        {"end", format_local(a.end)},
        {"zone", a.zone},
        {"state", to_string(a.state)},
        {"title", a.title},
        {"place", a.place},
        {"customer", a.customer},
        {"notes", a.notes},
        {"provisional", a.provisional},
        {"revision", a.revision},
        {"created", format_instant(a.created)},
        {"changed", format_instant(a.changed)},
        {"mirrors", copies}};
}

Json shown(const Staff& s) {
    Json week = Json::object();
    for (std::size_t day = 0; day < 7; ++day) {
        Json list = Json::array();
        for (const WorkingHours& hours : s.week.at(day))
            list.push_back(clock_text(hours.start_minute) + "-" + clock_text(hours.end_minute));
        if (!list.empty()) week[kDays.at(day)] = list;
    }
    return Json{
        {"id", s.id.value}, {"name", s.name}, {"zone", s.zone}, {"capacity", s.capacity}, {"working_hours", week}};
}

Json shown(const Service& s) {
    Json staff = Json::array();
    for (const StaffId& id : s.staff) staff.push_back(id.value);
    return Json{
        {"id", s.id.value},
        {"name", s.name},
        {"duration_min", s.duration.count()},
        {"buffer_before_min", s.buffer_before.count()},
        {"buffer_after_min", s.buffer_after.count()},
        {"staff", staff}};
}

Json shown(const std::vector<RemoteCalendar>& calendars) {
    Json list = Json::array();
    for (const RemoteCalendar& calendar : calendars) {
        list.push_back(
            {{"href", calendar.href.value},
             {"name", calendar.name},
             {"writable", calendar.writable},
             {"events", calendar.holds_events}}
        );
    }
    return list;
}

Json shown(const Account& a) {
    return Json{
        {"id", a.id.value},
        {"kind", a.kind},
        {"url", a.url},
        {"user", a.user},
        {"method", name_of(a.method)},
        {"access", a.may_write ? "mirror" : "busy"},
        {"state", a.state == AccountState::Active ? "active" : "needs-attention"},
        {"detail", a.detail}};
}

Json shown(const Calendar& c) {
    return Json{
        {"id", c.id.value},
        {"account", c.account.value},
        {"staff", c.staff.value},
        {"href", c.href.value},
        {"name", c.name},
        {"mirror", c.mirror},
        {"busy", c.busy},
        {"show", to_string(c.copy_detail)},
        {"state", to_string(c.state)},
        {"detail", c.detail},
        {"as_of", instant_json(c.as_of)}};
}

Json shown(const Change& c) {
    return Json{
        {"sequence", c.sequence},
        {"at", format_instant(c.at)},
        {"kind", c.kind},
        {"subject", c.subject},
        {"actor", c.actor},
        {"why", c.why},
        {"revision", c.revision}};
}

Json shown(const Conflict& c) {
    return Json{
        {"id", c.id},
        {"appointment", c.appointment.value},
        {"calendar", c.calendar.value},
        {"kind", to_string(c.kind)},
        {"state", to_string(c.state)},
        {"why", c.why},
        {"base", side(c.base)},
        {"ours", side(c.ours)},
        {"theirs", side(c.theirs)},
        {"created", format_instant(c.created)},
        {"resolved", instant_json(c.resolved)}};
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
        "override_busy"};
    return kFields;
}
const std::vector<std::string>& staff_fields() {
    static const std::vector<std::string> kFields = {"id", "name", "zone", "capacity", "working_hours"};
    return kFields;
}
const std::vector<std::string>& service_fields() {
    static const std::vector<std::string> kFields = {
        "id", "name", "duration_min", "buffer_before_min", "buffer_after_min", "staff"};
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
    if (!in.has("working_hours")) return s;
    const Json& week = in.raw("working_hours");
    if (!week.is_object())
        throw InputError("The field \"working_hours\" is an object such as {\"mon\":[\"09:00-17:00\"]}.");
    for (const auto& [name, list] : week.items()) {
        const auto day = std::find(kDays.begin(), kDays.end(), name);
        if (day == kDays.end())
            throw InputError("The days of \"working_hours\" are mon, tue, wed, thu, fri, sat, sun.");
        s.week.at(static_cast<std::size_t>(day - kDays.begin())) = day_hours(list);
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
    for (const std::string& person : in.texts_or("staff", 10'000, 128))
        s.staff.push_back(StaffId{checked_id(person, "a person")});
    return s;
}

}  // namespace calgate
