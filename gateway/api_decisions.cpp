#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "scheduler/conflicts.hpp"
#include "scheduler/lineage.hpp"
#include "scheduler/undo.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostShown = 1000;
constexpr std::int64_t kRunsAmong = 10'000;  ///< Newest entries of the feed in which runs are looked for.

std::int64_t number_in(const PathValues& path, const char* sentence) {
    const std::string& text = path.at("id");
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id < 0) throw InputError(sentence);
    return id;
}

/// Both sides of a conflict in one zone, so that a person can compare them.
void localize(std::optional<Shown>& side, const std::string& zone, const ZoneResolver& zones) {
    if (!side || zone.empty()) return;
    for (When* when : {&side->start, &side->end}) {
        if (when->kind == When::Kind::Date || when->kind == When::Kind::Floating) continue;
        *when = {When::Kind::Zoned, zones.to_local(zones.to_instant(*when, zone), zone), zone};
    }
}

Json conflict_json(const Reader& reader, Conflict conflict, const ZoneResolver& zones) {
    const auto appointment = reader.appointment(conflict.appointment);
    const auto calendar = reader.calendar(conflict.calendar);
    const StaffId person = appointment ? appointment->staff : calendar ? calendar->staff : StaffId{};
    const auto staff = reader.staff(person);
    const std::string zone = appointment ? appointment->zone : staff ? staff->zone : std::string{};
    // Whoever decides looks at the appointment as it is, not as it was when the question came up.
    const bool asked = conflict.state == ConflictState::Open && conflict.ours;
    if (asked && appointment && calendar) conflict.ours = shown_on(*appointment, calendar->copy_detail, zones);
    for (auto* side : {&conflict.base, &conflict.ours, &conflict.theirs}) localize(*side, zone, zones);
    Json out = shown(conflict);
    out["staff"] = person.value;
    out["staff_name"] = staff ? staff->name : "";
    out["calendar_name"] = calendar ? calendar->name : "";
    out["zone"] = zone;
    return out;
}

/// Members in which two revisions differ, as [before, after].
Json differences(const Appointment& before, const Appointment& after) {
    Json a = shown(before, {}), b = shown(after, {});
    Json out = Json::object();
    for (const auto& [name, value] : b.items()) {
        if (name != "revision" && name != "changed" && a[name] != value) out[name] = {a[name], value};
    }
    return out;
}

/// The run in which an entry was made; null when no run made it.
Json run_of(const Reader& reader, const Change& entry) {
    if (!entry.actor.starts_with("calendar:")) return nullptr;
    for (const Change& run : reader.changes_about(entry.actor.substr(9), kMostShown))
        if (run.kind == "run.decided" && run.revision <= entry.sequence && entry.sequence < run.sequence)
            return run.sequence;
    return nullptr;
}

bool was_undone(const Reader& reader, std::int64_t run) {
    // Appointments and conflicts may have this number too.
    const auto about = reader.changes_about(std::to_string(run), kMostShown);
    return std::any_of(about.begin(), about.end(), [](const Change& c) { return c.kind == "run.undone"; });
}

Json steps_of(const Reader& reader, const AppointmentId& id) {
    const auto versions = reader.versions(id, kMostShown);
    const auto version = [&](std::int64_t revision) {
        return std::find_if(versions.begin(), versions.end(), [&](const auto& v) { return v.revision == revision; });
    };
    Json steps = Json::array();
    for (const Change& entry : reader.changes_about(id.value, kMostShown)) {
        const bool of_copy = entry.kind.starts_with("copy.");
        if (!of_copy && !entry.kind.starts_with("appointment.")) continue;
        Json step = shown(entry);
        step["run"] = run_of(reader, entry);
        step["differences"] = Json::object();
        if (of_copy) {
            steps.push_back(std::move(step));
            continue;
        }
        const auto after = version(entry.revision), before = version(entry.revision - 1);
        if (after != versions.end()) step["version"] = shown(*after, {});
        if (entry.revision > 1 && !entry.fields.empty()) {
            for (const FieldChange& field : entry.fields) step["differences"][field.field] = {field.from, field.to};
        } else if (after != versions.end() && before != versions.end()) {
            step["differences"] = differences(*before, *after);  // Entries from before the feed said it.
        }
        steps.push_back(std::move(step));
    }
    return steps;
}

Wish wish_from(const JsonInput& in) {
    Wish wish;
    const auto time = [&](const char* name, std::optional<LocalSeconds>& out) {
        if (!in.has(name)) return;
        out = parse_local(in.text(name, 40));
        if (!out)
            throw InputError("The field \"" + std::string(name) + "\" is a local time such as 2026-12-01T09:00:00.");
    };
    const auto text = [&](const char* name, std::size_t most, std::optional<std::string>& out) {
        if (in.has(name)) out = in.text_or(name, most, "");
    };
    time("start", wish.start);
    time("end", wish.end);
    text("title", kMaxShort, wish.title);
    text("place", kMaxShort, wish.place);
    text("notes", kMaxText, wish.notes);
    return wish;
}

bool says_something(const Wish& wish) { return wish.start || wish.end || wish.title || wish.place || wish.notes; }

}  // namespace

