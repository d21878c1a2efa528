#include "core/zone.hpp"

#include <libical/ical.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>

#include "core/identity.hpp"
#include "core/result.hpp"
#include "core/windows_zones.hpp"

namespace calgate {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2100;
constexpr days kProbeStep{3};  // No zone changes twice within three days.
constexpr std::size_t kMaxEmbeddedBytes = 64 * 1024;
constexpr int kMaxObservances = 600;
constexpr std::size_t kMaxEmbeddedZones = 2000;

Instant year_start(int year) { return sys_days{std::chrono::year{year} / std::chrono::January / 1}; }

/// Offsets of one zone, immutable once made: libical is asked once, never again.
struct ZoneTable {
    std::vector<std::pair<Instant, seconds>> changes{};  ///< From that instant on; the first is the beginning of time.

    seconds offset_at(Instant instant) const {
        const auto after = std::partition_point(changes.begin(), changes.end(), [&](const auto& c) { return c.first <= instant; });
        return after == changes.begin() ? changes.front().second : std::prev(after)->second;
    }
};

icaltimetype utc_time(Instant instant) {
    const auto midnight = std::chrono::floor<days>(instant);
    const std::chrono::year_month_day date{midnight};
    const std::chrono::hh_mm_ss clock{instant - midnight};
    icaltimetype time = icaltime_null_time();
    time.year = static_cast<int>(date.year());
    time.month = static_cast<int>(static_cast<unsigned>(date.month()));
    time.day = static_cast<int>(static_cast<unsigned>(date.day()));
    time.hour = static_cast<int>(clock.hours().count());
    time.minute = static_cast<int>(clock.minutes().count());
    time.second = static_cast<int>(clock.seconds().count());
    time.zone = icaltimezone_get_utc_timezone();
    return time;
}

seconds probe(icaltimezone* zone, Instant instant) {
    icaltimetype time = utc_time(instant);
    return seconds{icaltimezone_get_utc_offset_of_utc_time(zone, &time, nullptr)};
}

ZoneTable make_table(icaltimezone* zone) {
    ZoneTable table;
    Instant at = year_start(kFirstYear);
    seconds offset = probe(zone, at);
    table.changes.emplace_back(Instant::min(), offset);
    while (at < year_start(kLastYear)) {
        const Instant next = at + kProbeStep;
        const seconds later = probe(zone, next);
        if (later != offset) {
            Instant low = at;
            Instant high = next;
            while (high - low > seconds{1}) {
                const Instant middle = low + (high - low) / 2;
                (probe(zone, middle) == offset ? low : high) = middle;
            }
            table.changes.emplace_back(high, later);
            offset = later;
        }
        at = next;
    }
    return table;
}

ZoneTable fixed_table(seconds offset) { return ZoneTable{{{Instant::min(), offset}}}; }

/// "+0100", "+01:00", "-5", "+1": seconds east of UTC.
std::optional<seconds> parse_offset(std::string_view text) {
    if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
    std::string plain;
    for (const char c : text.substr(1)) {
        if (c == ':') continue;
        if (!std::isdigit(static_cast<unsigned char>(c))) return std::nullopt;
        plain += c;
    }
    if (plain.empty() || plain.size() > 4) return std::nullopt;
    const int number = std::stoi(plain);
    const int hour = plain.size() > 2 ? number / 100 : number;
    const int minute = plain.size() > 2 ? number % 100 : 0;
    if (hour > 14 || minute > 59) return std::nullopt;
    const seconds ahead = hours{hour} + std::chrono::minutes{minute};
    return text[0] == '+' ? ahead : -ahead;
}

std::string offset_name(seconds offset) {
    if (offset == seconds{0}) return "UTC";
    const auto minutes = std::abs(offset.count()) / 60;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "UTC%c%02d:%02d", offset.count() < 0 ? '-' : '+', static_cast<int>(minutes / 60),
                  static_cast<int>(minutes % 60));
    return text.data();
}

