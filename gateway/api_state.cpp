#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "gateway/chores.hpp"
#include "scheduler/lineage.hpp"
#include "scheduler/preview.hpp"
#include "scheduler/push_keeper.hpp"
#include "scheduler/verify.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxParked = 200;

const char* name_of(CopyVerdict verdict) {
    switch (verdict) {
        case CopyVerdict::Same:
            return "same";
        case CopyVerdict::Missing:
            return "missing";
        case CopyVerdict::Different:
            return "different";
        case CopyVerdict::Extra:
            return "extra";
        case CopyVerdict::Unreadable:
            return "unreadable";
    }
    return "unreadable";
}

const char* name_of(PlannedWrite::Kind kind) {
    switch (kind) {
        case PlannedWrite::Kind::Create:
            return "create";
        case PlannedWrite::Kind::Update:
            return "update";
        case PlannedWrite::Kind::Delete:
            return "delete";
    }
    return "";
}

/// The host of an account, or its kind where the service has one address for all.
std::string server_of(const Account& account) {
    const auto scheme = account.url.find("://");
    if (scheme == std::string::npos) return account.kind;
    const auto host = scheme + 3;
    return account.url.substr(host, account.url.find('/', host) - host);
}

}  // namespace

HttpResponse Api::list_parked(const HttpRequest&, const PathValues&) {
    Json list = Json::array();
    bool more = false;
    parts_.store.read([&](const Reader& reader) {
        for (const Calendar& calendar : reader.calendars()) {
            if (!calendar.busy) continue;
            for (const CachedEvent& event : reader.cached_events(calendar.id)) {
                if (event.trouble.empty() || event.appointment) continue;
                more = list.size() == kMaxParked;
                if (more) return;
                list.push_back(
                    {{"calendar", calendar.id.value},
                     {"name", calendar.name},
                     {"href", event.href.value},
                     {"uid", event.uid.value},
                     {"why", event.trouble},
                     {"blocks_time", !event.busy.empty()}}
                );
            }
        }
    });
    return answer(200, Json{{"events", list}, {"more", more}});
}

HttpResponse Api::sync_calendar(const HttpRequest&, const PathValues& path) {
    const CalendarId id{path.at("id")};
    if (!read(parts_.store, [&](const Reader& r) { return r.calendar(id); }))
        return problem(404, "Not Found", "There is no calendar with this id.");
    if (parts_.engine_running) {
        parts_.engine.poll_now(id);
        return answer(202, Json{{"calendar", id.value}, {"started", true}});
    }
    const PassReport report = parts_.engine.run_pass(id);
    if (report.error) return problem(502, "Bad Gateway", report.error->detail);
    return answer(
        200,
        Json{
            {"calendar", id.value},
            {"changed", report.changed},
            {"created", report.created},
            {"updated", report.updated},
            {"deleted", report.deleted},
            {"taken", report.taken},
            {"conflicts", report.conflicts},
            {"parked", report.parked}}
    );
}

HttpResponse Api::preview_calendar(const HttpRequest&, const PathValues& path) {
    const CalendarId id{path.at("id")};
    if (!read(parts_.store, [&](const Reader& r) { return r.calendar(id); }))
        return problem(404, "Not Found", "There is no calendar with this id.");
    Preview preview;
    // Its writes go nowhere, so the factory of the living engine is never asked.
    const EngineParts parts{
        parts_.store, parts_.index, parts_.connectors, parts_.zones, parts_.clock, parts_.random, parts_.keys, {}};
    const auto trouble = parts_.engine.with_connector(id, [&](Connector& living) {
        preview = preview_run(parts, parts_.engine.policies(), living, id);
    });
    if (trouble) return problem(502, "Bad Gateway", trouble->detail);
    if (preview.report.error) return problem(502, "Bad Gateway", preview.report.error->detail);
    Json writes = Json::array(), decisions = Json::array();
    for (const PlannedWrite& planned : preview.writes)
        writes.push_back(
            {{"kind", name_of(planned.kind)},
             {"appointment", planned.appointment ? Json(planned.appointment->value) : Json(nullptr)}}
        );
    for (const Change& change : preview.decisions)
        if (change.kind != "run.decided") decisions.push_back(shown(change));
    return answer(
        200, Json{{"calendar", id.value}, {"waits", preview.waits}, {"writes", writes}, {"decisions", decisions}}
    );
}

