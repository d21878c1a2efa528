#include "core/batch.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {

std::size_t SyncPass::batch_capacity() {
    BatchService* const batch = reads_before_writing_ ? nullptr : connector_.batch();
    return batch ? batch->capacity() : 1;
}

bool SyncPass::goes_together(const Mirror& mirror) {
    if (!mirror.open() || mirror.attempts > 0 || mirror.unknown_call) return false;
    if (!mirror.href) return !mirror.wanted_gone && mirror.generation <= 1;
    // What has to be read first is read alone.
    return mirror.version && (!mirror.wanted_gone || !mirror.remote_text.empty());
}

SyncPass::Pushed SyncPass::write_together(const std::vector<AppointmentId>& ids) {
    if (ids.empty()) return Pushed::Next;
    if (ids.size() == 1) return push_one(ids.front());
    std::vector<Copy> copies;
    std::vector<AppointmentId> others;
    // The rows as they stand now, so that an older revision is never written (I9).
    parts_.store.read([&](const Reader& reader) {
        for (const auto& id : ids) {
            auto mirror = reader.mirror(id, id_);
            auto appointment = reader.appointment(id);
            if (mirror && appointment && goes_together(*mirror))
                copies.push_back({std::move(*mirror), std::move(*appointment)});
            else
                others.push_back(id);
        }
    });
    Pushed next = copies.empty() ? Pushed::Next : write_copies(copies);
    for (const auto& id : others)
        if (next != Pushed::Stop) next = push_one(id);
    return next;
}

EventWrite SyncPass::write_of(const Copy& copy) {
    const auto& [mirror, appointment] = copy;
    if (mirror.wanted_gone) return {EventWrite::Kind::Delete, {}, *mirror.href, *mirror.version};
    if (!mirror.href) return {EventWrite::Kind::Create, event_of(mirror, appointment), {}, {}};
    return {EventWrite::Kind::Update, event_of(mirror, appointment), *mirror.href, *mirror.version};
}

SyncPass::Pushed SyncPass::write_copies(const std::vector<Copy>& copies) {
    std::vector<EventWrite> writes;
    for (const Copy& copy : copies) writes.push_back(write_of(copy));
    const auto outcomes = connector_.batch()->write_events(context(), calendar_.href, writes);
    CALGATE_ASSERT(outcomes.size() == copies.size());
    // Every outcome is kept before anything else is asked, whatever the others say; what was written in one commit.
    std::vector<Written> written;
    for (std::size_t i = 0; i < copies.size(); ++i)
        if (outcomes[i] && !copies[i].mirror.wanted_gone) written.push_back({copies[i], *outcomes[i]});
    settled(written);
    Pushed next = Pushed::Next;
    std::vector<std::size_t> to_look_at;
    std::vector<const Copy*> gone;
    for (std::size_t i = 0; i < copies.size(); ++i) {
        const auto& [mirror, appointment] = copies[i];
        const auto& outcome = outcomes[i];
        if (mirror.wanted_gone && is_gone(outcome))
            gone.push_back(&copies[i]);
        else if (asks_for_a_look(outcome))
            to_look_at.push_back(i);
        else if (!outcome && after_write(mirror, appointment, outcome, kMaxTries) == Pushed::Stop)
            next = Pushed::Stop;
    }
    // Nothing is known of the rest yet; it is tried again.
    if (next != Pushed::Stop) next = settle_gone(gone);
    for (const std::size_t i : to_look_at)
        if (next != Pushed::Stop) next = after_write(copies[i].mirror, copies[i].appointment, outcomes[i], kMaxTries);
    return next;
}

SyncPass::Pushed SyncPass::settle_gone(const std::vector<const Copy*>& copies) {
    if (copies.empty()) return Pushed::Next;
    std::vector<Uid> names;
    for (const Copy* copy : copies) names.push_back(copy->mirror.uid);
    const auto absent = connector_.batch()->find_absent(context(), calendar_.href, names);
    CALGATE_ASSERT(absent.size() == copies.size());
    Pushed next = Pushed::Next;
    std::vector<const Copy*> to_find;
    for (std::size_t i = 0; i < copies.size(); ++i) {
        Pushed one = Pushed::Next;
        if (!absent[i] && absent[i].error().code != ErrorCode::Unsupported) {
            one = failed(copies[i]->mirror, absent[i].error(), false);
        } else if (absent[i] && *absent[i]) {
            ++report_.deleted;
            one = settled_gone(copies[i]->mirror);
        } else {
            to_find.push_back(copies[i]);
        }
        if (one == Pushed::Stop) next = Pushed::Stop;
    }
    for (const Copy* copy : to_find)
        if (next != Pushed::Stop) next = removed(copy->mirror, kMaxTries);
    return next;
}

}  // namespace calgate
