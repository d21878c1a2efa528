#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/zone.hpp"
#include "store/booking.hpp"
#include "store/store.hpp"

namespace calgate {

enum class Resolution : std::uint8_t {
    Ours,    ///< The copy is written again as we have it; for a brake: reject.
    Theirs,  ///< What the calendar shows is taken over; for a brake: approve, once.
};

struct ResolutionResult {
    enum class Outcome : std::uint8_t { Resolved, NotFound, AlreadyResolved, Overlap } outcome{};
    std::string why{};                      ///< A sentence when it was not resolved.
    std::vector<CalendarId> targets{};      ///< To wake.
    std::vector<BookingResult> bookings{};  ///< For the availability index.
};

/// Carries out a person's decision in one transaction, and notes it (I12, I30). @param actor "api", "cli".
/// @throws StoreFailure; nothing was changed then.
ResolutionResult apply_resolution(
    Store&, const ZoneResolver&, const Clock&, std::int64_t conflict, Resolution, const std::string& actor
);

}  // namespace calgate
