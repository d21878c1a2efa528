#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connectors/freebusy/free_busy_connector.hpp"

namespace calgate::freebusy {

struct Block {
    Interval window{};
    std::vector<TakenTime> taken{};
};

/// A line for the window and one for each time in it, sorted and without repetition: equal for equal times.
std::string write_block(const Block&);

/// What write_block wrote, as an event that has no master: every time stands alone and counts as the table of busy
/// times says for its ShownAs. @return InvalidResponse for anything else, or for more than 5,000 times.
Result<Event> read_block(std::string_view text);

}  // namespace calgate::freebusy
