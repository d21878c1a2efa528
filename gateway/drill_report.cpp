#include "gateway/drill_report.hpp"

#include "core/identity.hpp"
#include "gateway/drill_picture.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr const char* kDataBegin = "<script type=\"application/json\" id=\"report\">";
constexpr const char* kDataEnd = "</script>";

/// "2026-03-01T08:00:00Z" as people write it.
std::string moment(std::string instant) {
    if (instant.size() != 20) return instant;
    instant[10] = ' ';
    return instant.substr(0, 19) + " UTC";
}

std::string seal_of(const Json& report, const std::string& key) {
    return keyed_seal("drill report 1\n" + report.dump(), key);
}

std::string title_of(const Json& report) {
    if (text_at(report, "drill") == "host") return "Drill: the host is gone";
    if (text_at(report, "drill") == "revoked") return "Drill: a sign-in is taken back";
    if (text_at(report, "drill") == "clock") return "Drill: the wall clock jumps";
    const std::string away = "Drill: " + text_at(report["cut"], "provider") + " is away";
    return is_simulated(report) ? away + ", on a simulated clock" : away;
}

/// Name and value of every number that counts, in the order of importance.
std::vector<std::pair<std::string, std::string>> facts_of(const Json& report) {
    const Json& s = report["summary"];
    if (is_rehearsal(report)) {
        std::vector<std::pair<std::string, std::string>> few = {
            {"Accounts tried", std::to_string(number_at(s, "accounts"))},
            {"Not as promised", std::to_string(number_at(s, "failed"))},
            {"Written anywhere", "nothing; it ran in a copy of the store"}};
        if (text_at(report, "drill") == "clock")
            few.insert(few.begin(), {"Set ahead, then back", duration(number_at(report, "jump_s"))});
        return few;
    }
    std::vector<std::pair<std::string, std::string>> out = {
        {"Lost at most (RPO)", duration(number_at(s, "rpo_s"))}, {"Back after (RTO)", duration(number_at(s, "rto_s"))}};
    if (text_at(report, "drill") != "host") {
        out.insert(
            out.begin(),
            {"Cut off",
             std::to_string(number_at(report["cut"], "percent")) + " % of calls, " +
                 duration(number_at(report["cut"], "for_s"))}
        );
        out.emplace_back(
            "Availability answers",
            std::to_string(number_at(s, "answers")) + ", " + std::to_string(number_at(s, "failed_answers")) + " failed"
        );
        out.emplace_back("Oldest data in an answer", duration(number_at(s, "oldest_answer_s")));
        const std::int64_t most = number_at(s, "most_waiting");
        out.emplace_back("Most that waited", std::to_string(most) + (most == 1 ? " copy" : " copies"));
        if (is_simulated(report)) {
            out.emplace_back(
                "Bookings and cancellations",
                std::to_string(number_at(s, "changes")) + ", " + std::to_string(number_at(s, "refused")) + " refused"
            );
            out.emplace_back("Written anywhere", "nothing; it ran in a copy of the store");
        }
    }
    out.emplace_back("Differences", std::to_string(number_at(s, "differences")));
    return out;
}

/// What the loss means, in a sentence.
std::string meaning_of(const Json& report) {
    if (is_rehearsal(report)) return {};
    const std::int64_t rpo = number_at(report["summary"], "rpo_s");
    if (text_at(report, "drill") == "host")
        return rpo == 0 ? "Every change was in the calendars: had the host gone then, nothing was lost."
                        : "Had the host gone then, changes as old as " + duration(rpo) + " would have been lost.";
    if (number_at(report["summary"], "most_waiting") == 0)
        return "No appointment changed while calls were cut off, so nothing could be lost; a drill during opening "
               "hours "
               "says more.";
    if (rpo == 0)
        return "Another calendar held every change that waited: had the host gone at the worst moment of the cut, "
               "nothing would have been lost.";
    return "Had the host gone at the worst moment of the cut, changes as old as " + duration(rpo) +
           " would have been lost: no calendar held them yet. Changes that another calendar held do not count.";
}

std::string step_list(const Json& report) {
    std::string out;
    for (const Json& target : report["targets"]) {
        out += "<h3>" + html_text(text_at(target, "label")) + "</h3>\n<ol>\n";
        for (const Json& step : target["steps"]) {
            const bool good = step.value("good", false);
            out += std::string("<li><b>") + html_text(text_at(step, "name")) + "</b> <span class=\"" +
                   (good ? "ok\">as promised" : "no\">NOT as promised") + "</span><br>" +
                   html_text(text_at(step, "found")) + "</li>\n";
        }
        out += "</ol>\n";
    }
    return out;
}

