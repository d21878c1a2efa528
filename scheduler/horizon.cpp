#include "scheduler/horizon.hpp"

#include <map>
#include <set>

#include "scheduler/detached.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::chrono::hours kExpandAhead{24 * 7};
constexpr std::size_t kExpandBatch = 500;

}  // namespace

void expand_horizon(const EngineParts& parts, const Engine::Settings& settings) {
    const Instant now = parts.clock.now();
    const Interval window{now - settings.horizon_back, now + settings.horizon_ahead};
    const auto old = read(parts.store, [&](const Reader& r) {
        return r.cached_events_to_expand(window.end - kExpandAhead, kExpandBatch);
    });
    std::set<CalendarId> changed;
    std::map<AccountId, std::unique_ptr<Connector>> connectors;  // Of our own: understanding needs no turn at a desk.
    for (const auto& event : old) {
        std::optional<Calendar> calendar;
        std::optional<Account> account;
        std::string zone;
        parts.store.read([&](const Reader& reader) {
            calendar = reader.calendar(event.calendar);
            if (!calendar) return;
            account = reader.account(calendar->account);
            zone = zone_of(reader, *calendar, reader.business().value_or(Business{}));
        });
        if (!account) continue;
        auto& connector = connectors[account->id];
        if (!connector) {
            if (auto opened = parts.connectors.open(*account)) connector = std::move(*opened);
        }
        if (!connector) continue;
        RemoteEvent remote{event.href, event.version, {}, {}};
        auto parsed = connector->read_source(event.text);
        if (parsed)
            remote.event = std::move(*parsed);
        else
            remote.unreadable = parsed.error().detail;
        remote.event.source = event.text;
        parts.store.read([&](const Reader& reader) {
            if (remote.unreadable || !remote.event.has_master || !holds_detached(reader, event.calendar)) return;
            for (const When& slot : detached_slots(reader, event.calendar, event.uid, *connector))
                remote.event.master.excluded_dates.push_back(slot);
        });
        auto fresh = cached_event(remote, *calendar, zone, window, event, parts.zones, parts.clock);
        // What cannot be read moves to the end of the line, with the busy time it had.
        if (remote.unreadable) fresh.busy_to = window.end;
        parts.store.write([&](Writer& writer) {
            const auto current = writer.cached_event(event.calendar, event.href);
            if (current && current->text == event.text) writer.put(fresh);
        });
        changed.insert(event.calendar);
    }
    for (const auto& id : changed) {
        const auto calendar = read(parts.store, [&](const Reader& reader) { return reader.calendar(id); });
        if (calendar && calendar->busy) show_busy(parts, *calendar, shown_state(parts.index, *calendar));
    }
}

}  // namespace calgate
