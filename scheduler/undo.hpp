#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/zone.hpp"
#include "store/booking.hpp"
#include "store/store.hpp"

namespace calgate {

/// What became of one appointment that a run had changed.
struct UndoneAppointment {
    AppointmentId appointment{};
    bool undone = false;
    std::string why{};  ///< A sentence when it was left as it is; what is not as before otherwise.
};

struct UndoReport {
    bool found = false;  ///< The number is that of a run.
    std::vector<UndoneAppointment> appointments{};
    std::vector<CalendarId> targets{};      ///< To wake.
    std::vector<BookingResult> bookings{};  ///< For the availability index.
};

/// Takes back what a run took over from a calendar, in one transaction: each field returns to its earlier value where
/// nobody changed it since (R25, I30). Again for the same run changes nothing.
/// @param run sequence of its `run.decided` in the change feed. @param actor "api", "cli".
/// @throws StoreFailure; nothing was changed then.
UndoReport undo_run(Store&, const ZoneResolver&, const Clock&, std::int64_t run, const std::string& actor);

}  // namespace calgate
