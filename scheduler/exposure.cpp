#include "scheduler/exposure.hpp"

#include <algorithm>
#include <set>

namespace calgate {
namespace {

constexpr std::size_t kAll = 1'000'000'000;

}  // namespace

Exposure exposure_of(const Reader& reader) {
    if (const auto* const counts = dynamic_cast<const ExposureCount*>(&reader)) return counts->exposure();
    std::set<AppointmentId> open;
    for (const Calendar& calendar : reader.calendars()) {
        if (!calendar.mirror) continue;
        for (const Mirror& mirror : reader.open_mirrors(calendar.id, kFarFuture, kAll)) open.insert(mirror.appointment);
    }
    Exposure out;
    for (const AppointmentId& id : open) {
        const auto appointment = reader.appointment(id);
        if (!appointment) continue;
        const auto mirrors = reader.mirrors_of(id);
        const bool held = std::any_of(mirrors.begin(), mirrors.end(), [&](const Mirror& mirror) {
            return mirror.confirmed >= appointment->revision;
        });
        if (held) continue;
        ++out.appointments;
        out.oldest = out.oldest ? std::min(*out.oldest, appointment->changed) : appointment->changed;
    }
    return out;
}

}  // namespace calgate
