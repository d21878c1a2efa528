#include "connectors/caldav/caldav_wire.hpp"

#include <charconv>
#include <pugixml.hpp>

#include "connectors/http/text_bounds.hpp"

namespace calgate::caldav {

namespace {

constexpr int kMaxDepth = 32;
constexpr std::string_view kDav = "DAV:";
constexpr std::string_view kCaldav = "urn:ietf:params:xml:ns:caldav";
constexpr std::string_view kCalendarServer = "http://calendarserver.org/ns/";

Error unreadable(std::string sentence) { return {ErrorCode::InvalidResponse, std::move(sentence), {}}; }

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string without_control_characters(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text)
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r') out += c;
    return out;
}

std::string_view prefix_of(std::string_view name) {
    const auto colon = name.find(':');
    return colon == std::string_view::npos ? std::string_view() : name.substr(0, colon);
}

std::string_view local_name(const pugi::xml_node& node) {
    const std::string_view name = node.name();
    return name.substr(name.find(':') + 1);
}

/// The namespace in force for the node's own prefix.
std::string_view namespace_of(const pugi::xml_node& node) {
    const std::string_view prefix = prefix_of(node.name());
    const std::string declaration = prefix.empty() ? "xmlns" : "xmlns:" + std::string(prefix);
    for (pugi::xml_node at = node; at; at = at.parent())
        if (const auto attribute = at.attribute(declaration.c_str())) return attribute.value();
    return {};
}

bool is(const pugi::xml_node& node, std::string_view space, std::string_view name) {
    return local_name(node) == name && namespace_of(node) == space;
}

std::string text_of(const pugi::xml_node& node) {
    std::string out;
    for (const auto& child : node.children())
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out += child.value();
    return out;
}

std::string trimmed_text(const pugi::xml_node& node) { return std::string(trimmed(text_of(node))); }

int status_of(const pugi::xml_node& node) {
    const std::string text = trimmed_text(node);
    const auto space = text.find(' ');
    if (!text.starts_with("HTTP/") || space == std::string::npos || text.size() < space + 4) return 0;
    int status = 0;
    const auto [end, failure] = std::from_chars(text.data() + space + 1, text.data() + space + 4, status);
    return failure == std::errc{} && end == text.data() + space + 4 ? status : 0;
}

bool too_deep(const pugi::xml_node& root) {
    int depth = 0;
    for (pugi::xml_node at = root; at;) {
        if (at.first_child()) {
            at = at.first_child();
            if (++depth > kMaxDepth) return true;
            continue;
        }
        while (at && !at.next_sibling()) {
            at = at.parent();
            --depth;
            if (depth <= 0) return false;
        }
        at = at.next_sibling();
    }
    return false;
}

std::vector<std::string> hrefs_in(const pugi::xml_node& node) {
    std::vector<std::string> out;
    for (const auto& child : node.children())
        if (is(child, kDav, "href")) out.push_back(trimmed_text(child));
    return out;
}

void collect_names(const pugi::xml_node& node, std::vector<std::string>& out) {
    for (const auto& child : node.children()) {
        if (child.type() != pugi::node_element) continue;
        const std::string_view space = namespace_of(child);
        out.push_back(std::string(space) + (space.ends_with(':') ? "" : ":") + std::string(local_name(child)));
    }
}

void read_resource_type(const pugi::xml_node& property, Entry& entry) {
    for (const auto& type : property.children()) {
        entry.is_collection |= is(type, kDav, "collection");
        entry.is_principal |= is(type, kDav, "principal");
        entry.is_calendar |= is(type, kCaldav, "calendar");
        entry.is_subscribed |= is(type, kCalendarServer, "subscribed");
    }
}

void read_privileges(const pugi::xml_node& property, Entry& entry) {
    entry.privileges.emplace();
    for (const auto& privilege : property.children())
        for (const auto& name : privilege.children())
            if (namespace_of(name) == kDav) entry.privileges->emplace_back(local_name(name));
}

void read_components(const pugi::xml_node& property, Entry& entry) {
    entry.components.emplace();
    for (const auto& component : property.children())
        if (is(component, kCaldav, "comp")) entry.components->emplace_back(component.attribute("name").value());
}

void read_dav_property(const pugi::xml_node& property, Entry& entry) {
    const std::string_view name = local_name(property);
    if (name == "getetag") {
        if (std::string etag = trimmed_text(property); !etag.empty()) entry.etag = std::move(etag);
    } else if (name == "sync-token") {
        if (std::string token = trimmed_text(property); !token.empty()) entry.sync_token = std::move(token);
    } else if (name == "displayname") {
        entry.name = trimmed_text(property);
    } else if (name == "resourcetype") {
        read_resource_type(property, entry);
    } else if (name == "current-user-privilege-set") {
        read_privileges(property, entry);
    } else if (name == "current-user-principal" || (name == "principal-URL" && entry.principal.empty())) {
        if (const auto hrefs = hrefs_in(property); !hrefs.empty()) entry.principal = hrefs.front();
        for (const auto& child : property.children()) entry.unauthenticated |= is(child, kDav, "unauthenticated");
    }
}

void read_caldav_property(const pugi::xml_node& property, Entry& entry) {
    const std::string_view name = local_name(property);
    if (name == "calendar-data") {
        if (std::string text = text_of(property); !trimmed(text).empty()) entry.calendar_data = std::move(text);
    } else if (name == "calendar-home-set") {
        for (auto& href : hrefs_in(property)) entry.homes.push_back(std::move(href));
    } else if (name == "calendar-user-address-set") {
        for (auto& href : hrefs_in(property)) entry.addresses.push_back(std::move(href));
    } else if (name == "supported-calendar-component-set") {
        read_components(property, entry);
    } else if (name == "calendar-timezone") {
        entry.timezone = text_of(property);
    } else if (name == "schedule-calendar-transp") {
        for (const auto& child : property.children()) entry.transparent |= is(child, kCaldav, "transparent");
    }
}

void read_propstat(const pugi::xml_node& propstat, Entry& entry) {
    int status = 0;
    for (const auto& child : propstat.children())
        if (is(child, kDav, "status")) status = status_of(child);
    if (status < 200 || status > 299) {
        if (status != 0) entry.refused_properties = status;
        return;
    }
    entry.has_properties = true;
    for (const auto& prop : propstat.children()) {
        if (!is(prop, kDav, "prop")) continue;
        for (const auto& property : prop.children()) {
            const std::string_view space = namespace_of(property);
            if (space == kDav) read_dav_property(property, entry);
            if (space == kCaldav) read_caldav_property(property, entry);
            if (space == kCalendarServer && local_name(property) == "getctag")
                if (std::string ctag = trimmed_text(property); !ctag.empty()) entry.ctag = std::move(ctag);
        }
    }
}

/// Several hrefs share one status (RFC 4918 14.24): one entry each.
void read_response(const pugi::xml_node& response, std::vector<Entry>& out) {
    Entry entry;
    for (const auto& child : response.children()) {
        if (is(child, kDav, "status")) entry.status = status_of(child);
        if (is(child, kDav, "propstat")) read_propstat(child, entry);
        if (is(child, kDav, "error")) collect_names(child, entry.errors);
    }
    for (auto& href : hrefs_in(response)) {
        if (href.empty()) continue;
        out.push_back(entry);
        out.back().href = std::move(href);
    }
}

bool load(pugi::xml_document& document, std::string_view body) {
    if (!http::xml_within_bounds(body)) return false;
    const std::string clean = without_control_characters(body);
    const auto outcome = document.load_buffer(clean.data(), clean.size(), pugi::parse_default, pugi::encoding_utf8);
    return outcome.status == pugi::status_ok && !too_deep(document);
}

}  // namespace

