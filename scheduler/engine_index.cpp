#include <atomic>
#include <exception>
#include <thread>

#include "scheduler/engine_impl.hpp"
#include "scheduler/lineage.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::size_t kMostLoaders = 8;
constexpr std::size_t kCalendarsEach = 8;  ///< Fewer are not worth a thread.

/// Reads them on as many threads as there are cores. @throws StoreFailure
void load_busy_time(const EngineParts& parts, const std::vector<Calendar>& calendars) {
    const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
    const std::size_t threads = std::min({cores, kMostLoaders, calendars.size() / kCalendarsEach + 1});
    std::atomic<std::size_t> next = 0;
    std::vector<std::exception_ptr> failures(threads);
    const auto load = [&](std::size_t thread) {
        try {
            parts.store.read([&](const Reader& reader) {
                for (std::size_t at = next++; at < calendars.size(); at = next++) {
                    const Calendar& one = calendars[at];
                    parts.index.set_source(one.staff, shown_state(parts.index, one), reader.busy_time(one.id));
                }
            });
        } catch (...) {
            failures[thread] = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::size_t thread = 1; thread < threads; ++thread) others.emplace_back(load, thread);
        load(0);
    }
    for (const auto& failure : failures)
        if (failure) std::rethrow_exception(failure);
}

}  // namespace

void Engine::load() {
    auto& parts = impl_->parts;
    std::vector<Calendar> sources;
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
        for (auto& calendar : reader.calendars())
            if (calendar.busy) sources.push_back(std::move(calendar));
    });
    load_busy_time(parts, sources);
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
