#include <array>
#include <nlohmann/json.hpp>

#include "connectors/ews/ews_availability.hpp"
#include "core/identity.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/read_anew.hpp"
#include "scheduler/regain.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

template <class T>
HttpResponse listed(const char* name, const std::vector<T>& records) {
    Json list = Json::array();
    for (const T& record : records) list.push_back(shown(record));
    return answer(200, Json{{name, list}});
}

/// With what is decided about its copies, and what was found out about a target, or null.
Json shown_calendar(const Reader& reader, const Calendar& calendar, const Policies& policies) {
    Json out = shown(calendar);
    if (const auto business = reader.business()) out["policy"] = shown(policy_of(*business, calendar, policies));
    const auto kept = read_survival(reader.setting(survival_setting(calendar.id)).value_or(""));
    out["keeps"] = nullptr;
    if (!kept) return out;
    static constexpr std::array kCarriers{"properties", "notes", "none"};
    static constexpr std::array kVersions{"given", "missing", "misleading"};
    static constexpr std::array kReuse{"yes", "no", "unknown"};
    out["keeps"] = {
        {"carrier", kCarriers.at(static_cast<std::size_t>(kept->carrier))},
        {"capsule", kept->capsule},
        {"transparency", kept->transparency},
        {"version", kVersions.at(static_cast<std::size_t>(kept->version))},
        {"name_reuse", kReuse.at(static_cast<std::size_t>(kept->reuse))},
        {"summary", described(*kept)}};
    return out;
}

}  // namespace

CalendarId calendar_id(const AccountId& account, const Href& href) {
    return CalendarId{"cal-" + sha256_hex(account.value + "\n" + href.value).substr(0, 12)};
}

HttpResponse Api::list_staff(const HttpRequest&, const PathValues&) {
    return listed("staff", read(parts_.store, [](const Reader& r) { return r.staff(); }));
}

HttpResponse Api::get_staff(const HttpRequest&, const PathValues& path) {
    const auto found = read(parts_.store, [&](const Reader& r) { return r.staff(StaffId{path.at("id")}); });
    return found ? answer(200, shown(*found)) : problem(404, "Not Found", "There is no person with this id.");
}

HttpResponse Api::put_staff(const HttpRequest& request, const PathValues& path) {
    const Staff staff = staff_from(JsonInput(request.body, staff_fields()), path.at("id"));
    if (!parts_.zones.knows(staff.zone))
        return problem(
            422,
            "Unprocessable Content",
            "The time zone " + staff.zone + " is not known; use an IANA name such as Europe/Berlin."
        );
    std::vector<CalendarId> doubtful;
    const bool fresh = write(parts_.store, [&](Writer& writer) {
        doubtful.clear();
        const auto before = writer.staff(staff.id);
        const bool absent = !before;
        writer.put(staff);
        if (before && before->zone != staff.zone) {
            for (Calendar& calendar : writer.calendars()) {
                if (calendar.staff != staff.id) continue;
                read_anew(writer, calendar);
                doubtful.push_back(calendar.id);
            }
        }
        writer.append(Change{
            0, parts_.clock.now(), absent ? "staff.created" : "staff.changed", staff.id.value, who(request), "", 0});
        return absent;
    });
    parts_.index.set_person(staff);
    if (parts_.person_changed) parts_.person_changed(staff);
    for (const CalendarId& id : doubtful) parts_.engine.poll_now(id);
    return answer(fresh ? 201 : 200, shown(staff));
}

HttpResponse Api::list_services(const HttpRequest&, const PathValues&) {
    return listed("services", read(parts_.store, [](const Reader& r) { return r.services(); }));
}

HttpResponse Api::get_service(const HttpRequest&, const PathValues& path) {
    const auto found = read(parts_.store, [&](const Reader& r) { return r.service(ServiceId{path.at("id")}); });
    return found ? answer(200, shown(*found)) : problem(404, "Not Found", "There is no service with this id.");
}