Result<Multistatus> parse_multistatus(std::string_view body) {
    pugi::xml_document document;
    if (!load(document, body))
        return unreadable("The service's answer is no readable XML; nothing was changed. Try again later.");
    const pugi::xml_node root = document.document_element();
    if (!is(root, kDav, "multistatus"))
        return unreadable(
            "The service's answer is not the WebDAV answer that was asked for; check the URL of the account."
        );
    Multistatus content;
    for (const auto& child : root.children()) {
        if (is(child, kDav, "response")) read_response(child, content.entries);
        if (is(child, kDav, "sync-token"))
            if (std::string token = trimmed_text(child); !token.empty()) content.sync_token = std::move(token);
    }
    return content;
}

std::vector<std::string> error_elements(std::string_view body) {
    std::vector<std::string> out;
    pugi::xml_document document;
    if (body.find('<') == std::string_view::npos || !load(document, body)) return out;
    const pugi::xml_node root = document.document_element();
    if (is(root, kDav, "error")) collect_names(root, out);
    if (!is(root, kDav, "multistatus")) return out;
    for (const auto& response : root.children())
        for (const auto& child : response.children())
            if (is(child, kDav, "error")) collect_names(child, out);
    return out;
}

int refused_status(const Multistatus& content) {
    for (const Entry& entry : content.entries) {
        if (entry.status != 0 && (entry.status < 200 || entry.status > 299)) return entry.status;
        if (entry.status == 0 && entry.refused_properties != 0) return entry.refused_properties;
    }
    return 0;
}

}  // namespace calgate::caldav
