#include "connectors/ews/ews_xml.hpp"

#include <pugixml.hpp>
#include <sstream>

#include "connectors/exchange/exchange_text.hpp"
#include "connectors/http/text_bounds.hpp"

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

void append(const Element& element, pugi::xml_node parent) {
    pugi::xml_node node = parent.append_child(element.name.c_str());
    for (const auto& [name, value] : element.attributes)
        node.append_attribute(name.c_str()).set_value(cleaned(value, "").c_str());
    if (!element.text.empty()) node.append_child(pugi::node_pcdata).set_value(cleaned(element.text, "").c_str());
    for (const Element& child : element.children) append(child, node);
}

std::string written(const pugi::xml_document& document) {
    std::ostringstream out;
    document.save(out, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
    return out.str();
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
    const Error unreadable{ErrorCode::InvalidResponse, "The answer is no XML that can be read.", {}};
    if (!http::xml_within_bounds(text)) return unreadable;
    const std::string clean = cleaned(text, " ");
    pugi::xml_document document;
    const auto parsed = document.load_buffer(
        clean.data(), clean.size(), pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8
    );
    Element root;
    const bool whole = parsed && document.document_element();
    if (!whole || !Builder().build(document.document_element(), root, 0)) return unreadable;
    return root;
}

std::string write_xml(const Element& element) {
    pugi::xml_document document;
    append(element, document);
    return written(document);
}

std::string write_document(const Element& root) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version").set_value("1.0");
    declaration.append_attribute("encoding").set_value("utf-8");
    append(root, document);
    return written(document);
}

Element with_text(std::string name, std::string text) { return {std::move(name), {}, std::move(text), {}}; }

Element with_children(std::string name, std::vector<Element> children) {
    return {std::move(name), {}, {}, std::move(children)};
}

}  // namespace calgate::ews
