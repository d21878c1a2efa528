#include "scheduler/conflicts.hpp"

#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

void keep_ours(Writer& writer, const Conflict& conflict, const Business& business) {
    auto mirror = writer.mirror(conflict.appointment, conflict.calendar);
    if (!mirror || conflict.kind == ConflictKind::ProvisionalClash) return;
    write_ours_again(*mirror, conflict.theirs, business);
    writer.put(*mirror);
}

/// @return false, for the one who decides nothing.
bool refuse(ResolutionResult& out, ResolutionResult::Outcome outcome, const char* why) {
    out.outcome = outcome;
    out.why = why;
    return false;
}

bool was_placed(const BookingResult& booking, ResolutionResult& out) {
    using Outcome = ResolutionResult::Outcome;
    if (booking.outcome == BookingOutcome::Changed || booking.outcome == BookingOutcome::Unchanged) return true;
    if (booking.outcome == BookingOutcome::Overlap)
        return refuse(
            out,
            Outcome::Overlap,
            "That time is taken by another appointment of the same person. Move one of them first."
        );
    return refuse(
        out,
        Outcome::Impossible,
        "The appointment cannot be changed as it stands. Give it a person and a service that there are, then decide."
    );
}

bool take_theirs(
    Writer& writer,
    const Conflict& conflict,
    const Business& business,
    const ZoneResolver& zones,
    Instant now,
    const std::string& actor,
    ResolutionResult& out
) {
    if (conflict.kind == ConflictKind::ProvisionalClash) {
        auto booking = cancel_appointment(
            writer,
            conflict.appointment,
            std::nullopt,
            zones,
            now,
            actor,
            "A person let the event in the calendar stand."
        );
        out.targets = booking.targets;
        out.bookings.push_back(std::move(booking));
        return true;
    }
    auto mirror = writer.mirror(conflict.appointment, conflict.calendar);
    const auto appointment = writer.appointment(conflict.appointment);
    const auto calendar = writer.calendar(conflict.calendar);
    if (!mirror || !appointment || !calendar) return true;
    BookingResult booking;
    const bool cancels = !conflict.theirs || conflict.theirs->cancelled;
    if (cancels) {
        booking = cancel_appointment(
            writer, appointment->id, std::nullopt, zones, now, actor, "A person let the deletion in the calendar stand."
        );
    } else {
        booking = place_appointment(
            writer,
            as_theirs(writer, conflict, *appointment, *calendar, business, zones),
            std::nullopt,
            zones,
            now,
            actor,
            "A person let the change in the calendar stand."
        );
        if (!was_placed(booking, out)) return false;
    }
    // What the copy shows by now may be something else, and a time may not exist: it is written or deleted in any case.
    mirror = writer.mirror(conflict.appointment, conflict.calendar).value_or(*mirror);
    if (!cancels && mirror->href) {
        // What was being removed may be gone by our own hand, as when it is booked again.
        const bool was_to_go = mirror->base && mirror->base->cancelled;
        mirror->base = conflict.theirs;
        mirror->base->cancelled = was_to_go;
    }
    mirror->confirmed = 0;
    activate(*mirror);
    writer.put(*mirror);
    out.targets = booking.targets;
    out.bookings.push_back(std::move(booking));
    return true;
}

/// A start alone keeps the length that the appointment has by then.
void grant(const Wish& wish, Appointment& appointment) {
    const auto length = appointment.end - appointment.start;
    if (wish.start) appointment.start = *wish.start;
    if (wish.start) appointment.end = *wish.start + length;
    if (wish.end) appointment.end = *wish.end;
    if (wish.title) appointment.title = *wish.title;
    if (wish.place) appointment.place = *wish.place;
    if (wish.notes) appointment.notes = *wish.notes;
}

/// The appointment becomes what the person wants, and its copy is written anew.
bool take_merged(
    Writer& writer,
    const Conflict& conflict,
    const Business& business,
    const Wish& wish,
    const ZoneResolver& zones,
    Instant now,
    const std::string& actor,
    ResolutionResult& out
) {
    const auto appointment = writer.appointment(conflict.appointment);
    const auto calendar = writer.calendar(conflict.calendar);
    if (!appointment || !calendar) return true;
    Appointment changed = *appointment;
    if (conflict.base && conflict.theirs) {
        const Shown ours = shown_on(changed, calendar->copy_detail, zones);
        const Shown both = joined(*conflict.base, ours, *conflict.theirs, calendar->copy_detail, zones);
        changed = with_changes(changed, ours, both, zone_of(writer, *calendar, business), zones);
    }
    // What a copy hides can be wished for as well.
    grant(wish, changed);
    if (changed.state == AppointmentState::Cancelled) changed.state = AppointmentState::Confirmed;
    if (changed.end <= changed.start)
        return refuse(out, ResolutionResult::Outcome::Impossible, "The appointment has to end after it starts.");
    auto booking = place_appointment(
        writer, changed, std::nullopt, zones, now, actor, "A person decided what the appointment is to be."
    );
    if (!was_placed(booking, out)) return false;
    out.targets = booking.targets;
    out.bookings.push_back(std::move(booking));
    keep_ours(writer, conflict, business);
    return true;
}

