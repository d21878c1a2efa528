#pragma once

#include <optional>

#include "core/reconcile.hpp"

namespace calgate {

/// What happened to a copy and its appointment since both sides last agreed.
enum class Happened : std::uint8_t {
    NothingChanged,
    SameOnBothSides,     ///< Both say the same, and that is new to us.
    NothingAgreed,       ///< They differ and never agreed.
    OursChanged,         ///< And nothing else did.
    OursWins,            ///< Theirs changed only what both changed, to other values, and our side wins.
    TheirsChanged,       ///< Or their side wins.
    OtherFieldsChanged,  ///< Something of each side counts.
    OursWinsInPart,      ///< Something of each side counts, and where both changed one field our side wins.
    SameFieldChanged,    ///< To other values, and a person decides.
    MaskEdited,          ///< Nothing changed but what the copy hides.
    CopyDeleted,         ///< Or cancelled there.
    CopyMovedAway,       ///< Into another calendar of the same person.
    CopyMovedOnto,       ///< Another appointment of the same person.
    DeletedBefore,       ///< A deletion that was settled; booked again since.
    OursCancelled,
    OursCancelledCopyEdited,
    OursCancelledCopyDeleted,
};

struct Rule {
    StepKind step{};
    std::optional<ConflictKind> conflict{};
    const char* why = "";
};

/// Who decides a field that both sides changed.
enum class Winner : std::uint8_t { Person, Ours, Theirs, Later };

/// The reconcile table; everything that is decided about a copy stands in it. Pure.
Rule rule_of(Happened, const ReconcilePolicy&, int deletions_in_run);
Winner winner_of(ConcurrentEditPolicy);

}  // namespace calgate
