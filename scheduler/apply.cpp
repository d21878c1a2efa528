#include "core/reconcile_table.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

void take_in(Mirror& mirror, const RemoteEvent& remote) {
    if (mirror.missing_since) mirror.not_before.reset();
    mirror.href = remote.href;
    mirror.version = remote.version;
    mirror.remote_text = remote.event.source;
    mirror.written_text.clear();
    mirror.missing_since.reset();
    mirror.unknown_call = false;
}

void forget_copy(Mirror& mirror) {
    mirror.href.reset();
    mirror.version.reset();
    mirror.base.reset();
    mirror.forget_texts();
    mirror.missing_since.reset();
    mirror.unlisted = false;
    mirror.unknown_call = false;
}

void settle(Mirror& mirror) {
    mirror.confirmed = mirror.wanted;
    mirror.attempts = 0;
    mirror.not_before.reset();
    if (mirror.state == MirrorState::Parked) mirror.state = MirrorState::Active;
    if (mirror.state == MirrorState::Active) mirror.detail.clear();
}

}  // namespace

void SyncPass::apply(Writer& writer, const Decision& decision) {
    Mirror mirror = decision.mirror;
    const auto& present = decision.news.present;
    const auto mark = present ? read_mark(present->event.mark, parts_.keys) : std::nullopt;
    if (mark && present->event.uid != mirror.uid) {
        mirror.uid = present->event.uid;
        mirror.generation = mark->generation;
        mirror.base.reset();
    }
    if (present && !mirror.href) ++report_.adopted;
    if (present && mirror.href != present->href && writer.cached_event(id_, present->href)) {
        // Until now it was taken for a foreign event, as a copy that moved is while its old place is in doubt.
        foreign_.erase(writer, id_, present->href);
    }
    if (present) take_in(mirror, *present);
    const bool shown = present && present->event.master.status != EventStatus::Cancelled;
    const bool stays_away = mirror.state == MirrorState::Removed && !shown;
    if (stays_away || (!present && decision.ours.cancelled)) {
        forget_copy(mirror);
        settle(mirror);
        writer.put(mirror);
        return;
    }
    // A person put back what had been hidden here.
    if (mirror.state == MirrorState::Removed) activate(mirror);
    switch (decision.step.kind) {
        case StepKind::Nothing:
            // Only adopting or an open conflict has something to note; a hidden field may still wait to be written.
            if (mirror.state == MirrorState::Conflict && !agrees(decision)) {
                keep_up(writer, decision);
                break;
            }
            [[fallthrough]];
        case StepKind::Settle:
            if (present) mirror.base = agreed(decision);
            if (mirror.state == MirrorState::Conflict)
                close_conflicts(
                    writer, mirror, ConflictState::ResolvedTheirs, "The calendar shows what we have again."
                );
            mirror.state = MirrorState::Active;
            if (mark && mark->revision == mirror.wanted)
                settle(mirror);
            else if (mirror.base && mirror.base->cancelled && mirror.confirmed == mirror.wanted)
                mirror.confirmed = 0;
            break;
        case StepKind::WriteOurs:
            // What was put back before, and still waits to be written over, is kept already.
            if (decision.step.conflict && mirror.base != agreed(decision)) {
                put_back(writer, decision, mirror, *decision.step.conflict, decision.step.why);
                return;
            }
            [[fallthrough]];
        case StepKind::DeleteCopy:
            if (decision.step.conflict) keep_edit(writer, decision, mirror);
            if (!present) next_generation(mirror, business_);
            if (present && !mirror.base)
                mirror.base = decision.base ? decision.base : std::optional(shown_of(present->event));
            if (mirror.state == MirrorState::Parked) mirror.state = MirrorState::Active;
            if (mirror.confirmed == mirror.wanted) mirror.confirmed = 0;
            mirror.not_before.reset();
            break;
        case StepKind::TakeTheirs:
            apply_change(writer, decision, mirror, false);
            return;
        case StepKind::Merge:
            apply_change(writer, decision, mirror, true);
            return;
        case StepKind::CancelOurs:
            apply_cancel(writer, decision, mirror);
            return;
        case StepKind::HideCopy:
            apply_hide(writer, decision, mirror);
            return;
        case StepKind::RestoreCopy:
            write_ours_again(mirror, present ? std::optional(shown_of(present->event)) : std::nullopt, business_);
            writer.append(
                {0,
                 parts_.clock.now(),
                 "copy.restored",
                 mirror.appointment.value,
                 "gateway",
                 decision.step.why,
                 mirror.wanted}
            );
            break;
        case StepKind::OpenConflict:
            apply_conflict(
                writer,
                decision,
                mirror,
                decision.step.conflict.value_or(ConflictKind::ConcurrentEdit),
                decision.step.why
            );
            return;
    }
    if (mirror != decision.mirror) writer.put(mirror);
}

