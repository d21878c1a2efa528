#pragma once

#include "core/zone.hpp"
#include "tests/sim/graph_sim.hpp"
#include "tests/sim/sim_sites.hpp"

namespace calgate::testing {

/// "graph" under Microsoft's own host names. Calendars and events go by their ids, contents are the service's JSON.
SimSite graph_site(
    const std::string& profile, const Clock&, const ZoneResolver&, std::shared_ptr<GraphSim>* simulator = nullptr
);

}  // namespace calgate::testing
