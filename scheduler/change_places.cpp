#include "scheduler/change_places.hpp"

#include <algorithm>

#include "core/identity.hpp"
#include "scheduler/conflicts.hpp"

namespace calgate {
namespace {

const char* const kRoom = "The time that it was moved to in the calendar is free by now.";

/// A zone's label alone is no difference: services write it in their own way.
bool is_at_the_time_of(const Shown& agreed, const Shown& now, const ZoneResolver& zones) {
    Shown then = now;
    then.start = agreed.start;
    then.end = agreed.end;
    return same_meaning(then, now, zones);
}

std::optional<Placing> asked_for(
    const Reader& reader,
    const Conflict& conflict,
    const Calendar& calendar,
    const Business& business,
    const ZoneResolver& zones
) {
    if (conflict.calendar != calendar.id || conflict.kind != ConflictKind::MovedOntoAnother) return std::nullopt;
    if (!conflict.base || !conflict.theirs || conflict.theirs->cancelled) return std::nullopt;
    const auto appointment = reader.appointment(conflict.appointment);
    if (!appointment || appointment->state == AppointmentState::Cancelled) return std::nullopt;
    const Shown ours = shown_on(*appointment, calendar.copy_detail, zones);
    if (!is_at_the_time_of(*conflict.base, ours, zones)) return std::nullopt;
    return Placing{as_theirs(reader, conflict, *appointment, calendar, business, zones), kRoom};
}

}  // namespace

std::vector<BookingResult> change_places(
    Writer& writer,
    const Calendar& calendar,
    const Business& business,
    std::vector<Placing> moved,
    const ZoneResolver& zones,
    Instant now
) {
    const std::string actor = "calendar:" + calendar.id.value;
    std::vector<Conflict> asked;
    for (const Conflict& conflict : writer.conflicts(true)) {
        const auto same = [&](const Placing& one) { return one.wanted.id == conflict.appointment; };
        if (std::any_of(moved.begin(), moved.end(), same)) continue;
        auto one = asked_for(writer, conflict, calendar, business, zones);
        if (!one) continue;
        moved.push_back(std::move(*one));
        asked.push_back(conflict);
    }
    auto placed = place_together(writer, std::move(moved), zones, now, actor);
    for (const Conflict& conflict : asked) {
        const auto same = [&](const BookingResult& one) { return one.appointment->id == conflict.appointment; };
        if (std::none_of(placed.begin(), placed.end(), same)) continue;
        const auto resolved = resolve(writer, zones, now, conflict.id, Resolution::Theirs, actor);
        placed.insert(placed.end(), resolved.bookings.begin(), resolved.bookings.end());
    }
    return placed;
}

}  // namespace calgate
