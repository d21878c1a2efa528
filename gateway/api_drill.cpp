#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/time.hpp"
#include "gateway/api.hpp"
#include "gateway/api_json.hpp"
#include "scheduler/listing.hpp"
#include "scheduler/outage_rehearsal.hpp"
#include "scheduler/rehearsal.hpp"
#include "scheduler/restore.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr int kLongestLease = 60;
constexpr std::size_t kMostNamed = 100;
constexpr std::size_t kMostAppointments = 1'000'000;
constexpr std::int64_t kLongest = 365 * 86'400;
constexpr std::int64_t kLongestOutage = 7 * 86'400, kMostChanges = 20'000;
const std::vector<std::string> kDrills = {"host", "provider", "outage", "revoked", "clock"};

/// What a restored store lacks or has otherwise, compared with the living one. Revisions do not count, content does.
struct Comparison {
    int same = 0;
    std::vector<std::string> missing{}, different{}, extra{};
    std::optional<Instant> oldest_loss{};  ///< When the oldest change that would be lost was made.

    bool good() const { return missing.empty() && different.empty() && extra.empty(); }
};

Appointment content_of(Appointment a) {
    a.revision = 0;
    a.created = a.changed = {};
    a.provisional = false;
    return a;
}

Comparison compare(const Reader& living, const CalendarId& target, const std::vector<Appointment>& restored) {
    std::map<AppointmentId, const Appointment*> back;
    for (const Appointment& a : restored) back[a.id] = &a;
    Comparison out;
    const auto lose = [&](const Appointment& a) {
        out.oldest_loss = out.oldest_loss ? std::min(*out.oldest_loss, a.changed) : a.changed;
    };
    for (const Mirror& mirror : living.mirrors_on(target)) {
        if (mirror.wanted_gone || mirror.state == MirrorState::Removed) continue;
        const auto wanted = living.appointment(mirror.appointment);
        if (!wanted) continue;
        const auto found = back.find(wanted->id);
        if (found == back.end()) {
            out.missing.push_back(wanted->id.value);
            lose(*wanted);
        } else if (content_of(*found->second) != content_of(*wanted)) {
            out.different.push_back(wanted->id.value);
            lose(*wanted);
            back.erase(found);
        } else {
            ++out.same;
            back.erase(found);
        }
    }
    for (const auto& [id, appointment] : back) out.extra.push_back(id.value);
    return out;
}

/// What a cut may name, as the end of a sentence.
std::string named_kinds(const std::vector<Account>& accounts) {
    if (accounts.empty()) return "; no account is connected yet.";
    std::set<std::string> kinds;
    for (const Account& account : accounts) kinds.insert(account.kind);
    std::string all;
    for (const std::string& kind : kinds) all += kind + ", ";
    return "; name " + all + "or an account's id.";
}

/// As many changes as the appointments of those who have a target in the account had per length of time in the last
/// week, one an hour at least.
int usual_changes(const Reader& reader, const AccountId& account, Instant now, std::chrono::seconds length) {
    std::set<StaffId> persons;
    for (const Calendar& calendar : reader.calendars())
        if (calendar.account == account && calendar.mirror) persons.insert(calendar.staff);
    constexpr std::chrono::seconds kLately = std::chrono::days{7};
    std::map<std::string, bool> theirs;
    std::int64_t count = 0;
    const std::int64_t after = std::max<std::int64_t>(0, reader.last_change() - kMostChanges);
    for (const Change& change : reader.changes(after, static_cast<std::size_t>(kMostChanges))) {
        if (!change.kind.starts_with("appointment.") || now - change.at > kLately) continue;
        const auto [known, fresh] = theirs.try_emplace(change.subject, false);
        if (fresh) {
            const auto held = reader.appointment({change.subject});
            known->second = held && persons.contains(held->staff);
        }
        count += known->second ? 1 : 0;
    }
    const std::int64_t usual = count * length.count() / kLately.count();
    return static_cast<int>(std::clamp<std::int64_t>(usual, length / std::chrono::hours{1} + 1, kMostChanges));
}

