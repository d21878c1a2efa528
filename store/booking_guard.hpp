#pragma once

#include <optional>

#include "core/booking_rules.hpp"
#include "core/model.hpp"
#include "core/zone.hpp"
#include "store/store.hpp"

namespace calgate {

/// The rule that `wanted` would break, told by what is open in the caller's transaction: asked in the one that books,
/// no two callers can both be the last whom a limit lets in. An appointment that is open already and stays where it
/// counts adds to nothing there, so that lowering a limit takes no booking away.
/// @param origin where the booking comes from, as it is to be kept. @param link what the link it came with is.
std::optional<BookingRule> rule_against(
    const Reader&,
    const BookingLimits&,
    const Appointment& wanted,
    const BookingOrigin& origin,
    LinkState link,
    const ZoneResolver&,
    Instant now
);

/// What a link is to somebody who wants this service at `now`. @param link nothing: there is none with that name.
/// @param customer whom the caller names; empty: nobody. @param appointment not counted as a use.
LinkState state_of_link(
    const Reader&,
    const std::optional<BookingLink>& link,
    const ServiceId& service,
    const std::string& customer,
    const AppointmentId& appointment,
    Instant now
);

}  // namespace calgate
