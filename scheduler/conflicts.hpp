#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/zone.hpp"
#include "store/booking.hpp"
#include "store/store.hpp"

namespace calgate {

enum class Resolution : std::uint8_t {
    Ours,    ///< The copy is written again as we have it; for a brake: reject.
    Theirs,  ///< What the calendar shows is taken over; for a brake: approve, once.
    Merged,  ///< What only one side changed, and `Wish`; not for a brake.
};

/// What a person wants instead of either side. Local times of the appointment's zone; a start alone keeps the length.
struct Wish {
    std::optional<LocalSeconds> start{};
    std::optional<LocalSeconds> end{};
    std::optional<std::string> title{};
    std::optional<std::string> place{};
    std::optional<std::string> notes{};
};

struct ResolutionResult {
    enum class Outcome : std::uint8_t { Resolved, NotFound, AlreadyResolved, Overlap, Impossible } outcome{};
    std::string why{};                      ///< A sentence when it was not resolved.
    std::vector<CalendarId> targets{};      ///< To wake.
    std::vector<BookingResult> bookings{};  ///< For the availability index.
};

/// A person's decision.
struct ConflictAnswer {
    ConflictAnswer(Resolution decided, Wish wanted = {}) : resolution(decided), wish(std::move(wanted)) {}
    Resolution resolution{};
    Wish wish{};  ///< With Merged only.
};

/// What a person says about a run that waits there: it holds for the next reading of the calendar.
void answer_brake(Writer&, const CalendarId&, Resolution);

/// What the appointment is when theirs counts: what was changed in the calendar is taken over, and nothing else.
/// @param theirs shown by the copy and not cancelled.
Appointment
as_theirs(const Reader&, const Conflict&, const Appointment&, const Calendar&, const Business&, const ZoneResolver&);

/// apply_resolution() within the caller's transaction.
ResolutionResult resolve(
    Writer&, const ZoneResolver&, Instant now, std::int64_t conflict, const ConflictAnswer&, const std::string& actor
);

/// Carries out a person's decision in one transaction, and notes it (I12, I30). @param actor "api", "cli".
/// @throws StoreFailure; nothing was changed then.
ResolutionResult apply_resolution(
    Store&, const ZoneResolver&, const Clock&, std::int64_t conflict, const ConflictAnswer&, const std::string& actor
);

}  // namespace calgate
