#include "scheduler/busy_change.hpp"

namespace calgate {
namespace {

/// Telling all again costs about as much as this many one by one.
constexpr std::size_t kMostIntervals = 5'000;

}  // namespace

void BusyChange::put(Writer& writer, const CachedEvent& event) {
    leave(writer, event.calendar, event.href);
    if (!whole_ && !event.appointment) come_.insert(come_.end(), event.busy.begin(), event.busy.end());
    limit();
    if (event.recurring && !event.appointment) series_.insert(event.uid);
    writer.put(event);
}

void BusyChange::erase(Writer& writer, const CalendarId& calendar, const Href& href) {
    leave(writer, calendar, href);
    limit();
    const auto earlier = writer.cached_event(calendar, href);
    if (earlier && earlier->recurring && !earlier->appointment) series_.insert(earlier->uid);
    writer.erase_cached_event(calendar, href);
}

void BusyChange::leave(const Writer& writer, const CalendarId& calendar, const Href& href) {
    if (whole_) return;
    const auto earlier = writer.cached_event(calendar, href);
    if (earlier && !earlier->appointment) gone_.insert(gone_.end(), earlier->busy.begin(), earlier->busy.end());
}

void BusyChange::limit() {
    if (gone_.size() + come_.size() <= kMostIntervals) return;
    whole_ = true;
    gone_.clear();
    come_.clear();
}

}  // namespace calgate
