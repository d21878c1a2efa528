#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace calgate {

/// Offsets of one zone east of UTC, sorted; immutable once made. Covers 1970 to 2100, the last offset stays.
struct ZoneTable {
    std::vector<std::pair<Instant, std::chrono::seconds>>
        changes{};  ///< From that instant on; the first is the beginning of time.

    std::chrono::seconds offset_at(Instant instant) const;
};

constexpr int kFirstZoneYear = 1970;
constexpr int kLastZoneYear = 2100;

/// The offsets a VTIMEZONE (RFC 5545 3.6.5) describes; nothing when it is unusable or larger than any honest one.
std::optional<ZoneTable> read_vtimezone(std::string_view text);

/// A VTIMEZONE with CRLF line ends: two yearly rules where the zone has them around that time, single changes
/// otherwise.
std::string write_vtimezone(const std::string& name, const ZoneTable& table, Instant around);

}  // namespace calgate
