#include "connectors/exchange/exchange_text.hpp"

#include <cctype>

namespace calgate::exchange {

std::size_t character_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(at);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xF0 && lead <= 0xF4 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
    if (length == 0 || lead > 0xF4 || at + length > text.size()) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(at + i) & 0xC0) != 0x80) return 0;
    const unsigned char second = byte(at + 1);
    const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
    const bool outside = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
    return overlong || outside ? 0 : length;
}

namespace {

struct Entity {
    std::string_view name;
    std::string_view text;
};
constexpr Entity kEntities[] = {
    {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&nbsp;", " "}, {"&#160;", " "}};

bool starts_with_tag(std::string_view html, std::string_view name) {
    if (html.size() < name.size() + 2) return false;
    for (std::size_t i = 0; i < name.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(html[i + 1])) != name[i]) return false;
    return !std::isalnum(static_cast<unsigned char>(html[name.size() + 1]));
}

/// Where what is in an element without text ends.
std::size_t end_of_silent_element(std::string_view html, std::size_t at) {
    for (const std::string_view name : {"head", "style", "script"}) {
        if (!starts_with_tag(html.substr(at), name)) continue;
        const std::size_t close = html.find("</" + std::string(name), at);
        return close == std::string_view::npos ? html.size() : close;
    }
    return at;
}

bool breaks_line(std::string_view tag) {
    for (const std::string_view name : {"br", "/p", "/div", "/li", "/tr"})
        if (starts_with_tag(tag, name)) return true;
    return false;
}

}  // namespace

std::string text_of_html(std::string_view html) {
    std::string out;
    for (std::size_t at = 0; at < html.size();) {
        if (html[at] == '<') {
            at = end_of_silent_element(html, at);
            if (at >= html.size()) break;
            if (breaks_line(html.substr(at))) out += '\n';
            const std::size_t close = html.find('>', at);
            at = close == std::string_view::npos ? html.size() : close + 1;
            continue;
        }
        std::size_t length = 1;
        std::string_view text = html[at] == '\n' || html[at] == '\r' ? std::string_view(" ") : html.substr(at, 1);
        for (const Entity& entity : kEntities)
            if (html[at] == '&' && html.substr(at).starts_with(entity.name)) {
                text = entity.text;
                length = entity.name.size();
                break;
            }
        out += text;
        at += length;
    }
    const std::size_t first = out.find_first_not_of(" \n");
    return first == std::string::npos ? std::string() : plain_text(out.substr(first));
}

std::string plain_text(std::string_view text) {
    std::string out;
    const auto trim = [&](std::string_view blanks) {
        while (!out.empty() && blanks.find(out.back()) != std::string_view::npos) out.pop_back();
    };
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\r') continue;
        if (text.substr(at).starts_with("\xC2\xA0")) {
            out += ' ';
            ++at;
            continue;
        }
        if (text[at] == '\n') trim(" \t");
        out += text[at];
    }
    trim(" \t\n");
    return out;
}

std::string loose_text(std::string_view text) {
    std::string out;
    bool blank = false;
    for (const char c : plain_text(text)) {
        if (c == ' ' || c == '\t' || c == '\n') {
            blank = !out.empty();
            continue;
        }
        if (blank) out += ' ';
        blank = false;
        out += c;
    }
    return out;
}

std::string printable(std::string_view text, std::size_t most) {
    std::string out;
    for (const char c : text.substr(0, most))
        if (c >= 0x20 && c < 0x7F) out += c;
    return out;
}

std::size_t characters(std::string_view utf8) {
    std::size_t count = 0;
    for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    return count;
}

}  // namespace calgate::exchange
