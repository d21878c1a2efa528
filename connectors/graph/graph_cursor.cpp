#include "connectors/graph/graph_cursor.hpp"

#include <array>

#include "core/identity.hpp"

namespace calgate::graph {

namespace {

constexpr std::string_view kPrefix = "graph1";
constexpr std::size_t kChecksum = 16;
constexpr std::size_t kFields = 7;

/// Links are URLs and hold no line breaks.
std::string body_of(const Cursor& cursor) {
    std::string out;
    const std::array<std::string, kFields> fields{
        std::string(kPrefix),
        std::to_string(static_cast<int>(cursor.phase)),
        cursor.link,
        cursor.base,
        format_instant(cursor.window_end),
        cursor.bound_to,
        cursor.restarted ? "1" : "0"};
    for (const auto& field : fields) out += field + "\n";
    return out;
}

}  // namespace

SyncToken write_cursor(const Cursor& cursor) {
    const std::string body = body_of(cursor);
    return SyncToken{body + sha256_hex(body).substr(0, kChecksum)};
}

std::optional<Cursor> read_cursor(const SyncToken& token) {
    const std::string& text = token.value;
    const std::size_t end = text.rfind('\n');
    if (end == std::string::npos) return std::nullopt;
    if (sha256_hex(text.substr(0, end + 1)).substr(0, kChecksum) != text.substr(end + 1)) return std::nullopt;
    std::array<std::string, kFields> fields;
    std::size_t at = 0;
    for (auto& field : fields) {
        const std::size_t stop = text.find('\n', at);
        if (stop == std::string::npos) return std::nullopt;
        field = text.substr(at, stop - at);
        at = stop + 1;
    }
    const auto window_end = parse_instant(fields[4]);
    if (fields[0] != kPrefix || fields[1].size() != 1 || fields[1][0] < '0' || fields[1][0] > '2' || !window_end)
        return std::nullopt;
    Cursor cursor;
    cursor.phase = static_cast<Cursor::Phase>(fields[1][0] - '0');
    cursor.link = fields[2];
    cursor.base = fields[3];
    cursor.window_end = *window_end;
    cursor.bound_to = fields[5];
    cursor.restarted = fields[6] == "1";
    return cursor;
}

}  // namespace calgate::graph
