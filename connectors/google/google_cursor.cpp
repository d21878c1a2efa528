#include "connectors/google/google_cursor.hpp"

#include <vector>

#include "core/identity.hpp"

namespace calgate::google {

namespace {

constexpr const char* kVersion = "google1";
constexpr std::size_t kCheckLength = 16;

std::vector<std::string> split(const std::string& text) {
    std::vector<std::string> parts{""};
    for (const char c : text) {
        if (c == '.') {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

/// A token that was changed on its way is told from one of ours before Google is asked.
std::string check_of(const std::string& body) { return sha256_hex(body).substr(0, kCheckLength); }

}  // namespace

SyncToken write_cursor(const Cursor& cursor) {
    const std::string body = std::string(kVersion) + "." + cursor.parameters + "." + base64url(cursor.sync) + "." +
                             base64url(cursor.page) + "." + base64url(cursor.after) + "." +
                             (cursor.middle ? "middle" : "start");
    return SyncToken{body + "." + check_of(body)};
}

std::optional<Cursor> read_cursor(const SyncToken& token) {
    const auto parts = split(token.value);
    if (parts.size() != 7 || parts[0] != kVersion) return std::nullopt;
    if (check_of(token.value.substr(0, token.value.rfind('.'))) != parts[6]) return std::nullopt;
    const auto sync = from_base64url(parts[2]), page = from_base64url(parts[3]), after = from_base64url(parts[4]);
    if (!sync || !page || !after) return std::nullopt;
    return Cursor{parts[1], *sync, *page, *after, parts[5] == "middle"};
}

}  // namespace calgate::google
