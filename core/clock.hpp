#pragma once

#include <cstdint>
#include <span>

#include "core/time.hpp"

namespace calgate {

/// Source of time. Implementations may be called from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    virtual Instant now() const = 0;           ///< Wall clock, UTC. For people and calendars.
    virtual SteadyInstant steady() const = 0;  ///< For deadlines, back-off, breakers (I23).
};

/// Source of randomness. Implementations may be called from any thread.
class Random {
public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;                       ///< Uniform over 64 bits.
    virtual void fill(std::span<unsigned char> bytes) = 0;  ///< Fit for keys.
};

}  // namespace calgate
