#include <charconv>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/time.hpp"
#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/drill_report.hpp"
#include "gateway/keys.hpp"
#include "gateway/system_clock.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::chrono::seconds kLease{10}, kRenewEvery{2}, kPatienceAfter{900};
constexpr std::size_t kMostReport = 64u * 1024 * 1024;
/// A long drill keeps every n-th sample, so that the picture stays small.
constexpr std::size_t kMostSamples = 2000;

volatile std::sig_atomic_t interrupted = 0;

/// "90", "90s", "15m", "18h". Nothing when it is no length of time up to 7 days.
std::optional<std::chrono::seconds> length_of(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string unit(end, text.data() + text.size());
    const std::int64_t factor = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
    if (error != std::errc{} || factor == 0 || number < 1 || number > 7 * 24 * 3600 / factor) return std::nullopt;
    return std::chrono::seconds{number * factor};
}

std::string label_of(const Json& target, const Json& status) {
    for (const Json& one : status["targets"]) {
        if (text_of(one, "calendar") == text_of(target, "calendar"))
            return text_of(one, "name") + " (" + text_of(one, "user") + " at " + text_of(one, "server") + ")";
    }
    return text_of(target, "name");
}

/// Writes the report beside each other as .json and .html, prints it, records how it ended.
int finish(const std::string& directory, Caller& caller, const DrillOptions& options, Json report) {
    const auto keys = load_keys(directory);
    if (!keys) return fail(keys.error().detail);
    const std::string& key = keys->keys.mark_key;
    const bool good = report["summary"].value("good", false);
    const std::string name = options.report.empty() ? directory + "/drill-" + text_of(report, "drill") : options.report;
    if (const auto kept = write_private_file(name + ".json", report_json(report, key)); !kept)
        return fail(kept.error().detail);
    if (const auto kept = write_private_file(name + ".html", report_html(report, key)); !kept)
        return fail(kept.error().detail);
    const auto noted = caller.call("POST", "/v1/drills/result", {{"drill", report["drill"]}, {"good", good}});
    if (!noted.good()) return fail(noted.problem());
    if (options.json)
        std::printf("%s\n", report.dump().c_str());
    else
        std::printf("%s\nReport: %s.html and .json\n", report_text(report).c_str(), name.c_str());
    return good ? kDone : kFailed;
}

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

/// Compares every copy at every target with what should be there.
Json verified_targets(Caller& caller, const Json& status) {
    Json out = Json::array();
    for (const Json& target : status["targets"]) {
        if (!target.value("mirror", false)) continue;
        const auto answer = caller.call("POST", "/v1/calendars/" + text_of(target, "calendar") + "/verify");
        Json entry = answer.good() ? answer.body : Json::object();
        entry["calendar"] = target["calendar"];
        entry["label"] = label_of(target, status);
        entry["good"] = answer.good() && answer.body["findings"].empty();
        entry["different"] = entry.value("different", 0) + entry.value("unreadable", 0);
        entry.erase("findings");
        out.push_back(std::move(entry));
    }
    return out;
}

/// Looks at the gateway as its users do while something is cut off.
class Watch {
public:
    explicit Watch(Caller& caller) : caller_(caller), began_(clock_.steady()) {}

    std::int64_t seconds() const {
        return std::chrono::duration_cast<std::chrono::seconds>(clock_.steady() - began_).count();
    }

    /// @return whether nothing waits and everything is live.
    bool look() {
        const auto status = caller_.call("GET", "/v1/status");
        std::int64_t waiting = 0, age = 0;
        bool live = status.good();
        if (status.good()) {
            for (const Json& target : status.body["targets"]) {
                waiting += target.value("waiting", std::int64_t{0});
                live = live && target.value("live", false);
                if (target["age_s"].is_number()) age = std::max(age, target["age_s"].get<std::int64_t>());
            }
            ask_availability();
        } else {
            ++failed_;
        }
        if (samples_.size() < kMostSamples || seconds() % 60 == 0)
            samples_.push_back({{"t_s", seconds()}, {"waiting", waiting}, {"age_s", age}, {"live", live}});
        most_waiting_ = std::max(most_waiting_, waiting);
        return live && waiting == 0;
    }

    const Json& samples() const { return samples_; }
    void tell(Json& summary) const {
        summary["answers"] = answers_;
        summary["failed_answers"] = failed_;
        summary["oldest_answer_s"] = oldest_;
        summary["most_waiting"] = most_waiting_;
    }
    std::int64_t failed() const { return failed_; }

private:
    void ask_availability() {
        if (people_.empty()) {
            const auto staff = caller_.call("GET", "/v1/staff");
            for (const Json& person : staff.body["staff"]) people_.push_back(text_of(person, "id"));
        }
        if (people_.empty()) return;
        const std::string& person = people_[static_cast<std::size_t>(answers_) % people_.size()];
        const Instant now = clock_.now();
        const auto answer = caller_.call(
            "GET",
            "/v1/availability?staff=" + person + "&from=" + format_instant(now) +
                "&to=" + format_instant(now + std::chrono::hours{24 * 7})
        );
        ++answers_;
        if (!answer.good()) {
            ++failed_;
            return;
        }
        for (const Json& source : answer.body["staff"][0]["sources"]) {
            if (source["age_s"].is_number()) oldest_ = std::max(oldest_, source["age_s"].get<std::int64_t>());
        }
    }

    Caller& caller_;
    SystemClock clock_{};
    SteadyInstant began_;
    Json samples_ = Json::array();
    std::vector<std::string> people_{};
    std::int64_t answers_ = 0, failed_ = 0, oldest_ = 0, most_waiting_ = 0;
};

/// @return a sentence when the cut could not be kept up.
std::string keep_cut(
    Caller& caller, Watch& watch, const std::string& provider, int percent, std::chrono::seconds time
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
    return with_gateway(directory, [&](Caller& caller) {
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
            entry["label"] = label_of(target, status.body);
            if (!options.json)
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
        return finish(directory, caller, options, std::move(report));
    });
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
        Watch watch(caller);
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
        summary["rpo_s"] = 0;
        summary["rto_s"] = back < 0 ? kPatienceAfter.count() : back;
        const bool good = back >= 0 && watch.failed() == 0 && summary["good"].get<bool>();
        summary["good"] = good;
        summary["sentence"] =
            good ? "Availability was answered throughout, and every copy is right again."
            : back < 0
                ? "What waited was not written within 15 minutes after the cut; calgate status says what is in the way."
                : "Answers failed or copies differ; calgate verify names them.";
        return finish(directory, caller, options, std::move(report));
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
