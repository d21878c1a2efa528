#pragma once

#include <string>

#include "store/store.hpp"

namespace calgate {

/// The calendar is no target and no source any more; each of its copies waits to be deleted. Appointments stay as they
/// are. Given again, what is left waits anew.
void want_no_copies(Writer&, const CalendarId&);

/// How many copies are at the service still, as far as we know.
std::int64_t copies_at(const Reader&, const CalendarId&);

/// Forgets the calendar with all that is known of it; open conflicts about it end with what we have. Appointments stay,
/// and so do the copies at the service: their names follow from the calendar, so that connecting it again finds them.
/// @param actor "api". @return the conflicts that were closed.
int forget_calendar(Writer&, const CalendarId&, Instant now, const std::string& actor);

}  // namespace calgate
