#include <algorithm>

#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

/// Steps that take something from the calendar into our own data.
bool takes(StepKind kind) {
    switch (kind) {
        case StepKind::TakeTheirs:
        case StepKind::Merge:
        case StepKind::CancelOurs:
        case StepKind::RestoreCopy:
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

/// Gone, or cancelled by a person, which some calendars do in place of deleting.
bool is_deletion(const CopyNews& news) {
    return !news.present || news.present->event.master.status == EventStatus::Cancelled;
}

void take_in(Mirror& mirror, const RemoteEvent& remote) {
    if (mirror.missing_since) mirror.not_before.reset();
    mirror.href = remote.href;
    mirror.version = remote.version;
    mirror.remote_text = remote.event.source;
    mirror.missing_since.reset();
    mirror.unknown_call = false;
}

void forget_copy(Mirror& mirror) {
    mirror.href.reset();
    mirror.version.reset();
    mirror.base.reset();
    mirror.remote_text.clear();
    mirror.missing_since.reset();
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

int SyncPass::new_deletions(const Reader& reader, const std::vector<CopyNews>& news) const {
    return static_cast<int>(std::count_if(news.begin(), news.end(), [&](const CopyNews& one) {
        if (!is_deletion(one)) return false;
        const auto mirror = reader.mirror(one.appointment, id_);
        return mirror && mirror->state != MirrorState::Conflict;
    }));
}

bool SyncPass::decide(const std::vector<CopyNews>& news, const Closing& closing) {
    bool held = false;
    bookings_.reserve(bookings_.size() + news.size());
    int taken = 0;
    int deletions = 0;
    parts_.store.write([&](Writer& writer) {
        auto calendar = writer.calendar(id_);
        if (!calendar) return;
        const std::int64_t first = writer.last_change() + 1;
        deletions = new_deletions(writer, news);
        std::vector<Decision> decisions;
        for (const auto& one : news) {
            const auto mirror = writer.mirror(one.appointment, id_);
            const auto appointment = writer.appointment(one.appointment);
            if (!mirror || !appointment) continue;
            decisions.push_back(judge(one, *mirror, *appointment, deletions_ + deletions));
            if (takes(decisions.back().step.kind)) ++taken;
        }
        const std::string answer = writer.setting(brake_setting(id_)).value_or("");
        const bool waiting = calendar->state == CalendarState::Waiting;
        const bool emptied = marker_lost_ && answer.empty();
        if (marker_lost_ && !answer.empty()) calendar->marker.reset();
        if (waiting || emptied || (answer.empty() && taken > 0 && decided_ + taken > brake_limit(writer))) {
            held = taken > 0 || waiting || emptied;
            if (!waiting) {
                hold(
                    writer,
                    *calendar,
                    emptied ? "The calendar no longer holds the marker event: it was emptied or replaced. Nothing was "
                              "taken over."
                            : std::to_string(decided_ + taken) +
                                  " copies were changed or deleted in one run. Nothing was taken over."
                );
            }
        } else {
            for (auto& decision : decisions) {
                if (answer == "ours" && takes(decision.step.kind)) {
                    reject(writer, decision);
                } else {
                    apply(writer, decision);
                }
            }
            if (closing.pull && !answer.empty()) writer.put_setting(brake_setting(id_), "");
            note_run(writer, first);
        }
        if (closing.pull && closing.doubtful) {
            calendar->empty_listings += 1;
        } else if (closing.pull) {
            calendar->as_of = closing.began;
            if (!held) calendar->sync_token = closing.token;
            if (closing.full && !held) {
                calendar->empty_listings = 0;
                const auto mirrors = writer.mirrors_on(id_);
                const bool missing = std::any_of(mirrors.begin(), mirrors.end(), [](const Mirror& m) {
                    return m.missing_since.has_value();
                });
                // While a copy is missing every pull lists everything, so that its return is seen.
                if (missing)
                    calendar->full_listing.reset();
                else
                    calendar->full_listing = closing.began;
            }
        }
        if (closing.pull && !closing.complete) calendar->full_listing.reset();
        if (closing.pull) writer.put(*calendar);
        calendar_ = *calendar;
    });
    if (held) {
        braked_ = true;
        return false;
    }
    decided_ += taken;
    deletions_ += deletions;
    return true;
}

void SyncPass::reject(Writer& writer, const Decision& decision) {
    const std::string why = "A person rejected what the calendar changed in one run.";
    const auto& present = decision.news.present;
    Mirror mirror = decision.mirror;
    if (present) take_in(mirror, *present);
    const auto theirs = present ? std::optional(shown_of(present->event)) : std::nullopt;
    if (theirs && !theirs->cancelled) {
        // The rejected edit is kept, decided (I10).
        Conflict conflict = conflict_of(decision, ConflictKind::ConcurrentEdit, why);
        conflict.state = ConflictState::ResolvedOurs;
        conflict.resolved = conflict.created;
        writer.add(conflict);
    }
    close_conflicts(writer, mirror, ConflictState::ResolvedOurs, why);
    write_ours_again(mirror, theirs, business_);
    writer.put(mirror);
    writer.append({0, parts_.clock.now(), "copy.restored", mirror.appointment.value, "gateway", why, mirror.wanted});
}

void SyncPass::hold(Writer& writer, Calendar& calendar, const std::string& why) {
    const std::string todo = why + " Approve or reject it with `calgate conflicts`.";
    calendar.state = CalendarState::Waiting;
    calendar.detail = todo;
    Conflict conflict;
    conflict.calendar = id_;
    conflict.kind = ConflictKind::Brake;
    conflict.why = todo;
    conflict.created = parts_.clock.now();
    const auto number = writer.add(conflict);
    writer.append({0, conflict.created, "conflict.opened", std::to_string(number), "gateway", todo, 0});
    writer.put(calendar);
    ++report_.conflicts;
}

void SyncPass::note_run(Writer& writer, std::int64_t first) {
    const auto entries = static_cast<std::size_t>(writer.last_change() + 1 - first);
    int changed = 0;
    for (const Change& change : writer.changes(first - 1, entries))
        if (change.kind.starts_with("appointment.")) ++changed;
    if (changed == 0) return;
    const std::string why = std::to_string(changed) + (changed == 1 ? " change was" : " changes were") + " taken over.";
    writer.append({0, parts_.clock.now(), "run.decided", id_.value, "calendar:" + id_.value, why, first});
}

SyncPass::Decision SyncPass::judge(
    const CopyNews& news, const Mirror& mirror, const Appointment& appointment, int deletions
) const {
    Decision out{news, mirror, appointment, ours_of(appointment, mirror), mirror.base, {}};
    const ReconcilePolicy policy{business_.concurrent_edits, business_.deletions, calendar_.copy_detail};
    if (mirror.state == MirrorState::Removed || (!news.present && out.ours.cancelled)) {
        out.step.kind = StepKind::Settle;
        return out;
    }
    Theirs theirs;
    if (news.present) {
        theirs.shown = shown_of(news.present->event);
        theirs.last_modified = news.present->event.master.last_modified;
        const auto mark = read_mark(news.present->event.mark, parts_.keys);
        if (mark && mark->generation < mirror.generation && !out.ours.cancelled) return came_back(std::move(out));
        if (!out.base && !news.present->event.capsule.empty()) {
            // The copy itself remembers what we last wrote into it.
            if (const auto written = open_capsule(news.present->event.capsule, parts_.keys)) {
                out.base = shown_on(*written, calendar_.copy_detail, parts_.zones);
            }
        }
        if (out.ours.cancelled && !out.base) {
            out.step.kind = StepKind::DeleteCopy;
            return out;
        }
    } else {
        theirs.kind = Theirs::Kind::Gone;
    }
    if (mirror.state == MirrorState::Conflict &&
        (!news.present || !same_meaning(theirs.shown, out.ours, parts_.zones))) {
        out.step.kind = StepKind::Nothing;
        return out;
    }
    out.step = reconcile(out.base, out.ours, appointment.changed, theirs, deletions, policy, parts_.zones);
    return out;
}

SyncPass::Decision SyncPass::came_back(Decision decision) const {
    const Event& event = decision.news.present->event;
    decision.step = {StepKind::WriteOurs, std::nullopt, std::nullopt, "An earlier booking's copy was put back."};
    Shown seen = shown_of(event);
    if (const auto written = open_capsule(event.capsule, parts_.keys)) {
        if (!same_meaning(seen, shown_on(*written, calendar_.copy_detail, parts_.zones), parts_.zones))
            decision.step.conflict = ConflictKind::DeletedAndEdited;
    }
    // Should it be gone after all, that is no deletion by staff: it was settled before.
    seen.cancelled = true;
    decision.base = seen;
    return decision;
}

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
        writer.erase_cached_event(id_, present->href);
        busy_changed_ = true;
    }
    if (present) take_in(mirror, *present);
    if (!present && (decision.ours.cancelled || mirror.state == MirrorState::Removed)) {
        forget_copy(mirror);
        settle(mirror);
        writer.put(mirror);
        return;
    }
    switch (decision.step.kind) {
        case StepKind::Nothing:
            // Only adopting or an open conflict has something to note; a hidden field may still wait to be written.
            if (mirror.state == MirrorState::Conflict && !agrees(decision)) {
                keep_up(writer, decision);
                break;
            }
            [[fallthrough]];
        case StepKind::Settle:
            if (present) mirror.base = shown_of(present->event);
            if (mirror.state == MirrorState::Conflict)
                close_conflicts(
                    writer, mirror, ConflictState::ResolvedTheirs, "The calendar shows what we have again."
                );
            if (mirror.state != MirrorState::Removed) mirror.state = MirrorState::Active;
            if (mark && mark->revision == mirror.wanted) settle(mirror);
            break;
        case StepKind::WriteOurs:
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
        apply_conflict(
            writer,
            decision,
            mirror,
            ConflictKind::MovedOntoAnother,
            "The copy was moved onto another appointment of the same person."
        );
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
    const auto current = writer.mirror(mirror.appointment, id_);
    if (!current) return;
    mirror.wanted = current->wanted;
    mirror.wanted_gone = current->wanted_gone;
    mirror.starts_at = current->starts_at;
    mirror.state = MirrorState::Active;
    mirror.base = shown_of(decision.news.present->event);
    if (write_back) {
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

bool SyncPass::agrees(const Decision& decision) const {
    return decision.news.present && same_meaning(decision.ours, shown_of(decision.news.present->event), parts_.zones);
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
