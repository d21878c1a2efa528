#pragma once

#include <cstddef>

namespace calgate::bench {

/// What keeping many calendars costs in which nothing happens: an engine on a store in a file, a service in memory, an
/// account for each. Waiting is skipped, so that five minutes take as long as their work.
struct PollCost {
    double share_of_core = 0;
    double seconds = 0;  ///< Of the skipped and the real time together.
    std::size_t polls = 0;
    double writes = 0;  ///< Transactions a poll.
    double calls = 0;   ///< Of the service, a poll.
};

/// @param folder An empty one, for the database.
PollCost cost_of_polls(std::size_t calendars, const char* folder);

}  // namespace calgate::bench
