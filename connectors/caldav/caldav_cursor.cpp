#include "connectors/caldav/caldav_cursor.hpp"

#include <array>

#include "connectors/http/url.hpp"

namespace calgate::caldav {

SyncToken write_cursor(const Cursor& cursor) {
    const std::string kind = cursor.sync ? "sync" : "ctag";
    if (!cursor.page) return SyncToken{kind + ":" + cursor.token};
    std::string text = "page:" + kind + (cursor.snapshot ? ":all" : ":new");
    for (const auto* field : {&cursor.token, &cursor.after, &cursor.final}) text += ":" + http::percent_encode(*field);
    return SyncToken{text};
}

std::optional<Cursor> read_cursor(const SyncToken& token) {
    const std::string& text = token.value;
    Cursor cursor;
    if (text.starts_with("sync:") || text.starts_with("ctag:")) {
        cursor.sync = text[0] == 's';
        cursor.token = text.substr(5);
        return cursor;
    }
    std::array<std::string, 6> fields;
    std::size_t at = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto end = text.find(':', at);
        if ((end == std::string::npos) != (i + 1 == fields.size())) return std::nullopt;
        fields[i] = text.substr(at, end == std::string::npos ? end : end - at);
        at = end + 1;
    }
    const bool known = (fields[1] == "sync" || fields[1] == "ctag") && (fields[2] == "all" || fields[2] == "new");
    if (fields[0] != "page" || !known) return std::nullopt;
    cursor.sync = fields[1] == "sync";
    cursor.page = true;
    cursor.snapshot = fields[2] == "all";
    cursor.token = http::percent_decode(fields[3]);
    cursor.after = http::percent_decode(fields[4]);
    cursor.final = http::percent_decode(fields[5]);
    return cursor;
}

}  // namespace calgate::caldav
