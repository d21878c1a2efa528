#include <algorithm>

#include "tests/sim/caldav_sim_state.hpp"

namespace calgate::testing {

namespace {

/// Content lines as they stand, each with its folded continuation.
std::vector<std::string> folded_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        const std::string line = text.substr(at, end - at);
        const bool continues = !lines.empty() && (line[0] == ' ' || line[0] == '\t');
        if (continues) {
            lines.back() += line;
        } else {
            lines.push_back(line);
        }
        at = end;
    }
    return lines;
}

std::string unfolded(const std::string& line) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\n' && i + 1 < line.size())
            ++i;
        else if (line[i] != '\r' && line[i] != '\n')
            out += line[i];
    }
    return out;
}

bool names(const std::string& line, const std::string& property) {
    return line.starts_with(property) && line.size() > property.size() &&
           (line[property.size()] == ':' || line[property.size()] == ';');
}

std::string header_of(const http::Request& request, const std::string& name) {
    return http::Response{0, request.headers, {}, {}}.header(name).value_or("");
}

/// An organizer's event with guests (RFC 6638 3.2); the guests' agent decides unless the service ignores it.
int invitations(const std::string& text, const Quirks& quirks) {
    bool organized = false;
    int guests = 0;
    for (const auto& folded : folded_lines(text)) {
        const std::string line = unfolded(folded);
        organized |= names(line, "ORGANIZER") && line.find(CaldavSim::credentials().user) != std::string::npos;
        const bool by_client = line.find("SCHEDULE-AGENT=CLIENT") != std::string::npos ||
                               line.find("SCHEDULE-AGENT=NONE") != std::string::npos;
        if (names(line, "ATTENDEE") && (!by_client || quirks.ignores_schedule_agent)) ++guests;
    }
    return organized ? guests : 0;
}

/// As a scheduling service stores it (RFC 6638 3.2.9).
std::string with_schedule_status(const std::string& text) {
    std::string out;
    for (auto line : folded_lines(text)) {
        if (names(line, "ATTENDEE")) line.insert(8, ";SCHEDULE-STATUS=1.1");
        out += line;
    }
    return out;
}

}  // namespace

std::string property_of(const std::string& icalendar, const std::string& name) {
    bool in_event = false;
    for (const auto& folded : folded_lines(icalendar)) {
        const std::string line = unfolded(folded);
        in_event |= line == "BEGIN:VEVENT";
        if (in_event && names(line, name)) return line.substr(line.find(':') + 1);
    }
    return {};
}

std::string rewritten(const std::string& icalendar) {
    std::string out, last;
    bool in_zone = false, in_event = false;
    for (const auto& line : folded_lines(icalendar)) {
        const std::string name = unfolded(line);
        in_zone |= name == "BEGIN:VTIMEZONE";
        const bool nested = in_event && name.starts_with("BEGIN:");
        if (in_event && last.empty() && !nested && !name.starts_with("END:")) {
            last = line;  // The event's first property goes behind the others.
            continue;
        }
        if (!last.empty() && (nested || name == "END:VEVENT")) {
            out += last + "X-APPLE-CREATOR-IDENTITY:com.apple.mobilecal\r\n";
            last.clear();
            in_event = false;
        }
        if (name == "BEGIN:VEVENT") in_event = true;
        const bool ends_zone = name == "END:VTIMEZONE";
        if (!in_zone) out += line;
        in_zone = in_zone && !ends_zone;
    }
    return out;
}

std::int64_t CaldavSim::State::next_change() {
    seconds.push_back(clock.now().time_since_epoch().count());
    return ++change;
}

void CaldavSim::State::store(SimCalendar& owner, const std::string& path, std::string text) {
    SimObject object;
    object.uid = property_of(text, "UID");
    object.text = std::move(text);
    object.changed_at = next_change();
    owner.tombstones.erase(path);
    owner.objects.insert_or_assign(path, std::move(object));
}

void CaldavSim::State::remove(SimCalendar& owner, const std::string& path) {
    if (owner.objects.erase(path) != 0) owner.tombstones[path] = next_change();
}

bool CaldavSim::State::cannot_give(const std::string& path) const {
    return quirks.poisoned && path.find("poison") != std::string::npos;
}