/// @return false when nothing was decided; `out` says why.
bool carry_out(
    Writer& writer,
    const Conflict& conflict,
    const Business& business,
    const ConflictAnswer& answer,
    const ZoneResolver& zones,
    Instant now,
    const std::string& actor,
    ResolutionResult& out
) {
    const bool brake = conflict.kind == ConflictKind::Brake;
    switch (answer.resolution) {
        case Resolution::Ours:
            if (brake)
                answer_brake(writer, conflict.calendar, answer.resolution);
            else
                keep_ours(writer, conflict, business);
            return true;
        case Resolution::Theirs:
            if (!brake) return take_theirs(writer, conflict, business, zones, now, actor, out);
            answer_brake(writer, conflict.calendar, answer.resolution);
            return true;
        case Resolution::Merged:
            if (brake || conflict.kind == ConflictKind::ProvisionalClash)
                return refuse(
                    out, ResolutionResult::Outcome::Impossible, "There is nothing to merge here; decide ours or theirs."
                );
            return take_merged(writer, conflict, business, answer.wish, zones, now, actor, out);
    }
    return true;
}

const char* sentence_of(Resolution resolution) {
    switch (resolution) {
        case Resolution::Ours:
            return "Ours stands.";
        case Resolution::Theirs:
            return "Theirs stands.";
        case Resolution::Merged:
            return "Merged by a person.";
    }
    return "";
}

}  // namespace

void answer_brake(Writer& writer, const CalendarId& id, Resolution resolution) {
    auto calendar = writer.calendar(id);
    if (!calendar) return;
    calendar->state = CalendarState::Active;
    calendar->detail.clear();
    writer.put(*calendar);
    writer.put_setting(brake_setting(id), resolution == Resolution::Ours ? "ours" : "theirs");
}

Appointment as_theirs(
    const Reader& reader,
    const Conflict& conflict,
    const Appointment& appointment,
    const Calendar& calendar,
    const Business& business,
    const ZoneResolver& zones
) {
    const Shown ours = shown_on(appointment, calendar.copy_detail, zones);
    const Shown wanted = taken_over(conflict.base, ours, *conflict.theirs, calendar.copy_detail, zones);
    auto changed = with_changes(appointment, ours, wanted, zone_of(reader, calendar, business), zones);
    // The edit on a cancelled appointment was chosen over its cancellation.
    if (changed.state == AppointmentState::Cancelled) changed.state = AppointmentState::Confirmed;
    return changed;
}

ResolutionResult resolve(
    Writer& writer,
    const ZoneResolver& zones,
    Instant now,
    std::int64_t id,
    const ConflictAnswer& answer,
    const std::string& actor
) {
    ResolutionResult out;
    const Resolution resolution = answer.resolution;
    auto conflict = writer.conflict(id);
    const auto business = writer.business();
    if (!conflict || !business) {
        refuse(
            out,
            ResolutionResult::Outcome::NotFound,
            "There is no conflict with this number. List them with `calgate conflicts`."
        );
        return out;
    }
    if (conflict->state != ConflictState::Open) {
        refuse(out, ResolutionResult::Outcome::AlreadyResolved, "This conflict was decided before.");
        return out;
    }
    if (!carry_out(writer, *conflict, *business, answer, zones, now, actor, out)) return out;
    out.outcome = ResolutionResult::Outcome::Resolved;
    out.targets.push_back(conflict->calendar);
    conflict->state = resolution == Resolution::Theirs ? ConflictState::ResolvedTheirs : ConflictState::ResolvedOurs;
    conflict->resolved = now;
    writer.put(*conflict);
    writer.append({0, now, "conflict.resolved", std::to_string(id), actor, sentence_of(resolution), 0});
    return out;
}

ResolutionResult apply_resolution(
    Store& store,
    const ZoneResolver& zones,
    const Clock& clock,
    std::int64_t id,
    const ConflictAnswer& answer,
    const std::string& actor
) {
    ResolutionResult out;
    store.write([&](Writer& writer) { out = resolve(writer, zones, clock.now(), id, answer, actor); });
    return out;
}

}  // namespace calgate
