#pragma once

#include "tests/sim/seed_host.hpp"

namespace calgate::seeds {

/// Plays what the command line says, and prints what came of it. @param everywhere all five services; empty: they are
/// not in this program.
/// @return 0: every promise was kept; 1: not; 2: the command line is none.
int play_seeds(int argc, char** argv, const HostMaker& everywhere);

}  // namespace calgate::seeds