http::Response CaldavSim::State::get(const http::Request& request, const std::string& path) {
    const SimCalendar* owner = calendar_of(path);
    const auto found = owner ? owner->objects.find(path) : std::map<std::string, SimObject>::const_iterator{};
    if (!owner || found == owner->objects.end() || quirks.hides_objects) return plain(404);
    if (cannot_give(path)) return plain(500);
    std::string tag = etag(found->second);
    if (quirks.compressed_etags && header_of(request, "Accept-Encoding") != "identity")
        tag.insert(tag.size() - 1, "-gzip");
    http::Headers headers{{"Content-Type", "text/calendar"}};
    if (!quirks.etag_in_reports_only) headers.emplace_back("ETag", tag);
    return plain(200, std::move(headers), found->second.text);
}

std::optional<http::Response> CaldavSim::State::uid_conflict(const std::string& path, const std::string& uid) const {
    const std::string collection = path.substr(0, path.rfind('/') + 1);
    std::string other;
    for (const auto& [at, owner] : calendars) {
        if (at != collection && !quirks.uid_per_account) continue;
        for (const auto& [place, object] : owner.objects)
            if (object.uid == uid && place != path) other = place;
    }
    if (other.empty() || quirks.uid_conflict == UidConflict::Accepted) return std::nullopt;
    const std::string href = element(Space::Dav, "href", xml_text(other));
    switch (quirks.uid_conflict) {
        case UidConflict::Element409:
            return condition(409, Space::Caldav, "no-uid-conflict", href);
        case UidConflict::Element412:
            return condition(412, Space::Caldav, "no-uid-conflict", href);
        case UidConflict::Element403:
            return condition(403, Space::Caldav, "no-uid-conflict", href);
        case UidConflict::Unique403:
            return condition(403, Space::Caldav, "unique-scheduling-object-resource", href);
        case UidConflict::Bare400:
            return plain(400);
        case UidConflict::Inner207:
        case UidConflict::Accepted:
            break;
    }
    const std::string error = element(Space::Dav, "error", element(Space::Caldav, "no-uid-conflict"));
    return multistatus(
        element(Space::Dav, "response", element(Space::Dav, "href", xml_text(path)) + status_element(412) + error)
    );
}

http::Response CaldavSim::State::put(const http::Request& request, const std::string& path) {
    SimCalendar* owner = calendar_of(path);
    if (!owner) return plain(409);
    const auto found = owner->objects.find(path);
    const bool exists = found != owner->objects.end();
    const std::string expected = header_of(request, "If-Match");
    if (exists && header_of(request, "If-None-Match") == "*") return plain(412);
    // Strong comparison: a weak tag never matches (RFC 9110 13.1.1).
    if (!expected.empty() && (!exists || expected.starts_with("W/") || expected != etag(found->second)))
        return plain(412);
    const std::string uid = property_of(request.body, "UID");
    if (uid.empty()) return condition(403, Space::Caldav, "valid-calendar-data");
    if (property_of(request.body, "DTEND").empty() && property_of(request.body, "DURATION").empty())
        return condition(403, Space::Caldav, "valid-calendar-data");
    if (owner->tasks_only) return condition(403, Space::Caldav, "supported-calendar-component");
    if (auto conflict = uid_conflict(path, uid)) return std::move(*conflict);
    const int guests = invitations(request.body, quirks);
    mails += guests;
    std::string text = guests > 0 ? with_schedule_status(request.body) : request.body;
    store(*owner, path, quirks.rewrites ? rewritten(text) : std::move(text));
    http::Headers headers;
    if (guests > 0) headers.emplace_back("Schedule-Tag", "\"s" + std::to_string(change) + "\"");
    if (guests == 0 && quirks.etag_after_put) headers.emplace_back("ETag", etag(owner->objects.at(path)));
    if (quirks.etag_misleads) owner->objects.at(path).changed_at = next_change();
    return plain(exists ? quirks.update_status : 201, std::move(headers));
}

http::Response CaldavSim::State::erase(const http::Request& request, const std::string& path) {
    SimCalendar* owner = calendar_of(path);
    const std::string expected = header_of(request, "If-Match");
    const auto found = owner ? owner->objects.find(path) : std::map<std::string, SimObject>::iterator{};
    if (!owner || found == owner->objects.end())
        return plain(quirks.delete_of_gone_is_412 && !expected.empty() ? 412 : 404);
    if (!expected.empty() && (expected.starts_with("W/") || expected != etag(found->second))) return plain(412);
    mails += invitations(found->second.text, quirks);
    remove(*owner, path);
    if (!quirks.delete_answers_multistatus) return plain(204);
    http::Response done =
        multistatus(element(Space::Dav, "response", element(Space::Dav, "href", xml_text(path)) + status_element(200)));
    done.status = 200;
    return done;
}

}  // namespace calgate::testing
