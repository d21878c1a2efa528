#pragma once

#include <cstddef>
#include <string>

#include "core/clock.hpp"
#include "core/zone.hpp"

namespace calgate::bench {

/// Fills the store of a gateway that was made by `calgate init` and does not run: so many people, each with a calendar
/// of so many events, as it stands after the first reading. Their account waits for a person, so nobody reads them
/// again.
void fill_store(const std::string& directory, std::size_t people, std::size_t events, const ZoneResolver&, const Clock&);

}  // namespace calgate::bench
