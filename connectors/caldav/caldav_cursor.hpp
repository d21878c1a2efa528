#pragma once

#include <optional>
#include <string>

#include "core/ids.hpp"

namespace calgate::caldav {

/// What our SyncTokens hold.
struct Cursor {
    bool sync = false;      ///< A sync-collection token; otherwise a ctag.
    std::string token{};    ///< The service's, byte for byte; empty on a page of a full listing that starts over.
    bool page = false;      ///< In the middle of something; the rest is only meant then.
    bool snapshot = false;  ///< Of a full listing.
    std::string after{};    ///< Members up to this href were handed out.
    std::string final{};    ///< Token to hand out in the end; empty: the one that comes.
    bool operator==(const Cursor&) const = default;
};

SyncToken write_cursor(const Cursor&);
/// Nothing for a token that is not ours.
std::optional<Cursor> read_cursor(const SyncToken&);

}  // namespace calgate::caldav
