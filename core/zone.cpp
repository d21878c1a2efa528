#include "core/zone.hpp"

#include <libical/ical.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>

#include "core/identity.hpp"
#include "core/result.hpp"
#include "core/vtimezone.hpp"
#include "core/windows_zones.hpp"

namespace calgate {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr days kProbeStep{3};  // No zone changes twice within three days.
constexpr std::size_t kMaxEmbeddedZones = 10'000;

Instant year_start(int year) { return sys_days{std::chrono::year{year} / std::chrono::January / 1}; }

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
    Instant at = year_start(kFirstZoneYear);
    seconds offset = probe(zone, at);
    table.changes.emplace_back(Instant::min(), offset);
    while (at < year_start(kLastZoneYear)) {
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
    std::snprintf(
        text.data(),
        text.size(),
        "UTC%c%02d:%02d",
        offset.count() < 0 ? '-' : '+',
        static_cast<int>(minutes / 60),
        static_cast<int>(minutes % 60)
    );
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

/// May the name be looked up as a file of the zone database? It comes from strangers: nothing that leaves the folder,
/// no link to this machine's own zone, no leap-second table.
bool is_file_name(std::string_view name) {
    if (name.empty() || name.size() > 100 || name.front() == '/' || name.find("//") != std::string_view::npos)
        return false;
    if (name.starts_with("right/") || name.starts_with("posix/")) return false;
    if (name == "localtime" || name == "posixrules" || name == "Factory") return false;
    return std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '+' || c == '/';
    });
}

}  // namespace

struct ZoneResolver::Impl {
    mutable std::shared_mutex mutex{};
    std::mutex libical{};  ///< Zones are loaded and probed one at a time.
    // Shared: a table handed out stays valid while the map grows.
    std::unordered_map<std::string, std::shared_ptr<const ZoneTable>> tables{};
    std::unordered_set<std::string> refused{};  ///< Embedded zones that are no use.
    std::size_t embedded = 0;

    std::shared_ptr<const ZoneTable> cached(const std::string& name) const {
        const std::shared_lock lock(mutex);
        const auto found = tables.find(name);
        return found == tables.end() ? nullptr : found->second;
    }

    bool is_refused(const std::string& name) const {
        const std::shared_lock lock(mutex);
        return refused.contains(name);
    }

    /// Remembers the verdict on an embedded zone. @return false when it is no use, or there are too many already.
    bool settle_embedded(const std::string& name, std::optional<ZoneTable> table) {
        const std::unique_lock lock(mutex);
        if (tables.contains(name)) return true;
        if (embedded + refused.size() >= kMaxEmbeddedZones) return false;
        if (!table) {
            refused.insert(name);
            return false;
        }
        ++embedded;
        tables.emplace(name, std::make_shared<const ZoneTable>(std::move(*table)));
        return true;
    }

    std::shared_ptr<const ZoneTable> keep(const std::string& name, ZoneTable table) {
        auto made = std::make_shared<const ZoneTable>(std::move(table));
        const std::unique_lock lock(mutex);
        return tables.emplace(name, std::move(made)).first->second;
    }

    std::shared_ptr<const ZoneTable> find(const std::string& name) {
        if (auto table = cached(name)) return table;
        if (const auto offset = named_offset(name)) return keep(name, fixed_table(*offset));
        if (!is_file_name(name)) return nullptr;
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

std::string ZoneResolver::library_version() { return ICAL_VERSION; }

bool ZoneResolver::knows(const std::string& zone) const { return impl_->find(zone) != nullptr; }

std::optional<std::string> ZoneResolver::canonical_name(std::string_view tzid) const {
    while (!tzid.empty() && (tzid.front() == '"' || tzid.front() == ' ')) tzid.remove_prefix(1);
    while (!tzid.empty() && (tzid.back() == '"' || tzid.back() == ' ')) tzid.remove_suffix(1);
    if (tzid.empty() || tzid.size() > 255) return std::nullopt;
    for (const std::string_view utc :
         {"UTC", "GMT", "Etc/UTC", "Etc/GMT", "Z", "tzone://Microsoft/Utc", "Etc/Universal", "UCT", "Etc/UCT"}) {
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

std::optional<seconds> ZoneResolver::steady_offset(Interval window, const std::string& zone) const {
    const auto table = impl_->find(zone);
    CALGATE_ASSERT(table != nullptr);
    const auto& changes = table->changes;
    const auto next =
        std::upper_bound(changes.begin(), changes.end(), window.start, [](Instant start, const auto& change) {
            return start < change.first;
        });
    if (next != changes.end() && next->first <= window.end) return std::nullopt;
    return std::prev(next)->second;
}

Instant ZoneResolver::to_instant(const When& when, const std::string& fallback) const {
    switch (when.kind) {
        case When::Kind::Utc:
            return Instant{when.local.time_since_epoch()};
        case When::Kind::Zoned:
            return to_instant(when.local, when.zone);
        case When::Kind::Date:
        case When::Kind::Floating:
            return to_instant(when.local, fallback);
    }
    return Instant{when.local.time_since_epoch()};
}

std::optional<std::string> ZoneResolver::add_embedded(std::string_view vtimezone) const {
    const std::string name = "embedded:" + sha256_hex(vtimezone).substr(0, 32);
    if (impl_->cached(name)) return name;
    if (impl_->is_refused(name)) return std::nullopt;
    auto table = read_vtimezone(vtimezone);
    if (!impl_->settle_embedded(name, std::move(table))) return std::nullopt;
    return name;
}

std::string ZoneResolver::vtimezone(const std::string& zone, Instant around) const {
    const auto table = impl_->find(zone);
    if (!table || zone == "UTC") return {};
    return write_vtimezone(zone, *table, around);
}

}  // namespace calgate