Json shown(const RehearsedOutage& told) {
    Json samples = Json::array();
    for (const OutageSample& one : told.samples)
        samples.push_back({{"t_s", one.at.count()}, {"waiting", one.waiting}, {"age_s", one.age.count()}});
    return {
        {"trouble", told.trouble},
        {"targets", told.targets},
        {"changes", told.changes},
        {"refused", told.refused},
        {"answers", told.answers},
        {"failed_answers", told.unanswered},
        {"most_waiting", told.most_waiting},
        {"calls", told.calls},
        {"oldest_answer_s", told.oldest_answer.count()},
        {"rpo_s", told.rpo.count()},
        {"first_write_s", told.first_write.count()},
        {"rto_s", told.caught_up.count() < 0 ? kPatienceAfterOutage.count() : told.caught_up.count()},
        {"same", told.same},
        {"missing", told.lost},
        {"different", told.different},
        {"extra", told.doubled},
        {"samples", samples},
        {"good", told.good()}};
}

Json named(std::vector<std::string> ids) {
    if (ids.size() > kMostNamed) ids.resize(kMostNamed);
    return ids;
}

}  // namespace

HttpResponse Api::drill_calendar(const HttpRequest&, const PathValues& path) {
    const CalendarId id{path.at("id")};
    const auto calendar = read(parts_.store, [&](const Reader& r) { return r.calendar(id); });
    if (!calendar || !calendar->mirror) return problem(404, "Not Found", "There is no target with this id.");
    const SteadyInstant began = parts_.clock.steady();
    Result<std::vector<RemoteEvent>> listed = std::vector<RemoteEvent>{};
    const auto trouble = parts_.engine.with_connector(id, [&](Connector& connector) {
        listed = list_calendar(connector, parts_.clock, calendar->href, {});
    });
    if (trouble || !listed)
        return problem(502, "The calendar could not be read", trouble ? trouble->detail : listed.error().detail);
    const SteadyInstant read_at = parts_.clock.steady();
    RestoreRequest request;
    request.recovery_key = parts_.keys.recovery_key;
    const RestorePlan plan = plan_restore(*listed, request, parts_.zones);
    const auto scratch = SqliteStore::open(":memory:");
    RestoreReport filled;
    if (plan.possible()) {
        scratch->write([&](Writer& writer) { writer.put(Account{.id = calendar->account, .kind = "drill"}); });
        Calendar row;
        row.id = id;
        row.account = calendar->account;
        row.href = calendar->href;
        filled = fill_store({*scratch, parts_.zones, parts_.clock, parts_.random}, plan, row);
    }
    const auto restored = read(*scratch, [](const Reader& r) { return r.appointments({}, kMostAppointments); });
    const SteadyInstant done = parts_.clock.steady();
    const Comparison result = read(parts_.store, [&](const Reader& r) { return compare(r, id, restored); });
    const Instant now = parts_.clock.now();
    return answer(
        200,
        Json{
            {"calendar", id.value},
            {"name", calendar->name},
            {"staff", calendar->staff.value},
            {"sentence", plan.sentence},
            {"possible", plan.possible()},
            {"restored", restored.size()},
            {"same", result.same},
            {"missing", result.missing.size()},
            {"different", result.different.size()},
            {"extra", result.extra.size()},
            {"refused", filled.refused.size()},
            {"missing_ids", named(result.missing)},
            {"different_ids", named(result.different)},
            {"extra_ids", named(result.extra)},
            {"read_ms", (read_at - began).count()},
            {"total_ms", (done - began).count()},
            {"rpo_s", result.oldest_loss ? (now - *result.oldest_loss).count() : 0},
            {"good", plan.possible() && result.good() && filled.refused.empty()}}
    );
}

