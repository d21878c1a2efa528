#pragma once

#include <string>

#include "tests/sim/sim_sites.hpp"

namespace calgate::testing {

/// Writes what a site is asked and answers, and what it notifies and hears, into `folder`/<name>.jsonl, begun anew, for
/// tests/contracts/check_exchanges.py. Answers that a fault replaces are left out: they keep no contract. Throws
/// std::runtime_error when it cannot be written.
void record(SimSite&, const std::string& folder);

}  // namespace calgate::testing
