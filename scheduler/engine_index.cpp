#include "scheduler/engine_impl.hpp"
#include "scheduler/lineage.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {

void Engine::load() {
    auto& parts = impl_->parts;
    parts.store.read([&](const Reader& reader) {
        for (const auto& service : reader.services()) parts.index.set_service(service);
        for (const auto& staff : reader.staff()) {
            parts.index.set_person(staff);
            std::vector<BusyInterval> booked;
            for (const auto& [appointment, when] : reader.appointments_of(staff.id, {Instant{}, kFarFuture})) {
                booked.push_back({when.start, when.end, BusyKind::Busy});
            }
            parts.index.set_source(
                staff.id, {"appointments", parts.clock.now(), SourceState::Freshness::Live}, std::move(booked)
            );
        }
        for (const auto& calendar : reader.calendars()) {
            if (!calendar.busy) continue;
            parts.index.set_source(calendar.staff, shown_state(parts.index, calendar), reader.busy_time(calendar.id));
        }
    });
    impl_->push.load();
    try {
        impl_->try_unopened();
        look_for_lost_rows(parts.store, parts.clock.now());
    } catch (const StoreFailure& failure) {
        if (parts.log) parts.log(std::string("job=load error=store detail=\"") + failure.what() + "\"");
    }
}

void Engine::show(const CalendarId& calendar) {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->missed.insert(calendar);
    }
    impl_->show_missed();
}

void Engine::Impl::show_missed() {
    for (;;) {
        std::set<CalendarId>::node_type next;
        {
            const std::lock_guard lock(mutex);
            if (missed.empty()) return;
            next = missed.extract(missed.begin());
        }
        try {
            const auto calendar =
                read(parts.store, [&](const Reader& reader) { return reader.calendar(next.value()); });
            if (calendar && calendar->busy) show_busy(parts, *calendar, shown_state(parts.index, *calendar));
        } catch (const StoreFailure&) {
            const std::lock_guard lock(mutex);
            missed.insert(std::move(next));
            throw;
        }
    }
}

}  // namespace calgate
