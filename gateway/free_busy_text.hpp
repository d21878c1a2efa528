#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/availability.hpp"
#include "core/zone.hpp"

namespace calgate {

/// A person in a free/busy answer.
struct FreeBusyPerson {
    const PersonBusy& person;
    bool refused = false;  ///< The data is too old to be believed: nothing may be read as free.
};

/// VFREEBUSY components in one VCALENDAR (RFC 5545 3.6.4), one for each person, UID: the person's id. Busy and
/// tentative time as such; what lies outside working hours as BUSY-UNAVAILABLE, and so is all of it for who is refused.
/// COMMENT says for each source how old it is. CRLF, folded. No I/O.
std::string free_busy_text(const std::vector<FreeBusyPerson>&, Interval window, Instant now, const ZoneResolver&);

/// "20260329T010000Z"
std::string utc_text(Instant);

/// Folded at 75 octets, never within a character (RFC 5545 3.1), with its line end.
std::string content_line(std::string_view line);

}  // namespace calgate
