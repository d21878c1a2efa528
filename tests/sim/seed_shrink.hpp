#pragma once

#include "tests/sim/seed_run.hpp"

namespace calgate::seeds {

/// A play that breaks a promise, made smaller.
struct Shrunk {
    Play play{};
    Verdict verdict{};
    int plays = 0;          ///< How many were tried.
    bool complete = false;  ///< Nothing more can be left out alone; otherwise time ran out.
};

/// Leaves out operations and kinds of faults for as long as the same promise still breaks.
/// @param broken the verdict of `play`, with a violation. @param seconds of this processor.
Shrunk shrink(const Play& play, const Verdict& broken, const ZoneResolver&, double seconds);

}  // namespace calgate::seeds
