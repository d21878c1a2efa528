#include "scheduler/detached.hpp"

#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

std::string detached_setting(const CalendarId& id) { return "detached." + id.value; }

}  // namespace

void note_detached(Writer& writer, const CalendarId& id) {
    if (!holds_detached(writer, id)) writer.put_setting(detached_setting(id), "1");
}

bool holds_detached(const Reader& reader, const CalendarId& id) {
    return reader.setting(detached_setting(id)).value_or("") == "1";
}

std::vector<When> detached_slots(
    const Reader& reader, const CalendarId& id, const Uid& uid, const Connector& connector
) {
    std::vector<When> out;
    for (const CachedEvent& row : reader.cached_events(id)) {
        if (row.uid != uid || row.appointment || !row.recurring) continue;
        const auto event = connector.read_source(row.text);
        if (!event || event->has_master) continue;
        for (const EventInstance& instance : event->overrides)
            if (instance.recurrence_id && !instance.this_and_future) out.push_back(*instance.recurrence_id);
    }
    return out;
}

void SyncPass::leave_detached_out() {
    const std::set<Uid> series = foreign_.take_series();
    const bool known = read(parts_.store, [&](const Reader& reader) { return holds_detached(reader, id_); });
    if (series.empty() || (!known && !found_detached_)) return;
    parts_.store.write([&](Writer& writer) {
        note_detached(writer, id_);
        for (const CachedEvent& row : writer.cached_events(id_)) {
            if (row.appointment || !row.recurring || !series.contains(row.uid)) continue;
            auto event = connector_.read_source(row.text);
            if (!event || !event->has_master) continue;
            const auto slots = detached_slots(writer, id_, row.uid, connector_);
            auto& excluded = event->master.excluded_dates;
            excluded.insert(excluded.end(), slots.begin(), slots.end());
            const RemoteEvent remote{row.href, row.version, std::move(*event), {}};
            CachedEvent fresh = cached_event(remote, calendar_, zone_, horizon_, row, parts_.zones, parts_.clock);
            fresh.text = row.text;
            fresh.digest = row.digest;
            if (!(fresh == row)) foreign_.put(writer, fresh);
        }
    });
    foreign_.take_series();
}

}  // namespace calgate
