#pragma once

#include "core/zone.hpp"
#include "tests/sim/google_sim.hpp"
#include "tests/sim/sim_sites.hpp"

namespace calgate::testing {

/// "google" under Google's own host names. Calendars and events go by their ids, contents are event resources as JSON.
SimSite google_site(const Clock&, const ZoneResolver&, std::shared_ptr<GoogleSim>* simulator = nullptr);

}  // namespace calgate::testing
