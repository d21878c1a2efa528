#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace calgate {

/// Zone names to offsets, from the system's tzdata through libical, with gaps and overlaps as RFC 5545 3.3.5 has them:
/// a time that does not exist takes the offset before the gap, a time that exists twice means the first.
/// From 2023 to 2037 every zone agrees with its zone file; for some earlier years libical's reading does not (São Paulo
/// 2014, Gaza 2017). After 2100 the last offset stays.
/// Thread-safe; embedded zones are added by the iCalendar reader.
class ZoneResolver {
public:
    ZoneResolver();
    /// Of the iCalendar library underneath, such as "3.0.16".
    static std::string library_version();
    ~ZoneResolver();
    ZoneResolver(const ZoneResolver&) = delete;
    ZoneResolver& operator=(const ZoneResolver&) = delete;

    /// IANA name for whatever a TZID says: prefixes stripped, aliases, Windows names (CLDR), fixed offsets.
    /// Nothing when no table knows it.
    std::optional<std::string> canonical_name(std::string_view tzid) const;
    bool knows(const std::string& zone) const;
    /// @param zone IANA, "UTC", "UTC+01:00" or "embedded:…"; CALGATE_ASSERT(knows(zone)).
    Instant to_instant(LocalSeconds local, const std::string& zone) const;
    LocalSeconds to_local(Instant instant, const std::string& zone) const;
    /// Ahead of UTC from start to end, where that is the same throughout: then it is that of every local time, too,
    /// whose instant lies a day or more within. Nothing where the zone changes meanwhile.
    std::optional<std::chrono::seconds> steady_offset(Interval, const std::string& zone) const;
    /// @param fallback zone for Floating and Date values.
    Instant to_instant(const When& when, const std::string& fallback) const;
    /// Registers a VTIMEZONE text; @return its "embedded:<digest>" name, or nothing when it is hostile or unusable.
    std::optional<std::string> add_embedded(std::string_view vtimezone) const;
    /// VTIMEZONE for our own output, under the plain IANA name, CRLF line ends; empty for UTC.
    std::string vtimezone(const std::string& zone, Instant around) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calgate
