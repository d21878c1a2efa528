#pragma once

#include <optional>

#include "core/clock.hpp"
#include "core/model.hpp"

namespace calgate {

/// What this process has done with a calendar so far.
struct ThisLife {
    /// When it began, or last could not write down what it did: of appointments that are older there may be copies that
    /// no row knows of.
    struct Unsure {
        SteadyInstant since{};
        Instant older_than{};
    };

    Unsure unsure{};
    bool read = false;          ///< So the store has seen who wrote there.
    bool marked = false;        ///< Its marker was written.
    bool tried_parked = false;  ///< Whatever the service had refused was tried once more (R20).
    /// Since when the row holds all there is: of the last reading that went well. The row itself may say an earlier
    /// time, never a later one.
    std::optional<Instant> as_of{};
    std::optional<SyncToken> after{};  ///< The row's, when it was loaded last.
    std::optional<SyncToken> token{};  ///< Of a later reading, not written down; counts while the row has `after`.
};

/// How new a calendar is as this process knows it. Nothing while the row says nothing: it is to be read anew.
std::optional<Instant> as_of_in(const Calendar& row, const ThisLife& life);

}  // namespace calgate
