#include "scheduler/provisional.hpp"

#include <algorithm>

#include "core/time.hpp"
#include "store/booking.hpp"

namespace calgate {
namespace {

struct ForeignBusy {
    Calendar calendar{};
    BusyInterval when{};
};

/// Foreign busy time of a person that may clash; nothing while a source is not fresh.
std::optional<std::vector<ForeignBusy>> fresh_busy(const Reader& reader, const StaffId& staff, Instant now) {
    const auto business = reader.business();
    std::vector<ForeignBusy> out;
    for (const Calendar& calendar : reader.calendars()) {
        if (!calendar.busy || calendar.staff != staff) continue;
        if (!business || !calendar.as_of || now - *calendar.as_of > business->stale_after) return std::nullopt;
        for (const CachedEvent& event : reader.cached_events(calendar.id)) {
            if (event.appointment) continue;
            for (const BusyInterval& when : event.busy) {
                if (when.kind == BusyKind::Busy && when.end > now) out.push_back({calendar, when});
            }
        }
    }
    return out;
}

std::string why_of(const Appointment& appointment, Interval when, const ForeignBusy& foreign) {
    return "The appointment " + appointment.id.value + " (" + format_instant(when.start) + " to " +
           format_instant(when.end) + ") was booked while calendars could not be read, and the calendar \"" +
           foreign.calendar.name + "\" has an event from " + format_instant(foreign.when.start) + " to " +
           format_instant(foreign.when.end) + ". Keep it (ours) or cancel it (theirs).";
}

void settle(Writer& writer, Appointment appointment, Interval when, const ForeignBusy* clash, Instant now) {
    appointment.provisional = false;
    writer.put(appointment, when);
    if (!clash) {
        writer.append(
            {0,
             now,
             "appointment.firm",
             appointment.id.value,
             "gateway",
             "Its calendars were read again and are free at this time.",
             appointment.revision}
        );
        return;
    }
    Conflict conflict;
    conflict.appointment = appointment.id;
    conflict.calendar = clash->calendar.id;
    conflict.kind = ConflictKind::ProvisionalClash;
    conflict.why = why_of(appointment, when, *clash);
    conflict.created = now;
    const auto number = writer.add(conflict);
    writer.append({0, now, "conflict.opened", std::to_string(number), "gateway", conflict.why, appointment.revision});
}

}  // namespace

std::string provisional_setting(const StaffId& staff) { return "provisional." + staff.value; }

void recheck_provisional(const EngineParts& parts, const CalendarId& source) {
    const StaffId staff = read(parts.store, [&](const Reader& reader) {
        const auto calendar = reader.calendar(source);
        const bool waits =
            calendar && calendar->busy && reader.setting(provisional_setting(calendar->staff)).value_or("") == "1";
        return waits ? calendar->staff : StaffId{};
    });
    if (staff.empty()) return;
    const Instant now = parts.clock.now();
    parts.store.write([&](Writer& writer) {
        const auto busy = fresh_busy(writer, staff, now);
        if (!busy) return;
        for (const auto& [appointment, when] : writer.appointments_of(staff, {now, kFarFuture})) {
            if (!appointment.provisional) continue;
            const auto clash = std::find_if(busy->begin(), busy->end(), [&, span = when](const ForeignBusy& foreign) {
                return foreign.when.start < span.end && foreign.when.end > span.start;
            });
            settle(writer, appointment, when, clash == busy->end() ? nullptr : &*clash, now);
        }
        writer.put_setting(provisional_setting(staff), "");
    });
}

}  // namespace calgate