HttpResponse Api::verify_calendar(const HttpRequest&, const PathValues& path) {
    const CalendarId id{path.at("id")};
    if (!read(parts_.store, [&](const Reader& r) { return r.calendar(id); }))
        return problem(404, "Not Found", "There is no calendar with this id.");
    const auto account = read(parts_.store, [&](const Reader& r) { return r.account(r.calendar(id)->account); });
    const VerifyReport report = parts_.engine.verify(id);
    if (report.error) return problem(502, "Bad Gateway", report.error->detail);
    Json findings = Json::array();
    std::map<std::string, int> counts = {{"missing", 0}, {"different", 0}, {"extra", 0}, {"unreadable", 0}};
    for (const CopyFinding& finding : report.findings) {
        ++counts[name_of(finding.verdict)];
        findings.push_back(
            {{"appointment", finding.appointment.value},
             {"href", finding.href.value},
             {"verdict", name_of(finding.verdict)},
             {"why", finding.why}}
        );
    }
    Json body = {
        {"calendar", id.value},
        {"user", account ? account->user : ""},
        {"server", account ? server_of(*account) : ""},
        {"same", report.same},
        {"foreign", report.foreign},
        {"findings", findings}};
    for (const auto& [name, count] : counts) body[name] = count;
    return answer(200, body);
}

HttpResponse Api::get_status(const HttpRequest&, const PathValues&) {
    const auto health = parts_.engine.health();
    return read(parts_.store, [&](const Reader& reader) {
        const auto business = reader.business();
        Json targets = Json::array();
        for (const CalendarHealth& state : health) {
            const auto calendar = reader.calendar(state.calendar);
            if (!calendar) continue;
            const auto account = reader.account(calendar->account);
            const auto age = state.as_of ? Json((parts_.clock.now() - *state.as_of).count()) : Json(nullptr);
            const auto verified = last_verified(reader, state.calendar);
            targets.push_back(
                {{"calendar", state.calendar.value},
                 {"name", calendar->name},
                 {"user", account ? account->user : ""},
                 {"server", account ? server_of(*account) : ""},
                 {"staff", calendar->staff.value},
                 {"mirror", calendar->mirror},
                 {"busy", calendar->busy},
                 {"live", state.live},
                 {"as_of", instant_json(state.as_of)},
                 {"age_s", age},
                 {"waiting", state.waiting},
                 {"catch_up_s", state.catch_up.count()},
                 {"verified_at", verified ? instant_json(verified->at) : Json(nullptr)},
                 {"verify_findings", verified ? Json(verified->findings) : Json(nullptr)},
                 {"trouble", state.trouble}}
            );
        }
        const Exposure exposed = reader.exposure();
        const auto stands = standstill(reader);
        Json drills = Json::object();
        for (const auto& [drill, age] : drill_ages(reader)) drills[drill] = age ? Json(*age) : Json(nullptr);
        return answer(
            200,
            Json{
                {"business", business ? business->name : ""},
                {"ready", parts_.store.writable()},
                {"standstill", stands ? Json(stands->why) : Json(nullptr)},
                {"targets", targets},
                {"conflicts_open", reader.conflicts(true).size()},
                {"unmirrored",
                 {{"appointments", exposed.appointments},
                  {"oldest_s", exposed.oldest ? (parts_.clock.now() - *exposed.oldest).count() : 0}}},
                {"cut", parts_.connectors.traffic_cut().now()},
                {"drills", drills},
                {"callbacks", callbacks_json(reader)},
                {"last_change", reader.last_change()}}
        );
    });
}

