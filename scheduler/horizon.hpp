#pragma once

#include "scheduler/engine.hpp"

namespace calgate {

/// Computes the busy time of cached events anew whose horizon ends within a week, at most 500 of them per call, and
/// shows it to the availability index. An event that can no longer be read keeps the busy time it had. Throws
/// StoreFailure; the events written until then stay written. Any one thread.
void expand_horizon(const EngineParts&, const Engine::Settings&);

}  // namespace calgate
