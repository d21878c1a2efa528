#include <algorithm>

#include "connectors/google/google_ids.hpp"
#include "connectors/google/google_wire.hpp"
#include "core/recurrence.hpp"
#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::size_t kMaxName = 44, kMaxValue = 1024;
constexpr std::chrono::hours kQuotaPause{6};

http::Response invalid(const std::string& message) { return google_error(400, "global", "invalid", message); }
http::Response required(const std::string& message) { return google_error(400, "global", "required", message); }

bool is_cancelled(const GoogleJson& event) { return text_of(event, "status") == "cancelled"; }

/// The first `most` characters of UTF-8 text.
std::string first_characters(const std::string& text, std::size_t most) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
        if (begins && most-- == 0) break;
    }
    return text.substr(0, at);
}

/// Names that are too long vanish and values that are too long are cut, both without a word.
void trim_properties(GoogleJson& event) {
    if (!event.contains("extendedProperties") || !event["extendedProperties"].is_object()) return;
    for (auto& [kind, properties] : event["extendedProperties"].items()) {
        GoogleJson kept = GoogleJson::object();
        for (const auto& [name, value] : properties.items())
            if (first_characters(name, kMaxName) == name && value.is_string())
                kept[name] = first_characters(value.get<std::string>(), kMaxValue);
        properties = kept;
    }
}

bool is_same(const GoogleJson& a, const GoogleJson& b, const char* name) {
    const nlohmann::json one(a.value(name, GoogleJson())), other(b.value(name, GoogleJson()));
    return one == other;  // In any order of their members.
}

std::int64_t sequence_of(const GoogleJson& event) {
    const auto at = event.find("sequence");
    return at != event.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

/// It rises with what matters to guests (page 12).
std::int64_t sequence_after(const GoogleJson& before, const GoogleJson& after) {
    bool moved = false;
    for (const char* name : {"start", "end", "recurrence"}) moved |= !is_same(before, after, name);
    return std::max(sequence_of(after), sequence_of(before) + (moved ? 1 : 0));
}

bool differ_in_reminders_only(const GoogleJson& before, GoogleJson after) {
    if (is_same(before, after, "reminders")) return false;
    for (const char* name : {"reminders", "etag", "updated"})
        if (before.contains(name)) after[name] = before.at(name);
    return nlohmann::json(before) == nlohmann::json(after);
}

/// What only the organizer may change, and nobody of a locked event (pages 4 and 12).
bool changes_what_is_fixed(const GoogleJson& before, const GoogleJson& after) {
    for (const char* name : {"summary", "description", "location", "start", "end", "recurrence"})
        if (!is_same(before, after, name)) return true;
    return false;
}

/// Guests, lines of a rule and kinds of properties that are not what they have to be.
std::optional<http::Response> unfit_members(const GoogleJson& event) {
    struct Rule {
        const char* name;
        bool list;
        bool (GoogleJson::*fits)() const;
    };
    constexpr auto kIsObject = &GoogleJson::is_object;
    constexpr auto kIsString = &GoogleJson::is_string;
    const Rule rules[] = {
        {"attendees", true, kIsObject}, {"recurrence", true, kIsString}, {"extendedProperties", false, kIsObject}};
    for (const Rule& rule : rules) {
        const auto at = event.find(rule.name);
        if (at == event.end() || at->is_null()) continue;
        const bool fits = (rule.list ? at->is_array() : at->is_object()) &&
                          std::all_of(at->begin(), at->end(), [&](const GoogleJson& e) { return (e.*rule.fits)(); });
        if (!fits) return invalid(std::string("Invalid value for: ") + rule.name);
    }
    return std::nullopt;
}

}  // namespace

