#include "tests/sim/caldav_sim_state.hpp"

namespace calgate::testing {

namespace {

struct Names {
    const char* prefix;
    const char* uri;
};

Names names_of(Space space) {
    switch (space) {
        case Space::Dav:
            return {"d", "DAV:"};
        case Space::Caldav:
            return {"c", "urn:ietf:params:xml:ns:caldav"};
        case Space::CalendarServer:
            break;
    }
    return {"cs", "http://calendarserver.org/ns/"};
}

constexpr const char* kProlog = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// The prefixes are declared once, on the root.
std::string with_declarations(std::string document) {
    const auto at = document.find_first_of(" />", 1);
    std::string declared;
    for (const Space space : {Space::Dav, Space::Caldav, Space::CalendarServer})
        declared += std::string(" xmlns:") + names_of(space).prefix + "=\"" + names_of(space).uri + "\"";
    return document.insert(at, declared);
}

const char* reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 404:
            return "Not Found";
        case 412:
            return "Precondition Failed";
        case 507:
            return "Insufficient Storage";
        default:
            return "Status";
    }
}

/// The end mark inside is spread over two sections.
std::string cdata_text(std::string plain_text) {
    for (std::size_t at = 0; (at = plain_text.find("]]>", at)) != std::string::npos; at += 15)
        plain_text.replace(at, 3, "]]]]><![CDATA[>");
    return "<![CDATA[" + plain_text + "]]>";
}

}  // namespace

std::string CaldavSim::State::element(Space space, const std::string& name, const std::string& inner) const {
    const Names names = names_of(space);
    const std::string full = quirks.default_namespace ? name : std::string(names.prefix) + ":" + name;
    const std::string open = quirks.default_namespace ? full + " xmlns=\"" + names.uri + "\"" : full;
    return inner.empty() ? "<" + open + "/>" : "<" + open + ">" + inner + "</" + full + ">";
}

std::string CaldavSim::State::status_element(int status) const {
    return element(Space::Dav, "status", "HTTP/1.1 " + std::to_string(status) + " " + reason(status));
}

std::string CaldavSim::State::propstat(int status, const std::string& properties) const {
    return element(Space::Dav, "propstat", element(Space::Dav, "prop", properties) + status_element(status));
}

std::string CaldavSim::State::href_text(const std::string& path) const {
    if (!quirks.http_hrefs) return xml_text(path);
    const auto entry = http::parse_url(entry_origin(quirks));
    return xml_text("http://" + entry->host + ":8080" + http::percent_decode(path));
}

std::string CaldavSim::State::member(const std::string& path, const SimObject& object, bool with_data) const {
    std::string properties = element(Space::Dav, "getetag", xml_text(etag(object)));
    if (with_data) {
        const std::string data = quirks.cdata ? cdata_text(object.text) : xml_text(object.text);
        properties += element(Space::Caldav, "calendar-data", quirks.multiget_empty_data ? "" : data);
    }
    return element(Space::Dav, "response", element(Space::Dav, "href", href_text(path)) + propstat(200, properties)) +
           "\n";
}

std::string CaldavSim::State::itself(const std::string& path) const {
    if (!quirks.lists_itself) return {};
    std::string without_slash = path;
    while (without_slash.ends_with('/')) without_slash.pop_back();
    const std::string properties = element(Space::Dav, "getetag", xml_text("\"collection\""));
    return element(Space::Dav, "response", element(Space::Dav, "href", without_slash) + propstat(200, properties)) +
           "\n";
}

std::string CaldavSim::State::gone(const std::string& path) const {
    return element(Space::Dav, "response", element(Space::Dav, "href", href_text(path)) + status_element(404)) + "\n";
}

http::Response CaldavSim::State::multistatus(const std::string& responses, const std::string& token) const {
    const std::string last = token.empty() ? "" : element(Space::Dav, "sync-token", xml_text(token));
    std::string document = element(Space::Dav, "multistatus", "\n" + responses + last);
    if (!quirks.default_namespace) document = with_declarations(std::move(document));
    return plain(207, {{"Content-Type", "application/xml; charset=utf-8"}}, kProlog + document + "\n");
}

http::Response CaldavSim::State::condition(int status, Space space, const std::string& name, const std::string& inner)
    const {
    std::string document = element(Space::Dav, "error", element(space, name, inner));
    if (!quirks.default_namespace) document = with_declarations(std::move(document));
    return plain(status, {{"Content-Type", "application/xml; charset=utf-8"}}, kProlog + document + "\n");
}

}  // namespace calgate::testing
