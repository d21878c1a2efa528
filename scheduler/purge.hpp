#pragma once

#include <string>
#include <vector>

#include "core/purge.hpp"
#include "scheduler/listing.hpp"

namespace calgate {

struct PurgeReport {
    int deleted = 0;                   ///< By us, or gone already.
    int left = 0;                      ///< Somebody made them theirs meanwhile, or the service refused.
    std::vector<std::string> notes{};  ///< A sentence each, of the first few that are left.
    std::optional<Error> stopped{};    ///< The service gave out; what is left is left, run it again.
};

/// Deletes what the plan names, each only as it was read and only while it is still ours; one that changed is read
/// anew. Markers go last, and only when no copy is left. Nobody is mailed. Uses options' wait and progress as
/// list_calendar() does.
PurgeReport carry_out(const PurgePlan&, Connector&, const Clock&, const ListingOptions&);

}  // namespace calgate
