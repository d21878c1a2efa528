#pragma once

#include <memory>
#include <string_view>

#include "connectors/freebusy/free_busy_connector.hpp"
#include "connectors/google/google_connector.hpp"

namespace calgate::google {

/// freebusy.query: what the scope calendar.freebusy allows and nothing more, besides the list of calendars. Our own
/// copies are among the times where there are any. Arguments outlive what is made.
std::unique_ptr<freebusy::FreeBusySource> free_busy_source(
    http::HttpTransport&, const Clock&, oauth::TokenSource&, GoogleSettings
);

/// What an answer says of one calendar. An error of this calendar inside the answer is the answer.
/// @return InvalidResponse when the answer does not speak of it.
Result<std::vector<freebusy::TakenTime>> read_free_busy(std::string_view body, const std::string& calendar_id);

}  // namespace calgate::google
