#include "connectors/freebusy/free_busy_text.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace calgate::freebusy {

namespace {

constexpr std::size_t kMostTimes = 5000;  // As many as a series may have occurrences.
constexpr std::array<std::pair<ShownAs, std::string_view>, 5> kWords{{
    {ShownAs::Free, "free"},
    {ShownAs::Tentative, "tentative"},
    {ShownAs::Busy, "busy"},
    {ShownAs::OutOfOffice, "out-of-office"},
    {ShownAs::WorkingElsewhere, "working-elsewhere"},
}};

Error unreadable() {
    return {ErrorCode::InvalidResponse, "These free and busy times cannot be read; they are asked for again.", {}};
}

std::string line_of(Interval when, std::string_view word) {
    return format_instant(when.start) + " " + format_instant(when.end) + " " + std::string(word) + "\n";
}

std::string_view word_of(ShownAs shown_as) {
    for (const auto& [value, word] : kWords)
        if (value == shown_as) return word;
    return "busy";  // What nobody knows blocks time.
}

struct Line {
    Interval when{};
    std::string_view word{};
};

std::optional<Line> line_in(std::string_view line) {
    const auto first = line.find(' ');
    const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    const auto start = parse_instant(line.substr(0, first));
    const auto end = parse_instant(line.substr(first + 1, second - first - 1));
    if (!start || !end || *end <= *start) return std::nullopt;
    return Line{{*start, *end}, line.substr(second + 1)};
}

When at(Instant instant) { return {When::Kind::Utc, LocalSeconds{instant.time_since_epoch()}, {}}; }

std::optional<EventInstance> instance_of(const Line& line) {
    const auto* const word =
        std::find_if(kWords.begin(), kWords.end(), [&](const auto& known) { return known.second == line.word; });
    if (word == kWords.end()) return std::nullopt;
    EventInstance out;
    out.start = at(line.when.start);
    out.end = at(line.when.end);
    out.recurrence_id = out.start;
    out.shown_as = word->first;
    return out;
}

}  // namespace

std::string write_block(const Block& block) {
    std::set<std::string> lines;
    for (const TakenTime& time : block.taken) lines.insert(line_of(time.when, word_of(time.shown_as)));
    std::string out = line_of(block.window, "window");
    for (const std::string& line : lines) out += line;
    return out;
}

Result<Event> read_block(std::string_view text) {
    Event out;
    out.source = std::string(text);
    out.has_master = false;
    for (bool first = true; !text.empty(); first = false) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return unreadable();
        const auto line = line_in(text.substr(0, end));
        text.remove_prefix(end + 1);
        if (!line || first != (line->word == "window")) return unreadable();
        if (first) {
            out.uid = Uid{"free-busy " + format_instant(line->when.start)};
            out.master.start = at(line->when.start);
            out.master.end = at(line->when.end);
            continue;
        }
        auto instance = instance_of(*line);
        if (!instance || out.overrides.size() >= kMostTimes) return unreadable();
        out.overrides.push_back(std::move(*instance));
    }
    if (out.uid.empty()) return unreadable();
    return out;
}

}  // namespace calgate::freebusy