std::string differences(const Json& report) {
    std::string out = "<table><tr><th>Target</th><th>same</th><th>missing</th><th>different</th><th>extra</th></tr>\n";
    for (const Json& target : report["targets"]) {
        out += "<tr><td>" + html_text(text_at(target, "label")) + "</td>";
        for (const char* name : {"same", "missing", "different", "extra"})
            out += "<td>" + std::to_string(number_at(target, name)) + "</td>";
        out += "</tr>\n";
    }
    return out + "</table>\n";
}

constexpr const char* kStyle = R"css(
:root{color-scheme:light;font:16px/1.45 system-ui,sans-serif;color:#1c2733;background:#fff}
body{max-width:44rem;margin:0 auto;padding:1.25rem}
h1{font-size:1.5rem;line-height:1.2;margin:0 0 .25rem}h2{font-size:1.05rem;margin:1.75rem 0 .5rem;break-after:avoid}
.when{color:#566472;margin:0 0 1rem}.verdict{padding:.75rem 1rem;border-left:.35rem solid;background:#f4f7f9;margin:0}
.good{border-color:#1a7f4b}.bad{border-color:#b3261e}.verdict b{display:block}
dl{display:grid;grid-template-columns:auto 1fr;gap:.3rem 1rem;margin:0}dt{color:#566472}dd{margin:0;text-align:right;font-variant-numeric:tabular-nums}
svg{box-sizing:border-box;width:100%;height:auto;border:1px solid #d5dde3;border-radius:.3rem;background:#fff}
svg text{font:12px system-ui,sans-serif;fill:#3b4955}.cut{fill:#fbe6d4}.axis{stroke:#9aa7b2}
polyline{fill:none;stroke-width:2;stroke-linejoin:round}polyline.age{stroke:#8a5a00;stroke-dasharray:5 3}polyline.waiting{stroke:#0b5cab}
rect.read{fill:#0b5cab}rect.fill{fill:#a9cdf0}rect.wrong{fill:#b3261e}i.wrong{background:#b3261e}
h3{font-size:.95rem;margin:1rem 0 .25rem;break-after:avoid}ol{list-style:none;margin:0;padding:0}
li{padding:.45rem 0;border-bottom:1px solid #e3e9ee;font-size:.92rem;break-inside:avoid}
.ok,.no{border-radius:.25rem;padding:0 .35rem;font-size:.8rem;white-space:nowrap}.ok{color:#1a7f4b;border:1px solid}.no{color:#fff;background:#b3261e}
.meaning{color:#3b4955;margin:.6rem 0 0}
.legend{color:#566472;font-size:.85rem;margin:.35rem 0}.legend i{display:inline-block;width:1.4rem;height:.3rem;margin:0 .3rem .15rem .6rem}
i.read,i.waiting{background:#0b5cab}i.fill{background:#a9cdf0}i.age{background:#8a5a00}
.bar{display:grid;grid-template-columns:1fr auto;gap:.1rem .75rem;margin:.45rem 0;font-size:.9rem;break-inside:avoid}
.bar span{overflow-wrap:anywhere}.bar b{font-weight:400;font-variant-numeric:tabular-nums}
.bar svg{grid-column:1/-1;height:.7rem;border:0;border-radius:0;background:#f4f7f9}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{padding:.35rem .3rem;border-bottom:1px solid #e3e9ee;text-align:right}
th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere}
footer{margin-top:1.75rem;color:#566472;font-size:.85rem;overflow-wrap:anywhere}
@media(max-width:30rem){table,tbody{display:block}tr{display:grid;grid-template-columns:repeat(4,1fr);border-bottom:1px solid #e3e9ee}
th,td{border:0}th:first-child,td:first-child{grid-column:1/-1;padding-bottom:0}}
@media print{body{max-width:none;padding:0}svg,tr,dl,.verdict{break-inside:avoid}tr:first-child{break-after:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";

}  // namespace

std::string report_text(const Json& report) {
    std::string out = title_of(report) + "\n" + text_at(report, "business") + ", " + moment(text_at(report, "began")) +
                      " to " + moment(text_at(report, "ended")) + "\n\n";
    for (const auto& [name, value] : facts_of(report)) {
        out += "    " + name + std::string(name.size() < 26 ? 26 - name.size() : 1, ' ') + value + "\n";
    }
    if (const std::string meaning = meaning_of(report); !meaning.empty()) out += "    " + meaning + "\n";
    for (const Json& target : report["targets"]) {
        if (!is_rehearsal(report)) break;
        out += "    " + text_at(target, "label") + "\n";
        for (const Json& step : target["steps"])
            out += std::string(step.value("good", false) ? "        ok   " : "        BAD  ") + text_at(step, "name") +
                   ": " + text_at(step, "found") + "\n";
    }
    for (const Json& target : report["targets"]) {
        if (is_rehearsal(report)) break;
        out += "    " + text_at(target, "label") + ": " + std::to_string(number_at(target, "same")) + " same, " +
               std::to_string(number_at(target, "missing")) + " missing, " +
               std::to_string(number_at(target, "different")) + " different, " +
               std::to_string(number_at(target, "extra")) + " extra\n";
    }
    const bool good = report["summary"].value("good", false);
    return out + "\n" + (good ? "PASSED: " : "FAILED: ") + text_at(report["summary"], "sentence") + "\n";
}

std::string report_json(const Json& report, const std::string& key) {
    return Json{{"report", report}, {"seal", seal_of(report, key)}}.dump(1) + "\n";
}

std::string report_html(const Json& report, const std::string& key) {
    const bool good = report["summary"].value("good", false);
    const std::string meaning = meaning_of(report);
    std::string facts;
    for (const auto& [name, value] : facts_of(report))
        facts += "<dt>" + html_text(name) + "</dt><dd>" + html_text(value) + "</dd>\n";
    std::string data = Json{{"report", report}, {"seal", seal_of(report, key)}}.dump();
    // Nothing in it may look like a tag to a browser. In JSON "<" stands in strings only.
    for (std::size_t at = 0; (at = data.find('<', at)) != std::string::npos; ++at) data.replace(at, 1, "\\u003c");
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>" +
           html_text(title_of(report)) + "</title>\n<style>" + kStyle + "</style></head><body>\n<h1>" +
           html_text(title_of(report)) + "</h1>\n<p class=\"when\">" + html_text(text_at(report, "business")) + ", " +
           html_text(moment(text_at(report, "began"))) + " to " + html_text(moment(text_at(report, "ended"))) +
           "</p>\n<p class=\"verdict " + (good ? "good" : "bad") + "\"><b>" + (good ? "Passed" : "Failed") + "</b>" +
           html_text(text_at(report["summary"], "sentence")) + "</p>\n<h2>In numbers</h2>\n<dl>\n" + facts + "</dl>\n" +
           (meaning.empty() ? "" : "<p class=\"meaning\">" + html_text(meaning) + "</p>\n") + "<h2>Over time</h2>\n" +
           drill_picture(report) +
           (is_rehearsal(report) ? "<h2>Step by step</h2>\n" + step_list(report)
                                 : "<h2>Copies compared by content</h2>\n" + differences(report)) +
           "<footer>Sealed by this gateway's key; <code>calgate drill check FILE</code> tells whether anything was "
           "changed.</footer>\n" +
           kDataBegin + data + kDataEnd + "\n</body></html>\n";
}

Result<Json> open_report(const std::string& file, const std::string& key) {
    const Error changed{
        ErrorCode::Rejected,
        "This report was changed, or made by another gateway: its seal does not fit. Do not rely on it.",
        {}};
    const auto begin = file.find(kDataBegin);
    const bool page = begin != std::string::npos;
    std::string text = file;
    if (page) {
        const auto from = begin + std::string(kDataBegin).size();
        const auto end = file.find(kDataEnd, from);
        if (end == std::string::npos) return changed;
        text = file.substr(from, end - from);
    }
    const Json sealed = Json::parse(text, nullptr, false);
    if (!sealed.is_object() || !sealed.contains("report") || !sealed["report"].is_object() ||
        !sealed.contains("seal") || !sealed["seal"].is_string())
        return Error{
            ErrorCode::Rejected, "This is no report of a drill; give the .json or .html file that one wrote.", {}};
    const Json& report = sealed["report"];
    if (!equal_in_constant_time(sealed["seal"].get<std::string>(), seal_of(report, key))) return changed;
    if (page && report_html(report, key) != file) return changed;
    return report;
}

}  // namespace calgate
