#pragma once

#include <string>
#include <vector>

#include "connectors/caldav/caldav_session.hpp"

namespace calgate::caldav {

struct Discovery {
    std::vector<RemoteCalendar> calendars{};
    std::vector<std::string> addresses{};  ///< The owner's, mailto: stripped.
};

/// From whatever URL the account has (host, principal, home, one calendar) to its calendars (RFC 6764 6, 5397, 4791
/// 6.2.1). @return NotFound or InvalidResponse with what to enter instead when no CalDAV is there.
Result<Discovery> discover(const Session&, const Context&, const std::string& url, const ZoneResolver&);

}  // namespace calgate::caldav
