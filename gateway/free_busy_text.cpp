#include "gateway/free_busy_text.hpp"

#include <algorithm>

namespace calgate {
namespace {

constexpr std::size_t kLineOctets = 75;

std::string period(const char* type, Instant start, Instant end) {
    return content_line(std::string("FREEBUSY;FBTYPE=") + type + ":" + utc_text(start) + "/" + utc_text(end));
}

/// What of the window lies outside the working time.
std::string closed_periods(Interval window, const std::vector<Interval>& open) {
    std::string out;
    Instant from = window.start;
    for (const Interval& one : open) {
        if (from < one.start) out += period("BUSY-UNAVAILABLE", from, one.start);
        from = std::max(from, one.end);
    }
    if (from < window.end) out += period("BUSY-UNAVAILABLE", from, window.end);
    return out;
}

std::string age_lines(const PersonBusy& person, Instant now) {
    std::string out;
    for (const auto& [source, state] : person.sources) {
        const auto as_of = source == "appointments" ? std::optional(now) : state.as_of;
        out += content_line(
            "COMMENT:" + source + (as_of ? " as of " + format_instant(*as_of) : std::string(" was never read"))
        );
    }
    return out;
}

}  // namespace

std::string utc_text(Instant instant) {
    std::string text = format_instant(instant);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string content_line(std::string_view line) {
    std::string out;
    std::size_t room = kLineOctets;
    while (line.size() > room) {
        std::size_t cut = room;
        while (cut > 1 && (static_cast<unsigned char>(line[cut]) & 0xC0U) == 0x80U) --cut;
        out.append(line.substr(0, cut)).append("\r\n ");
        line.remove_prefix(cut);
        room = kLineOctets - 1;
    }
    return out.append(line).append("\r\n");
}

std::string free_busy_text(
    const std::vector<FreeBusyPerson>& people, Interval window, Instant now, const ZoneResolver& zones
) {
    std::string out = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//calgate//EN\r\nMETHOD:PUBLISH\r\n";
    for (const auto& [person, refused] : people) {
        out += "BEGIN:VFREEBUSY\r\n" + content_line("UID:" + person.staff.id.value);
        out += content_line("DTSTAMP:" + utc_text(now)) + content_line("DTSTART:" + utc_text(window.start)) +
               content_line("DTEND:" + utc_text(window.end)) + age_lines(person, now);
        if (refused) out += content_line("COMMENT:Too old to be believed, so nothing is shown as free");
        for (const BusyInterval& busy : busy_within(person, window))
            out += period(busy.kind == BusyKind::Busy ? "BUSY" : "BUSY-TENTATIVE", busy.start, busy.end);
        out += closed_periods(window, refused ? std::vector<Interval>{} : working_time(window, person.staff, zones));
        out += "END:VFREEBUSY\r\n";
    }
    return out + "END:VCALENDAR\r\n";
}

}  // namespace calgate
