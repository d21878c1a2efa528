#include "gateway/drill_support.hpp"

#include <cstdio>

#include "gateway/command_support.hpp"
#include "gateway/drill_report.hpp"
#include "gateway/keys.hpp"

namespace calgate {

using Json = nlohmann::json;

std::string target_label(const Json& target, const Json& status) {
    for (const Json& one : status["targets"]) {
        if (text_of(one, "calendar") == text_of(target, "calendar"))
            return text_of(one, "name") + " (" + text_of(one, "user") + " at " + text_of(one, "server") + ")";
    }
    return text_of(target, "name");
}

int finish_drill(const std::string& directory, Caller& caller, const DrillOptions& options, Json report) {
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
    else if (!options.quiet)
        std::printf("%s\nReport: %s.html and .json\n", report_text(report).c_str(), name.c_str());
    return good ? kDone : kFailed;
}

std::vector<Json> targets_of(const Json& status, const Json& calendars, const Json& accounts, const std::string& who) {
    std::vector<Json> out;
    for (const Json& account : accounts) {
        const bool named = text_of(account, "id") == who || text_of(account, "user") == who ||
                           text_of(account, "kind") == (who == "microsoft" ? "graph" : who);
        if (!who.empty() && !named) continue;
        for (const Json& calendar : calendars) {
            if (text_of(calendar, "account") != text_of(account, "id") || !calendar.value("mirror", false)) continue;
            Json target = calendar;
            target["calendar"] = calendar["id"];
            target["label"] = target_label(target, status);
            out.push_back(std::move(target));
            break;  // One calendar stands for its account.
        }
    }
    return out;
}

}  // namespace calgate
