#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace calgate::http {

/// An absolute http or https URL, in parts. `path` starts with '/' and keeps its percent-encoding.
struct Url {
    std::string scheme{};  ///< Lower case.
    std::string host{};    ///< Lower case; IPv6 in brackets.
    int port = 0;          ///< Always set; 80 or 443 when unsaid.
    std::string path{};
    std::string query{};  ///< With its '?', or empty.

    bool operator==(const Url&) const = default;
    std::string origin() const;  ///< Without a default port.
    std::string text() const;
};

/// Nothing for anything but absolute http(s). User information and fragments are dropped.
std::optional<Url> parse_url(std::string_view text);
/// RFC 3986 5.2: absolute, "//host/…", "/path", "relative", "../up".
std::optional<Url> resolve(const Url& base, std::string_view reference);
/// Decodes, then encodes all but unreserved characters, '/' and '@': equal for two spellings of one path. An encoded
/// slash stays encoded.
std::string canonical_path(std::string_view path);
std::string percent_encode(std::string_view text);
std::string percent_decode(std::string_view text);

bool same_origin(const Url&, const Url&);
/// "localhost", 127.0.0.0/8, [::1].
bool is_loopback_host(std::string_view host);
/// caldav.icloud.com and pNN-caldav.icloud.com (also .com.cn): one service, one set of credentials.
bool is_icloud_host(std::string_view host);

}  // namespace calgate::http
