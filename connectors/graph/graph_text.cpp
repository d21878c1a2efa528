#include "connectors/graph/graph_text.hpp"

#include <cctype>

#include "connectors/http/text_bounds.hpp"

namespace calgate::graph {

namespace {

constexpr int kMaxDepth = 64;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// The code unit of "\uXXXX" at `at`; -1 when there is none.
int escaped_unit(std::string_view text, std::size_t at) {
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
    int unit = 0;
    for (std::size_t i = at + 2; i < at + 6; ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (!std::isxdigit(c)) return -1;
        unit = unit * 16 + (std::isdigit(c) ? c - '0' : std::tolower(c) - 'a' + 10);
    }
    return unit;
}

bool is_high(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

/// An escape sequence; @return what to skip.
std::size_t copy_escape(std::string_view text, std::size_t at, std::string& out) {
    const int unit = escaped_unit(text, at);
    if (is_high(unit) && is_low(escaped_unit(text, at + 6))) {
        out += text.substr(at, 12);
        return 12;
    }
    if (is_high(unit) || is_low(unit)) {
        out += "\\ufffd";
        return 6;
    }
    const std::size_t length = at + 1 < text.size() ? 2 : 1;
    out += text.substr(at, length);
    return length;
}

}  // namespace

std::string cleaned_json(std::string_view text) {
    if (!http::json_within_bounds(text)) return {};
    std::string out;
    out.reserve(text.size());
    bool in_string = false;
    int depth = 0;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (in_string && c == '\\') {
            at += copy_escape(text, at, out);
            continue;
        }
        if (c == '"') in_string = !in_string;
        if (!in_string && (c == '{' || c == '[') && ++depth > kMaxDepth) return {};
        if (!in_string && (c == '}' || c == ']')) --depth;
        if (static_cast<unsigned char>(c) < 0x20) {
            out += ' ';
            ++at;
            continue;
        }
        const std::size_t length = exchange::character_length(text, at);
        out += length == 0 ? kReplacement : text.substr(at, length);
        at += length == 0 ? 1 : length;
    }
    return out;
}

}  // namespace calgate::graph
