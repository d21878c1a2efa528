#pragma once

#include <vector>

#include "store/booking.hpp"

namespace calgate {

/// Of what was moved onto other appointments of the same person, takes over what has room now or together: two that
/// changed places, however far apart the two moves were read. A move that waits for an answer since an earlier run is
/// taken with them, and its conflict closed, unless its appointment was booked for another time since. Inside the
/// caller's transaction; what stays without room is left as it is.
/// @param moved in this run, as their copies show them. @return what was stored.
std::vector<BookingResult> change_places(
    Writer&, const Calendar&, std::vector<Placing> moved, const ZoneResolver&, Instant now
);

}  // namespace calgate
