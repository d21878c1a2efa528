#pragma once

#include "scheduler/engine.hpp"

namespace calgate {

/// Name of the setting that says a person has provisional bookings.
std::string provisional_setting(const StaffId&);

/// A source was read completely: when every source of its person is fresh again, the person's provisional bookings are
/// compared with them. One that overlaps a foreign busy event becomes a conflict that names both; all others are firm
/// from now on. Copies are not written again for it.
void recheck_provisional(const EngineParts&, const CalendarId& source);

}  // namespace calgate
