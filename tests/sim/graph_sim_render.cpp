#include <algorithm>

#include "core/identity.hpp"
#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

std::string shrunk(const std::string& text) {
    std::string out;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\n' || c == '\t';
        if (blank && (out.empty() || out.back() == ' ' || out.back() == '\n')) continue;
        out += c;
    }
    return out;
}

std::string as_crlf(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\r') continue;
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

std::string as_html(const std::string& text) {
    std::string inner;
    for (const char c : text) {
        if (c == '\n') {
            inner += "<br>\r\n";
        } else {
            inner += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
        }
    }
    return "<html><head>\r\n<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\r\n</head><body>" +
           inner + "</body></html>";
}

std::string without_tags(const std::string& html) {
    std::string out;
    bool inside = false;
    for (const char c : html) {
        if (c == '<') inside = true;
        if (!inside) out += c;
        if (c == '>') inside = false;
    }
    return out;
}

Json body_of(const Json& stored, bool text, bool rewrites) {
    const bool is_text = stored.value("contentType", "html") == "text";
    std::string content = stored.value("content", "");
    if (rewrites) content = shrunk(content);
    if (text) return {{"contentType", "text"}, {"content", is_text ? as_crlf(content) : without_tags(content)}};
    return {{"contentType", "html"}, {"content", is_text ? as_html(content) : content}};
}

/// The first 255 bytes of the text, no letter cut.
std::string preview_of(const Json& stored) {
    std::string text = body_of(stored, true, false)["content"];
    if (text.size() <= 255) return text;
    std::size_t end = 255;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

Json time_json(const ZoneResolver& zones, LocalSeconds local, const std::string& own, const std::string& asked) {
    const auto from = zones.canonical_name(own), to = zones.canonical_name(asked);
    const LocalSeconds shown = from && to ? zones.to_local(zones.to_instant(local, *from), *to) : local;
    return {{"dateTime", seven_digits(shown)}, {"timeZone", asked}};
}

/// recurrence with the fillers that answers carry.
Json filled(const Json& recurrence) {
    if (!recurrence.is_object()) return nullptr;
    Json pattern = {
        {"type", "daily"},
        {"interval", 1},
        {"month", 0},
        {"dayOfMonth", 0},
        {"daysOfWeek", Json::array()},
        {"firstDayOfWeek", "sunday"},
        {"index", "first"}};
    pattern.update(recurrence["pattern"]);
    if (pattern["daysOfWeek"].empty()) pattern.erase("daysOfWeek");
    Json range = {
        {"type", "noEnd"},
        {"startDate", "0001-01-01"},
        {"endDate", "0001-01-01"},
        {"recurrenceTimeZone", ""},
        {"numberOfOccurrences", 0}};
    range.update(recurrence["range"]);
    return {{"pattern", pattern}, {"range", range}};
}

Json wanted_properties(const GraphCall& call, const std::map<std::string, std::string>& properties) {
    Json out = Json::array();
    const auto expand = call.query.find("$expand");
    if (expand == call.query.end()) return out;
    const std::string& text = expand->second;
    const bool all = text.find("singleValueExtendedProperties(") == std::string::npos;
    for (const auto& [id, value] : properties)
        if (all || text.find("'" + id + "'") != std::string::npos) out.push_back({{"id", id}, {"value", value}});
    return out;
}

bool expands(const GraphCall& call, const char* name) {
    const auto at = call.query.find("$expand");
    return at != call.query.end() && at->second.find(name) != std::string::npos;
}

}  // namespace

Interval GraphSim::State::span(const GraphTimes& times) const {
    const auto instant = [&](LocalSeconds local, const std::string& name) {
        const auto zone = zones.canonical_name(name);
        return zones.to_instant(local, zone ? *zone : "UTC");
    };
    return {instant(times.start, times.start_zone), instant(times.end, times.end_zone)};
}

std::string GraphSim::State::etag(const GraphEvent& event) const {
    return "W/\"ZlnW4RIAV06KYYwlrfNZvQAA" + base64url(std::to_string(event.key)) + "==\"";
}

std::string GraphSim::State::id_for(const GraphCall& call, const GraphEvent& event) const {
    return call.immutable_ids ? event.id : event.plain_id;
}

std::string GraphSim::State::occurrence_id(const GraphCall& call, const GraphEvent& master, const std::string& slot)
    const {
    return id_for(call, master) + "OCC" + slot;
}

/// Every member that a service sends without $select (contract: eventFull).
Json GraphSim::State::render(
    const GraphCall& call, const GraphEvent& event, const GraphEvent* master, const std::string& slot
) const {
    const Json& m = event.members;
    Json out;
    out["@odata.etag"] = etag(event);
    out["id"] = master ? occurrence_id(call, *master, slot) : id_for(call, event);
    out["createdDateTime"] = seven_digits(event.created);
    out["lastModifiedDateTime"] = seven_digits(event.modified);
    out["changeKey"] = etag(event).substr(3, etag(event).size() - 4);
    out["categories"] = m.value("categories", Json::array());
    if (!event.transaction.empty()) out["transactionId"] = event.transaction;
    out["originalStartTimeZone"] = quirks.custom_zones ? "tzone://Microsoft/Custom" : event.times.start_zone;
    out["originalEndTimeZone"] = quirks.custom_zones ? "tzone://Microsoft/Custom" : event.times.end_zone;
    out["iCalUId"] = master ? master->ical_uid + slot : event.ical_uid;
    out["reminderMinutesBeforeStart"] = m.value("reminderMinutesBeforeStart", 15);
    out["isReminderOn"] = m.value("isReminderOn", true);
    out["hasAttachments"] = m.value("hasAttachments", false);
    out["subject"] = m.value("subject", "");
    out["bodyPreview"] = preview_of(m.value("body", Json::object()));
    out["importance"] = m.value("importance", "normal");
    out["sensitivity"] = m.value("sensitivity", "normal");
    out["isAllDay"] = event.times.all_day;
    out["isCancelled"] = m.value("isCancelled", false);
    out["isOrganizer"] = m.value("isOrganizer", true);
    out["responseRequested"] = m.value("responseRequested", true);
    out["seriesMasterId"] = master ? Json(id_for(call, *master)) : Json();
    out["showAs"] = m.value("showAs", "busy");
    out["type"] = master ? "exception" : event.is_series() ? "seriesMaster" : "singleInstance";
    out["webLink"] = "https://outlook.office365.com/owa/?itemid=" + http::percent_encode(event.id);
    out["onlineMeetingUrl"] = nullptr;
    out["isOnlineMeeting"] = m.value("isOnlineMeeting", false);
    out["onlineMeetingProvider"] = "unknown";
    out["allowNewTimeProposals"] = m.value("allowNewTimeProposals", true);
    out["isDraft"] = m.value("isDraft", false);
    out["hideAttendees"] = m.value("hideAttendees", false);
    out["recurrence"] = master || !event.is_series() ? Json() : filled(m["recurrence"]);
    if (out["recurrence"].is_object() && quirks.custom_zones)
        out["recurrence"]["range"]["recurrenceTimeZone"] = "tzone://Microsoft/Custom";
    out["onlineMeeting"] = nullptr;
    out["responseStatus"] =
        m.value("responseStatus", Json({{"response", "organizer"}, {"time", "0001-01-01T00:00:00Z"}}));
    out["body"] = body_of(m.value("body", Json::object()), call.text_bodies, quirks.rewrites_bodies);
    if (event.times.all_day) {
        out["start"] = {{"dateTime", seven_digits(event.times.start)}, {"timeZone", call.zone}};
        out["end"] = {{"dateTime", seven_digits(event.times.end)}, {"timeZone", call.zone}};
    } else {
        out["start"] = time_json(zones, event.times.start, event.times.start_zone, call.zone);
        out["end"] = time_json(zones, event.times.end, event.times.end_zone, call.zone);
    }
    Json location = {{"displayName", ""}, {"locationType", "default"}, {"uniqueIdType", "unknown"}};
    location.update(m.value("location", Json::object()));
    out["location"] = location;
    out["locations"] = Json::array();
    out["attendees"] = m.value("attendees", Json::array());
    out["organizer"] = m.value("organizer", Json({{"emailAddress", {{"name", "Shop"}, {"address", kGraphPerson}}}}));
    if (master) {
        GraphTimes at = master->times;
        const auto day = parse_local(slot);
        at.start = *day + (at.start - std::chrono::floor<std::chrono::days>(at.start));
        out["originalStart"] = format_instant(span(at).start);
    }
    if (expands(call, "singleValueExtendedProperties")) {
        const Json properties = wanted_properties(call, event.properties);
        if (!properties.empty()) out["singleValueExtendedProperties"] = properties;
    }
    if (!master && event.is_series() && expands(call, "exceptionOccurrences")) {
        out["exceptionOccurrences"] = Json::array();
        for (const auto& [date, exception] : event.exceptions)
            out["exceptionOccurrences"].push_back(render(call, exception, &event, date));
    }
    const auto select = call.query.find("$select");
    if (select != call.query.end() && select->second.find("cancelledOccurrences") != std::string::npos) {
        out["cancelledOccurrences"] = Json::array();
        for (const auto& date : event.cancelled)
            out["cancelledOccurrences"].push_back("OID." + id_for(call, event) + "." + date);
    }
    if (call.basic)
        for (const char* name : {"body", "bodyPreview", "singleValueExtendedProperties", "hasAttachments"})
            out.erase(name);
    return out;
}

Json GraphSim::State::occurrence(const GraphCall& call, const GraphEvent& master, const GraphSlot& slot) const {
    GraphEvent one = master;
    one.times = slot.times;
    Json out = render(call, one, &master, slot.date);
    out["type"] = "occurrence";
    return out;
}

Json GraphSim::State::stub(const GraphCall& call, const GraphEvent& master, const GraphSlot& slot) const {
    const Json whole = occurrence(call, master, slot);
    Json out;
    out["@odata.type"] = "#microsoft.graph.event";
    out["@odata.etag"] = "W/\"DwAAABYAAAA" + slot.date + "\"";
    for (const char* name : {"id", "type", "seriesMasterId", "start", "end"}) out[name] = whole[name];
    return out;
}

}  // namespace calgate::testing
