#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace calgate::testing {

/// A compiled zone file (RFC 8536), read without any library: the second opinion on ZoneResolver.
class ZoneFile {
public:
    /// Throws when there is no such file.
    explicit ZoneFile(const std::string& zone);

    std::int64_t offset_at(std::int64_t utc) const;
    /// RFC 5545 3.3.5, by trying every offset the zone ever has: the earliest instant that shows this wall time, or,
    /// in a gap, the wall time at the offset before it.
    Instant to_instant(LocalSeconds local) const;
    const std::vector<std::pair<std::int64_t, std::int64_t>>& changes() const { return changes_; }

private:
    std::int64_t first_ = 0;
    std::vector<std::pair<std::int64_t, std::int64_t>> changes_{};  ///< From that second on, that offset.
};

}  // namespace calgate::testing
