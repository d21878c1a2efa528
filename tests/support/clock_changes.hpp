#pragma once

#include <string>
#include <vector>

#include "core/zone.hpp"

namespace calgate::testing {

/// Midnights, in the zone, of the days in 2020–2035 on which its offset changes.
inline std::vector<LocalSeconds> clock_changes(const ZoneResolver& zones, const std::string& zone) {
    using std::chrono::hours;
    std::vector<LocalSeconds> out;
    const Instant end{std::chrono::sys_days{std::chrono::year{2036} / 1 / 1}};
    auto offset = std::chrono::seconds::max();
    for (Instant at{std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}}; at < end; at += hours{24}) {
        const LocalSeconds local = zones.to_local(at, zone);
        const auto now = local.time_since_epoch() - at.time_since_epoch();
        if (offset != std::chrono::seconds::max() && now != offset)
            out.push_back(std::chrono::floor<std::chrono::days>(local) - hours{24});
        offset = now;
    }
    return out;
}

}  // namespace calgate::testing
