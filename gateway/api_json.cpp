#include "gateway/api_json.hpp"

#include <array>

#include "gateway/policy_names.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

std::string clock_text(int minute) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%02d:%02d", minute / 60, minute % 60);
    return text.data();
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

std::string name_of(const CopyDetail& detail) {
    if (detail == CopyDetail::kBusy) return "busy";
    if (detail == CopyDetail::kFull) return "full";
    std::string list;
    for (const auto& [name, shown] :
         {std::pair{"title", detail.title}, {"place", detail.place}, {"notes", detail.notes}})
        if (shown) list += (list.empty() ? "" : ",") + std::string(name);
    return list;
}

CopyDetail copy_detail_from(const std::string& text) {
    if (text == "busy") return CopyDetail::kBusy;
    if (text == "full") return CopyDetail::kFull;
    CopyDetail detail;
    for (std::size_t from = 0; from <= text.size();) {
        const auto comma = std::min(text.find(',', from), text.size());
        const std::string_view field = std::string_view(text).substr(from, comma - from);
        if (field == "title")
            detail.title = true;
        else if (field == "place")
            detail.place = true;
        else if (field == "notes")
            detail.notes = true;
        else
            throw InputError("What a copy shows is busy, full, or a list of title, place and notes such as title,place."
            );
        from = comma + 1;
    }
    return detail;
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
        {"hold_until", a.hold_until ? Json(format_instant(*a.hold_until)) : Json(nullptr)},
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
        if (!list.empty()) week[kWeekdays.at(day)] = list;
    }
    Json exceptions = Json::object();
    for (const DayHours& day : s.exceptions) {
        Json list = Json::array();
        for (const WorkingHours& hours : day.hours)
            list.push_back(clock_text(hours.start_minute) + "-" + clock_text(hours.end_minute));
        exceptions[format_date(LocalSeconds{day.day})] = list;
    }
    return Json{
        {"id", s.id.value},
        {"name", s.name},
        {"zone", s.zone},
        {"capacity", s.capacity},
        {"working_hours", week},
        {"exceptions", exceptions}};
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
        {"step_min", s.step.count()},
        {"notice_min", s.notice.count()},
        {"horizon_days", s.horizon.count()},
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
        {"show", name_of(c.copy_detail)},
        {"state", to_string(c.state)},
        {"detail", c.detail},
        {"as_of", instant_json(c.as_of)}};
}

Json shown(const ReconcilePolicy& p) {
    return Json{
        {"concurrent_edits", to_string(p.concurrent_edits)},
        {"deletions", to_string(p.deletions)},
        {"moved_onto", to_string(p.moved_onto)},
        {"moved_away", to_string(p.moved_away)},
        {"duplicates", to_string(p.duplicates)},
        {"masked_edits", to_string(p.masked_edits)},
        {"say_in_copy", p.say_in_copy}};
}

Json shown(const Change& c) {
    Json fields = Json::array();
    for (const FieldChange& field : c.fields) fields.push_back({field.field, field.from, field.to});
    return Json{
        {"sequence", c.sequence},
        {"at", format_instant(c.at)},
        {"kind", c.kind},
        {"subject", c.subject},
        {"actor", c.actor},
        {"why", c.why},
        {"revision", c.revision},
        {"fields", fields},
        {"erased", c.erased}};
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

}  // namespace calgate
