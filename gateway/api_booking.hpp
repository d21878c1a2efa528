#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/availability.hpp"
#include "core/booking_rules.hpp"
#include "core/zone.hpp"
#include "gateway/booking_answers.hpp"
#include "gateway/http_server.hpp"
#include "store/booking.hpp"

/// What the API's ways to book share.
namespace calgate {

/// Whether a calendar of this person was not read for longer than the business takes for fresh.
bool is_stale(const PersonBusy&, Instant now, std::chrono::seconds stale_after);

/// "per_customer", …: as it stands in calgate.toml or, of links, what is wrong.
const char* to_string(BookingRule);
/// For the booking system: 403 with the rule's name and what to do.
HttpResponse rule_answer(BookingRule);
/// For whoever comes too soon. RFC 6585 4.
HttpResponse too_soon(std::chrono::seconds wait);

}  // namespace calgate
