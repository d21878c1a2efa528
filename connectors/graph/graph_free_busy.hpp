#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "connectors/freebusy/free_busy_connector.hpp"
#include "connectors/graph/graph_connector.hpp"

namespace calgate::graph {

/// getSchedule: what Calendars.ReadBasic allows and nothing more, besides the list of calendars. It speaks of a person
/// and not of a calendar, so the one calendar listed is the mailbox's own, "schedules/{address}/"; our own copies are
/// among its times where there are any. Personal accounts have no schedule: Graph refuses them. Arguments outlive what
/// is made.
std::unique_ptr<freebusy::FreeBusySource> free_busy_source(
    http::HttpTransport&, const Clock&, const ZoneResolver&, oauth::TokenSource&, GraphSettings
);

/// What an answer says of one address. An error of this address inside the answer is the answer.
/// @return InvalidResponse when the answer does not speak of it, or says in one member that time is taken and in
/// another that none is.
Result<std::vector<freebusy::TakenTime>>
read_schedule(std::string_view body, const std::string& address, const ZoneResolver&);

}  // namespace calgate::graph
