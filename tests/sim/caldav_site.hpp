#pragma once

#include "tests/sim/caldav_sim.hpp"
#include "tests/sim/sim_sites.hpp"

namespace calgate::testing {

/// "caldav-rfc" for the profile "rfc". The host is "rfc.caldav.localhost", or Apple's own for "icloud". `simulator`
/// receives the service where the caller wants to reach it directly.
SimSite caldav_site(const std::string& profile, const Clock&, std::shared_ptr<CaldavSim>* simulator = nullptr);

}  // namespace calgate::testing