HttpResponse Api::put_service(const HttpRequest& request, const PathValues& path) {
    const Service service = service_from(JsonInput(request.body, service_fields()), path.at("id"));
    const int status = write(parts_.store, [&](Writer& writer) {
        for (const StaffId& id : service.staff) {
            if (!writer.staff(id))
                throw InputError(
                    "There is no person " + id.value + "; create them with PUT /v1/staff/" + id.value + " first."
                );
        }
        const bool absent = !writer.service(service.id);
        writer.put(service);
        const Instant now = parts_.clock.now();
        const char* kind = absent ? "service.created" : "service.changed";
        writer.append(Change{0, now, kind, service.id.value, who(request), "", 0});
        return absent ? 201 : 200;
    });
    parts_.index.set_service(service);
    return answer(status, shown(service));
}

HttpResponse Api::list_calendars(const HttpRequest&, const PathValues&) {
    std::map<CalendarId, std::optional<Instant>> as_of;
    for (const CalendarHealth& health : parts_.engine.health()) as_of.emplace(health.calendar, health.as_of);
    Json list = Json::array();
    parts_.store.read([&](const Reader& reader) {
        for (Calendar& calendar : reader.calendars()) {
            const auto known = as_of.find(calendar.id);
            if (known != as_of.end()) calendar.as_of = known->second;
            list.push_back(shown_calendar(reader, calendar, parts_.engine.policies()));
        }
    });
    return answer(200, Json{{"calendars", list}});
}

HttpResponse Api::post_calendar(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"account", "href", "name", "staff", "mirror", "busy", "show"});
    const AccountId account{in.text("account", 128)};
    const Href href{in.text("href", 2048)};
    const StaffId staff{in.text("staff", 128)};
    Calendar kept;
    bool was_busy = false;
    StaffId earlier{};
    const auto refused = write(parts_.store, [&](Writer& writer) -> std::optional<HttpResponse> {
        if (!writer.account(account))
            return problem(
                422, "Unprocessable Content", "There is no such account; connect it with POST /v1/accounts first."
            );
        if (in.flag_or("mirror", false) && !writer.account(account)->may_write)
            return problem(
                422,
                "Unprocessable Content",
                "This account was signed in for reading only; sign in again with access \"mirror\" first."
            );
        if (!writer.staff(staff))
            return problem(
                422, "Unprocessable Content", "There is no such person; create them with PUT /v1/staff/{id} first."
            );
        if (in.flag_or("mirror", false) && !ews::mailbox_in(href).empty())
            return problem(
                422, "Unprocessable Content", "The free and busy time of a mailbox can only block time; set \"busy\"."
            );
        const auto before = writer.calendar(calendar_id(account, href));
        kept = before.value_or(Calendar{});
        was_busy = kept.busy;
        earlier = kept.staff;
        kept.id = calendar_id(account, href);
        kept.account = account;
        kept.href = href;
        kept.staff = staff;
        kept.name = in.text_or("name", 255, kept.name);
        kept.mirror = in.flag_or("mirror", kept.mirror);
        kept.busy = in.flag_or("busy", kept.busy);
        if (in.has("show")) kept.copy_detail = copy_detail_from(in.text("show", 40));
        if (kept.state != CalendarState::Waiting) {
            kept.state = CalendarState::Active;
            kept.detail.clear();
            forget_refused(writer, kept.id);
        }
        if (!was_busy && kept.busy) kept.as_of.reset();  // What was read before was not expanded.
        writer.put(kept);
        if (kept.busy && (!was_busy || earlier != kept.staff)) read_anew(writer, kept);
        if (kept.mirror) writer.put_setting(survival_setting(kept.id), "");  // Tried out anew.
        if (kept.mirror) add_target(writer, kept, parts_.zones, parts_.clock.now());
        writer.append(Change{0, parts_.clock.now(), "calendar.chosen", kept.id.value, who(request), "", 0});
        return std::nullopt;
    });
    if (refused) return *refused;
    if (was_busy && (!kept.busy || earlier != kept.staff)) parts_.index.remove_source(earlier, kept.id.value);
    if (kept.busy && (!was_busy || earlier != kept.staff)) parts_.engine.show(kept.id);
    parts_.engine.poll_now(kept.id);
    return answer(200, read(parts_.store, [&](const Reader& reader) {
                      return shown_calendar(reader, kept, parts_.engine.policies());
                  }));
}

}  // namespace calgate
