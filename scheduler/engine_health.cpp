#include <algorithm>
#include <map>

#include "scheduler/engine_impl.hpp"

namespace calgate {

const Policies& Engine::policies() const { return impl_->settings.policies; }

std::vector<CalendarHealth> Engine::health() const {
    std::vector<CalendarHealth> out;
    std::map<AccountId, double> pace;
    std::map<CalendarId, ThisLife> lives;
    {
        const std::lock_guard lock(impl_->mutex);
        for (const auto& [account, desk] : impl_->desks) pace.emplace(account, desk->pace);
        lives = impl_->lives;
    }
    impl_->parts.store.read([&](const Reader& reader) {
        const auto calendars = reader.calendars();
        std::map<AccountId, std::int64_t> waiting;
        std::vector<std::int64_t> waiting_here;
        for (const auto& calendar : calendars) {
            waiting_here.push_back(reader.count_open_mirrors(calendar.id));
            waiting[calendar.account] += waiting_here.back();
        }
        for (std::size_t i = 0; i < calendars.size(); ++i) {
            const Calendar& calendar = calendars[i];
            CalendarHealth health;
            health.calendar = calendar.id;
            health.as_of = as_of_in(calendar, lives[calendar.id]);
            health.waiting = waiting_here[i];
            const double calls = static_cast<double>(waiting[calendar.account]);
            const double per_second =
                pace.try_emplace(calendar.account, impl_->settings.calls_per_second).first->second;
            health.catch_up = std::chrono::ceil<std::chrono::seconds>(
                std::chrono::duration<double>(health.waiting == 0 ? 0 : calls / per_second)
            );
            const auto account = reader.account(calendar.account);
            if (account && account->state != AccountState::Active)
                health.trouble = account->detail;
            else if (calendar.state != CalendarState::Active || (!calendar.mirror && !calendar.busy))
                health.trouble = calendar.detail;  // Also of one whose copies are being removed.
            out.push_back(std::move(health));
        }
    });
    const std::lock_guard lock(impl_->mutex);
    for (auto& health : out) {
        const auto last = impl_->last.find(health.calendar);
        const auto service = impl_->services.find(health.calendar);
        const bool closed = service == impl_->services.end() || impl_->scheduler.service_up(service->second);
        health.live = closed && last != impl_->last.end() && last->second.completed;
        if (health.trouble.empty() && last != impl_->last.end() && last->second.error)
            health.trouble = last->second.error->detail;
    }
    return out;
}

void Engine::Impl::keep_as_of() {
    std::map<CalendarId, ThisLife> known;
    {
        const std::lock_guard lock(mutex);
        known = lives;
    }
    const Instant now = parts.clock.now();
    try {
        parts.store.write([&](Writer& writer) {
            for (Calendar& calendar : writer.calendars()) {
                const auto as_of = as_of_in(calendar, known[calendar.id]);
                if (as_of == calendar.as_of || as_of > now) continue;
                calendar.as_of = as_of;
                writer.put(calendar);
            }
        });
    } catch (const StoreFailure& failure) {
        if (parts.log) parts.log(std::string("job=stop error=store detail=\"") + failure.what() + "\"");
    }
}

void Engine::Impl::note(const PassReport& report) {
    const std::lock_guard lock(mutex);
    last[report.calendar] = report;
}

void Engine::read_within(const std::vector<CalendarId>& calendars, std::chrono::milliseconds budget) {
    std::map<CalendarId, std::uint64_t> before;
    {
        const std::lock_guard lock(impl_->mutex);
        for (const CalendarId& calendar : calendars) {
            const auto service = impl_->services.find(calendar);
            if (service == impl_->services.end() || !impl_->scheduler.service_up(service->second)) continue;
            before.emplace(calendar, impl_->reads[calendar]);
        }
    }
    for (const auto& [calendar, count] : before) poll_now(calendar);
    std::unique_lock lock(impl_->mutex);
    impl_->was_read.wait_for(lock, budget, [&] {
        return std::all_of(before.begin(), before.end(), [&](const auto& one) {
            return impl_->reads[one.first] != one.second;
        });
    });
}

}  // namespace calgate
