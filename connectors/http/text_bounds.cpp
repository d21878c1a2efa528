#include "connectors/http/text_bounds.hpp"

#include <algorithm>
#include <cstddef>

namespace calgate::http {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 400'000;
constexpr std::size_t kMaxAttributes = 64;

/// Behind the next `end`; npos: there is none.
std::size_t behind(std::string_view text, std::string_view end, std::size_t from) {
    const auto at = text.find(end, from);
    return at == std::string_view::npos ? at : at + end.size();
}

/// One start tag, from behind its '<'.
struct Tag {
    std::size_t end = std::string_view::npos;  ///< Behind its '>'; npos: there is none.
    std::size_t attributes = 0;
    bool empty = false;  ///< "<a/>"
};

Tag tag_at(std::string_view text, std::size_t from) {
    Tag tag;
    char quote = '\0';
    for (std::size_t at = from; at < text.size(); ++at) {
        const char c = text[at];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
            continue;
        }
        if (c == '"' || c == '\'') quote = c;
        if (c == '=') ++tag.attributes;
        if (c != '>') continue;
        tag.end = at + 1;
        tag.empty = at > from && text[at - 1] == '/';
        return tag;
    }
    return tag;
}

}  // namespace

bool xml_within_bounds(std::string_view text) {
    std::size_t nodes = 0;
    int depth = 0;
    for (std::size_t at = text.find('<'); at < text.size(); at = text.find('<', at)) {
        const std::string_view rest = text.substr(at);
        // An element and its end count as two.
        if (++nodes > 2 * kMaxNodes) return false;
        if (rest.starts_with("</")) {
            --depth;
            at = behind(text, ">", at);
        } else if (rest.starts_with("<?")) {
            at = behind(text, "?>", at);
        } else if (rest.starts_with("<!--")) {
            at = behind(text, "-->", at + 4);
        } else if (rest.starts_with("<![CDATA[")) {
            at = behind(text, "]]>", at);
        } else if (rest.starts_with("<!")) {
            // A document type: nobody reads it, so an entity stands for nothing but its name.
            const auto subset = text.find_first_of("[>", at);
            const bool has_one = subset != std::string_view::npos && text[subset] == '[';
            at = behind(text, ">", has_one ? text.find(']', subset) : at);
        } else {
            const Tag tag = tag_at(text, at + 1);
            if (tag.attributes > kMaxAttributes) return false;
            if (!tag.empty && ++depth > kMaxDepth) return false;
            at = tag.end;
        }
        if (at == std::string_view::npos) return false;
    }
    return nodes > 0 && depth == 0;
}

bool json_within_bounds(std::string_view text) {
    std::size_t values = 0;
    int depth = 0;
    bool quoted = false, escaped = false;
    for (const char c : text) {
        if (quoted) {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxDepth || ++values > kMaxNodes) return false;
        } else if (c == '}' || c == ']') {
            --depth;
        } else if (c == ',' && ++values > kMaxNodes) {
            return false;
        }
    }
    return !quoted && depth == 0;
}

}  // namespace calgate::http
