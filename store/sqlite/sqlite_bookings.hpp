#pragma once

#include "store/sqlite/database.hpp"
#include "store/store.hpp"

/// The reading half of who books for himself and of what the booking system was not told of yet; see Reader.
namespace calgate::sqlite {

std::optional<BookingOrigin> read_origin(const Database&, const AppointmentId&);
std::vector<BookingOrigin> read_origins(const Database&, const std::string& booking);
BookingTally read_tally(const Database&, const BookingOrigin&, Interval day, Instant now);
std::optional<BookingLink> read_link(const Database&, const std::string& id);
std::vector<BookingLink> read_links(const Database&, std::size_t limit);
std::optional<CallbackWait> read_wait(const Database&, const std::string& subject);
std::vector<CallbackWait> read_waits(const Database&, std::size_t limit);

}  // namespace calgate::sqlite