HttpResponse Api::rehearse(const HttpRequest& request, const PathValues& path) {
    const JsonInput in(request.body, {"drill", "jump_s", "for_s", "percent", "changes"});
    const std::string drill = in.text("drill", 20);
    if (drill != "revoked" && drill != "clock" && drill != "outage")
        throw InputError("The field \"drill\" is outage, revoked or clock.");
    const std::chrono::seconds jump{in.number_or("jump_s", 1, kLongest, 25 * 3600)};
    const CalendarId id{path.at("id")};
    const auto calendar = read(parts_.store, [&](const Reader& r) { return r.calendar(id); });
    if (!calendar || !calendar->mirror) return problem(404, "Not Found", "There is no target with this id.");
    const EngineParts parts{
        parts_.store, parts_.index, parts_.connectors, parts_.zones, parts_.clock, parts_.random, parts_.keys, {}};
    if (drill == "outage") {
        OutageToRehearse plan;
        plan.length = std::chrono::seconds{in.number_or("for_s", 60, kLongestOutage, 18 * 3600)};
        plan.percent = static_cast<int>(in.number_or("percent", 1, 100, 100));
        const int usual = read(parts_.store, [&](const Reader& r) {
            return usual_changes(r, calendar->account, parts_.clock.now(), plan.length);
        });
        plan.changes = static_cast<int>(in.number_or("changes", 0, kMostChanges, usual));
        const auto outage = rehearse_outage(parts, id, plan);
        if (!outage) return problem(502, "The account cannot be worked with", outage.error().detail);
        Json told = shown(*outage);
        told["calendar"] = id.value;
        told["name"] = calendar->name;
        return answer(200, told);
    }
    std::vector<RehearsalStep> steps;
    const auto trouble = parts_.engine.with_connector(id, [&](Connector& living) {
        steps = drill == "clock" ? rehearse_clock(parts, living, id, jump) : rehearse_revoked(parts, living, id);
    });
    if (trouble) return problem(502, "The account cannot be worked with", trouble->detail);
    Json list = Json::array();
    bool good = true;
    for (const RehearsalStep& step : steps) {
        good = good && step.good;
        list.push_back({{"name", step.name}, {"good", step.good}, {"found", step.found}, {"took_ms", step.took.count()}}
        );
    }
    return answer(200, Json{{"calendar", id.value}, {"name", calendar->name}, {"steps", list}, {"good", good}});
}

HttpResponse Api::put_drill_schedule(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"every_s"});
    const std::int64_t every = in.number_or("every_s", 0, kLongest, 0);
    parts_.store.write([&](Writer& writer) { writer.put_setting(kDrillSchedule, std::to_string(every)); });
    return answer(200, Json{{"every_s", every}});
}

HttpResponse Api::cut_traffic(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"provider", "percent", "lease_s"});
    const std::string provider = in.text("provider", 128);
    const auto accounts = read(parts_.store, [](const Reader& r) { return r.accounts(); });
    const bool known = std::any_of(accounts.begin(), accounts.end(), [&](const Account& account) {
        return account.kind == provider || account.id.value == provider;
    });
    if (!known)
        return problem(422, "Unprocessable Content", "Nothing here is called " + provider + named_kinds(accounts));
    const int percent = static_cast<int>(in.number_or("percent", 1, 100, 100));
    const std::chrono::seconds lease{in.number_or("lease_s", 1, kLongestLease, 10)};
    if (parts_.connectors.traffic_cut().cut(provider, percent, lease)) {
        const std::string why = "A drill cuts " + std::to_string(percent) + " % of the calls off.";
        parts_.store.write([&](Writer& writer) {
            writer.append(Change{0, parts_.clock.now(), "drill.cut", provider, who(request), why, 0});
        });
    }
    return answer(200, Json{{"provider", provider}, {"percent", percent}, {"lease_s", lease.count()}});
}

HttpResponse Api::lift_cut(const HttpRequest& request, const PathValues&) {
    parts_.connectors.traffic_cut().lift();
    parts_.store.write([&](Writer& writer) {
        writer.append(Change{0, parts_.clock.now(), "drill.ended", "", who(request), "Nothing is cut off any more.", 0}
        );
    });
    return answer(200, Json{{"cut", Json::object()}});
}

HttpResponse Api::post_drill_result(const HttpRequest& request, const PathValues&) {
    const JsonInput in(request.body, {"drill", "good"});
    const std::string drill = in.text("drill", 20);
    if (std::find(kDrills.begin(), kDrills.end(), drill) == kDrills.end())
        throw InputError("The field \"drill\" is host, provider, outage, revoked or clock.");
    const bool good = in.flag_or("good", false);
    parts_.store.write([&](Writer& writer) {
        const Instant now = parts_.clock.now();
        writer.append(Change{0, now, good ? "drill.passed" : "drill.failed", drill, who(request), "", 0});
        if (good) writer.put_setting("drill." + drill, std::to_string(now.time_since_epoch().count()));
    });
    return answer(200, Json{{"drill", drill}, {"good", good}});
}

std::map<std::string, std::optional<std::int64_t>> Api::drill_ages(const Reader& reader) const {
    std::map<std::string, std::optional<std::int64_t>> ages;
    for (const std::string& drill : kDrills) {
        const auto at = reader.setting("drill." + drill);
        if (at) ages[drill] = parts_.clock.now().time_since_epoch().count() - std::strtoll(at->c_str(), nullptr, 10);
        if (!at) ages[drill] = std::nullopt;
    }
    return ages;
}

}  // namespace calgate
