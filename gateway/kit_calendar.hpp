#pragma once

#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "core/connector.hpp"
#include "gateway/kit.hpp"

/// The outage kit as events of a CalDAV calendar, which phones show without this host.
namespace calgate {

/// Of every person an event per appointment, and one per day that says when there is free time.
std::vector<Event> kit_events(const Kit&, const ZoneResolver&);

/// Whether two addresses name one place, however they are written.
bool is_same_place(const std::string& url, const std::string& other);

/// Whether a calendar lies at the address (RFC 4791 4.2); false as well where that cannot be told.
bool is_calendar(http::HttpTransport&, const Clock&, const std::string& url, const http::Credentials&);

/// What an earlier kit left there becomes what `events` says; every other event stays. What did not change is not
/// written.
/// @param url of the calendar, which the connector's account lists. @return how many events were written or deleted.
Result<int> put_to_calendar(
    const std::vector<Event>& events, Connector&, const Clock&, const ZoneResolver&, const std::string& url
);

}  // namespace calgate