HttpResponse Api::list_conflicts(const HttpRequest& request, const PathValues&) {
    const bool all = request.parameter("all") == "true";
    return read(parts_.store, [&](const Reader& reader) {
        Json list = Json::array();
        for (const Conflict& conflict : reader.conflicts(!all))
            list.push_back(conflict_json(reader, conflict, parts_.zones));
        return answer(200, Json{{"conflicts", list}});
    });
}

HttpResponse Api::resolve_conflict(const HttpRequest& request, const PathValues& path) {
    const JsonInput in(request.body, {"resolution", "start", "end", "title", "place", "notes"});
    const std::string wanted = in.text("resolution", 20);
    if (wanted != "ours" && wanted != "theirs" && wanted != "merged")
        throw InputError("The field \"resolution\" is ours, theirs or merged.");
    const Wish wish = wish_from(in);
    if (wanted != "merged" && says_something(wish))
        throw InputError("Times and texts belong to the resolution \"merged\" only.");
    const std::int64_t id = number_in(path, "A conflict's id is a number; calgate conflicts lists them.");
    const Resolution resolution = wanted == "ours"     ? Resolution::Ours
                                  : wanted == "theirs" ? Resolution::Theirs
                                                       : Resolution::Merged;
    const auto result =
        apply_resolution(parts_.store, parts_.zones, parts_.clock, id, ConflictAnswer(resolution, wish), who(request));
    switch (result.outcome) {
        case ResolutionResult::Outcome::NotFound:
            return problem(404, "Not Found", result.why);
        case ResolutionResult::Outcome::Impossible:
            return problem(422, "Unprocessable Content", result.why);
        case ResolutionResult::Outcome::AlreadyResolved:
        case ResolutionResult::Outcome::Overlap:
            return problem(409, "Conflict", result.why);
        case ResolutionResult::Outcome::Resolved:
            break;
    }
    for (const BookingResult& booking : result.bookings) apply(booking);
    parts_.engine.wake(result.targets);
    for (const CalendarId& target : result.targets) parts_.engine.poll_now(target);
    return answer(200, Json{{"id", id}, {"resolution", wanted}});
}

HttpResponse Api::get_history(const HttpRequest&, const PathValues& path) {
    const AppointmentId id{path.at("id")};
    return read(parts_.store, [&](const Reader& reader) {
        const auto appointment = reader.appointment(id);
        if (!appointment) return problem(404, "Not Found", "There is no appointment with this id.");
        Json conflicts = Json::array();
        for (const Conflict& conflict : reader.conflicts(false))
            if (conflict.appointment == id) conflicts.push_back(conflict_json(reader, conflict, parts_.zones));
        Json body = shown(*appointment, reader.mirrors_of(id));
        for (Json& copy : body["mirrors"]) {
            const auto calendar = reader.calendar({copy["calendar"].get<std::string>()});
            copy["calendar_name"] = calendar ? calendar->name : "";
        }
        return answer(200, Json{{"appointment", body}, {"steps", steps_of(reader, id)}, {"conflicts", conflicts}});
    });
}

HttpResponse Api::list_runs(const HttpRequest&, const PathValues&) {
    return read(parts_.store, [&](const Reader& reader) {
        Json list = Json::array();
        const std::int64_t after = std::max<std::int64_t>(0, reader.last_change() - kRunsAmong);
        for (const Change& run : reader.changes(after, static_cast<std::size_t>(kRunsAmong))) {
            if (run.kind != "run.decided") continue;
            const auto calendar = reader.calendar({run.subject});
            list.push_back(
                {{"run", run.sequence},
                 {"at", format_instant(run.at)},
                 {"calendar", run.subject},
                 {"calendar_name", calendar ? calendar->name : ""},
                 {"undone", was_undone(reader, run.sequence)},
                 {"why", run.why}}
            );
        }
        return answer(200, Json{{"runs", list}});
    });
}

HttpResponse Api::post_undo(const HttpRequest& request, const PathValues& path) {
    const std::int64_t run = number_in(path, "A run's id is a number; calgate undo lists them.");
    const UndoReport report = undo_run(parts_.store, parts_.zones, parts_.clock, run, who(request));
    if (!report.found) return problem(404, "Not Found", "There is no run with this number; calgate undo lists them.");
    for (const BookingResult& booking : report.bookings) apply(booking);
    parts_.engine.wake(report.targets);
    Json list = Json::array();
    for (const UndoneAppointment& one : report.appointments)
        list.push_back({{"appointment", one.appointment.value}, {"undone", one.undone}, {"why", one.why}});
    return answer(200, Json{{"run", run}, {"appointments", list}});
}

HttpResponse Api::post_take_over(const HttpRequest& request, const PathValues&) {
    take_over(parts_.store, parts_.random, parts_.clock.now(), who(request));
    std::vector<CalendarId> targets;
    parts_.store.read([&](const Reader& reader) {
        for (const Calendar& calendar : reader.calendars())
            if (calendar.mirror) targets.push_back(calendar.id);
    });
    parts_.engine.wake(targets);
    return answer(200, Json{{"epoch", read(parts_.store, [](const Reader& r) { return r.business()->epoch; })}});
}

}  // namespace calgate