std::optional<seconds> named_offset(std::string_view name) {
    for (const std::string_view prefix : {"UTC", "GMT"}) {
        if (name.starts_with(prefix)) return parse_offset(name.substr(prefix.size()));
    }
    return parse_offset(name);
}

std::string_view without_prefix(std::string_view tzid) {
    for (const std::string_view vendor :
         {"/freeassociation.sourceforge.net/Tzfile/", "/freeassociation.sourceforge.net/"}) {
        if (tzid.starts_with(vendor)) return tzid.substr(vendor.size());
    }
    for (const std::string_view vendor : {"/citadel.org/", "/softwarestudio.org/", "/mozilla.org/"}) {
        if (!tzid.starts_with(vendor)) continue;
        const auto slash = tzid.find('/', vendor.size());
        if (slash != std::string_view::npos) return without_prefix(tzid.substr(slash));
    }
    const auto olson = tzid.find("/Olson_");
    if (olson != std::string_view::npos) {
        const auto slash = tzid.find('/', olson + 1);
        if (slash != std::string_view::npos) return tzid.substr(slash + 1);
    }
    if (tzid.starts_with('/')) return tzid.substr(1);
    return tzid;
}

std::string stamp(LocalSeconds local) {
    std::string text = format_local(local);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string offset_text(seconds offset) {
    const auto total = std::abs(offset.count());
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%c%02d%02d", offset.count() < 0 ? '-' : '+', static_cast<int>(total / 3600),
                  static_cast<int>(total / 60 % 60));
    return text.data();
}

struct Onset {
    LocalSeconds local{};  ///< Wall time just before the change, as DTSTART of an observance wants it.
    seconds from{};
    seconds to{};
};

std::string observance(const Onset& onset, bool daylight, const std::string& rule) {
    const char* kind = daylight ? "DAYLIGHT" : "STANDARD";
    std::string text = std::string("BEGIN:") + kind + "\r\nDTSTART:" + stamp(onset.local) + "\r\nTZOFFSETFROM:" +
                       offset_text(onset.from) + "\r\nTZOFFSETTO:" + offset_text(onset.to) + "\r\n";
    if (!rule.empty()) text += "RRULE:" + rule + "\r\n";
    return text + "END:" + kind + "\r\n";
}

/// "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" when all onsets obey it; empty otherwise.
std::string yearly_rule(const std::vector<Onset>& onsets) {
    using namespace std::chrono;
    const auto date_of = [](const Onset& o) { return year_month_day{sys_days{floor<days>(o.local).time_since_epoch()}}; };
    const auto clock_of = [](const Onset& o) { return o.local - floor<days>(o.local); };
    const auto name_of = [&](const Onset& o) { return weekday{sys_days{date_of(o)}}; };
    const auto nth_of = [&](const Onset& o) { return (static_cast<int>(static_cast<unsigned>(date_of(o).day())) - 1) / 7 + 1; };
    const auto is_last = [&](const Onset& o) {
        return year_month_day{sys_days{date_of(o)} + days{7}}.month() != date_of(o).month();
    };
    const Onset& first = onsets.front();
    bool nth = true;
    bool last = true;
    for (const Onset& onset : onsets) {
        if (date_of(onset).month() != date_of(first).month() || name_of(onset) != name_of(first) ||
            clock_of(onset) != clock_of(first) || onset.from != first.from || onset.to != first.to) {
            return {};
        }
        nth = nth && nth_of(onset) == nth_of(first);
        last = last && is_last(onset);
    }
    if (!nth && !last) return {};
    static constexpr std::array<const char*, 7> kNames = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    return "FREQ=YEARLY;BYMONTH=" + std::to_string(static_cast<unsigned>(date_of(first).month())) +
           ";BYDAY=" + (last ? "-1" : std::to_string(nth_of(first))) + kNames.at(name_of(first).c_encoding());
}

