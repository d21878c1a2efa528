#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "core/time.hpp"
#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/drill_picture.hpp"
#include "gateway/drill_report.hpp"
#include "gateway/drill_support.hpp"
#include "gateway/system_clock.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr int kMostChanges = 20'000;

/// A report begun, and one target for each account that is named so.
struct Begun {
    Json report{};
    std::vector<Json> targets{};
};

Result<Begun> begin_rehearsal(Caller& caller, const std::string& drill, const std::string& who) {
    const SystemClock clock;
    Begun out;
    out.report = {{"drill", drill}, {"began", format_instant(clock.now())}, {"targets", Json::array()}};
    const auto status = caller.call("GET", "/v1/status");
    const auto calendars = caller.call("GET", "/v1/calendars");
    const auto accounts = caller.call("GET", "/v1/accounts");
    for (const auto* answer : {&status, &calendars, &accounts})
        if (!answer->good()) return Error{ErrorCode::Unavailable, answer->problem(), {}};
    out.report["business"] = status.body["business"];
    out.targets = targets_of(status.body, calendars.body["calendars"], accounts.body["accounts"], who);
    if (out.targets.empty())
        return Error{
            ErrorCode::NotFound, "No account that gets appointments is called that; calgate calendars lists them.", {}};
    return out;
}

/// All accounts together, moment by moment: what waits is added up, the oldest data counts. One that has caught up
/// before the others has no more samples.
Json merged_samples(const Json& targets) {
    std::map<std::int64_t, Json> at;
    for (const Json& target : targets) {
        for (const Json& sample : target["samples"]) {
            auto& one = at[number_at(sample, "t_s")];
            if (one.is_null()) one = {{"t_s", sample["t_s"]}, {"waiting", 0}, {"age_s", 0}};
            one["waiting"] = number_at(one, "waiting") + number_at(sample, "waiting");
            one["age_s"] = std::max(number_at(one, "age_s"), number_at(sample, "age_s"));
        }
    }
    Json out = Json::array();
    for (auto& [t, sample] : at) out.push_back(std::move(sample));
    return out;
}

/// What the accounts have in common.
Json outage_summary(const Json& report) {
    Json sum = {{"good", true}};
    const auto add = [&](const char* name, const Json& target, const char* from) {
        sum[name] = number_at(sum, name) + number_at(target, from);
    };
    const auto most = [&](const char* name, const Json& target, const char* from) {
        sum[name] = std::max(number_at(sum, name), number_at(target, from));
    };
    for (const Json& target : report["targets"]) {
        for (const char* name : {"answers", "failed_answers", "changes", "refused"}) add(name, target, name);
        for (const char* name : {"missing", "different", "extra"}) add("differences", target, name);
        for (const char* name : {"oldest_answer_s", "rpo_s", "rto_s"}) most(name, target, name);
        sum["good"] = sum["good"].get<bool>() && target.value("good", false);
    }
    for (const Json& sample : report["samples"]) most("most_waiting", sample, "waiting");
    return sum;
}

std::string outage_sentence(const Json& report) {
    for (const Json& target : report["targets"])
        if (!text_at(target, "trouble").empty()) return text_at(target, "label") + ": " + text_at(target, "trouble");
    const Json& summary = report["summary"];
    if (summary.value("good", false))
        return "Every booking was taken and availability was answered throughout; what waited was written within " +
               duration(number_at(summary, "rto_s")) + " after the provider came back, each copy once.";
    if (number_at(summary, "refused") > 0)
        return std::to_string(number_at(summary, "refused")) +
               " changes were refused; look whether anybody has free time 400 days ahead.";
    return "Not everything that waited was written once within six hours after the provider came back; the targets "
           "below say which.";
}

}  // namespace

int command_drill_rehearsal(
    const std::string& directory,
    const std::string& drill,
    const std::string& who,
    const std::string& jump,
    const DrillOptions& options
) {
    const auto length = length_of(jump);
    if (!length) return fail("--jump takes a length of time such as 90m, 25h or 7d.", kUsage);
    return with_gateway(directory, [&](Caller& caller) {
        const SystemClock clock;
        auto begun = begin_rehearsal(caller, drill, who);
        if (!begun) return fail(begun.error().detail);
        Json& report = begun->report;
        std::int64_t failed = 0;
        for (const Json& target : begun->targets) {
            const auto answer = caller.call(
                "POST",
                "/v1/calendars/" + text_of(target, "id") + "/rehearsal",
                {{"drill", drill}, {"jump_s", length->count()}}
            );
            Json entry = answer.good() ? answer.body : Json{{"good", false}, {"steps", Json::array()}};
            if (!answer.good())
                entry["steps"].push_back(
                    {{"name", "Begin"}, {"good", false}, {"found", answer.problem()}, {"took_ms", 0}}
                );
            entry["label"] = target["label"];
            failed += entry.value("good", false) ? 0 : 1;
            report["targets"].push_back(std::move(entry));
        }
        if (drill == "clock") report["jump_s"] = length->count();
        report["ended"] = format_instant(clock.now());
        report["summary"] = {
            {"good", failed == 0},
            {"accounts", begun->targets.size()},
            {"failed", failed},
            {"sentence",
             failed > 0 ? "Not everything went as promised; the steps below say what did not."
             : drill == "revoked"
                 ? "A sign-in that is taken back stops nothing but its own copies, raises one alarm, and "
                   "everything lands after the next sign-in."
                 : "A wall clock that jumps changes no decision."}};
        return finish_drill(directory, caller, options, std::move(report));
    });
}

int command_drill_outage(
    const std::string& directory,
    const std::string& provider,
    int percent,
    const std::string& time,
    int changes,
    const DrillOptions& options
) {
    const auto length = length_of(time);
    if (!length || *length < std::chrono::minutes{1} || *length > std::chrono::days{7})
        return fail("--for takes a length of time from 1m to 7d on a simulated clock, such as 18h.", kUsage);
    if (changes > kMostChanges) return fail("--changes takes 20000 at most.", kUsage);
    return with_gateway(directory, [&](Caller& caller) {
        const SystemClock clock;
        auto begun = begin_rehearsal(caller, "outage", provider);
        if (!begun) return fail(begun.error().detail);
        Json& report = begun->report;
        const auto accounts = static_cast<int>(begun->targets.size());
        for (const Json& target : begun->targets) {
            Json asked = {{"drill", "outage"}, {"for_s", length->count()}, {"percent", percent}};
            if (changes >= 0) asked["changes"] = changes == 0 ? 0 : std::max(1, changes / accounts);
            const auto answer = caller.call("POST", "/v1/calendars/" + text_of(target, "id") + "/rehearsal", asked);
            if (!answer.good()) return fail(text_of(target, "label") + ": " + answer.problem());
            Json entry = answer.body;
            const std::int64_t others = number_at(entry, "targets") - 1;
            entry["label"] = text_of(target, "label") + (others > 0 ? " and " + std::to_string(others) + " more" : "");
            report["targets"].push_back(std::move(entry));
        }
        report["cut"] = {{"provider", provider}, {"percent", percent}, {"for_s", length->count()}};
        report["samples"] = merged_samples(report["targets"]);
        for (Json& target : report["targets"]) target.erase("samples");
        report["ended"] = format_instant(clock.now());
        report["summary"] = outage_summary(report);
        report["summary"]["sentence"] = outage_sentence(report);
        return finish_drill(directory, caller, options, std::move(report));
    });
}

}  // namespace calgate
