#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace calgate::bench {

/// P12: accounts at Google, Graph and twenty CalDAV servers, 100 ms away, polled every five minutes on real threads.
/// One of the CalDAV servers takes calls and never answers; one in a hundred of Google's accounts is refused for too
/// many calls. What the simulators cost is in the figures.
struct ManyAccounts {
    double share_of_core = 0;    ///< In the steady state.
    double first_reading_s = 0;  ///< Until every healthy account was read once.
    double longest_gap_s = 0;    ///< Between two readings of a healthy account.
    double memory_mib = 0;       ///< Of the engine: the simulators, which were there before, are not in it.
    std::size_t readings = 0, refused = 0, hung = 0;
};

/// @param folder An empty one, for the database. @param steady how long to watch.
ManyAccounts many_accounts(const std::string& folder, std::size_t accounts, std::chrono::seconds steady);

}  // namespace calgate::bench
