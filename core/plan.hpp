#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/brake.hpp"
#include "core/reconcile.hpp"

namespace calgate {

/// One of our copies as a run over its calendar found it.
struct FoundCopy {
    std::optional<Shown> base{};  ///< What both sides last agreed on.
    Shown ours{};                 ///< What it should show; `cancelled` when it should not be there.
    Instant ours_changed_at{};
    std::optional<Theirs> theirs{};   ///< Absent: not seen, which proves nothing (I11).
    bool asked = false;               ///< An open conflict asks a person about this copy.
    bool hidden = false;              ///< Its deletion was taken as "not in this calendar".
    bool of_earlier_booking = false;  ///< A person put back the copy of a booking before this one.
};

/// What was found before in the same run, by earlier plans that were carried out.
struct RunSoFar {
    int deletions = 0;
    Taking taking{};
};

struct Plan {
    std::vector<Step> steps{};          ///< One per copy, in their order.
    Taking taking{};                    ///< Of these steps alone.
    int deletions = 0;                  ///< Of these copies, such as nobody was asked about.
    std::optional<std::string> held{};  ///< Set: a person has to look first, none of the steps is carried out (I13).
};

/// Whether a step takes something from the calendar into the booking system.
bool takes(StepKind);
/// Whether a step decides about what a person did: takes it, asks, or writes over it. The brake counts these (I13).
bool decides(const Step&);

/// Decides over everything that a run found on one target. Pure; the brake judges the run as a whole.
/// @param limits `copies` of the target.
Plan plan_run(const std::vector<FoundCopy>&, const RunSoFar&, const ReconcilePolicy&, const BrakeLimits& limits, const ZoneResolver&);

}  // namespace calgate
