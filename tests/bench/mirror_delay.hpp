#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace calgate::bench {

/// From the acknowledgement of a booking or a move until the service has its copy, on real threads.
struct MirrorDelay {
    std::string service{};
    std::size_t copies = 0, missing = 0;
    double p50_s = 0, p99_s = 0;
    double calls = 0;  ///< A copy, everything that was asked meanwhile included.
};

/// P9: ten people, each at Google, Graph and one of two CalDAV servers, 100 ms away; 50 changes a second, half of them
/// moves. @param folder An empty one, for the database. @return a row for each service.
std::vector<MirrorDelay> mirror_delay(const std::string& folder);

/// What waited in one account after an outage.
struct CatchUp {
    std::string service{};
    int allowed = 0;   ///< Calls a minute that the service admits.
    double share = 0;  ///< Of the rate that they allow.
    int calls = 0, refused = 0;
    int idle_calls = 0;  ///< In the ten minutes after.
};

/// P10: 5,000 changes, at the quota that the provider documents. Simulated time. @param calls_a_copy that count at the
/// service, at least.
CatchUp catch_up(const std::string& folder, const std::string& service, double calls_a_copy);

}  // namespace calgate::bench
