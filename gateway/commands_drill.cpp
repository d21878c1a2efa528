#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/time.hpp"
#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/drill_report.hpp"
#include "gateway/drill_support.hpp"
#include "gateway/drill_watch.hpp"
#include "gateway/keys.hpp"
#include "gateway/system_clock.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kLease{10}, kRenewEvery{2}, kPatienceAfter{900};
constexpr std::size_t kMostReport = 64u * 1024 * 1024;

volatile std::sig_atomic_t interrupted = 0;

Json summary_of(const Json& targets) {
    std::int64_t differences = 0, rpo = 0, rto_ms = 0;
    bool good = !targets.empty();
    for (const Json& target : targets) {
        for (const char* name : {"missing", "different", "extra"}) differences += target.value(name, std::int64_t{0});
        rpo = std::max(rpo, target.value("rpo_s", std::int64_t{0}));
        rto_ms += target.value("total_ms", std::int64_t{0});
        good = good && target.value("good", false);
    }
    return {{"differences", differences}, {"rpo_s", rpo}, {"rto_s", (rto_ms + 999) / 1000}, {"good", good}};
}

/// Failures of the past that public incident notes tell, to be lived through again.
struct Preset {
    const char* name;
    int percent;
    const char* time;
    const char* what;
};
constexpr Preset kPresets[] = {
    {"apple-2022", 100, "90m", "Apple's calendars fail almost fully for 1.5 h (21 March 2022)"},
    {"microsoft-2023", 60, "3h", "60 % of the calls to Microsoft fail for 3 h (5 June 2023)"},
    {"microsoft-2023-second", 69, "90m", "69 % of the calls to Microsoft fail for 1.5 h (June 2023)"},
    {"outlook-2023", 100, "90m", "Outlook.com fails for 1.5 h (6 June 2023)"},
    {"vendor-2022", 100, "12m", "a vendor's own API is away for 12 min (23 July 2022)"}};

/// Compares every copy at every target with what should be there.
Json verified_targets(Caller& caller, const Json& status) {
    Json out = Json::array();
    for (const Json& target : status["targets"]) {
        if (!target.value("mirror", false)) continue;
        const auto answer = caller.call("POST", "/v1/calendars/" + text_of(target, "calendar") + "/verify");
        Json entry = answer.good() ? answer.body : Json::object();
        entry["calendar"] = target["calendar"];
        entry["label"] = target_label(target, status);
        entry["good"] = answer.good() && answer.body["findings"].empty();
        entry["different"] = entry.value("different", 0) + entry.value("unreadable", 0);
        entry.erase("findings");
        out.push_back(std::move(entry));
    }
    return out;
}

/// @return a sentence when the cut could not be kept up.
std::string keep_cut(
    Caller& caller, DrillWatch& watch, const std::string& provider, int percent, std::chrono::seconds time
) {
    std::string trouble;
    std::int64_t renewed = -kRenewEvery.count();
    while (watch.seconds() < time.count() && interrupted == 0) {
        if (watch.seconds() - renewed >= kRenewEvery.count()) {
            const auto cut = caller.call(
                "PUT", "/v1/drills/cut", {{"provider", provider}, {"percent", percent}, {"lease_s", kLease.count()}}
            );
            if (!cut.good()) trouble = cut.problem();
            if (!cut.good()) break;
            renewed = watch.seconds();
        }
        watch.look();
        pause_for(std::chrono::milliseconds{500});
    }
    (void)caller.call("DELETE", "/v1/drills/cut");
    return trouble;
}

}  // namespace

int command_drill_host(const std::string& directory, const DrillOptions& options) {
    return with_gateway(directory, [&](Caller& caller) { return drill_host(caller, directory, options); });
}

int drill_host(Caller& caller, const std::string& directory, const DrillOptions& options) {
    const SystemClock clock;
    Json report = {{"drill", "host"}, {"began", format_instant(clock.now())}, {"samples", Json::array()}};
    const auto status = caller.call("GET", "/v1/status");
    if (!status.good()) return fail(status.problem());
    report["business"] = status.body["business"];
    report["targets"] = Json::array();
    for (const Json& target : status.body["targets"]) {
        const std::string id = text_of(target, "calendar");
        if (!target.value("mirror", false)) continue;
        if (!options.target.empty() && options.target != id && options.target != text_of(target, "name")) continue;
        const auto answer = caller.call("POST", "/v1/calendars/" + id + "/drill");
        Json entry =
            answer.good() ? answer.body : Json{{"calendar", id}, {"good", false}, {"sentence", answer.problem()}};
        entry["label"] = target_label(target, status.body);
        if (!options.json && !options.quiet)
            std::printf("%s: %s\n", text_of(entry, "label").c_str(), text_of(entry, "sentence").c_str());
        report["targets"].push_back(std::move(entry));
    }
    if (report["targets"].empty()) return fail("There is no such target; calgate calendars lists them.");
    report["ended"] = format_instant(clock.now());
    report["summary"] = summary_of(report["targets"]);
    const bool good = report["summary"]["good"].get<bool>();
    report["summary"]["sentence"] = good ? "Every appointment comes back from its copies, equal by content."
                                         : "Not everything would come back. Look at the targets with differences; "
                                           "calgate verify names the copies.";
    return finish_drill(directory, caller, options, std::move(report));
}

