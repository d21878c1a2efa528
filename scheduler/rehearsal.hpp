#pragma once

#include <string>
#include <vector>

#include "scheduler/engine.hpp"

/// Drills that run in a copy of the store, with a clock and a sign-in of their own: neither the living store nor the
/// service notices anything. The service is read; what would be written there is only noted (I31).
namespace calgate {

/// One thing that was tried, and whether it went as promised.
struct RehearsalStep {
    std::string name{};
    bool good = false;
    std::string found{};  ///< A sentence.
    std::chrono::milliseconds took{0};
};

/// The account's sign-in is taken back: one alarm, bookings and availability go on, no further call is made, and after
/// the next sign-in everything that waited is written (R15, F24).
/// @param living of the account; nobody else uses it meanwhile. @param calendar a target of the account.
/// @throws StoreFailure.
std::vector<RehearsalStep> rehearse_revoked(const EngineParts&, Connector& living, const CalendarId& calendar);

/// The wall clock is set ahead by `jump`, then back behind where it was: nothing is deleted, cancelled or written
/// again, availability stays, and what is booked then is written (I23, F27).
std::vector<RehearsalStep> rehearse_clock(
    const EngineParts&, Connector& living, const CalendarId& calendar, std::chrono::seconds jump
);

}  // namespace calgate
