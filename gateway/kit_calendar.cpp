#include "gateway/kit_calendar.hpp"

#include <algorithm>
#include <map>

#include "connectors/caldav/caldav_wire.hpp"
#include "connectors/http/url.hpp"
#include "core/identity.hpp"
#include "gateway/kit_page.hpp"
#include "scheduler/listing.hpp"

namespace calgate {
namespace {

using std::chrono::days;

constexpr std::chrono::seconds kPerCall{60};
constexpr const char* kOurs = "@kit.calgate";  ///< How the UIDs of a kit end.
constexpr std::size_t kNameLength = 32;

Uid kit_uid(const std::string& what) { return {sha256_hex(what).substr(0, kNameLength) + kOurs}; }

When utc(Instant at) { return {When::Kind::Utc, LocalSeconds{at.time_since_epoch()}, {}}; }

Event appointment_event(const KitPerson& person, const Appointment& a, Interval when) {
    Event event;
    event.uid = kit_uid("appointment " + a.id.value);
    event.master.start = utc(when.start);
    event.master.end = utc(when.end);
    event.master.title = person.name + ": " +
                         (!a.title.empty()      ? a.title
                          : !a.customer.empty() ? a.customer
                                                : "Appointment");
    event.master.place = a.place;
    event.master.notes = a.customer + (a.customer.empty() || a.notes.empty() ? "" : "\n") + a.notes;
    event.master.status = a.state == AppointmentState::Held ? EventStatus::Tentative : EventStatus::Confirmed;
    event.master.transparency = Transparency::Transparent;  // It says what is known, and blocks nobody's time.
    return event;
}

Event free_event(const KitPerson& person, LocalSeconds midnight, const ZoneResolver& zones) {
    Event event;
    event.uid = kit_uid("free " + person.id.value + " " + format_local(midnight));
    event.master.start = {When::Kind::Date, midnight, {}};
    event.master.end = {When::Kind::Date, midnight + days{1}, {}};
    event.master.title = person.name + ": " + free_text(person, midnight, zones);
    event.master.transparency = Transparency::Transparent;
    return event;
}

bool is_same(const Event& there, const Event& wanted, const ZoneResolver& zones) {
    const EventInstance &a = there.master, &b = wanted.master;
    const auto same_time = [&](const When& x, const When& y) {
        return x.kind == y.kind && zones.to_instant(x, "UTC") == zones.to_instant(y, "UTC");
    };
    return same_time(a.start, b.start) && same_time(a.end, b.end) && a.title == b.title && a.place == b.place &&
           a.notes == b.notes && a.status == b.status;
}

Result<Href> calendar_at(Connector& connector, const Context& context, const std::string& url) {
    CALGATE_TRY(const auto calendars, connector.list_calendars(context));
    for (const RemoteCalendar& calendar : calendars)
        if (is_same_place(calendar.href.value, url)) return calendar.href;
    return Error{
        ErrorCode::NotFound, "The server does not list " + url + " as a calendar of this user; check the address.", {}};
}

}  // namespace

std::vector<Event> kit_events(const Kit& kit, const ZoneResolver& zones) {
    std::vector<Event> out;
    for (const KitPerson& person : kit.people) {
        for (const auto& [appointment, when] : person.appointments)
            out.push_back(appointment_event(person, appointment, when));
        const LocalSeconds today = std::chrono::floor<days>(zones.to_local(kit.made, person.zone));
        for (int day = 0; day < kit.days; ++day) out.push_back(free_event(person, today + days{day}, zones));
    }
    return out;
}

bool is_same_place(const std::string& url, const std::string& other) {
    const auto place = [](const std::string& text) {
        auto parsed = http::parse_url(text);
        if (!parsed) return text;
        std::string path = http::canonical_path(parsed->path);
        while (path.ends_with('/')) path.pop_back();
        return parsed->origin() + path;
    };
    return place(url) == place(other);
}

bool is_calendar(
    http::HttpTransport& transport, const Clock& clock, const std::string& url, const http::Credentials& credentials
) {
    http::Request request;
    request.method = "PROPFIND";
    request.url = url;
    request.headers = {{"Depth", "0"}, {"Content-Type", "application/xml; charset=utf-8"}};
    request.body = caldav::propfind_calendars();
    if (!credentials.user.empty()) request.credentials = credentials;
    const auto response = transport.send(request, {clock.steady() + kPerCall, {}});
    if (!response || response->status != 207) return false;
    const auto content = caldav::parse_multistatus(response->body);
    return content && std::any_of(content->entries.begin(), content->entries.end(), [](const caldav::Entry& entry) {
               return entry.is_calendar;
           });
}

Result<int> put_to_calendar(
    const std::vector<Event>& events,
    Connector& connector,
    const Clock& clock,
    const ZoneResolver& zones,
    const std::string& url
) {
    const auto context = [&] { return Context{clock.steady() + kPerCall, {}}; };
    CALGATE_TRY(const Href calendar, calendar_at(connector, context(), url));
    CALGATE_TRY(const auto listed, list_calendar(connector, clock, calendar, {}));
    std::map<std::string, const RemoteEvent*> left;
    for (const RemoteEvent& remote : listed)
        if (!remote.unreadable && remote.event.uid.value.ends_with(kOurs)) left[remote.event.uid.value] = &remote;
    int written = 0;
    for (Event event : events) {
        const auto found = left.find(event.uid.value);
        if (found == left.end()) {
            CALGATE_TRY([[maybe_unused]] const auto made, connector.create_event(context(), calendar, event));
            ++written;
            continue;
        }
        const RemoteEvent& there = *found->second;
        left.erase(found);
        if (is_same(there.event, event, zones)) continue;
        event.source = there.event.source;
        event.master.sequence = there.event.master.sequence + 1;
        CALGATE_TRY(
            [[maybe_unused]] const auto changed,
            connector.update_event(context(), there.href, there.version.value_or(Version{}), event)
        );
        ++written;
    }
    for (const auto& [uid, there] : left) {
        CALGATE_TRY_STATUS(connector.delete_event(context(), there->href, there->version.value_or(Version{})));
        ++written;
    }
    return written;
}

}  // namespace calgate
