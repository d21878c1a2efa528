#include "scheduler/sync_pass.hpp"

namespace calgate {

bool SyncPass::is_untouched(const RemoteEvent& remote) const {
    const auto written = open_capsule(remote.event.capsule, parts_.keys);
    return written &&
           same_meaning(shown_of(remote.event), shown_on(*written, calendar_.copy_detail, parts_.zones), parts_.zones);
}

bool SyncPass::is_late_copy(const RemoteEvent& remote, const Mark& mark, const Mirror& current) const {
    if (mark.generation >= current.generation || !current.href || current.href == remote.href) return false;
    if (remote.event.uid != copy_name(business_.id, mark.appointment, id_, mark.generation)) return false;
    return is_untouched(remote);
}

void SyncPass::sweep_late_copies() {
    for (const RemoteEvent& late : late_copies_) {
        if (!may_write()) {
            parts_.store.write([&](Writer& writer) { list_anew(writer); });
            break;
        }
        // What the service does not delete now is listed again, once a day at the latest.
        if (late.version) static_cast<void>(connector_.delete_event(context(), late.href, *late.version));
    }
    late_copies_.clear();
}

void SyncPass::note_twin(Writer& writer, const AppointmentId& appointment, const Href& twin) {
    auto mirror = writer.mirror(appointment, id_);
    if (!mirror || mirror->twin == twin) return;
    mirror->twin = twin;
    mirror->twin_since = parts_.clock.now();
    writer.put(*mirror);
}

void SyncPass::sweep_twins() {
    auto due = read(parts_.store, [&](const Reader& reader) { return reader.doubted_mirrors(id_); });
    std::erase_if(due, [&](const Mirror& mirror) {
        // Where the copy itself is missing, the twin may be it.
        return !mirror.twin_since || mirror.missing_since || left_of_window(*mirror.twin_since).count() > 0;
    });
    for (const Mirror& mirror : due) {
        if (!may_write()) return;
        if (!sweep_twin(mirror)) continue;
        parts_.store.write([&](Writer& writer) {
            auto current = writer.mirror(mirror.appointment, id_);
            if (!current || current->twin != mirror.twin) return;
            current->twin.reset();
            current->twin_since.reset();
            writer.put(*current);
        });
    }
}

bool SyncPass::sweep_twin(const Mirror& mirror) {
    if (!mirror.href || *mirror.href == *mirror.twin) return true;
    const auto twin = connector_.fetch_event(context(), *mirror.twin);
    if (!twin) return twin.error().code == ErrorCode::NotFound;
    if (!is_ours(*twin, mirror) || !is_untouched(*twin)) return true;
    const auto copy = connector_.fetch_event(context(), *mirror.href);
    if (!copy || !is_ours(*copy, mirror) || !twin->version) return false;
    if (!connector_.delete_event(context(), twin->href, *twin->version)) return false;
    parts_.store.write([&](Writer& writer) { foreign_.erase(writer, id_, twin->href); });
    return true;
}

}  // namespace calgate
