#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"

namespace calgate::ews {

/// What our SyncTokens hold.
struct Cursor {
    bool listing = true;     ///< A full listing is under way.
    std::string state{};     ///< SyncState, opaque and of any length; empty: from the start.
    std::string bound_to{};  ///< Fingerprint of server, mailbox and calendar.
    /// Marks of items that the service told about and did not take back. One of them called new means that the service
    /// began from the start without saying so.
    std::vector<std::string> told{};
    bool operator==(const Cursor&) const = default;
};

constexpr std::size_t kMostTold = 32;
std::string mark_of_item(const std::string& id);

SyncToken write_cursor(const Cursor&);
/// Nothing for a token that is not ours, or no longer as we wrote it.
std::optional<Cursor> read_cursor(const SyncToken&);

}  // namespace calgate::ews
