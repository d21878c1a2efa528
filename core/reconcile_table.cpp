#include "core/reconcile_table.hpp"

#include <algorithm>
#include <iterator>

#include "core/result.hpp"

namespace calgate {
namespace {

struct Row {
    Happened happened;
    StepKind step;
    std::optional<ConflictKind> conflict;
    const char* why;
};

struct DeletionRow {
    DeletionPolicy policy;
    StepKind only_one;  ///< The only deletion in its run.
    StepKind of_several;
};

template <class Policy>
struct PolicyRow {
    Policy policy;
    StepKind step;
    std::optional<ConflictKind> conflict;
    const char* why;
};

struct ClashRow {
    ConcurrentEditPolicy policy;
    Winner winner;
};

constexpr std::optional<ConflictKind> kNone{};
constexpr auto kClash = ConflictKind::ConcurrentEdit, kKept = ConflictKind::DeletedAndEdited;
constexpr auto kDeletion = ConflictKind::Deletion, kOnto = ConflictKind::MovedOntoAnother;

// clang-format off
constexpr Row kRows[]{
    // what happened                      what is done            kept for a person  why
    {Happened::NothingChanged,            StepKind::Nothing,      kNone,             "Nothing changed."},
    {Happened::SameOnBothSides,           StepKind::Settle,       kNone,             "Both sides say the same."},
    {Happened::NothingAgreed,             StepKind::WriteOurs,    kNone,             "Nothing was agreed yet; the appointment is written."},
    {Happened::OursChanged,               StepKind::WriteOurs,    kNone,             "Only the appointment changed."},
    {Happened::OursWins,                  StepKind::WriteOurs,    kClash,            "Both sides changed the same field; the policy lets the booking system's version stand, and the edit is kept here."},
    {Happened::TheirsChanged,             StepKind::TakeTheirs,   kNone,             "Only the calendar changed, or its side wins."},
    {Happened::OtherFieldsChanged,        StepKind::Merge,        kNone,             "Both sides changed, other fields."},
    {Happened::OursWinsInPart,            StepKind::Merge,        kClash,            "Both sides changed the same field and others; the policy lets the booking system's version of that field stand, and the edit is kept here."},
    {Happened::SameFieldChanged,          StepKind::OpenConflict, kClash,            "Both sides changed the same field; the booking system's version stays until a person decides."},
    {Happened::DeletedBefore,             StepKind::WriteOurs,    kNone,             "That deletion was settled before; the appointment was booked again since."},
    {Happened::OursCancelled,             StepKind::DeleteCopy,   kNone,             "The appointment is cancelled; the copy goes."},
    {Happened::OursCancelledCopyEdited,   StepKind::DeleteCopy,   kKept,             "The appointment was cancelled while its copy was edited; the cancellation stands and the edit is kept here."},
    {Happened::OursCancelledCopyDeleted,  StepKind::Settle,       kNone,             "The appointment is cancelled and the copy is gone."},
};

constexpr DeletionRow kCopyDeleted[]{
    // policy                      only one in the run     of several
    {DeletionPolicy::AskWhenMany,  StepKind::CancelOurs,   StepKind::OpenConflict},
    {DeletionPolicy::Cancel,       StepKind::CancelOurs,   StepKind::CancelOurs},
    {DeletionPolicy::Restore,      StepKind::RestoreCopy,  StepKind::RestoreCopy},
    {DeletionPolicy::Ask,          StepKind::OpenConflict, StepKind::OpenConflict},
    {DeletionPolicy::Hide,         StepKind::HideCopy,     StepKind::HideCopy},
};

constexpr PolicyRow<MovedAwayPolicy> kCopyMovedAway[]{
    // policy                     what is done            kept for a person  why
    {MovedAwayPolicy::Restore,    StepKind::RestoreCopy,  kNone,             "The copy was moved into another calendar of the same person; the appointment goes on and is written here again."},
    {MovedAwayPolicy::Ask,        StepKind::OpenConflict, kDeletion,         "The copy was moved into another calendar of the same person; decide whether the appointment is cancelled or the copy restored."},
    {MovedAwayPolicy::Hide,       StepKind::HideCopy,     kNone,             "The copy was moved into another calendar of the same person; the policy hides it in this one."},
};

constexpr PolicyRow<MovedOntoPolicy> kCopyMovedOnto[]{
    // policy                     what is done            kept for a person  why
    {MovedOntoPolicy::Ask,        StepKind::OpenConflict, kOnto,             "The copy was moved onto another appointment of the same person."},
    {MovedOntoPolicy::PutBack,    StepKind::WriteOurs,    kOnto,             "The copy was moved onto another appointment of the same person; the policy puts it back."},
};

constexpr PolicyRow<MaskedEditPolicy> kMaskEdited[]{
    // policy                     what is done            kept for a person  why
    {MaskedEditPolicy::Keep,      StepKind::Nothing,      kNone,             "Only what the copy hides was edited; that is its owner's."},
    {MaskedEditPolicy::PutBack,   StepKind::WriteOurs,    kClash,            "What the copy hides was edited; the policy writes the mask again, and the edit is kept here."},
};

constexpr ClashRow kSameField[]{
    // policy                         whose value counts
    {ConcurrentEditPolicy::Ask,       Winner::Person},
    {ConcurrentEditPolicy::Gateway,   Winner::Ours},
    {ConcurrentEditPolicy::Calendar,  Winner::Theirs},
    {ConcurrentEditPolicy::Newest,    Winner::Later},
};
// clang-format on

Rule deleted(StepKind step) {
    switch (step) {
        case StepKind::OpenConflict:
            return {
                step,
                ConflictKind::Deletion,
                "The copy was deleted in the calendar; decide whether the appointment is cancelled or the copy "
                "restored."};
        case StepKind::RestoreCopy:
            return {step, std::nullopt, "The copy was deleted; the policy restores it."};
        case StepKind::HideCopy:
            return {step, std::nullopt, "The copy was deleted; the policy hides it in this calendar."};
        case StepKind::CancelOurs:
        case StepKind::Nothing:
        case StepKind::Settle:
        case StepKind::WriteOurs:
        case StepKind::DeleteCopy:
        case StepKind::TakeTheirs:
        case StepKind::Merge:
            break;
    }
    return {step, std::nullopt, "The copy was deleted; the policy cancels the appointment."};
}

template <class Rows, class Member, class Key>
const auto& row_with(const Rows& rows, Member member, Key key) {
    const auto found =
        std::find_if(std::begin(rows), std::end(rows), [&](const auto& row) { return row.*member == key; });
    CALGATE_ASSERT(found != std::end(rows));
    return *found;
}

template <class Rows, class Policy>
Rule by_policy(const Rows& rows, Policy policy) {
    const auto& row = row_with(rows, &PolicyRow<Policy>::policy, policy);
    return {row.step, row.conflict, row.why};
}

}  // namespace

Rule rule_of(Happened happened, const ReconcilePolicy& policy, int deletions_in_run) {
    if (happened == Happened::CopyMovedOnto) return by_policy(kCopyMovedOnto, policy.moved_onto);
    if (happened == Happened::MaskEdited) return by_policy(kMaskEdited, policy.masked_edits);
    const bool moved_away = happened == Happened::CopyMovedAway;
    if (moved_away && policy.moved_away != MovedAwayPolicy::Deletion)
        return by_policy(kCopyMovedAway, policy.moved_away);
    if (moved_away || happened == Happened::CopyDeleted) {
        const auto& row = row_with(kCopyDeleted, &DeletionRow::policy, policy.deletions);
        return deleted(deletions_in_run > 1 ? row.of_several : row.only_one);
    }
    const auto& row = row_with(kRows, &Row::happened, happened);
    return {row.step, row.conflict, row.why};
}

Winner winner_of(ConcurrentEditPolicy policy) { return row_with(kSameField, &ClashRow::policy, policy).winner; }

}  // namespace calgate
