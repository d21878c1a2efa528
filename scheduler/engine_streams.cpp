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
    const Context context{parts.clock.steady() + settings.call_timeout, std::move(stop)};
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

void Engine::Impl::keep_push(Connector& connector, const CalendarId& id, std::stop_token stop) {
    std::optional<Calendar> calendar;
    std::optional<Account> account;
    parts.store.read([&](const Reader& reader) {
        calendar = reader.calendar(id);
        if (calendar) account = reader.account(calendar->account);
    });
    if (!account) return;
    const bool wanted = calendar->state != CalendarState::Gone && (calendar->mirror || calendar->busy);
    const Context context{parts.clock.steady() + settings.call_timeout, std::move(stop)};
    if (!push.keep(context, connector, id, calendar->href, account->kind, wanted)) return;
    const std::lock_guard lock(mutex);
    scheduler.poll(id, parts.clock.steady());
}

void Engine::Impl::close_unread(const std::map<CalendarId, std::string>& read_calendars) {
    for (const auto& calendar : push.calendars_with_channels()) {
        if (read_calendars.contains(calendar) || !push.has_work(calendar, false)) continue;
        (void)with_desk(calendar, [&](Connector& connector, Desk&) { keep_push(connector, calendar, {}); });
        return;
    }
}

}  // namespace calgate