void SyncPass::apply_moved_onto(Writer& writer, const Decision& decision, Mirror& mirror) {
    const Rule rule = rule_of(Happened::CopyMovedOnto, policy(), 0);
    if (rule.step == StepKind::OpenConflict)
        apply_conflict(writer, decision, mirror, *rule.conflict, rule.why);
    else
        put_back(writer, decision, mirror, *rule.conflict, rule.why);
}

void SyncPass::reject(Writer& writer, const Decision& decision) {
    Mirror mirror = decision.mirror;
    if (decision.news.present) take_in(mirror, *decision.news.present);
    const std::string why = "A person rejected what the calendar changed in one run.";
    put_back(writer, decision, mirror, ConflictKind::ConcurrentEdit, why);
}

void SyncPass::keep_overruled(Writer& writer, const Decision& decision, ConflictKind kind, const std::string& why) {
    Conflict conflict = conflict_of(decision, kind, why);
    conflict.state = ConflictState::ResolvedOurs;
    conflict.resolved = conflict.created;
    writer.add(conflict);
}

void SyncPass::put_back(
    Writer& writer, const Decision& decision, Mirror& mirror, ConflictKind kind, const std::string& why
) {
    const auto& present = decision.news.present;
    const auto theirs = present ? std::optional(shown_of(present->event)) : std::nullopt;
    if (theirs && !theirs->cancelled) keep_overruled(writer, decision, kind, why);
    close_conflicts(writer, mirror, ConflictState::ResolvedOurs, why);
    write_ours_again(mirror, present ? std::optional(agreed(decision)) : std::nullopt, business_);
    writer.put(mirror);
    writer.append({0, parts_.clock.now(), "copy.restored", mirror.appointment.value, "gateway", why, mirror.wanted});
}

void SyncPass::apply_change(Writer& writer, const Decision& decision, Mirror& mirror, bool write_back) {
    const Shown& result = decision.step.result ? *decision.step.result : decision.ours;
    if (result.cancelled && !decision.ours.cancelled) {
        apply_cancel(writer, decision, mirror);
        return;
    }
    const auto wanted = with_changes(decision.appointment, decision.ours, result, zone_, parts_.zones);
    const auto booking = place_appointment(
        writer, wanted, std::nullopt, parts_.zones, parts_.clock.now(), "calendar:" + id_.value, decision.step.why
    );
    if (booking.outcome == BookingOutcome::Overlap) {
        apply_moved_onto(writer, decision, mirror);
        return;
    }
    if (booking.outcome != BookingOutcome::Changed && booking.outcome != BookingOutcome::Unchanged) {
        mirror.state = MirrorState::Parked;
        mirror.detail =
            "The change in the calendar could not be taken over. Check the appointment's person and service.";
        writer.put(mirror);
        ++report_.parked;
        return;
    }
    if (decision.step.conflict) keep_overruled(writer, decision, *decision.step.conflict, decision.step.why);
    const auto current = writer.mirror(mirror.appointment, id_);
    if (!current) return;
    mirror.wanted = current->wanted;
    mirror.wanted_gone = current->wanted_gone;
    mirror.starts_at = current->starts_at;
    mirror.state = MirrorState::Active;
    mirror.base = shown_of(decision.news.present->event);
    // A time that the clock change leaves out is kept as it counts, and shown so.
    const bool kept_otherwise =
        booking.appointment &&
        !same_meaning(result, shown_on(*booking.appointment, calendar_.copy_detail, parts_.zones), parts_.zones);
    if (write_back || kept_otherwise) {
        if (mirror.confirmed == mirror.wanted) mirror.confirmed = 0;
        mirror.not_before.reset();
    } else {
        settle(mirror);
    }
    writer.put(mirror);
    note_booking(booking);
    ++report_.taken;
}

void SyncPass::apply_cancel(Writer& writer, const Decision& decision, Mirror& mirror) {
    const auto booking = cancel_appointment(
        writer,
        mirror.appointment,
        std::nullopt,
        parts_.zones,
        parts_.clock.now(),
        "calendar:" + id_.value,
        decision.step.why
    );
    if (const auto current = writer.mirror(mirror.appointment, id_)) {
        mirror.wanted = current->wanted;
        mirror.wanted_gone = true;
    }
    if (decision.news.present) {
        if (mirror.confirmed == mirror.wanted) mirror.confirmed = 0;
        mirror.base = shown_of(decision.news.present->event);
    } else {
        forget_copy(mirror);
        settle(mirror);
    }
    writer.put(mirror);
    note_booking(booking);
    ++report_.taken;
}

