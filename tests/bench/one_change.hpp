#pragma once

#include <cstddef>

namespace calgate::bench {

/// What one run over a calendar costs once it is cached: an engine on a store in a file, a service in memory.
struct RunCost {
    double unchanged_s = 0;      ///< CPU of a run that finds nothing new.
    double changed_s = 0;        ///< CPU of a run that finds one event changed.
    double calls_unchanged = 0;  ///< Of the service, a run.
    double calls_changed = 0;
};

/// @param folder An empty one, for the database. @return medians of a hundred runs each.
RunCost cost_of_runs(std::size_t events, const char* folder);

}  // namespace calgate::bench
