#pragma once

#include <memory>
#include <string>
#include <vector>

#include "connectors/ews/ews_session.hpp"
#include "connectors/freebusy/free_busy_connector.hpp"

namespace calgate::ews {

/// "availability/{address}/": the busy time of a mailbox that may not be read (a room, a colleague), as a calendar that
/// can only block time.
Href availability_href(const std::string& address);
/// The address in one, of a calendar or an event; empty for any other Href.
std::string mailbox_in(const Href&);

/// What GetUserAvailability says of one mailbox. Pure.
/// @param response a FreeBusyResponse. @param from begin of the window asked for, whose digits count from there.
/// @return an error for a mailbox that the service says nothing about, by an error, by a view of the kind None or by
/// leaving out both entries and digits: what is not known is never free.
Result<std::vector<freebusy::TakenTime>> read_availability(
    const Element& response, Instant from, const ZoneResolver&, const std::string& where
);

/// Such calendars, by GetUserAvailability. @param session, zones outlive it.
std::unique_ptr<freebusy::FreeBusySource> availability_source(Session& session, const ZoneResolver& zones);

}  // namespace calgate::ews