std::optional<http::Response> GoogleSim::State::unfit(GoogleCalendar& owner, GoogleJson& event) const {
    const bool repeats = event.contains("recurrence") && event["recurrence"].is_array() && !event["recurrence"].empty();
    if (const auto refused = unfit_members(event)) return refused;
    bool dated[2] = {};
    int index = 0;
    for (const char* name : {"start", "end"}) {
        if (!event.contains(name) || !event[name].is_object())
            return required(std::string("Missing ") + name + " time.");
        GoogleJson& time = event[name];
        const std::string date = text_of(time, "date"), date_time = text_of(time, "dateTime");
        std::string zone = text_of(time, "timeZone");
        if (date.empty() == date_time.empty()) return invalid("Invalid start time.");
        dated[index++] = !date.empty();
        if (!date.empty()) {
            if (date.size() != 10 || !parse_local(date)) return invalid("Invalid value for: date");
            continue;
        }
        if (!zone.empty() && !zones.canonical_name(zone)) return invalid("Invalid time zone definition.");
        if (repeats && zone.empty()) return required("Missing time zone definition for start time.");
        const auto local = date_time.size() >= 19 ? parse_local(date_time.substr(0, 19)) : std::nullopt;
        if (!local) return invalid("Invalid value for: dateTime");
        const auto behind = date_time.find_first_not_of(".0123456789", 19);
        Instant instant{};
        if (behind == std::string::npos) {
            if (zone.empty()) return required("Missing time zone definition for start time.");
            instant = zones.to_instant(*local, *zones.canonical_name(zone));
        } else {
            const auto exact = parse_instant(date_time.substr(0, 19) + date_time.substr(behind));
            if (!exact) return invalid("Invalid value for: dateTime");
            instant = *exact;
        }
        time["dateTime"] = with_offset(instant, owner.zone, zones);
        time["timeZone"] = zone.empty() ? owner.zone : zone;
    }
    if (dated[0] != dated[1]) return invalid("Start and end times must either both be date or both be dateTime.");
    if (start_of(owner, event, "end") < start_of(owner, event, "start"))
        return google_error(400, "calendar", "timeRangeEmpty", "The specified time range is empty.");
    if (event.contains("recurrence") && !repeats) event.erase("recurrence");
    return std::nullopt;
}

void GoogleSim::State::store(GoogleCalendar& owner, const std::string& id, GoogleJson event) {
    const auto before = owner.events.find(id);
    const std::string now = format_instant(clock.now());
    const std::string stamp = now.substr(0, now.size() - 1) + ".000Z";
    event["kind"] = "calendar#event";
    event["id"] = id;
    event["etag"] = "\"35" + std::to_string(44852640124000 + ++change) + "\"";
    if (!event.contains("status")) event["status"] = "confirmed";
    event["created"] = before == owner.events.end() ? stamp : text_of(before->second, "created");
    event["updated"] = stamp;
    event["htmlLink"] = "https://www.google.com/calendar/event?eid=" + id;
    if (!event.contains("creator")) event["creator"] = {{"email", GoogleSim::owner()}, {"self", true}};
    if (!event.contains("organizer")) event["organizer"] = {{"email", owner.id}, {"self", true}};
    if (!event.contains("iCalUID")) event["iCalUID"] = id + "@google.com";
    event["sequence"] = before == owner.events.end() ? sequence_of(event) : sequence_after(before->second, event);
    if (!event.contains("eventType")) event["eventType"] = "default";
    if (!event.contains("reminders")) event["reminders"] = {{"useDefault", true}};
    for (const char* text : {"summary", "description", "location"})
        if (text_of(event, text).empty()) event.erase(text);
    if (text_of(event, "visibility") == "default") event.erase("visibility");
    if (text_of(event, "transparency") == "opaque") event.erase("transparency");
    trim_properties(event);
    if (event.contains("attendees"))
        for (GoogleJson& guest : event["attendees"])
            if (guest.is_object() && text_of(guest, "email") == owner.id) guest["self"] = true;
    if (before != owner.events.end() && differ_in_reminders_only(before->second, event))
        event["updated"] = before->second.at("updated");
    const std::string master = text_of(event, "recurringEventId");
    owner.events.insert_or_assign(id, std::move(event));
    owner.changed[id] = change;
    const auto series = owner.events.find(master);
    if (quirks.etags_move_alone && series != owner.events.end())
        series->second["etag"] = "\"35" + std::to_string(44852640124000 + ++change) + "\"";
    notify(owner.id, "exists");
}

GoogleJson GoogleSim::State::shown(const GoogleCalendar& owner, const GoogleJson& event) const {
    GoogleJson out = event;
    if (is_cancelled(event)) {
        const bool instance = event.contains("recurringEventId");
        out = GoogleJson::object();
        for (const char* name : {"kind", "etag", "id", "status"}) out[name] = event.at(name);
        if (instance && !quirks.bare_stubs)
            for (const char* name : {"recurringEventId", "originalStartTime"}) out[name] = event.at(name);
    }
    if (owner.role == "freeBusyReader" && !is_cancelled(event)) {
        out = GoogleJson::object();
        for (const char* name : {"kind", "etag", "id", "status", "start", "end", "recurringEventId", "iCalUID"})
            if (event.contains(name)) out[name] = event.at(name);
        out["visibility"] = "private";
    }
    if (quirks.without_etags) out.erase("etag");
    if (quirks.weak_etags && out.contains("etag")) out["etag"] = "W/" + out["etag"].get<std::string>();
    return out;
}