bool hostile(icalcomponent* zone) {
    int observances = 0;
    for (icalcomponent* part = icalcomponent_get_first_component(zone, ICAL_ANY_COMPONENT); part;
         part = icalcomponent_get_next_component(zone, ICAL_ANY_COMPONENT)) {
        const auto kind = icalcomponent_isa(part);
        if (kind != ICAL_XSTANDARD_COMPONENT && kind != ICAL_XDAYLIGHT_COMPONENT) return true;
        if (++observances > kMaxObservances) return true;
        for (icalproperty* rule = icalcomponent_get_first_property(part, ICAL_RRULE_PROPERTY); rule;
             rule = icalcomponent_get_next_property(part, ICAL_RRULE_PROPERTY)) {
            if (icalproperty_get_rrule(rule).freq != ICAL_YEARLY_RECURRENCE) return true;
        }
    }
    return observances == 0;
}

}  // namespace

struct ZoneResolver::Impl {
    mutable std::shared_mutex mutex{};
    std::mutex libical{};  ///< Zones are loaded and probed one at a time.
    // Shared: a table handed out stays valid while the map grows.
    std::unordered_map<std::string, std::shared_ptr<const ZoneTable>> tables{};
    std::unordered_map<std::string, bool> refused{};
    std::unordered_map<std::string, std::string> canonical{};

    std::shared_ptr<const ZoneTable> cached(const std::string& name) const {
        const std::shared_lock lock(mutex);
        const auto found = tables.find(name);
        return found == tables.end() ? nullptr : found->second;
    }

    std::shared_ptr<const ZoneTable> keep(const std::string& name, ZoneTable table) {
        auto made = std::make_shared<const ZoneTable>(std::move(table));
        const std::unique_lock lock(mutex);
        return tables.emplace(name, std::move(made)).first->second;
    }

    std::shared_ptr<const ZoneTable> find(const std::string& name) {
        if (auto table = cached(name)) return table;
        if (name.size() > 100) return nullptr;
        if (const auto offset = named_offset(name)) return keep(name, fixed_table(*offset));
        if (name.find('/') == std::string::npos && name != "CET" && name != "EET" && name != "WET" && name != "MET" &&
            name != "EST" && name != "MST" && name != "HST" && name != "Japan" && name != "Singapore" && name != "GMT") {
            return nullptr;
        }
        const std::lock_guard one_at_a_time(libical);
        if (auto table = cached(name)) return table;
        icaltimezone* zone = icaltimezone_get_builtin_timezone(name.c_str());
        if (!zone || !icaltimezone_get_component(zone)) return nullptr;
        return keep(name, make_table(zone));
    }
};

ZoneResolver::ZoneResolver() : impl_(std::make_unique<Impl>()) {
    icalerror_set_errors_are_fatal(false);
    impl_->keep("UTC", fixed_table(seconds{0}));
}
ZoneResolver::~ZoneResolver() = default;

bool ZoneResolver::knows(const std::string& zone) const { return impl_->find(zone) != nullptr; }

std::optional<std::string> ZoneResolver::canonical_name(std::string_view tzid) const {
    while (!tzid.empty() && (tzid.front() == '"' || tzid.front() == ' ')) tzid.remove_prefix(1);
    while (!tzid.empty() && (tzid.back() == '"' || tzid.back() == ' ')) tzid.remove_suffix(1);
    if (tzid.empty() || tzid.size() > 255) return std::nullopt;
    for (const std::string_view utc : {"UTC", "GMT", "Etc/UTC", "Etc/GMT", "Z", "tzone://Microsoft/Utc", "Etc/Universal", "UCT", "Etc/UCT"}) {
        if (tzid == utc) return "UTC";
    }
    const std::string name(without_prefix(tzid));
    if (name.starts_with("embedded:")) return std::nullopt;
    if (const auto offset = named_offset(name)) return offset_name(*offset);
    if (knows(name)) return name;
    if (const auto iana = iana_of_windows(name); !iana.empty() && knows(std::string(iana))) return std::string(iana);
    return std::nullopt;
}

