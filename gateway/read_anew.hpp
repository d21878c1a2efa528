#pragma once

#include "store/store.hpp"

namespace calgate {

/// What of others lies in a busy source is fetched and understood again with the next reading, although the service
/// calls it unchanged: for whenever what it is understood by has changed (its role, its person, the person's zone or
/// addresses). The busy time that is there stays until then. Does nothing for a calendar that blocks no time.
void read_anew(Writer&, Calendar&);

}  // namespace calgate
