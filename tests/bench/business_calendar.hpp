#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace calgate::bench {

/// One calendar object of a made-up business calendar over two years from 2026-01-01; the same seed gives the same
/// text. 70 % single timed, 10 % all-day, 15 % series, 5 % series with EXDATE and a moved instance; six zones.
std::vector<std::string> business_calendar(std::size_t events, std::uint64_t seed);

}  // namespace calgate::bench
