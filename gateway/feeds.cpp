#include "gateway/feeds.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/busy.hpp"
#include "core/icalendar.hpp"
#include "core/identity.hpp"
#include "gateway/free_busy_text.hpp"

namespace calgate {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kUidCharacters = 32;

When utc_when(Instant instant) { return {When::Kind::Utc, LocalSeconds{instant.time_since_epoch()}, {}}; }

/// A stretch of busy time. The stamp does not change while the stretch stays, so that neither does the text.
std::pair<Event, Instant> block(const Feed& feed, const BusyInterval& busy) {
    Event event;
    event.uid.value =
        sha256_hex(feed.id + "|" + utc_text(busy.start) + "|" + utc_text(busy.end)).substr(0, kUidCharacters);
    event.master.start = utc_when(busy.start);
    event.master.end = utc_when(busy.end);
    event.master.title = "Busy";
    if (busy.kind == BusyKind::Tentative) event.master.status = EventStatus::Tentative;
    return {std::move(event), Instant{}};
}

std::pair<Event, Instant> shown_appointment(const Feed& feed, const Appointment& appointment) {
    Event event;
    event.uid.value = sha256_hex(feed.id + "|" + appointment.id.value).substr(0, kUidCharacters);
    event.master.start = {When::Kind::Zoned, appointment.start, appointment.zone};
    event.master.end = {When::Kind::Zoned, appointment.end, appointment.zone};
    event.master.title = appointment.title;
    event.master.place = appointment.place;
    event.master.notes = appointment.notes;
    if (appointment.state == AppointmentState::Held) event.master.status = EventStatus::Tentative;
    event.master.sequence = appointment.revision;
    return {std::move(event), appointment.changed};
}

/// Of the oldest calendar; nothing when one was never read.
std::optional<Instant> oldest(const PersonBusy& person, Instant now) {
    Instant oldest = now;
    for (const auto& [source, state] : person.sources) {
        if (source == "appointments") continue;
        if (!state.as_of) return std::nullopt;
        oldest = std::min(oldest, *state.as_of);
    }
    return oldest;
}

}  // namespace

std::vector<Feed> read_feeds(const Reader& reader) {
    std::vector<Feed> out;
    const Json list = Json::parse(reader.setting(kFeeds).value_or("[]"));
    for (const Json& one : list)
        out.push_back(
            {one.at("id"),
             one.at("hash"),
             StaffId{one.at("staff").get<std::string>()},
             one.at("label"),
             one.at("full"),
             Instant{std::chrono::seconds{one.at("created_s").get<std::int64_t>()}}}
        );
    return out;
}

void write_feeds(Writer& writer, const std::vector<Feed>& feeds) {
    Json list = Json::array();
    for (const Feed& feed : feeds)
        list.push_back(
            {{"id", feed.id},
             {"hash", feed.hash},
             {"staff", feed.staff.value},
             {"label", feed.label},
             {"full", feed.full},
             {"created_s", feed.created.time_since_epoch().count()}}
        );
    writer.put_setting(kFeeds, list.dump());
}

std::optional<Feed> FeedRing::find(std::string_view token) const {
    const std::string hash = sha256_hex(token);
    std::optional<Feed> found;
    const std::lock_guard lock(mutex_);
    for (const Feed& feed : feeds_)
        if (equal_in_constant_time(feed.hash, hash)) found = feed;
    return found;
}

void FeedRing::replace(std::vector<Feed> feeds) {
    const std::lock_guard lock(mutex_);
    feeds_ = std::move(feeds);
}

FeedText feed_text(
    const Feed& feed,
    const PersonBusy& person,
    const std::vector<std::pair<Appointment, Interval>>& appointments,
    Interval window,
    Instant now,
    const ZoneResolver& zones
) {
    std::vector<std::pair<Event, Instant>> events;
    if (feed.full)
        for (const auto& [appointment, when] : appointments) events.push_back(shown_appointment(feed, appointment));
    for (const BusyInterval& busy : feed.full ? external_within(person, window) : busy_within(person, window))
        events.push_back(block(feed, busy));
    std::string body = write_icalendar_stream(events, zones);
    const auto as_of = oldest(person, now);
    FeedText out;
    out.etag = "W/\"" + sha256_hex(body + (as_of ? "" : "unknown")).substr(0, kUidCharacters) + "\"";
    out.as_of = as_of ? format_instant(*as_of) : "unknown";
    std::string head = content_line("NAME:" + (feed.full ? feed.label : std::string("Busy"))) +
                       content_line("X-WR-CALNAME:" + (feed.full ? feed.label : std::string("Busy"))) +
                       "REFRESH-INTERVAL;VALUE=DURATION:PT15M\r\nX-PUBLISHED-TTL:PT15M\r\n" +
                       content_line("X-CALGATE-AS-OF:" + out.as_of);
    head += content_line(
        as_of ? "DESCRIPTION:As of " + out.as_of + "\\, by the oldest calendar it rests on"
              : std::string("DESCRIPTION:Incomplete: a calendar it rests on was never read")
    );
    const auto version = body.find("VERSION:2.0\r\n");
    body.insert(
        version == std::string::npos ? body.size() : version + std::string_view("VERSION:2.0\r\n").size(), head
    );
    out.body = std::move(body);
    return out;
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
    if (if_none_match == "*") return true;
    const std::string_view opaque = etag.starts_with("W/") ? etag.substr(2) : etag;
    return if_none_match.find(opaque) != std::string_view::npos;
}

}  // namespace calgate
