#include "core/batch.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {

std::size_t SyncPass::batch_capacity() {
    BatchService* const batch = connector_.batch();
    return batch ? batch->capacity() : 1;
}

bool SyncPass::is_first_copy(const Mirror& mirror) {
    const bool untried = mirror.attempts == 0 && !mirror.unknown_call && mirror.generation <= 1;
    return mirror.open() && !mirror.href && !mirror.wanted_gone && untried;
}

SyncPass::Pushed SyncPass::create_together(const std::vector<AppointmentId>& ids) {
    if (ids.empty()) return Pushed::Next;
    if (ids.size() == 1) return push_one(ids.front());
    std::vector<Copy> copies;
    std::vector<AppointmentId> others;
    // The rows as they stand now, so that an older revision is never written (I9).
    parts_.store.read([&](const Reader& reader) {
        for (const auto& id : ids) {
            auto mirror = reader.mirror(id, id_);
            auto appointment = reader.appointment(id);
            if (mirror && appointment && is_first_copy(*mirror))
                copies.push_back({std::move(*mirror), std::move(*appointment)});
            else
                others.push_back(id);
        }
    });
    Pushed next = copies.empty() ? Pushed::Next : create_copies(copies);
    for (const auto& id : others)
        if (next != Pushed::Stop) next = push_one(id);
    return next;
}

SyncPass::Pushed SyncPass::create_copies(const std::vector<Copy>& copies) {
    std::vector<Event> events;
    for (const auto& [mirror, appointment] : copies) events.push_back(event_of(mirror, appointment));
    const auto outcomes = connector_.batch()->create_events(context(), calendar_.href, events);
    CALGATE_ASSERT(outcomes.size() == copies.size());
    // Every outcome is kept before anything else is asked, whatever the others say.
    Pushed next = Pushed::Next;
    std::vector<const Copy*> taken;
    for (std::size_t i = 0; i < copies.size(); ++i) {
        const auto& [mirror, appointment] = copies[i];
        Pushed one = Pushed::Next;
        if (outcomes[i]) {
            one = created(mirror, appointment, *outcomes[i]);
        } else if (outcomes[i].error().code == ErrorCode::AlreadyExists) {
            taken.push_back(&copies[i]);
        } else {
            one = failed(mirror, outcomes[i].error(), true);
        }
        if (one == Pushed::Stop) next = Pushed::Stop;
    }
    for (const Copy* copy : taken) {
        if (next == Pushed::Stop) break;  // Nothing is known of these yet; they are tried again.
        next = take_over(copy->mirror, copy->appointment, kMaxTries);
    }
    return next;
}

}  // namespace calgate
