#pragma once

#include "core/clock.hpp"

namespace calgate {

/// The machine's clocks. Any thread.
class SystemClock final : public Clock {
public:
    Instant now() const override { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }
    SteadyInstant steady() const override {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now());
    }
};

}  // namespace calgate
