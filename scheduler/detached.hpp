#pragma once

#include <set>
#include <vector>

#include "core/connector.hpp"
#include "store/store.hpp"

namespace calgate {

/// Some CalDAV servers keep a changed occurrence of a series as an object of its own, with the same UID and a
/// RECURRENCE-ID. It takes its own time; the series has to leave out the slot that it had.

/// Notes that the calendar holds such objects: only then they are looked for.
void note_detached(Writer&, const CalendarId&);
bool holds_detached(const Reader&, const CalendarId&);

/// The slots of a series that objects of their own stand for. @param connector reads what is cached.
std::vector<When> detached_slots(const Reader&, const CalendarId&, const Uid&, const Connector& connector);

}  // namespace calgate