Shown SyncPass::agreed(const Decision& decision) const {
    const Event& event = decision.news.present->event;
    Shown shown = shown_of(event);
    const auto mark = read_mark(event.mark, parts_.keys);
    // A copy that we deleted before it was booked again may still be shown while reads lag (F11). Until we wrote into
    // it anew, its absence is no deletion by staff (I11).
    const bool deleted_before =
        decision.base && decision.base->cancelled && (mark ? mark->revision : 0) < decision.mirror.wanted;
    shown.cancelled = shown.cancelled || deleted_before;
    return shown;
}

void SyncPass::apply_hide(Writer& writer, const Decision& decision, Mirror& mirror) {
    // A copy that its owner cancelled in place of deleting it stays as it is, out of our hands.
    forget_copy(mirror);
    settle(mirror);
    mirror.state = MirrorState::Removed;
    mirror.detail = decision.step.why;
    writer.put(mirror);
    writer.append(
        {0,
         parts_.clock.now(),
         "copy.hidden",
         mirror.appointment.value,
         "calendar:" + id_.value,
         decision.step.why,
         mirror.wanted}
    );
    ++report_.taken;
}

bool SyncPass::agrees(const Decision& decision) const {
    if (!decision.news.present) return false;
    const Shown seen = unmasked(shown_of(decision.news.present->event), decision.ours, calendar_.copy_detail);
    return same_meaning(decision.ours, seen, parts_.zones);
}

void SyncPass::close_conflicts(Writer& writer, const Mirror& mirror, ConflictState as, const std::string& why) {
    for (auto& conflict : writer.conflicts(true)) {
        if (conflict.appointment != mirror.appointment || conflict.calendar != id_) continue;
        conflict.state = as;
        conflict.resolved = parts_.clock.now();
        writer.put(conflict);
        writer.append(
            {0,
             parts_.clock.now(),
             "conflict.resolved",
             std::to_string(conflict.id),
             "calendar:" + id_.value,
             why,
             mirror.wanted}
        );
    }
}

void SyncPass::keep_up(Writer& writer, const Decision& decision) {
    const auto& present = decision.news.present;
    const auto theirs = present ? std::optional(shown_of(present->event)) : std::nullopt;
    for (auto& conflict : writer.conflicts(true)) {
        if (conflict.appointment != decision.mirror.appointment || conflict.calendar != id_) continue;
        if (conflict.theirs == theirs && conflict.ours == decision.ours) continue;
        // An edit that was kept of a cancelled appointment outlives what happens to the copy of its next booking (I10).
        const bool kept = conflict.kind == ConflictKind::DeletedAndEdited && conflict.theirs;
        if (kept && (!theirs || theirs->cancelled)) continue;
        conflict.theirs = theirs;
        conflict.ours = decision.ours;
        writer.put(conflict);
    }
}

void SyncPass::keep_edit(Writer& writer, const Decision& decision, const Mirror& mirror) {
    for (const auto& open : writer.conflicts(true)) {
        const bool same = open.appointment == mirror.appointment && open.calendar == id_ && decision.news.present &&
                          open.kind == *decision.step.conflict && open.theirs == shown_of(decision.news.present->event);
        if (same) return;
    }
    note_conflict(writer, decision, *decision.step.conflict, decision.step.why);
}

void SyncPass::apply_conflict(
    Writer& writer, const Decision& decision, Mirror& mirror, ConflictKind kind, const std::string& why
) {
    note_conflict(writer, decision, kind, why);
    mirror.state = MirrorState::Conflict;
    mirror.detail = why;
    writer.put(mirror);
}

Conflict SyncPass::conflict_of(const Decision& decision, ConflictKind kind, const std::string& why) const {
    Conflict conflict;
    conflict.appointment = decision.mirror.appointment;
    conflict.calendar = id_;
    conflict.kind = kind;
    conflict.why = why;
    conflict.base = decision.base;
    conflict.ours = decision.ours;
    if (decision.news.present) conflict.theirs = shown_of(decision.news.present->event);
    conflict.created = parts_.clock.now();
    return conflict;
}

void SyncPass::note_conflict(Writer& writer, const Decision& decision, ConflictKind kind, const std::string& why) {
    const Conflict conflict = conflict_of(decision, kind, why);
    const auto number = writer.add(conflict);
    writer.append(
        {0,
         conflict.created,
         "conflict.opened",
         std::to_string(number),
         "calendar:" + id_.value,
         why + " Decide with `calgate conflicts`.",
         decision.mirror.wanted}
    );
    ++report_.conflicts;
}

void SyncPass::note_booking(const BookingResult& booking) {
    bookings_.push_back(booking);
    for (const auto& target : booking.targets) {
        if (target != id_) touched_.push_back(target);
    }
}

}  // namespace calgate
