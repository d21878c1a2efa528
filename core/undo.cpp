#include "core/undo.hpp"

#include <tuple>

namespace calgate {

Appointment undone(const Appointment& before, const Appointment& after, Appointment now) {
    const auto take_back = [&](auto Appointment::*field) {
        if (now.*field == after.*field) now.*field = before.*field;
    };
    const auto time = [](const Appointment& a) { return std::tie(a.start, a.end, a.zone); };
    if (time(now) == time(after)) {
        now.start = before.start;
        now.end = before.end;
        now.zone = before.zone;
    }
    take_back(&Appointment::staff);
    take_back(&Appointment::service);
    take_back(&Appointment::state);
    take_back(&Appointment::title);
    take_back(&Appointment::place);
    take_back(&Appointment::customer);
    take_back(&Appointment::notes);
    return now;
}

}  // namespace calgate
