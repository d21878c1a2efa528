#pragma once

#include <optional>
#include <string>

#include "core/manifest.hpp"
#include "store/store.hpp"

namespace calgate {

/// Whether the store still has the audit as a marker of a target saw it; the marker lies where nobody reaches who only
/// has the store (I30). @return a sentence when it has not; nothing when it has, or when another life of the store
/// wrote the marker.
std::optional<std::string> anchor_trouble(const Reader&, const Manifest&);
/// Notes such trouble in the feed, once for each place in the chain.
void note_anchor(Writer&, const CalendarId&, const Manifest&, Instant now);

}  // namespace calgate
