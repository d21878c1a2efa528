#include <algorithm>
#include <map>

#include "core/icalendar.hpp"

namespace calgate {
namespace {

/// Each component of that name as it stands, with its last line end.
std::vector<std::string> parts_of(const std::string& text, const std::string& name) {
    const std::string begin = "BEGIN:" + name, end = "END:" + name;
    std::vector<std::string> parts;
    for (auto from = text.find(begin); from != std::string::npos; from = text.find(begin, from + 1)) {
        const bool whole_line = from == 0 || text[from - 1] == '\n';
        if (!whole_line) continue;
        const auto last = text.find("\n" + end, from);
        if (last == std::string::npos) break;
        const auto stop = std::min(text.find('\n', last + 1), text.size() - 1);
        parts.push_back(text.substr(from, stop + 1 - from));
        from = stop;
    }
    return parts;
}

}  // namespace

std::string join_icalendar(const std::vector<std::string>& texts) {
    std::map<std::string, std::string> zones;
    std::string events;
    for (const std::string& text : texts) {
        for (const std::string& zone : parts_of(text, "VTIMEZONE")) {
            const auto name = zone.find("\nTZID:");
            if (name != std::string::npos) zones.try_emplace(zone.substr(name, zone.find('\n', name + 1) - name), zone);
        }
        for (const std::string& event : parts_of(text, "VEVENT")) events += event;
    }
    std::string out = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//calgate//EN\r\n";
    for (const auto& [name, zone] : zones) out += zone;
    return out + events + "END:VCALENDAR\r\n";
}

std::string write_icalendar_stream(const std::vector<std::pair<Event, Instant>>& stamped, const ZoneResolver& zones) {
    std::vector<std::string> texts;
    for (const auto& [event, stamp] : stamped) {
        if (auto text = write_icalendar(event, zones, stamp)) texts.push_back(std::move(text).value());
    }
    return join_icalendar(texts);
}

}  // namespace calgate
