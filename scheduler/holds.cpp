#include "scheduler/holds.hpp"

#include "store/booking.hpp"

namespace calgate {
namespace {

constexpr std::size_t kPortion = 100;

}  // namespace

void end_holds(const EngineParts& parts) {
    while (true) {
        const Instant now = parts.clock.now();
        const bool any = read(parts.store, [&](const Reader& r) { return !r.expired_holds(now, 1).empty(); });
        if (!any) return;
        const auto ended =
            write(parts.store, [&](Writer& writer) { return end_holds(writer, parts.zones, now, kPortion); });
        for (const BookingResult& hold : ended) show_booking(parts.index, hold);
        if (ended.size() < kPortion) return;
    }
}

}  // namespace calgate
