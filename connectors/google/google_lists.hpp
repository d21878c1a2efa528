#pragma once

#include <vector>

#include "connectors/google/google_session.hpp"

namespace calgate::google {

/// calendarList.list, all pages, each calendar once.
Result<std::vector<RemoteCalendar>> list_calendars(const Session&, const Context&);

}  // namespace calgate::google
