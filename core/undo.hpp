#pragma once

#include "core/model.hpp"

namespace calgate {

/// `now` with the step from `before` to `after` taken back: each field that still is as the step left it becomes what
/// it was before; what was changed since stays. Start, end and zone are one field. Revision and times of change are
/// `now`'s.
Appointment undone(const Appointment& before, const Appointment& after, Appointment now);

}  // namespace calgate
