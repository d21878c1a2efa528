#pragma once

#include <optional>
#include <string>

#include "core/model.hpp"
#include "core/policy.hpp"
#include "core/zone.hpp"

namespace calgate {

/// The other side as the service shows it now.
struct Theirs {
    enum class Kind : std::uint8_t { Present, Gone } kind = Kind::Present;
    Shown shown{};                           ///< When present.
    std::optional<Instant> last_modified{};  ///< When the service says so.
    bool elsewhere = false;                  ///< When gone: it lies in another calendar of the same person.
};

enum class StepKind : std::uint8_t {
    Nothing,
    Settle,        ///< Both sides agree: record the base, write nowhere.
    WriteOurs,     ///< Update or create the copy.
    DeleteCopy,    ///< The appointment is gone, the copy is not.
    TakeTheirs,    ///< New appointment revision with `result`.
    Merge,         ///< Both: new appointment revision with `result`, and write it.
    CancelOurs,    ///< Staff deleted the copy: cancel the appointment.
    RestoreCopy,   ///< Staff deleted the copy: write it again under the next generation.
    HideCopy,      ///< Staff deleted the copy: it stays away from this calendar, the appointment goes on.
    OpenConflict,  ///< A person decides; `why` says what.
};

struct Step {
    StepKind kind = StepKind::Nothing;
    std::optional<Shown> result{};
    std::optional<ConflictKind> conflict{};
    std::string why{};  ///< The rule that decided, a sentence.
    bool operator==(const Step&) const = default;
};

/// The three-way decision of design section 5: pure, compared by meaning, a row per case.
/// @param base what both sides last agreed on; absent when nothing was ever confirmed.
/// @param ours what the copy should show; `cancelled` when the appointment is gone.
/// @param ours_changed_at when our side last changed, for the policy "newest".
/// @param deletions_in_run proven deletions in this run of this target, this one included.
Step reconcile(
    const std::optional<Shown>& base,
    const Shown& ours,
    Instant ours_changed_at,
    const Theirs& theirs,
    int deletions_in_run,
    const ReconcilePolicy& policy,
    const ZoneResolver& zones
);

/// What theirs says in the fields that the copy shows; ours in those that it hides, so that a mask, and what its owner
/// wrote over it, is never an edit.
Shown unmasked(const Shown& theirs, const Shown& ours, CopyDetail);

/// What a person means who lets the calendar's side stand: theirs in each field that it changed, ours in the others. A
/// field that the copy hides says nothing.
/// @param base what both sides agreed on before; absent: theirs in every field that the copy shows.
/// @param ours as it is now, which may be newer than what the person was asked about.
Shown taken_over(const std::optional<Shown>& base, const Shown& ours, const Shown& theirs, CopyDetail detail, const ZoneResolver&);

/// Likewise for a person who wants both sides' changes: ours where both changed a field.
Shown joined(const Shown& base, const Shown& ours, const Shown& theirs, CopyDetail detail, const ZoneResolver&);

/// Same meaning: equal instants or equal dates, text equal after line ends and trailing blanks are normalised.
/// A zone's label alone is no difference.
bool same_meaning(const Shown& a, const Shown& b, const ZoneResolver& zones);

/// The appointment with those fields changed in which `result` differs from `ours`: the rest stays, what a copy hides
/// too.
/// @param zone of floating times.
Appointment
with_changes(Appointment, const Shown& ours, const Shown& result, const std::string& zone, const ZoneResolver&);

}  // namespace calgate