int command_drill_provider(
    const std::string& directory,
    const std::string& provider,
    int percent,
    const std::string& time,
    const DrillOptions& options
) {
    const auto length = length_of(time);
    if (!length) return fail("--for takes a length of time such as 90s, 15m or 18h.", kUsage);
    if (!std::ifstream(admin_file(directory)))
        return fail("Nothing is cut without a running gateway; start calgate serve first.");
    // An interrupted drill ends the cut and still reports.
    std::signal(SIGINT, [](int) { interrupted = 1; });
    std::signal(SIGTERM, [](int) { interrupted = 1; });
    return with_gateway(directory, [&](Caller& caller) {
        const std::string kind = provider == "microsoft" ? "graph" : provider;
        const SystemClock clock;
        Json report = {{"drill", "provider"}, {"began", format_instant(clock.now())}};
        DrillWatch watch(caller);
        const std::string trouble = keep_cut(caller, watch, kind, percent, *length);
        if (!trouble.empty()) return fail(trouble);
        const std::int64_t cut_for = watch.seconds();
        std::int64_t back = -1;
        while (watch.seconds() < cut_for + kPatienceAfter.count()) {
            if (watch.look()) {
                back = watch.seconds() - cut_for;
                break;
            }
            pause_for(std::chrono::milliseconds{500});
        }
        const auto status = caller.call("GET", "/v1/status");
        if (!status.good()) return fail(status.problem());
        report["business"] = status.body["business"];
        report["cut"] = {{"provider", provider}, {"percent", percent}, {"for_s", cut_for}};
        report["targets"] = verified_targets(caller, status.body);
        report["ended"] = format_instant(clock.now());
        report["samples"] = watch.samples();
        report["summary"] = summary_of(report["targets"]);
        Json& summary = report["summary"];
        watch.tell(summary);
        summary["rto_s"] = back < 0 ? kPatienceAfter.count() : back;
        const bool good = back >= 0 && watch.failed() == 0 && summary["good"].get<bool>();
        summary["good"] = good;
        summary["sentence"] =
            good ? "Availability was answered throughout, and every copy is right again."
            : back < 0
                ? "What waited was not written within 15 minutes after the cut; calgate status says what is in the way."
                : "Answers failed or copies differ; calgate verify names them.";
        return finish_drill(directory, caller, options, std::move(report));
    });
}

int command_drill_presets() {
    for (const Preset& preset : kPresets)
        std::printf("%-24s --percent %-4d --for %-4s %s\n", preset.name, preset.percent, preset.time, preset.what);
    return kDone;
}

bool use_preset(const std::string& name, int& percent, std::string& time) {
    for (const Preset& preset : kPresets) {
        if (name != preset.name) continue;
        percent = preset.percent;
        time = preset.time;
        return true;
    }
    return false;
}

int command_drill_schedule(const std::string& directory, const std::string& every) {
    const auto length = every == "off" ? std::optional(std::chrono::seconds{0}) : length_of(every);
    if (!length || (every != "off" && *length < std::chrono::minutes{10}))
        return fail("--schedule takes 10m to 365d, such as 24h or 7d, or off.", kUsage);
    return with_gateway(directory, [&](Caller& caller) {
        const auto kept = caller.call("PUT", "/v1/drills/schedule", {{"every_s", length->count()}});
        if (!kept.good()) return fail(kept.problem());
        if (every == "off")
            std::printf("No drill runs by itself any more.\n");
        else
            std::printf(
                "While the gateway serves, `drill host` runs every %s; its report is %s/drill-host.html.\n",
                every.c_str(),
                directory.c_str()
            );
        return kDone;
    });
}

int command_drill_check(const std::string& directory, const std::string& file) {
    const auto keys = load_keys(directory);
    if (!keys) return fail(keys.error().detail);
    const auto text = read_file(file, kMostReport);
    if (!text) return fail(text.error().detail);
    const auto report = open_report(*text, keys->keys.mark_key);
    if (!report) return fail(report.error().detail);
    std::printf(
        "%s\nThe seal fits: this gateway wrote the report, and nothing was changed.\n", report_text(*report).c_str()
    );
    return kDone;
}

}  // namespace calgate
