#include "scheduler/engine_impl.hpp"

/// Hints that come over connections kept open.
namespace calgate {
namespace {

/// One act of a person causes several events (EWS: "after an event wait").
constexpr std::chrono::seconds kSettle{3};

}  // namespace

void Engine::Impl::hear(const CalendarId& calendar, StreamKeeper::Cause cause) {
    {
        const std::lock_guard lock(mutex);
        const SteadyInstant now = parts.clock.steady();
        if (cause == StreamKeeper::Cause::Changed)
            scheduler.poll(calendar, now + kSettle);
        else
            scheduler.wake(calendar, now);
    }
    pool.notify();
}

std::optional<std::chrono::milliseconds> Engine::Impl::keep_stream(
    Connector& connector, const CalendarId& id, std::stop_token stop
) {
    if (!connector.hints()) return std::nullopt;
    std::optional<Account> account;
    std::map<Href, CalendarId> read_calendars;
    parts.store.read([&](const Reader& reader) {
        const auto calendar = reader.calendar(id);
        if (calendar) account = reader.account(calendar->account);
        for (const auto& other : reader.calendars()) {
            const bool is_read = other.state != CalendarState::Gone && (other.mirror || other.busy);
            if (account && other.account == account->id && is_read) read_calendars.emplace(other.href, other.id);
        }
    });
    if (!account) return std::nullopt;
    const Context context{parts.clock.steady() + settings.call_timeout, stop};
    const StreamKeeper::Kept kept = streams.keep(context, connector, *account, read_calendars);
    const SteadyInstant now = parts.clock.steady();
    if (kept.opened) {
        const std::lock_guard lock(mutex);
        for (const auto& [href, calendar] : read_calendars) scheduler.poll(calendar, now);
    }
    if (!kept.again) return std::nullopt;
    return std::max(
        std::chrono::duration_cast<std::chrono::milliseconds>(*kept.again - now), std::chrono::milliseconds{1}
    );
}

}  // namespace calgate
