#pragma once

#include <optional>
#include <string>

#include "core/ids.hpp"
#include "core/time.hpp"

namespace calgate::graph {

/// What our SyncTokens hold.
struct Cursor {
    enum class Phase : std::uint8_t {
        Walk,  ///< The first delta round of a full listing, read only for its deltaLink.
        List,  ///< The pages of /events; `final` waits.
        Follow,
    };
    Phase phase = Phase::Walk;
    std::string link{};      ///< To request next, as the service gave it; empty: from the start.
    std::string base{};      ///< Follow: the deltaLink that the round began with. List: the deltaLink of the walk.
    Instant window_end{};    ///< Of the delta feed.
    std::string bound_to{};  ///< Fingerprint of mailbox, calendar, feed and headers.
    bool restarted = false;  ///< The round began anew once already, because its nextLink had died.
    bool operator==(const Cursor&) const = default;
};

SyncToken write_cursor(const Cursor&);
/// Nothing for a token that is not ours, or no longer as we wrote it.
std::optional<Cursor> read_cursor(const SyncToken&);

}  // namespace calgate::graph
