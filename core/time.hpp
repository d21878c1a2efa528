#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace calgate {

/// A point in time, UTC, whole seconds.
using Instant = std::chrono::sys_seconds;
/// Wall time somewhere, without its zone.
using LocalSeconds = std::chrono::local_seconds;
/// Monotonic time for deadlines, retries and leases (I23).
using SteadyInstant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;

/// Later than anything that is booked.
constexpr Instant kFarFuture{std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}};

/// When something is, as iCalendar says it (RFC 5545 3.3.4, 3.3.5). Becomes an Instant only through a ZoneResolver.
struct When {
    enum class Kind : std::uint8_t {
        Date,      ///< A whole day; `local` is its midnight.
        Zoned,     ///< `local` in `zone`.
        Utc,       ///< `local` is UTC.
        Floating,  ///< `local` in whatever zone the calendar has.
    };
    Kind kind = Kind::Utc;
    LocalSeconds local{};
    /// IANA name, or "embedded:<digest>" for a VTIMEZONE that no table knows. Only for Zoned.
    std::string zone{};

    auto operator<=>(const When&) const = default;
};

/// Half open: [start, end).
struct Interval {
    Instant start{};
    Instant end{};
    auto operator<=>(const Interval&) const = default;
};

/// "2026-03-29T09:00:00"; a Date is "2026-03-29". Nothing for anything else; no zone, no fraction.
std::optional<LocalSeconds> parse_local(std::string_view text);
std::string format_local(LocalSeconds local);
std::string format_date(LocalSeconds local);
/// RFC 3339 with Z or a numeric offset: "2026-03-29T07:00:00Z".
std::optional<Instant> parse_instant(std::string_view text);
std::string format_instant(Instant instant);
/// The same, at the end of `out`.
void append_instant(std::string& out, Instant instant);

}  // namespace calgate
