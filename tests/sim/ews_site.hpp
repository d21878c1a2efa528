#pragma once

#include <string>

#include "core/zone.hpp"
#include "tests/sim/sim_sites.hpp"

namespace calgate::testing {

/// An Exchange server of one mailbox, "mail.corp.example", with Autodiscover; items as CalendarItem elements.
SimSite ews_site(const std::string& profile, const Clock&, const ZoneResolver&);

}  // namespace calgate::testing
