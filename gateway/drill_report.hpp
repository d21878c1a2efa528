#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/result.hpp"

/// What a drill ends with. A report is a JSON object: "drill" (host, provider, outage, revoked or clock), "business",
/// "began", "ended", "cut" with "provider" and "percent", "targets", "samples", "summary" with "rpo_s", "rto_s",
/// "good", "sentence" and, for a provider or an outage on a simulated clock, "answers", "failed_answers",
/// "oldest_answer_s", "most_waiting". With revoked and clock a target has "steps" ("name", "good", "found", "took_ms"),
/// and the summary "accounts" and "failed".
namespace calgate {

/// For a terminal.
std::string report_text(const nlohmann::json& report);
/// The report with its seal: a keyed hash, so that nobody without the gateway's keys can write or change one.
std::string report_json(const nlohmann::json& report, const std::string& key);
/// One page that needs nothing else: what was cut, numbers, a picture over time, the differences. The sealed report is
/// inside.
std::string report_html(const nlohmann::json& report, const std::string& key);
/// The report of a file made by one of the two above. @return Rejected with a sentence when anything was changed, also
/// only in what the page shows.
Result<nlohmann::json> open_report(const std::string& file, const std::string& key);

}  // namespace calgate
