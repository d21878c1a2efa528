#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/availability.hpp"
#include "gateway/http_server.hpp"
#include "store/booking.hpp"

namespace calgate {

/// A revision as an entity tag.
std::string etag(std::int64_t revision);

/// Thrown out of a transaction that is to be taken back whole: what to answer instead.
struct Refused : std::runtime_error {
    explicit Refused(HttpResponse with) : std::runtime_error("refused"), response(std::move(with)) {}
    HttpResponse response;
};

/// How a booking ended, for its caller.
HttpResponse booking_answer(const BookingResult&, const std::vector<Mirror>& mirrors);

/// Judges a new time by the person's external calendars; marks it provisional where the business wants that.
/// @return the refusal, if it is one.
std::optional<HttpResponse>
check_external(Appointment& wanted, const PersonBusy&, const Business&, Instant now, bool force, const ZoneResolver&);

}  // namespace calgate
