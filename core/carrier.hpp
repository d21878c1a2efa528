#pragma once

#include <memory>

#include "core/connector.hpp"
#include "core/event.hpp"

namespace calgate {

/// Moves mark and capsule into a last line of the notes, for a calendar that drops properties.
void carry_in_notes(Event&);
/// The other way round; an event without such a line, or with a mark of its own, stays as it is.
void take_from_notes(Event&);

/// The same connector, whose events come with mark and capsule wherever they were carried.
std::unique_ptr<Connector> reading_notes(std::unique_ptr<Connector>);

}  // namespace calgate
