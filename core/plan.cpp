#include "core/plan.hpp"

#include <algorithm>

namespace calgate {
namespace {

Step nothing(const char* why) { return {StepKind::Nothing, std::nullopt, std::nullopt, why}; }

bool is_gone(const FoundCopy& copy) {
    return copy.theirs && (copy.theirs->kind == Theirs::Kind::Gone || copy.theirs->shown.cancelled);
}

Step put_back(const FoundCopy& copy, const ZoneResolver& zones) {
    Step step{StepKind::WriteOurs, std::nullopt, std::nullopt, "An earlier booking's copy was put back."};
    if (copy.base && !same_meaning(copy.theirs->shown, *copy.base, zones))
        step.conflict = ConflictKind::DeletedAndEdited;
    return step;
}

Step step_for(const FoundCopy& copy, int deletions, const ReconcilePolicy& policy, const ZoneResolver& zones) {
    if (!copy.theirs) return nothing("It was not seen, which proves nothing.");
    const bool there = copy.theirs->kind == Theirs::Kind::Present;
    if (copy.hidden && is_gone(copy))
        return {StepKind::Settle, std::nullopt, std::nullopt, "It was hidden in this calendar and stays away."};
    if (copy.of_earlier_booking && there && !copy.ours.cancelled) return put_back(copy, zones);
    const bool moot = copy.ours.cancelled && !(there && copy.base);  // Nothing to lose by going on.
    const bool agrees =
        there && same_meaning(unmasked(copy.theirs->shown, copy.ours, policy.copy_detail), copy.ours, zones);
    if (copy.asked && !moot && !agrees) return nothing("A person was asked about this copy and has not answered.");
    return reconcile(copy.base, copy.ours, copy.ours_changed_at, *copy.theirs, deletions, policy, zones);
}

Taking taking_of(const Step& step, const FoundCopy& copy, const ZoneResolver& zones) {
    if (!decides(step)) return {};
    Taking out;
    out.changed = 1;
    out.deleted = is_gone(copy) ? 1 : 0;
    const auto& theirs = copy.theirs->shown;
    if (is_gone(copy) || !copy.base || theirs.start.kind != copy.base->start.kind) return out;
    const auto by = zones.to_instant(theirs.start, "UTC") - zones.to_instant(copy.base->start, "UTC");
    if (by.count() != 0) out.moves.push_back(by);
    return out;
}

}  // namespace

bool takes(StepKind kind) {
    switch (kind) {
        case StepKind::TakeTheirs:
        case StepKind::Merge:
        case StepKind::CancelOurs:
        case StepKind::RestoreCopy:
        case StepKind::HideCopy:
        case StepKind::OpenConflict:
            return true;
        case StepKind::Nothing:
        case StepKind::Settle:
        case StepKind::WriteOurs:
        case StepKind::DeleteCopy:
            return false;
    }
    return false;
}

bool decides(const Step& step) { return takes(step.kind) || (step.kind == StepKind::WriteOurs && step.conflict); }

Plan plan_run(
    const std::vector<FoundCopy>& copies,
    const RunSoFar& before,
    const ReconcilePolicy& policy,
    const BrakeLimits& limits,
    const ZoneResolver& zones
) {
    Plan plan;
    const bool away_counts = policy.moved_away == MovedAwayPolicy::Deletion;
    plan.deletions = static_cast<int>(std::count_if(copies.begin(), copies.end(), [&](const FoundCopy& copy) {
        return is_gone(copy) && !copy.asked && (away_counts || !copy.theirs->elsewhere);
    }));
    for (const auto& copy : copies) {
        plan.steps.push_back(step_for(copy, before.deletions + plan.deletions, policy, zones));
        plan.taking.add(taking_of(plan.steps.back(), copy, zones));
    }
    if (plan.taking.changed == 0) return plan;
    Taking all = before.taking;
    all.add(plan.taking);
    plan.held = odd(all, limits);
    return plan;
}

}  // namespace calgate
