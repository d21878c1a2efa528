#include <algorithm>

#include "scheduler/sync_pass.hpp"

namespace calgate {

SyncPass::Elsewhere SyncPass::look_elsewhere(const Mirror& mirror) {
    if (policy().moved_away == MovedAwayPolicy::Deletion) return Elsewhere::No;
    std::vector<Calendar> same_account;
    const bool known = read(parts_.store, [&](const Reader& reader) {
        for (const Calendar& other : reader.calendars()) {
            const bool same_person = other.staff == calendar_.staff && (other.mirror || other.busy);
            if (other.id == id_ || !same_person || other.state == CalendarState::Gone) continue;
            const auto events = reader.cached_events(other.id);
            const bool here = std::any_of(events.begin(), events.end(), [&](const CachedEvent& event) {
                return event.uid == mirror.uid;
            });
            if (here) return true;
            if (other.account == calendar_.account) same_account.push_back(other);
        }
        return false;
    });
    if (known) return Elsewhere::Yes;
    for (const Calendar& other : same_account) {
        const auto event = connector_.find_event(context(), other.href, mirror.uid);
        if (event) return Elsewhere::Yes;
        const ErrorCode code = event.error().code;
        if (code != ErrorCode::NotFound && code != ErrorCode::Unsupported && code != ErrorCode::Forbidden)
            return Elsewhere::Unknown;
    }
    return Elsewhere::No;
}

}  // namespace calgate