Instant ZoneResolver::to_instant(LocalSeconds local, const std::string& zone) const {
    const auto table = impl_->find(zone);
    CALGATE_ASSERT(table != nullptr);
    const Instant wall{local.time_since_epoch()};
    const Instant first = wall - table->offset_at(wall - days{1});
    if (first + table->offset_at(first) == wall) return first;
    const Instant second = wall - table->offset_at(wall + days{1});
    if (second + table->offset_at(second) == wall) return second;
    return first;
}

LocalSeconds ZoneResolver::to_local(Instant instant, const std::string& zone) const {
    const auto table = impl_->find(zone);
    CALGATE_ASSERT(table != nullptr);
    return LocalSeconds{(instant + table->offset_at(instant)).time_since_epoch()};
}

Instant ZoneResolver::to_instant(const When& when, const std::string& fallback) const {
    switch (when.kind) {
        case When::Kind::Utc: return Instant{when.local.time_since_epoch()};
        case When::Kind::Zoned: return to_instant(when.local, when.zone);
        case When::Kind::Date:
        case When::Kind::Floating: return to_instant(when.local, fallback);
    }
    return Instant{when.local.time_since_epoch()};
}

std::optional<std::string> ZoneResolver::add_embedded(std::string_view vtimezone) const {
    if (vtimezone.size() > kMaxEmbeddedBytes) return std::nullopt;
    const std::string name = "embedded:" + sha256_hex(vtimezone).substr(0, 32);
    if (impl_->cached(name)) return name;
    const std::lock_guard one_at_a_time(impl_->libical);
    if (impl_->refused.contains(name) || impl_->refused.size() > kMaxEmbeddedZones) return std::nullopt;
    if (impl_->cached(name)) return name;
    const std::string text(vtimezone);
    icalcomponent* component = icalcomponent_new_from_string(text.c_str());
    if (!component || icalcomponent_isa(component) != ICAL_VTIMEZONE_COMPONENT || hostile(component)) {
        if (component) icalcomponent_free(component);
        impl_->refused.emplace(name, true);
        return std::nullopt;
    }
    icaltimezone* zone = icaltimezone_new();
    if (!icaltimezone_set_component(zone, component)) {
        icalcomponent_free(component);
        icaltimezone_free(zone, 1);
        impl_->refused.emplace(name, true);
        return std::nullopt;
    }
    impl_->keep(name, make_table(zone));
    icaltimezone_free(zone, 1);
    return name;
}

std::string ZoneResolver::vtimezone(const std::string& zone, Instant around) const {
    const auto table = impl_->find(zone);
    if (!table || zone == "UTC") return {};
    std::vector<Onset> onsets;
    for (std::size_t i = 1; i < table->changes.size(); ++i) {
        const auto& [at, offset] = table->changes[i];
        if (at < around - days{800} || at > around + days{366 * 5}) continue;
        const seconds before = table->changes[i - 1].second;
        onsets.push_back({LocalSeconds{(at + before).time_since_epoch()}, before, offset});
    }
    std::string text = "BEGIN:VTIMEZONE\r\nTZID:" + zone + "\r\n";
    std::vector<Onset> forward;
    std::vector<Onset> back;
    for (const Onset& onset : onsets) (onset.to > onset.from ? forward : back).push_back(onset);
    const std::string forward_rule = forward.empty() ? "" : yearly_rule(forward);
    const std::string back_rule = back.empty() ? "" : yearly_rule(back);
    if (!forward_rule.empty() && !back_rule.empty()) {
        text += observance(forward.front(), true, forward_rule) + observance(back.front(), false, back_rule);
    } else {
        const Instant start = around - days{801};
        const seconds offset = table->offset_at(start);
        text += observance({LocalSeconds{(start + offset).time_since_epoch()}, offset, offset}, false, "");
        for (const Onset& onset : onsets) text += observance(onset, onset.to > onset.from, "");
    }
    return text + "END:VTIMEZONE\r\n";
}

}  // namespace calgate