std::string Api::verify_metrics(const Reader& reader) const {
    std::string text =
        "# TYPE calgate_verify_age_seconds gauge\n# TYPE calgate_verify_findings gauge\n"
        "# TYPE calgate_unmirrored gauge\n# TYPE calgate_rpo_seconds gauge\n# TYPE calgate_kit_age_seconds gauge\n"
        "# TYPE calgate_channels_late gauge\n# TYPE calgate_certificate_end_seconds gauge\n";
    int late = 0;
    for (const Account& account : reader.accounts()) {
        const auto end = certificate_end_of(reader, account.id);
        if (end)
            text += "calgate_certificate_end_seconds{account=\"" + account.id.value + "\"} " +
                    std::to_string((*end - parts_.clock.now()).count()) + "\n";
    }
    for (const Calendar& calendar : reader.calendars()) {
        late += is_channel_late(reader, calendar.id) ? 1 : 0;
        const auto verified = last_verified(reader, calendar.id);
        if (!calendar.mirror || !verified) continue;
        const std::string label = "{calendar=\"" + calendar.id.value + "\"} ";
        text +=
            "calgate_verify_age_seconds" + label + std::to_string((parts_.clock.now() - verified->at).count()) + "\n";
        text += "calgate_verify_findings" + label + std::to_string(verified->findings) + "\n";
    }
    if (const auto kit = last_done(reader, "kit"))
        text += "calgate_kit_age_seconds " + std::to_string((parts_.clock.now() - *kit).count()) + "\n";
    text += "calgate_channels_late " + std::to_string(late) + "\n";
    const Exposure exposed = reader.exposure();
    const auto age = exposed.oldest ? (parts_.clock.now() - *exposed.oldest).count() : 0;
    return text + "calgate_unmirrored " + std::to_string(exposed.appointments) + "\ncalgate_rpo_seconds " +
           std::to_string(age) + "\n";
}

HttpResponse Api::get_metrics(const HttpRequest&, const PathValues&) {
    std::string text = "# TYPE calgate_waiting gauge\n# TYPE calgate_age_seconds gauge\n# TYPE calgate_live gauge\n";
    for (const CalendarHealth& state : parts_.engine.health()) {
        const std::string label = "{calendar=\"" + state.calendar.value + "\"} ";
        text += "calgate_waiting" + label + std::to_string(state.waiting) + "\n";
        text += "calgate_live" + label + (state.live ? "1\n" : "0\n");
        if (state.as_of)
            text += "calgate_age_seconds" + label + std::to_string((parts_.clock.now() - *state.as_of).count()) + "\n";
    }
    const auto open = read(parts_.store, [](const Reader& r) { return r.conflicts(true).size(); });
    text += "# TYPE calgate_drill_age_seconds gauge\n";
    for (const auto& [drill, age] : read(parts_.store, [&](const Reader& r) { return drill_ages(r); })) {
        if (age) text += "calgate_drill_age_seconds{drill=\"" + drill + "\"} " + std::to_string(*age) + "\n";
    }
    text += read(parts_.store, [&](const Reader& r) { return verify_metrics(r); });
    text += read(parts_.store, [](const Reader& r) { return callback_metrics(r); });
    const bool stands = read(parts_.store, [](const Reader& r) { return standstill(r).has_value(); });
    text += "# TYPE calgate_standstill gauge\ncalgate_standstill " + std::string(stands ? "1" : "0") + "\n";
    text += "# TYPE calgate_conflicts_open gauge\ncalgate_conflicts_open " + std::to_string(open) + "\n";
    text +=
        "# TYPE calgate_writable gauge\ncalgate_writable " + std::string(parts_.store.writable() ? "1" : "0") + "\n";
    text += "# TYPE calgate_answers_total counter\n";
    const std::lock_guard lock(mutex_);
    for (const auto& [status, count] : answers_)
        text += "calgate_answers_total{status=\"" + std::to_string(status) + "\"} " + std::to_string(count) + "\n";
    HttpResponse response;
    response.type = "text/plain; version=0.0.4";
    response.body = std::move(text);
    return response;
}

}  // namespace calgate
