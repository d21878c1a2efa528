#pragma once

#include <string>

#include "core/event.hpp"

namespace calgate::testing {

/// "2026-06-10T09:00:00" in Europe/Berlin.
When berlin(const std::string& local);
When utc(const std::string& local);
When whole_day(const std::string& date);

/// An hour in June 2026, with title, place and notes; ours, without mark and capsule.
Event haircut(const Uid&);

/// A calendar object of another program. @param inside lines of the VEVENT after UID and DTSTAMP, ends replaced by
/// CRLF.
std::string foreign_text(const Uid&, const std::string& inside);
/// One with an alarm, unknown properties and parameters, and a category.
std::string decorated_text(const Uid&);
/// One that servers store and that goes beyond what we read: a line of more than 256 KiB.
std::string oversized_text(const Uid&);

}  // namespace calgate::testing
