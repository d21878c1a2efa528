#pragma once

#include "tests/sim/seed_host.hpp"

namespace calgate::seeds {

/// Google, Graph or Exchange in one of its habits, each three times of ten, and else what `make_caldav_host` makes.
std::unique_ptr<Host> make_any_host(const Ground&);

}  // namespace calgate::seeds
