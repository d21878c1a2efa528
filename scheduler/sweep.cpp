#include "scheduler/sync_pass.hpp"

namespace calgate {

bool SyncPass::is_late_copy(const RemoteEvent& remote, const Mark& mark, const Mirror& current) const {
    if (mark.generation >= current.generation || !current.href || current.href == remote.href) return false;
    if (remote.event.uid != copy_name(business_.id, mark.appointment, id_, mark.generation)) return false;
    const auto written = open_capsule(remote.event.capsule, parts_.keys);
    return written &&
           same_meaning(shown_of(remote.event), shown_on(*written, calendar_.copy_detail, parts_.zones), parts_.zones);
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

}  // namespace calgate
