#pragma once

#include "store/store.hpp"

namespace calgate {

/// Back-off of writes that are still to be made ends; what waits for lagging reads keeps waiting (I7).
void release_writes(Writer&, const CalendarId&);

/// A person connected the calendar's account again: what the service refused until then is tried at once, and a
/// refusal that comes again is told again. What became of a calendar that is gone is asked with the next run.
void try_again(Writer&, const CalendarId&);

/// Whether a calendar that was refused, or is gone, is tried again now: so long after it was last tried that a service
/// that means it is not bothered (write access: an hour, a calendar that is gone: a day).
bool is_retried(const Reader&, const Calendar&, Instant now);

/// Nothing is left of what the gateway noted about refusals.
void forget_refused(Writer&, const CalendarId&);

}  // namespace calgate
