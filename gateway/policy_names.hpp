#pragma once

#include "core/policy.hpp"

namespace calgate {

/// Names as calgate.toml and the API give them.
const char* to_string(ConcurrentEditPolicy);
const char* to_string(DeletionPolicy);
const char* to_string(MovedOntoPolicy);
const char* to_string(MovedAwayPolicy);
const char* to_string(DuplicatePolicy);
const char* to_string(MaskedEditPolicy);

}  // namespace calgate
