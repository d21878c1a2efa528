#include "gateway/drill_picture.hpp"

#include <algorithm>

namespace calgate {

using Json = nlohmann::json;

std::string html_text(const std::string& text) {
    std::string out;
    for (const char c : text)
        out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
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

bool is_simulated(const Json& report) { return text_at(report, "drill") == "outage"; }

namespace {

constexpr int kWidth = 640, kHeight = 190, kLeft = 44, kRight = 12, kTop = 14, kBottom = 30;

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
    return place + html_text(text) + "</text>\n";
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

/// How long each target took: reading, then filling the scratch store. A picture for each, so that paper may break
/// between them and a phone shows their names as large as everything else.
std::string bars(const Json& report) {
    double most = 1;
    for (const Json& target : report["targets"])
        most = std::max(most, static_cast<double>(number_at(target, "total_ms")));
    std::string out;
    char text[256];
    for (const Json& target : report["targets"]) {
        const auto width = [&](const char* name) {
            return static_cast<double>(number_at(target, name)) / most * kWidth;
        };
        out += "<div class=\"bar\"><span>" + html_text(text_at(target, "label")) + "</span> <b>" +
               std::to_string(number_at(target, "total_ms")) + " ms</b>";
        std::snprintf(
            text,
            sizeof text,
            "<svg role=\"img\" aria-label=\"%lld ms of them for reading\" viewBox=\"0 0 %d 12\" "
            "preserveAspectRatio=\"none\">"
            "<rect class=\"fill\" width=\"%.1f\" height=\"12\"/><rect class=\"read\" width=\"%.1f\" height=\"12\"/>"
            "</svg></div>\n",
            static_cast<long long>(number_at(target, "read_ms")),
            kWidth,
            width("total_ms"),
            width("read_ms")
        );
        out += text;
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

std::int64_t most_of(const Json& report, const char* name) {
    std::int64_t most = 0;
    for (const Json& sample : report["samples"]) most = std::max(most, number_at(sample, name));
    return most;
}

}  // namespace

std::string drill_picture(const Json& report) {
    if (is_rehearsal(report)) {
        int tall = 0;
        const std::string steps = step_bars(report, tall);
        return "<svg role=\"img\" aria-label=\"Over time\" viewBox=\"0 0 " + std::to_string(kWidth) + " " +
               std::to_string(tall) + "\">\n" + steps +
               "</svg>\n<p class=\"legend\"><i class=\"read\"></i> as promised <i class=\"wrong\"></i> not as "
               "promised; from left to right in the order of time</p>\n";
    }
    if (text_at(report, "drill") == "host")
        return bars(report) +
               "<p class=\"legend\"><i class=\"read\"></i> reading the calendar <i class=\"fill\"></i> filling the "
               "store</p>\n";
    return "<svg role=\"img\" aria-label=\"Over time\" viewBox=\"0 0 " + std::to_string(kWidth) + " " +
           std::to_string(kHeight) + "\">\n" + timeline(report) +
           "</svg>\n<p class=\"legend\"><i class=\"waiting\"></i> copies that waited, at most " +
           std::to_string(most_of(report, "waiting")) + "<br><i class=\"age\"></i> age of the data, at most " +
           duration(most_of(report, "age_s")) + "</p>\n";
}

}  // namespace calgate