void GoogleSim::State::mail(const GoogleCall& call, const GoogleJson& event) {
    if (call.one("sendUpdates") == "none" || !event.contains("attendees")) return;
    for (const auto& guest : event["attendees"])
        if (!is_true(guest, "self")) ++mails;
}

/// An abuse guard on the account, which lasts hours (page 16).
std::optional<http::Response> GoogleSim::State::too_many_guests(const GoogleCall& call, const GoogleJson& event) {
    if (quirks.most_invitations <= 0 || !event.contains("attendees") || call.one("sendUpdates") == "none")
        return std::nullopt;
    if (quota_until && *quota_until > clock.now()) return google_error(403, "quotaExceeded");
    for (const auto& guest : event["attendees"]) invitations += is_true(guest, "self") ? 0 : 1;
    if (invitations <= quirks.most_invitations) return std::nullopt;
    invitations = 0;
    quota_until = clock.now() + kQuotaPause;
    return google_error(403, "quotaExceeded");
}

http::Response GoogleSim::State::insert(GoogleCalendar& owner, const GoogleCall& call) {
    GoogleJson event = GoogleJson::parse(call.request.body, nullptr, false);
    if (!event.is_object()) return google_error(400, "parseError");
    std::string id = text_of(event, "id");
    if (!id.empty() && event.contains("iCalUID")) return invalid("Both id and iCalUID are given.");
    if (event.contains("id") && !google::is_client_id(id)) return invalid("Invalid resource id value.");
    if (id.empty()) id = "g0made" + std::to_string(++made);
    if (owner.events.contains(id)) return google_error(409, "duplicate");
    if (const auto refused = unfit(owner, event)) return *refused;
    if (const auto refused = too_many_guests(call, event)) return *refused;
    store(owner, id, std::move(event));
    mail(call, owner.events.at(id));
    return google_answer(200, shown(owner, owner.events.at(id)));
}

http::Response GoogleSim::State::import(GoogleCalendar& owner, const GoogleCall& call) {
    GoogleJson event = GoogleJson::parse(call.request.body, nullptr, false);
    if (!event.is_object() || text_of(event, "iCalUID").empty()) return required("Missing iCalUID.");
    if (const auto refused = unfit(owner, event)) return *refused;
    std::string id = "_g0imported" + std::to_string(++made);
    for (const auto& [name, present] : owner.events)
        if (text_of(present, "iCalUID") == text_of(event, "iCalUID") && !present.contains("recurringEventId"))
            id = name;
    store(owner, id, std::move(event));
    return google_answer(200, shown(owner, owner.events.at(id)));
}

/// An instance that has no resource of its own, as its series has it.
std::optional<GoogleJson> GoogleSim::State::instance(GoogleCalendar& owner, const std::string& id) const {
    const auto parts = google::split_instance_id(id);
    const auto master = parts ? owner.events.find(parts->series) : owner.events.end();
    if (master == owner.events.end() || !master->second.contains("recurrence") || is_cancelled(master->second))
        return std::nullopt;
    const std::string& o = parts->original;
    std::string text = o.substr(0, 4) + "-" + o.substr(4, 2) + "-" + o.substr(6, 2);
    text += o.size() == 8 ? "T00:00:00Z" : o.substr(8, 3) + ":" + o.substr(11, 2) + ":" + o.substr(13, 2) + "Z";
    const auto at = parse_instant(text);
    if (!at) return std::nullopt;
    const std::chrono::hours around{36};
    for (GoogleJson& one : expanded(owner, master->second, {*at - around, *at + around}))
        if (text_of(one, "id") == id) return std::move(one);
    return std::nullopt;
}

