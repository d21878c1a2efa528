#pragma once

#include "scheduler/engine.hpp"

namespace calgate {

/// Cancels holds that have run out, in portions, and shows it to the availability index. A hold in the way of a booking
/// is cancelled by the booking itself; this is for those that nobody asks about. Throws StoreFailure. Any one thread.
void end_holds(const EngineParts&);

}  // namespace calgate
