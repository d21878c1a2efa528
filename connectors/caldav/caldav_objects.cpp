#include "connectors/caldav/caldav_objects.hpp"

#include <algorithm>

namespace calgate::caldav {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool starts_with_any_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(), [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view from_first_letter(std::string_view text) {
    const auto first = text.find_first_not_of("\xef\xbb\xbf \t\r\n");
    return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

/// Calls `visit` with each content line, unfolded (RFC 5545 3.1).
template <class Visit>
void for_each_line(const std::string& text, Visit visit) {
    std::string line;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view part(text.data() + at, end - at);
        if (part.ends_with('\r')) part.remove_suffix(1);
        at = end + 1;
        if (part.starts_with(' ') || part.starts_with('\t')) {
            line += part.substr(1);
            continue;
        }
        visit(line);
        line = part;
    }
    visit(line);
}

bool names(std::string_view line, std::string_view property) {
    return starts_with_any_case(line, property) && line.size() > property.size() &&
           (line[property.size()] == ':' || line[property.size()] == ';');
}

/// The address behind the last "mailto:", or all behind the last colon.
std::string_view address_in(std::string_view line) {
    constexpr std::string_view kScheme = "mailto:";
    for (std::size_t at = line.size(); at-- > 0;)
        if (starts_with_any_case(line.substr(at), kScheme)) return line.substr(at + kScheme.size());
    return line.substr(line.rfind(':') + 1);
}

}  // namespace

bool is_calendar_object(const http::Response& response) {
    const auto type = response.header("Content-Type");
    if (type && starts_with_any_case(*type, "text/calendar")) return true;
    return starts_with_any_case(from_first_letter(response.body), "BEGIN:VCALENDAR");
}

bool is_web_page(std::string_view body) {
    const std::string_view text = from_first_letter(body);
    return starts_with_any_case(text, "<!doctype html") || starts_with_any_case(text, "<html");
}

bool has_guests(const std::string& icalendar, const std::vector<std::string>& own_addresses) {
    bool organized = false, guests = false;
    for_each_line(icalendar, [&](const std::string& line) {
        organized = organized || names(line, "ORGANIZER");
        if (guests || !names(line, "ATTENDEE")) return;
        const std::string_view address = address_in(line);
        guests = std::none_of(own_addresses.begin(), own_addresses.end(), [&](const std::string& own) {
            return own.size() == address.size() && starts_with_any_case(own, address);
        });
    });
    return organized && guests;
}

}  // namespace calgate::caldav
