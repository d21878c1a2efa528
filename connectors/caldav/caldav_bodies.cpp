#include "connectors/caldav/caldav_wire.hpp"

namespace calgate::caldav {

namespace {

constexpr const char* kProlog = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
constexpr const char* kSpaces =
    " xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\" xmlns:cs=\"http://calendarserver.org/ns/\"";

std::string propfind(const std::string& properties) {
    return std::string(kProlog) + "<d:propfind" + kSpaces + "><d:prop>" + properties + "</d:prop></d:propfind>\n";
}

std::string query(const std::string& event_filter) {
    return std::string(kProlog) + "<c:calendar-query" + kSpaces + "><d:prop><d:getetag/><c:calendar-data/></d:prop>" +
           "<c:filter><c:comp-filter name=\"VCALENDAR\"><c:comp-filter name=\"VEVENT\">" + event_filter +
           "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>\n";
}

// No sync token and no ctag: a server may have to read every event before it tells them.
constexpr const char* kCalendarProperties =
    "<d:resourcetype/><d:displayname/><d:current-user-privilege-set/>"
    "<c:supported-calendar-component-set/><c:calendar-timezone/><c:schedule-calendar-transp/>";

}  // namespace

std::string xml_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
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
    }
    return out;
}

std::string propfind_discovery() {
    return propfind(
        "<d:resourcetype/><d:current-user-principal/><d:principal-URL/><c:calendar-home-set/>"
        "<c:calendar-user-address-set/>"
    );
}

std::string propfind_calendars() { return propfind(kCalendarProperties); }

std::string propfind_state() { return propfind("<d:sync-token/><cs:getctag/><d:resourcetype/>"); }

std::string propfind_etags() { return propfind("<d:getetag/><d:resourcetype/><d:getcontenttype/>"); }

std::string report_sync(std::string_view token) {
    const std::string element =
        token.empty() ? "<d:sync-token/>" : "<d:sync-token>" + xml_escaped(token) + "</d:sync-token>";
    return std::string(kProlog) + "<d:sync-collection xmlns:d=\"DAV:\">" + element +
           "<d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>\n";
}

std::string report_multiget(const std::vector<std::string>& hrefs) {
    std::string body =
        std::string(kProlog) + "<c:calendar-multiget" + kSpaces + "><d:prop><d:getetag/><c:calendar-data/></d:prop>";
    for (const auto& href : hrefs) body += "<d:href>" + xml_escaped(href) + "</d:href>";
    return body + "</c:calendar-multiget>\n";
}

std::string report_query_all() { return query(""); }

std::string report_query_uid(std::string_view uid) {
    return query(
        "<c:prop-filter name=\"UID\"><c:text-match collation=\"i;octet\">" + xml_escaped(uid) +
        "</c:text-match></c:prop-filter>"
    );
}

}  // namespace calgate::caldav
