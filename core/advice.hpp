#pragma once

#include "core/result.hpp"

namespace calgate {

/// What the scheduler does next after a call failed.
enum class Action : std::uint8_t {
    RetryLater,    ///< Back off; counts against the breaker when `counts_as_outage`.
    PauseAccount,  ///< A person has to sign in again.
    ParkCalendar,  ///< A person has to look at this calendar.
    ParkItem,      ///< This event will never go through as it is.
    Rediscover,    ///< The event or calendar is not where it was: read before writing.
    FetchAndReconcile,
    ListEverything,  ///< Forget the sync token.
    Drop,            ///< We stopped it ourselves; nothing happened.
};
struct Advice {
    Action action{};
    bool counts_as_outage = false;  ///< Evidence against the service's health.
    bool outcome_unknown = false;   ///< If it was a write, it may have happened (I7).
    bool operator==(const Advice&) const = default;
};
Advice advice(const Error& error);

}  // namespace calgate
