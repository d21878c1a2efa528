#include "store/booking.hpp"

#include <algorithm>
#include <map>

#include "core/identity.hpp"

namespace calgate {
namespace {

bool live(const Appointment& appointment) { return appointment.state != AppointmentState::Cancelled; }

bool has_run_out(const Appointment& appointment, Instant now) {
    return appointment.hold_until && *appointment.hold_until <= now;
}

/// The most that run at once within `when`, this one and holds that have run out not counted. Half open.
/// @param beside count where they will be, and not where they are.
int most_at_once(
    const Reader& reader,
    const Appointment& wanted,
    Interval when,
    Instant now,
    const ZoneResolver& zones,
    const std::vector<Placing>& beside = {}
) {
    std::vector<std::pair<Instant, int>> edges;
    const auto add = [&](Interval span) {
        if (span.start >= span.end) return;
        edges.emplace_back(std::max(span.start, when.start), 1);
        edges.emplace_back(span.end, -1);
    };
    for (const auto& [other, span] : reader.appointments_of(wanted.staff, when)) {
        const auto is_other = [&id = other.id](const Placing& one) { return one.wanted.id == id; };
        if (other.id == wanted.id || has_run_out(other, now)) continue;
        if (std::none_of(beside.begin(), beside.end(), is_other)) add(span);
    }
    for (const Placing& other : beside) {
        const Interval span = occupied_by(other.wanted, zones);
        if (other.wanted.id == wanted.id || other.wanted.staff != wanted.staff || !live(other.wanted)) continue;
        if (span.start < when.end && when.start < span.end) add(span);
    }
    std::sort(edges.begin(), edges.end());
    int running = 0;
    int most = 0;
    for (const auto& [at, step] : edges) most = std::max(most, running += step);
    return most;
}

bool same_content(const Appointment& a, Appointment b) {
    b.revision = a.revision;
    b.created = a.created;
    b.changed = a.changed;
    return a == b;
}

Mirror fresh_mirror(const Appointment& appointment, const Calendar& calendar, const Business& business) {
    Mirror mirror;
    mirror.appointment = appointment.id;
    mirror.calendar = calendar.id;
    mirror.uid = copy_name(business.id, appointment.id, calendar.id, mirror.generation);
    return mirror;
}

/// The copy of a cancelled appointment was deleted, and its name may be used up: the next generation gets a new one
/// (F16).
void next_generation(Mirror& mirror, const Business& business) {
    const int generation = mirror.generation + 1;
    const AppointmentId appointment = mirror.appointment;
    const CalendarId calendar = mirror.calendar;
    mirror = Mirror{};
    mirror.appointment = appointment;
    mirror.calendar = calendar;
    mirror.generation = generation;
    mirror.uid = copy_name(business.id, appointment, calendar, generation);
}

void want(Writer& writer, Mirror mirror, const Appointment& appointment, bool gone, Instant starts_at) {
    mirror.wanted = appointment.revision;
    mirror.wanted_gone = gone;
    mirror.starts_at = starts_at;
    mirror.attempts = 0;
    mirror.not_before.reset();
    if (mirror.state == MirrorState::Parked) {
        mirror.state = MirrorState::Active;
        mirror.detail.clear();
    }
    // What its owner hid there stays away while the appointment goes on.
    if (mirror.state == MirrorState::Removed) mirror.confirmed = mirror.wanted;
    writer.put(mirror);
}

/// Mirror rows follow the appointment in the same transaction (I2). @return the targets to wake.
std::vector<CalendarId> follow(Writer& writer, const Appointment& appointment, Interval when) {
    const auto business = writer.business();
    CALGATE_ASSERT(business.has_value());
    std::map<CalendarId, Calendar> concerned;
    for (Calendar& calendar : writer.calendars_of(appointment.staff))
        concerned.emplace(calendar.id, std::move(calendar));
    for (const Mirror& mirror : writer.mirrors_of(appointment.id)) {
        if (auto elsewhere = writer.calendar(mirror.calendar))
            concerned.emplace(mirror.calendar, std::move(*elsewhere));
    }
    std::vector<CalendarId> targets;
    for (const auto& [id, calendar] : concerned) {
        auto mirror = writer.mirror(appointment.id, id);
        // A hold that ends by itself is nobody's appointment yet.
        const bool wanted_here =
            calendar.mirror && calendar.staff == appointment.staff && live(appointment) && !appointment.hold_until;
        if (!wanted_here && !mirror) continue;
        if (!mirror) mirror = fresh_mirror(appointment, calendar, *business);
        const bool was_gone = mirror->wanted_gone && mirror->wanted == mirror->confirmed;
        if (!wanted_here && was_gone) continue;
        if (wanted_here && was_gone) next_generation(*mirror, *business);
        // The copy may be gone by our own hand: its absence is no deletion by staff.
        if (wanted_here && mirror->wanted_gone && mirror->base) mirror->base->cancelled = true;
        want(writer, *mirror, appointment, !wanted_here, when.start);
        targets.push_back(calendar.id);
    }
    return targets;
}

BookingResult store_revision(
    Writer& writer,
    Appointment next,
    const std::optional<Appointment>& before,
    const ZoneResolver& zones,
    Instant now,
    const std::string& actor,
    const std::string& why
) {
    BookingResult result;
    if (before) {
        result.staff_before = before->staff;
        if (live(*before)) result.before = occupied_by(*before, zones);
    }
    next.revision = before ? before->revision + 1 : 1;
    next.created = before ? before->created : now;
    next.changed = now;
    const Interval when = occupied_by(next, zones);
    writer.put(next, when);
    if (next.provisional) writer.put_setting("provisional." + next.staff.value, "1");
    result.targets = follow(writer, next, interval_of(next, zones));
    const char* kind = !before ? "appointment.created" : live(next) ? "appointment.changed" : "appointment.cancelled";
    const auto fields = changes_between(before ? &*before : nullptr, next);
    writer.append(Change{0, now, kind, next.id.value, actor, why, next.revision, fields});
    if (live(next)) result.after = when;
    result.outcome = before ? BookingOutcome::Changed : BookingOutcome::Created;
    result.appointment = std::move(next);
    return result;
}

/// The buffers that were agreed with the time stay; a new time or service takes the service's.
Appointment with_buffers(const Reader& reader, Appointment wanted, const std::optional<Appointment>& before) {
    const bool agreed = before && live(*before) && before->service == wanted.service && before->start == wanted.start &&
                        before->end == wanted.end && before->zone == wanted.zone && before->staff == wanted.staff;
    const auto service = wanted.service.empty() ? std::nullopt : reader.service(wanted.service);
    wanted.buffer_before = agreed ? before->buffer_before : service ? service->buffer_before : std::chrono::minutes{0};
    wanted.buffer_after = agreed ? before->buffer_after : service ? service->buffer_after : std::chrono::minutes{0};
    return wanted;
}

BookingResult end_hold(Writer& writer, const Appointment& hold, const ZoneResolver& zones, Instant now) {
    Appointment next = hold;
    next.state = AppointmentState::Cancelled;
    next.hold_until.reset();
    return store_revision(writer, next, hold, zones, now, "gateway", "The hold ran out.");
}

/// Cancels holds in the way of `wanted` that have run out. @return the time that they had.
std::vector<std::pair<StaffId, Interval>> make_room(
    Writer& writer, const Appointment& wanted, const ZoneResolver& zones, Instant now
) {
    std::vector<std::pair<StaffId, Interval>> released;
    if (!live(wanted)) return released;
    for (const auto& [other, span] : writer.appointments_of(wanted.staff, occupied_by(wanted, zones))) {
        if (other.id == wanted.id || !has_run_out(other, now)) continue;
        end_hold(writer, other, zones, now);
        released.emplace_back(other.staff, span);
    }
    return released;
}

BookingResult refused(BookingOutcome outcome, const std::optional<Appointment>& current) {
    BookingResult result;
    result.outcome = outcome;
    result.appointment = current;
    return result;
}

}  // namespace

Interval interval_of(const Appointment& appointment, const ZoneResolver& zones) {
    return {
        zones.to_instant(appointment.start, appointment.zone),
        zones.to_instant(effective_end(appointment, zones), appointment.zone)};
}

Interval occupied_by(const Appointment& appointment, const ZoneResolver& zones) {
    const Interval when = interval_of(appointment, zones);
    return {when.start - appointment.buffer_before, when.end + appointment.buffer_after};
}

bool has_room(const Reader& reader, const Appointment& appointment, const ZoneResolver& zones, Instant now) {
    const auto staff = reader.staff(appointment.staff);
    if (!staff || !live(appointment)) return true;
    return most_at_once(reader, appointment, occupied_by(appointment, zones), now, zones) + 1 <= staff->capacity;
}

BookingResult place_appointment(
    Writer& writer,
    const Appointment& asked,
    std::optional<std::int64_t> if_match,
    const ZoneResolver& zones,
    Instant now,
    const std::string& actor,
    const std::string& why
) {
    const auto before = writer.appointment(asked.id);
    const Appointment wanted = with_buffers(writer, asked, before);
    if (if_match && (!before || before->revision != *if_match))
        return refused(BookingOutcome::RevisionMismatch, before);
    const auto staff = writer.staff(wanted.staff);
    if (!staff) return refused(BookingOutcome::UnknownStaff, before);
    if (!wanted.service.empty() && !writer.service(wanted.service))
        return refused(BookingOutcome::UnknownService, before);
    if (before && same_content(*before, wanted)) return refused(BookingOutcome::Unchanged, before);
    if (!has_room(writer, wanted, zones, now)) return refused(BookingOutcome::Overlap, before);
    auto released = make_room(writer, wanted, zones, now);
    auto result = store_revision(writer, wanted, before, zones, now, actor, why);
    result.released = std::move(released);
    return result;
}

std::vector<BookingResult> place_together(
    Writer& writer, std::vector<Placing> all, const ZoneResolver& zones, Instant now, const std::string& actor
) {
    if (all.size() > kMostTogether) return {};
    std::erase_if(all, [&](Placing& one) {
        const auto before = writer.appointment(one.wanted.id);
        one.wanted = with_buffers(writer, one.wanted, before);
        const bool has_service = one.wanted.service.empty() || writer.service(one.wanted.service);
        return !before || same_content(*before, one.wanted) || !has_service || !writer.staff(one.wanted.staff);
    });
    // Who does not fit stays where they are, and may be in the way of others there.
    for (std::size_t before = all.size() + 1; all.size() < before;) {
        before = all.size();
        const std::vector<Placing> beside = all;
        std::erase_if(all, [&](const Placing& one) {
            const Interval when = occupied_by(one.wanted, zones);
            const int others = live(one.wanted) ? most_at_once(writer, one.wanted, when, now, zones, beside) : 0;
            return others + 1 > writer.staff(one.wanted.staff)->capacity;
        });
    }
    // The database looks at each row by itself: while they move, nobody is in anybody's way.
    for (const Placing& one : all) {
        const Appointment before = *writer.appointment(one.wanted.id);
        const Instant start = occupied_by(before, zones).start;
        writer.put(before, {start, start});
    }
    std::vector<BookingResult> placed;
    for (const Placing& one : all) {
        auto released = make_room(writer, one.wanted, zones, now);
        placed.push_back(
            store_revision(writer, one.wanted, writer.appointment(one.wanted.id), zones, now, actor, one.why)
        );
        placed.back().released = std::move(released);
    }
    return placed;
}

BookingResult cancel_appointment(
    Writer& writer,
    const AppointmentId& id,
    std::optional<std::int64_t> if_match,
    const ZoneResolver& zones,
    Instant now,
    const std::string& actor,
    const std::string& why
) {
    const auto before = writer.appointment(id);
    if (!before) return refused(BookingOutcome::NotFound, before);
    if (if_match && before->revision != *if_match) return refused(BookingOutcome::RevisionMismatch, before);
    if (!live(*before)) return refused(BookingOutcome::Unchanged, before);
    Appointment next = *before;
    next.state = AppointmentState::Cancelled;
    return store_revision(writer, next, before, zones, now, actor, why);
}

BookingResult revise_words(
    Writer& writer,
    const Appointment& next,
    const ZoneResolver& zones,
    Instant now,
    const std::string& actor,
    const std::string& why
) {
    const auto before = writer.appointment(next.id);
    CALGATE_ASSERT(before.has_value());
    return store_revision(writer, next, before, zones, now, actor, why);
}

std::vector<BookingResult> end_holds(Writer& writer, const ZoneResolver& zones, Instant now, std::size_t limit) {
    std::vector<BookingResult> ended;
    for (const Appointment& hold : writer.expired_holds(now, limit))
        ended.push_back(end_hold(writer, hold, zones, now));
    return ended;
}

void show_booking(AvailabilityIndex& index, const BookingResult& booking) {
    for (const auto& [staff, span] : booking.released) index.change_appointment(staff, span, std::nullopt);
    if (!booking.appointment) return;
    const StaffId& staff = booking.appointment->staff;
    const bool moved = booking.staff_before && *booking.staff_before != staff;
    if (moved) index.change_appointment(*booking.staff_before, booking.before, std::nullopt);
    index.change_appointment(staff, moved ? std::nullopt : booking.before, booking.after);
}

std::int64_t add_target(Writer& writer, const Calendar& calendar, const ZoneResolver&, Instant now) {
    const auto business = writer.business();
    CALGATE_ASSERT(business.has_value());
    const Interval rest{now, kFarFuture};
    std::int64_t added = 0;
    for (const auto& [appointment, when] : writer.appointments_of(calendar.staff, rest)) {
        if (appointment.hold_until) continue;
        auto mirror = writer.mirror(appointment.id, calendar.id);
        if (mirror && !mirror->wanted_gone) continue;
        if (!mirror) mirror = fresh_mirror(appointment, calendar, *business);
        // As above: what was being removed may be gone by our own hand.
        if (mirror->wanted_gone && mirror->base) mirror->base->cancelled = true;
        if (mirror->wanted_gone && mirror->wanted == mirror->confirmed) next_generation(*mirror, *business);
        want(writer, *mirror, appointment, false, when.start);
        ++added;
    }
    return added;
}

}  // namespace calgate
