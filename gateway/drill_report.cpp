#include "gateway/drill_report.hpp"

#include <algorithm>
#include <cmath>

#include "core/identity.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr const char* kDataBegin = "<script type=\"application/json\" id=\"report\">";
constexpr const char* kDataEnd = "</script>";
constexpr int kWidth = 640, kHeight = 190, kLeft = 44, kRight = 12, kTop = 14, kBottom = 30;

std::string seal_of(const Json& report, const std::string& key) {
    return keyed_seal("drill report 1\n" + report.dump(), key);
}

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

std::string text_at(const Json& record, const char* name) {
    const auto found = record.find(name);
    return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number_at(const Json& record, const char* name) {
    const auto found = record.find(name);
    return found != record.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

std::string duration(std::int64_t seconds) {
    if (seconds < 120) return std::to_string(seconds) + " s";
    if (seconds < 7200) return std::to_string(seconds / 60) + " min " + std::to_string(seconds % 60) + " s";
    return std::to_string(seconds / 3600) + " h " + std::to_string(seconds % 3600 / 60) + " min";
}

bool is_rehearsal(const Json& report) {
    return text_at(report, "drill") == "revoked" || text_at(report, "drill") == "clock";
}

std::string title_of(const Json& report) {
    if (text_at(report, "drill") == "host") return "Drill: the host is gone";
    if (text_at(report, "drill") == "revoked") return "Drill: a sign-in is taken back";
    if (text_at(report, "drill") == "clock") return "Drill: the wall clock jumps";
    return "Drill: " + text_at(report["cut"], "provider") + " is away";
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
    if (text_at(report, "drill") == "provider") {
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
        out.emplace_back("Most that waited", std::to_string(number_at(s, "most_waiting")) + " copies");
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
    return "Had the host gone at the worst moment of the cut, changes as old as " + duration(rpo) +
           " would have been lost: no calendar held them yet. Changes that another calendar held do not count.";
}

struct Point {
    double at = 0;
    double value = 0;
};

std::string path_of(const std::vector<Point>& points, double last, double most, const char* style) {
    std::string out = std::string("<polyline class=\"") + style + "\" points=\"";
    char text[64];
    for (const Point& p : points) {
        const double x = kLeft + p.at / std::max(1.0, last) * (kWidth - kLeft - kRight);
        const double y = kHeight - kBottom - p.value / std::max(1.0, most) * (kHeight - kTop - kBottom);
        std::snprintf(text, sizeof text, "%.1f,%.1f ", x, y);
        out += text;
    }
    return out + "\"/>\n";
}

std::string label(double x, double y, const char* anchor, const std::string& text) {
    char place[96];
    std::snprintf(place, sizeof place, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    return place + escaped(text) + "</text>\n";
}

/// What waited and how old the data was, over the time of the drill; the cut is shaded.
std::string timeline(const Json& report) {
    std::vector<Point> waiting, age;
    double last = 1, most_waiting = 1, most_age = 1;
    for (const Json& sample : report["samples"]) {
        const double at = static_cast<double>(number_at(sample, "t_s"));
        waiting.push_back({at, static_cast<double>(number_at(sample, "waiting"))});
        age.push_back({at, static_cast<double>(number_at(sample, "age_s"))});
        last = std::max(last, at);
        most_waiting = std::max(most_waiting, waiting.back().value);
        most_age = std::max(most_age, age.back().value);
    }
    const double cut = static_cast<double>(number_at(report["cut"], "for_s"));
    const double cut_x = std::min(1.0, cut / last) * (kWidth - kLeft - kRight);
    char text[256];
    std::snprintf(
        text,
        sizeof text,
        "<rect class=\"cut\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n",
        kLeft,
        kTop,
        cut_x,
        kHeight - kTop - kBottom
    );
    std::string out = text;
    std::snprintf(
        text,
        sizeof text,
        "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
        kLeft,
        kHeight - kBottom,
        kWidth - kRight,
        kHeight - kBottom
    );
    out += text;
    out += path_of(age, last, most_age, "age") + path_of(waiting, last, most_waiting, "waiting");
    out += label(kLeft + cut_x / 2, kTop + 12, "middle", "cut off");
    out += label(kLeft, kHeight - 12, "start", "0 s");
    out += label(kWidth - kRight, kHeight - 12, "end", duration(static_cast<std::int64_t>(last)));
    return out;
}

/// How long each target took: reading, then filling the scratch store.
std::string bars(const Json& report) {
    double most = 1;
    for (const Json& target : report["targets"])
        most = std::max(most, static_cast<double>(number_at(target, "total_ms")));
    std::string out;
    int y = kTop;
    char text[256];
    for (const Json& target : report["targets"]) {
        const auto width = [&](const char* name) {
            return static_cast<double>(number_at(target, name)) / most * (kWidth - 2 * kRight - 90);
        };
        out += label(kRight, y + 10, "start", text_at(target, "label"));
        std::snprintf(
            text,
            sizeof text,
            "<rect class=\"fill\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"12\"/>"
            "<rect class=\"read\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"12\"/>\n",
            kRight,
            y + 15,
            width("total_ms"),
            kRight,
            y + 15,
            width("read_ms")
        );
        out += text;
        out += label(
            kRight + 6 + width("total_ms"), y + 25, "start", std::to_string(number_at(target, "total_ms")) + " ms"
        );
        y += 40;
    }
    return out;
}

/// The steps of every account one after the other, each as long as it took.
std::string step_bars(const Json& report, int& height) {
    double whole = 0;
    for (const Json& target : report["targets"])
        for (const Json& step : target["steps"]) whole += static_cast<double>(number_at(step, "took_ms"));
    std::string out;
    double at = 0;
    int y = kTop;
    char text[256];
    for (const Json& target : report["targets"]) {
        out += label(kRight, y + 10, "start", text_at(target, "label"));
        for (const Json& step : target["steps"]) {
            const double share = static_cast<double>(number_at(step, "took_ms")) / std::max(1.0, whole);
            const double room = kWidth / 2.0 - 2 * kRight;
            y += 20;
            std::snprintf(
                text,
                sizeof text,
                "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"10\"/>\n",
                step.value("good", false) ? "read" : "wrong",
                kRight + at * room,
                y,
                std::max(3.0, share * room)
            );
            out += text;
            out += label(kWidth / 2.0, y + 9, "start", text_at(step, "name"));
            at += share;
        }
        y += 34;
    }
    height = y;
    return out;
}

std::string steps_table(const Json& report) {
    std::string out;
    for (const Json& target : report["targets"]) {
        out += "<h3>" + escaped(text_at(target, "label")) +
               "</h3>\n<table class=\"steps\"><tr><th>What happened</th>"
               "<th>What was found</th><th></th></tr>\n";
        for (const Json& step : target["steps"])
            out += "<tr><td>" + escaped(text_at(step, "name")) + "</td><td>" + escaped(text_at(step, "found")) +
                   "</td><td>" + (step.value("good", false) ? "as promised" : "<b>NOT as promised</b>") +
                   "</td></tr>\n";
        out += "</table>\n";
    }
    return out;
}

std::string picture(const Json& report) {
    if (is_rehearsal(report)) {
        int tall = 0;
        const std::string steps = step_bars(report, tall);
        return "<svg role=\"img\" aria-label=\"Over time\" viewBox=\"0 0 " + std::to_string(kWidth) + " " +
               std::to_string(tall) + "\">\n" + steps +
               "</svg>\n<p class=\"legend\"><i class=\"read\"></i> as promised <i class=\"wrong\"></i> not as "
               "promised; from left to right in the order of time</p>\n";
    }
    const bool host = text_at(report, "drill") == "host";
    const int height = host ? kTop + 40 * static_cast<int>(report["targets"].size()) : kHeight;
    const std::string legend =
        host ? "<p class=\"legend\"><i class=\"read\"></i> reading the calendar <i class=\"fill\"></i> filling the "
               "store</p>"
             : "<p class=\"legend\"><i class=\"waiting\"></i> copies that waited <i class=\"age\"></i> age of the data "
               "(each to its own scale)</p>";
    return "<svg role=\"img\" aria-label=\"Over time\" viewBox=\"0 0 " + std::to_string(kWidth) + " " +
           std::to_string(height) + "\">\n" + (host ? bars(report) : timeline(report)) + "</svg>\n" + legend + "\n";
}

std::string differences(const Json& report) {
    std::string out = "<table><tr><th>Target</th><th>same</th><th>missing</th><th>different</th><th>extra</th></tr>\n";
    for (const Json& target : report["targets"]) {
        out += "<tr><td>" + escaped(text_at(target, "label")) + "</td>";
        for (const char* name : {"same", "missing", "different", "extra"})
            out += "<td>" + std::to_string(number_at(target, name)) + "</td>";
        out += "</tr>\n";
    }
    return out + "</table>\n";
}

constexpr const char* kStyle = R"css(
:root{color-scheme:light;font:16px/1.45 system-ui,sans-serif;color:#1c2733;background:#fff}
body{max-width:44rem;margin:0 auto;padding:1.25rem}
h1{font-size:1.5rem;line-height:1.2;margin:0 0 .25rem}h2{font-size:1.05rem;margin:1.75rem 0 .5rem}
.when{color:#566472;margin:0 0 1rem}.verdict{padding:.75rem 1rem;border-left:.35rem solid;background:#f4f7f9;margin:0}
.good{border-color:#1a7f4b}.bad{border-color:#b3261e}.verdict b{display:block}
dl{display:grid;grid-template-columns:auto 1fr;gap:.3rem 1rem;margin:0}dt{color:#566472}dd{margin:0;text-align:right;font-variant-numeric:tabular-nums}
svg{width:100%;height:auto;border:1px solid #d5dde3;border-radius:.3rem;background:#fff}
svg text{font:12px system-ui,sans-serif;fill:#3b4955}.cut{fill:#fbe6d4}.axis{stroke:#9aa7b2}
polyline{fill:none;stroke-width:2;stroke-linejoin:round}polyline.age{stroke:#8a5a00;stroke-dasharray:5 3}polyline.waiting{stroke:#0b5cab}
rect.read{fill:#0b5cab}rect.fill{fill:#a9cdf0}rect.wrong{fill:#b3261e}i.wrong{background:#b3261e}
h3{font-size:.95rem;margin:1rem 0 .25rem}table.steps td,table.steps th{text-align:left;vertical-align:top}
.meaning{color:#3b4955;margin:.6rem 0 0}
.legend{color:#566472;font-size:.85rem;margin:.35rem 0}.legend i{display:inline-block;width:1.4rem;height:.3rem;margin:0 .3rem .15rem .6rem}
i.read,i.waiting{background:#0b5cab}i.fill{background:#a9cdf0}i.age{background:#8a5a00}
table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{padding:.35rem .3rem;border-bottom:1px solid #e3e9ee;text-align:right}
th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere}
footer{margin-top:1.75rem;color:#566472;font-size:.85rem;overflow-wrap:anywhere}
@media print{body{max-width:none;padding:0}svg,table,dl,.verdict{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";

}  // namespace

std::string report_text(const Json& report) {
    std::string out = title_of(report) + "\n" + text_at(report, "business") + ", " + text_at(report, "began") + " to " +
                      text_at(report, "ended") + "\n\n";
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
        facts += "<dt>" + escaped(name) + "</dt><dd>" + escaped(value) + "</dd>\n";
    std::string data = Json{{"report", report}, {"seal", seal_of(report, key)}}.dump();
    // Nothing in it may look like a tag to a browser. In JSON "<" stands in strings only.
    for (std::size_t at = 0; (at = data.find('<', at)) != std::string::npos; ++at) data.replace(at, 1, "\\u003c");
    return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>" +
           escaped(title_of(report)) + "</title>\n<style>" + kStyle + "</style></head><body>\n<h1>" +
           escaped(title_of(report)) + "</h1>\n<p class=\"when\">" + escaped(text_at(report, "business")) + ", " +
           escaped(text_at(report, "began")) + " to " + escaped(text_at(report, "ended")) +
           "</p>\n<p class=\"verdict " + (good ? "good" : "bad") + "\"><b>" + (good ? "Passed" : "Failed") + "</b>" +
           escaped(text_at(report["summary"], "sentence")) + "</p>\n<h2>In numbers</h2>\n<dl>\n" + facts + "</dl>\n" +
           (meaning.empty() ? "" : "<p class=\"meaning\">" + escaped(meaning) + "</p>\n") + "<h2>Over time</h2>\n" +
           picture(report) +
           (is_rehearsal(report) ? "<h2>Step by step</h2>\n" + steps_table(report)
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
