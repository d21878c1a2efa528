#pragma once

#include "tests/sim/seed_host.hpp"

namespace calgate::seeds {

/// Plays what the command line says, and prints what came of it. @param services and what `./dev sim` calls them.
/// @return 0: every promise was kept; 1: not; 2: the command line is none.
int play_seeds(int argc, char** argv, const HostMaker& services, const std::string& services_named);

}  // namespace calgate::seeds
