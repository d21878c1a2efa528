#include "connectors/http/url.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

namespace calgate::http {

namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return out;
}

bool is_unreserved(unsigned char c) {
    return (c < 0x80 && std::isalnum(c)) || c == '-' || c == '.' || c == '_' || c == '~';
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

void append_encoded(std::string& out, unsigned char c) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    out += '%';
    out += kHex[c >> 4];
    out += kHex[c & 15];
}

/// The byte that "%XY" at `at` stands for.
std::optional<unsigned char> encoded_byte(std::string_view text, std::size_t at) {
    if (at + 2 >= text.size() || text[at] != '%') return std::nullopt;
    const int high = hex_digit(text[at + 1]), low = hex_digit(text[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    return static_cast<unsigned char>(high * 16 + low);
}

/// RFC 3986 5.2.4.
std::string without_dots(std::string_view path) {
    std::vector<std::string_view> kept;
    bool ends_in_slash = false;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at + 1), path.size());
        const std::string_view segment = path.substr(at + 1, end - at - 1);
        const bool dot = segment == ".", up = segment == "..";
        if (up && !kept.empty()) kept.pop_back();
        if (!dot && !up) kept.push_back(segment);
        ends_in_slash = dot || up;
        at = end;
    }
    std::string out;
    for (const auto segment : kept) (out += '/') += segment;
    if (ends_in_slash || out.empty()) out += '/';
    return out;
}

int default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

bool has_forbidden_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x21 || c == 0x7f; });
}

bool set_authority(Url& url, std::string_view authority) {
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
    const std::size_t bracket = authority.rfind(']');
    const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    url.port = default_port(url.scheme);
    if (colon != std::string_view::npos) {
        const std::string_view digits = authority.substr(colon + 1);
        if (!digits.empty()) {
            const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
            if (failure != std::errc{} || end != digits.data() + digits.size()) return false;
            if (url.port < 1 || url.port > 65535) return false;
        }
        authority = authority.substr(0, colon);
    }
    url.host = lower(authority);
    return !url.host.empty() && url.host.find_first_of("\\%/?#@<>\"") == std::string::npos;
}

void set_path(Url& url, std::string_view path_and_query) {
    path_and_query = path_and_query.substr(0, path_and_query.find('#'));
    const std::size_t question = std::min(path_and_query.find('?'), path_and_query.size());
    url.path = without_dots(path_and_query.substr(0, question));
    url.query = std::string(path_and_query.substr(question));
}

/// A scheme starts the text (RFC 3986 3.1); a colon inside a relative path does not count.
bool has_scheme(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || !std::isalpha(static_cast<unsigned char>(text[0])))
        return false;
    return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), [](unsigned char c) {
        return std::isalnum(c) || c == '+' || c == '-' || c == '.';
    });
}

}  // namespace

std::string Url::origin() const {
    return scheme + "://" + host + (port == default_port(scheme) ? std::string() : ":" + std::to_string(port));
}

std::string Url::text() const { return origin() + path + query; }

std::optional<Url> parse_url(std::string_view text) {
    if (has_forbidden_character(text)) return std::nullopt;
    const std::size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return std::nullopt;
    Url url;
    url.scheme = lower(text.substr(0, scheme_end));
    if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
    text.remove_prefix(scheme_end + 3);
    const std::size_t authority_end = std::min(text.find_first_of("/?#"), text.size());
    if (!set_authority(url, text.substr(0, authority_end))) return std::nullopt;
    text.remove_prefix(authority_end);
    set_path(url, text.starts_with('/') ? std::string(text) : "/" + std::string(text));
    return url;
}

std::optional<Url> resolve(const Url& base, std::string_view reference) {
    if (has_forbidden_character(reference)) return std::nullopt;
    if (reference.starts_with("//")) return parse_url(base.scheme + ":" + std::string(reference));
    if (reference.find("://") != std::string_view::npos && has_scheme(reference)) return parse_url(reference);
    Url url = base;
    url.query.clear();
    if (reference.empty() || reference.starts_with('#')) return base;
    if (reference.starts_with('/')) {
        set_path(url, reference);
    } else if (reference.starts_with('?')) {
        set_path(url, base.path + std::string(reference));
    } else {
        if (has_scheme(reference) && reference.find('/') > reference.find(':')) return std::nullopt;
        set_path(url, base.path.substr(0, base.path.rfind('/') + 1) + std::string(reference));
    }
    return url;
}

std::string canonical_path(std::string_view path) {
    std::string out;
    for (std::size_t i = 0; i < path.size(); ++i) {
        auto c = static_cast<unsigned char>(path[i]);
        bool keep = c == '/' || c == '@';
        if (const auto decoded = encoded_byte(path, i)) {
            c = *decoded;
            keep = c == '@';
            i += 2;
        }
        if (keep || is_unreserved(c)) {
            out += static_cast<char>(c);
        } else {
            append_encoded(out, c);
        }
    }
    return out;
}

std::string percent_encode(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_unreserved(static_cast<unsigned char>(c))) {
            out += c;
        } else {
            append_encoded(out, static_cast<unsigned char>(c));
        }
    }
    return out;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (const auto decoded = encoded_byte(text, i)) {
            out += static_cast<char>(*decoded);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

bool same_origin(const Url& a, const Url& b) { return a.scheme == b.scheme && a.host == b.host && a.port == b.port; }

bool is_loopback_host(std::string_view host) {
    if (host == "localhost" || host == "[::1]") return true;
    if (!host.starts_with("127.")) return false;
    return host.find_first_not_of("0123456789.") == std::string_view::npos &&
           std::count(host.begin(), host.end(), '.') == 3;
}

bool is_icloud_host(std::string_view host) {
    for (const std::string_view suffix : {"caldav.icloud.com", "caldav.icloud.com.cn"}) {
        if (host == suffix) return true;
        if (!host.ends_with(suffix) || !host.starts_with('p')) continue;
        std::string_view digits = host.substr(1, host.size() - suffix.size() - 1);
        if (digits.size() < 2 || digits.back() != '-') continue;
        digits.remove_suffix(1);
        if (digits.find_first_not_of("0123456789") == std::string_view::npos) return true;
    }
    return false;
}

}  // namespace calgate::http
