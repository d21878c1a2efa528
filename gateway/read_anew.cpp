#include "gateway/read_anew.hpp"

namespace calgate {

void read_anew(Writer& writer, Calendar& calendar) {
    if (!calendar.busy) return;
    calendar.sync_token.reset();
    calendar.full_listing.reset();
    writer.put(calendar);
    for (CachedEvent& event : writer.cached_events(calendar.id)) {
        if (event.appointment || !event.version) continue;
        event.version.reset();
        writer.put(event);
    }
}

}  // namespace calgate
