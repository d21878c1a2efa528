#include "connectors/ews/ews_cursor.hpp"

#include <array>

#include "connectors/http/url.hpp"
#include "core/identity.hpp"

namespace calgate::ews {

namespace {

constexpr std::string_view kPrefix = "ews1";
constexpr std::size_t kChecksum = 16, kMark = 10, kFields = 5;

std::string body_of(const Cursor& cursor) {
    std::string told;
    for (const std::string& mark : cursor.told) told += mark;
    std::string out;
    const std::array<std::string, kFields> fields{
        std::string(kPrefix), cursor.listing ? "L" : "F", http::percent_encode(cursor.state), cursor.bound_to, told};
    for (const std::string& field : fields) out += field + "\n";
    return out;
}

}  // namespace

std::string mark_of_item(const std::string& id) { return sha256_hex(id).substr(0, kMark); }

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
    for (std::string& field : fields) {
        const std::size_t stop = text.find('\n', at);
        if (stop == std::string::npos) return std::nullopt;
        field = text.substr(at, stop - at);
        at = stop + 1;
    }
    if (fields[0] != kPrefix || (fields[1] != "L" && fields[1] != "F")) return std::nullopt;
    Cursor cursor{fields[1] == "L", http::percent_decode(fields[2]), fields[3], {}};
    for (std::size_t mark = 0; mark + kMark <= fields[4].size(); mark += kMark)
        cursor.told.push_back(fields[4].substr(mark, kMark));
    return cursor;
}

}  // namespace calgate::ews
