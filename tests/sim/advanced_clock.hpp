#pragma once

#include "core/clock.hpp"

namespace calgate::testing {

/// Goes ahead of the real one on demand. Deadlines do not: they are the caller's.
class AdvancedClock final : public Clock {
public:
    explicit AdvancedClock(const Clock& real) : real_(real) {}
    Instant now() const override { return real_.now() + ahead; }
    SteadyInstant steady() const override { return real_.steady(); }

    std::chrono::seconds ahead{0};

private:
    const Clock& real_;
};

}  // namespace calgate::testing
