#include "connectors/ews/ews_xml.hpp"

#include <pugixml.hpp>

#include "connectors/exchange/exchange_text.hpp"

namespace calgate::ews {

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxElements = 400'000;
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// A name that could not stand without its prefix gets "_" for it.
std::string local_name(std::string_view name) {
    const std::size_t colon = name.find(':');
    const std::string_view local = colon == std::string_view::npos ? name : name.substr(colon + 1);
    const char first = local.empty() ? '0' : local.front();
    const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_' ||
                        static_cast<unsigned char>(first) >= 0x80;
    return letter ? std::string(local) : "_" + std::string(local);
}

bool is_blank(char c) { return c == '\t' || c == '\n' || c == '\r' || c == ' '; }

/// U+FFFE and U+FFFF, three bytes each.
bool is_noncharacter(std::string_view character) { return character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF"; }

bool is_forbidden(std::string_view character) {
    const char c = character.front();
    return (static_cast<unsigned char>(c) < 0x20 && !is_blank(c)) || is_noncharacter(character);
}

/// @param stand_in for what XML cannot hold.
std::string cleaned(std::string_view text, std::string_view stand_in) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = exchange::character_length(text, at);
        const std::string_view character = length == 0 ? kReplacement : text.substr(at, length);
        out += is_forbidden(character) ? stand_in : character;
        at += length == 0 ? 1 : length;
    }
    return out;
}

class Builder {
public:
    bool build(const pugi::xml_node& node, Element& out, int depth) {
        if (depth > kMaxDepth || ++elements_ > kMaxElements) return false;
        out.name = local_name(node.name());
        for (const pugi::xml_attribute& attribute : node.attributes()) {
            const std::string_view name = attribute.name();
            if (name != "xmlns" && !name.starts_with("xmlns:"))
                out.attributes.emplace_back(local_name(name), cleaned(attribute.value(), " "));
        }
        for (const pugi::xml_node& child : node.children()) {
            if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out.text += child.value();
            if (child.type() != pugi::node_element) continue;
            out.children.emplace_back();
            if (!build(child, out.children.back(), depth + 1)) return false;
        }
        // A character reference can name what bytes cannot.
        if (!out.text.empty()) out.text = cleaned(out.text, " ");
        return true;
    }

private:
    std::size_t elements_ = 0;
};

void write_into(const Element& element, std::string& out) {
    out += "<" + element.name;
    for (const auto& [name, value] : element.attributes) out += " " + name + "=\"" + escaped(value) + "\"";
    if (element.text.empty() && element.children.empty()) {
        out += "/>";
        return;
    }
    out += ">" + escaped(element.text);
    for (const Element& child : element.children) write_into(child, out);
    out += "</" + element.name + ">";
}

}  // namespace

const Element& Element::child(std::string_view wanted) const {
    static const Element kNothing;
    for (const Element& one : children)
        if (one.name == wanted) return one;
    return kNothing;
}

bool Element::has(std::string_view wanted) const { return !child(wanted).name.empty(); }

const std::string& Element::attribute(std::string_view wanted) const {
    static const std::string kNothing;
    for (const auto& [key, value] : attributes)
        if (key == wanted) return value;
    return kNothing;
}

std::string Element::word(std::string_view wanted) const {
    const std::string& all = child(wanted).text;
    const std::size_t first = all.find_first_not_of(" \t\r\n");
    return first == std::string::npos ? std::string() : all.substr(first, all.find_last_not_of(" \t\r\n") - first + 1);
}

const Element* Element::find(std::string_view wanted) const {
    if (name == wanted) return this;
    for (const Element& one : children)
        if (const Element* found = one.find(wanted)) return found;
    return nullptr;
}

Result<Element> parse_xml(std::string_view text) {
    const std::string clean = cleaned(text, " ");
    pugi::xml_document document;
    const auto parsed = document.load_buffer(
        clean.data(), clean.size(), pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8
    );
    Element root;
    const bool whole = parsed && document.document_element();
    if (!whole || !Builder().build(document.document_element(), root, 0))
        return Error{ErrorCode::InvalidResponse, "The answer is no XML that can be read.", {}};
    return root;
}

std::string write_xml(const Element& element) {
    std::string out;
    write_into(element, out);
    return out;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : cleaned(text, "")) switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\r':
                out += "&#13;";
                break;
            default:
                out += c;
        }
    return out;
}

}  // namespace calgate::ews
