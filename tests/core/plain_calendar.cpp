#include "tests/core/plain_calendar.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "tests/core/tzif.hpp"

namespace calgate::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::seconds;

std::string packed(std::string text) {
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

/// "DTSTART;TZID=Europe/Berlin:20260329T023000" and its like.
std::string property(const std::string& name, const std::string& zone, LocalSeconds local) {
    if (zone == "date") return name + ";VALUE=DATE:" + packed(format_date(local)) + "\r\n";
    if (zone == "UTC") return name + ":" + packed(format_local(local)) + "Z\r\n";
    if (zone == "floating") return name + ":" + packed(format_local(local)) + "\r\n";
    return name + ";TZID=" + zone + ":" + packed(format_local(local)) + "\r\n";
}

std::string until_text(const PlainEvent& event) {
    const LocalSeconds until = *event.rule->until;
    if (event.zone == "date") return packed(format_date(until));
    if (event.zone == "floating") return packed(format_local(until));
    return packed(format_instant(plain_instant(until, event.zone)));  // RFC 5545 3.3.10: in UTC.
}

std::string component(
    const PlainEvent& event, const PlainOccurrence& one, std::optional<LocalSeconds> id, bool future
) {
    std::string out = "BEGIN:VEVENT\r\nUID:" + event.uid + "\r\nDTSTAMP:20250101T000000Z\r\nSUMMARY:secret\r\n";
    if (id) out += property(future ? "RECURRENCE-ID;RANGE=THISANDFUTURE" : "RECURRENCE-ID", event.zone, *id);
    out += property("DTSTART", event.zone, one.start);
    if (one.exact)
        out += "DURATION:PT" + std::to_string(one.length.count()) + "S\r\n";
    else
        out += property("DTEND", event.zone, one.start + one.length);
    out += std::string("TRANSP:") + (one.transparent ? "TRANSPARENT" : "OPAQUE") + "\r\nSTATUS:" + one.status + "\r\n";
    if (!id) {
        if (event.rule) {
            PlainRule open = *event.rule;
            open.until.reset();
            out += "RRULE:" + open.text() + (event.rule->until ? ";UNTIL=" + until_text(event) : "") + "\r\n";
        }
        for (const LocalSeconds local : event.excluded) out += property("EXDATE", event.zone, local);
        for (const LocalSeconds local : event.extra) out += property("RDATE", event.zone, local);
    }
    return out + "END:VEVENT\r\n";
}

/// Days on which some of the zones change their clocks, leap day and New Year.
LocalSeconds interesting_day(SeededRandom& random) {
    static const std::vector<const char*> kDays = {
        "2026-03-29",
        "2026-10-25",
        "2026-03-08",
        "2026-11-01",
        "2026-04-05",
        "2026-10-04",
        "2026-12-31",
        "2028-02-29",
        "2026-02-15",
        "2026-03-22",
        "2027-03-28",
        "2027-10-31"};
    if (random.one_in(3)) return *parse_local("2025-12-01") + days{random.between(0, 700)};
    const auto day =
        *parse_local(kDays[static_cast<std::size_t>(random.between(0, static_cast<int>(kDays.size()) - 1))]);
    return day + days{random.between(-2, 1)};
}

seconds clock_time(SeededRandom& random) {
    static const std::array<int, 10> kMinutes = {0, 30, 60, 90, 119, 120, 150, 180, 1380, 1425};
    const int minute =
        random.one_in(2) ? kMinutes.at(static_cast<std::size_t>(random.between(0, 9))) : random.between(0, 1439);
    return minute * 60s + (random.one_in(8) ? seconds{random.between(1, 59)} : 0s);
}

PlainOccurrence random_occurrence(SeededRandom& random, bool date) {
    PlainOccurrence out;
    out.start = interesting_day(random) + (date ? 0s : clock_time(random));
    static const std::array<int, 8> kLengths = {0, 1, 900, 1800, 3600, 5400, 7200, 90'000};
    out.length = date ? seconds{days{random.between(1, 3)}}
                      : seconds{kLengths.at(static_cast<std::size_t>(random.between(0, 7)))};
    out.exact = !date && random.one_in(3);
    out.transparent = random.one_in(8);
    if (random.one_in(8)) out.status = random.one_in(2) ? "TENTATIVE" : "CANCELLED";
    return out;
}

PlainRule plain_rule(SeededRandom& random, LocalSeconds start) {
    PlainRule rule;
    static const std::array<const char*, 4> kFrequencies = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
    rule.frequency = kFrequencies.at(static_cast<std::size_t>(random.between(0, 3)));
    if (random.one_in(3)) rule.interval = random.between(1, 3);
    if (rule.frequency == "WEEKLY" && random.one_in(2))
        rule.days = {{0, random.between(0, 6)}, {0, random.between(0, 2)}};
    if (rule.days.size() == 2 && rule.days[0] == rule.days[1]) rule.days.pop_back();
    if (rule.frequency == "MONTHLY" && random.one_in(2))
        rule.days = {{random.one_in(2) ? -1 : 2, random.between(0, 6)}};
    if (random.one_in(4))
        rule.count = random.between(1, 40);
    else if (random.one_in(3))
        rule.until = start + days{random.between(0, 400)};
    return rule;
}

void add_stretch(std::vector<Stretch>& out, const PlainOccurrence& what, LocalSeconds start, const std::string& zone) {
    if (what.transparent || what.status == "CANCELLED") return;
    const Instant from = plain_instant(start, zone);
    const Instant to = what.exact ? from + what.length : plain_instant(start + what.length, zone);
    if (from < to) out.push_back({from, to, what.status == "TENTATIVE"});
}

/// Where each occurrence is by the rule, by instant, without what is excluded.
std::map<Instant, LocalSeconds> keys_of(const PlainEvent& event, const std::string& zone, LocalSeconds end) {
    std::map<Instant, LocalSeconds> keys;
    const auto ruled = event.rule ? reference_expand(*event.rule, event.first.start, end)
                                  : std::vector<LocalSeconds>{event.first.start};
    for (const LocalSeconds local : ruled) keys.try_emplace(plain_instant(local, zone), local);
    for (const LocalSeconds local : event.extra) keys.try_emplace(plain_instant(local, zone), local);
    for (const LocalSeconds local : event.excluded) keys.erase(plain_instant(local, zone));
    return keys;
}

void add_event(std::vector<Stretch>& out, const PlainEvent& event, const std::string& owner_zone, LocalSeconds end) {
    const std::string zone = event.zone == "date" || event.zone == "floating" ? owner_zone : event.zone;
    auto keys = keys_of(event, zone, end);
    for (const auto& [id, becomes] : event.overrides) {
        keys.erase(plain_instant(id, zone));
        add_stretch(out, becomes, becomes.start, zone);
    }
    for (const auto& [at, local] : keys) {
        const bool later = event.future_from && at > plain_instant(*event.future_from, zone);
        const PlainOccurrence& what = later ? event.overrides.at(*event.future_from) : event.first;
        add_stretch(out, what, later ? local + (what.start - *event.future_from) : local, zone);
    }
}

}  // namespace

std::string PlainEvent::text() const {
    std::string out = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//plain//EN\r\n" + component(*this, first, {}, false);
    for (const auto& [id, becomes] : overrides) out += component(*this, becomes, id, id == future_from);
    return out + "END:VCALENDAR\r\n";
}

const std::vector<std::string>& plain_zones() {
    static const std::vector<std::string> kZones = {
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Asia/Kolkata",
        "America/St_Johns",
        "Africa/Casablanca",
        "Europe/Dublin",
        "Pacific/Chatham",
        "UTC"};
    return kZones;
}

Instant plain_instant(LocalSeconds local, const std::string& zone) {
    if (zone == "UTC") return Instant{local.time_since_epoch()};
    static std::map<std::string, ZoneFile> files;
    const ZoneFile& file = files.try_emplace(zone, zone).first->second;
    // Far from any change every reading agrees; only near one is each tried.
    const std::int64_t wall = local.time_since_epoch().count();
    const std::int64_t before = file.offset_at(wall - 86'400 * 2), after = file.offset_at(wall + 86'400 * 2);
    if (before == after) return Instant{seconds{wall - before}};
    return file.to_instant(local);
}

PlainEvent random_event(SeededRandom& random, int number) {
    PlainEvent event;
    event.uid = "plain-" + std::to_string(number);
    const int kind = random.between(0, 7);
    event.zone = kind == 0   ? "date"
                 : kind == 1 ? "floating"
                             : plain_zones()[static_cast<std::size_t>(random.between(0, 9))];
    const bool date = event.zone == "date";
    event.first = random_occurrence(random, date);
    if (random.one_in(3)) return event;
    event.first.start -= days{random.one_in(2) ? 0 : random.between(0, 500)};
    event.rule = plain_rule(random, event.first.start);
    for (int i = random.between(0, 2); i > 0; --i)
        event.extra.push_back(interesting_day(random) + (date ? 0s : clock_time(random)));
    const std::string zone = date || event.zone == "floating" ? "UTC" : event.zone;
    std::vector<LocalSeconds> all;
    for (const auto& [at, local] : keys_of(event, zone, event.first.start + days{600})) all.push_back(local);
    const auto any = [&] { return all[static_cast<std::size_t>(random.between(0, static_cast<int>(all.size()) - 1))]; };
    for (int i = random.between(0, 2); i > 0; --i) event.excluded.push_back(any());
    const auto kept = [&](LocalSeconds local) {
        return std::find(event.excluded.begin(), event.excluded.end(), local) == event.excluded.end();
    };
    for (int i = random.between(0, 2); i > 0; --i) {
        const LocalSeconds id = any();
        if (!kept(id)) continue;
        PlainOccurrence becomes = random_occurrence(random, date);
        if (random.one_in(2)) becomes.start = id + (date ? seconds{days{1}} : seconds{1800});
        event.overrides.emplace(id, becomes);
    }
    if (!event.overrides.empty() && random.one_in(3)) {
        auto& [id, becomes] = *event.overrides.begin();
        becomes.start = id + (date ? seconds{days{random.between(-1, 1)}} : seconds{random.between(-180, 180) * 60});
        event.future_from = id;
    }
    return event;
}

std::vector<Stretch> reference_stretches(
    const std::vector<PlainEvent>& events, const std::string& owner_zone, LocalSeconds expand_to
) {
    std::vector<Stretch> out;
    for (const PlainEvent& event : events) add_event(out, event, owner_zone, expand_to);
    return out;
}

std::vector<BusyInterval> reference_busy(const std::vector<Stretch>& all, Interval window) {
    std::vector<Stretch> stretches = all;
    std::erase_if(stretches, [&](const Stretch& s) { return s.end <= window.start || s.start >= window.end; });
    std::set<Instant> edges{window.start, window.end};
    for (const Stretch& s : stretches)
        for (const Instant at : {s.start, s.end})
            if (at > window.start && at < window.end) edges.insert(at);
    std::vector<BusyInterval> out;
    for (auto at = edges.begin(); std::next(at) != edges.end(); ++at) {
        bool busy = false, tentative = false;
        for (const Stretch& s : stretches) {
            if (s.start > *at || s.end <= *at) continue;
            (s.tentative ? tentative : busy) = true;
        }
        if (!busy && !tentative) continue;
        const BusyKind kind = busy ? BusyKind::Busy : BusyKind::Tentative;
        if (!out.empty() && out.back().end == *at && out.back().kind == kind)
            out.back().end = *std::next(at);
        else
            out.push_back({*at, *std::next(at), kind});
    }
    return out;
}

}  // namespace calgate::testing