http::Response GoogleSim::State::change_event(
    GoogleCalendar& owner, const GoogleCall& call, const std::string& id, bool replace
) {
    const auto at = owner.events.find(id);
    std::optional<GoogleJson> present = at == owner.events.end() ? instance(owner, id) : std::optional(at->second);
    if (!present) return google_error(404, "notFound");
    const std::string condition = call.header("If-Match");
    if (!condition.empty() && condition != "*" && condition != text_of(shown(owner, *present), "etag"))
        return google_error(412, "conditionNotMet");
    if (!condition.empty() && condition.starts_with("W/")) return google_error(412, "conditionNotMet");
    const GoogleJson patch = GoogleJson::parse(call.request.body, nullptr, false);
    if (!patch.is_object()) return google_error(400, "parseError");
    const bool is_deleted = is_cancelled(*present) && !present->contains("recurringEventId");
    if (is_deleted && !(quirks.restores_deleted && text_of(patch, "status") == "confirmed"))
        return google_error(403, "forbidden");
    if (patch.contains("sequence") && sequence_of(patch) < sequence_of(*present))
        return invalid(
            "Invalid sequence value. The specified sequence number is below the current sequence number of the "
            "resource. Re-fetch the resource and use its sequence number on the following request."
        );
    GoogleJson event = replace ? patch : *present;
    if (!replace) merge_patch(event, patch);
    for (const char* fixed : {"recurringEventId", "originalStartTime", "iCalUID", "organizer", "creator"})
        if (present->contains(fixed)) event[fixed] = present->at(fixed);
    if (text_of(event, "status") == "cancelled") {
        if (at == owner.events.end()) store(owner, id, *present);
        cancel(owner, id);
        return google_answer(200, shown(owner, owner.events.at(id)));
    }
    if (event.contains("start") && event["start"].contains("date") && event["start"]["date"].is_null())
        event["start"].erase("date");
    if (const auto refused = unfit(owner, event)) return *refused;
    if (is_true(*present, "locked") && changes_what_is_fixed(*present, event)) return google_error(403, "forbidden");
    const bool of_others = present->contains("organizer") && !is_true(present->at("organizer"), "self");
    if (of_others && !is_true(*present, "guestsCanModify") && changes_what_is_fixed(*present, event))
        return google_error(403, "forbiddenForNonOrganizer");
    if (const auto refused = too_many_guests(call, event)) return *refused;
    event["sequence"] = sequence_after(*present, event);
    store(owner, id, std::move(event));
    mail(call, owner.events.at(id));
    return google_answer(200, shown(owner, owner.events.at(id)));
}

void GoogleSim::State::cancel(GoogleCalendar& owner, const std::string& id) {
    auto at = owner.events.find(id);
    if (at == owner.events.end()) {
        auto one = instance(owner, id);
        if (!one) return;
        at = owner.events.emplace(id, std::move(*one)).first;
    }
    GoogleJson event = at->second;
    event["status"] = "cancelled";
    store(owner, id, std::move(event));
    // Exceptions of a cancelled series go without being named (page 9).
    std::erase_if(owner.events, [&](const auto& entry) { return text_of(entry.second, "recurringEventId") == id; });
}

http::Response GoogleSim::State::remove(GoogleCalendar& owner, const GoogleCall& call, const std::string& id) {
    const auto at = owner.events.find(id);
    const auto present = at == owner.events.end() ? instance(owner, id) : std::optional(at->second);
    if (!present) return google_error(404, "notFound");
    if (is_cancelled(*present)) return google_error(410, "deleted");
    const std::string condition = call.header("If-Match");
    const bool matches = condition == text_of(shown(owner, *present), "etag") && !condition.starts_with("W/");
    if (!condition.empty() && condition != "*" && !matches) return google_error(412, "conditionNotMet");
    mail(call, *present);
    cancel(owner, id);
    http::Response response;
    response.status = 204;
    return response;
}

http::Response GoogleSim::State::move(GoogleCalendar& owner, const GoogleCall& call, const std::string& id) {
    GoogleCalendar* const target = calendar(call.one("destination"));
    const auto at = owner.events.find(id);
    if (!target || at == owner.events.end() || is_cancelled(at->second)) return google_error(404, "notFound");
    if (target->role != "owner" && target->role != "writer") return google_error(403, "requiredAccessLevel");
    if (text_of(at->second, "eventType") != "default" || at->second.contains("recurringEventId"))
        return google_error(400, "badRequest");
    if (target == &owner || target->events.contains(id)) return google_error(409, "duplicate");
    GoogleJson moved = at->second;
    moved["organizer"] = {{"email", target->id}, {"self", true}};
    mail(call, moved);
    cancel(owner, id);
    store(*target, id, std::move(moved));
    return google_answer(200, shown(*target, target->events.at(id)));
}

}  // namespace calgate::testing
