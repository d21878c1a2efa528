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

struct ClashRow {
    ConcurrentEditPolicy policy;
    Winner winner;
};

constexpr std::optional<ConflictKind> kNone{};
constexpr auto kClash = ConflictKind::ConcurrentEdit, kKept = ConflictKind::DeletedAndEdited;

// clang-format off
constexpr Row kRows[]{
    // what happened                      what is done            kept for a person  why
    {Happened::NothingChanged,            StepKind::Nothing,      kNone,             "Nothing changed."},
    {Happened::SameOnBothSides,           StepKind::Settle,       kNone,             "Both sides say the same."},
    {Happened::NothingAgreed,             StepKind::WriteOurs,    kNone,             "Nothing was agreed yet; the appointment is written."},
    {Happened::OursChanged,               StepKind::WriteOurs,    kNone,             "Only the appointment changed, or its side wins."},
    {Happened::TheirsChanged,             StepKind::TakeTheirs,   kNone,             "Only the calendar changed, or its side wins."},
    {Happened::OtherFieldsChanged,        StepKind::Merge,        kNone,             "Both sides changed, other fields."},
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

}  // namespace

Rule rule_of(Happened happened, DeletionPolicy policy, int deletions_in_run) {
    if (happened == Happened::CopyDeleted) {
        const auto& row = row_with(kCopyDeleted, &DeletionRow::policy, policy);
        return deleted(deletions_in_run > 1 ? row.of_several : row.only_one);
    }
    const auto& row = row_with(kRows, &Row::happened, happened);
    return {row.step, row.conflict, row.why};
}

Winner winner_of(ConcurrentEditPolicy policy) { return row_with(kSameField, &ClashRow::policy, policy).winner; }

}  // namespace calgate
