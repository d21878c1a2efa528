#pragma once

#include "store/exposure.hpp"
#include "store/store.hpp"

namespace calgate {

/// As the store counts it, or counted over all that waits where it keeps no count.
Exposure exposure_of(const Reader&);

}  // namespace calgate
