#pragma once

#include <optional>
#include <string>

#include "core/ids.hpp"

namespace calgate::google {

/// What our SyncTokens hold. Google's token belongs to one calendar and one set of parameters (trap G9).
struct Cursor {
    std::string parameters{};  ///< Fingerprint of calendar and query.
    std::string sync{};        ///< Google's syncToken of this round; empty in a full listing.
    std::string page{};        ///< Google's pageToken, in the middle of a round.
    std::string after{};       ///< Of that page everything up to this key was handed out.
    bool middle = false;       ///< In the middle of a round; the page token may still be empty.
    bool operator==(const Cursor&) const = default;
};

SyncToken write_cursor(const Cursor&);
/// Nothing for a token that is not ours.
std::optional<Cursor> read_cursor(const SyncToken&);

}  // namespace calgate::google
