#include <algorithm>

#include "core/busy.hpp"
#include "core/icalendar.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

// An event that does not recur is understood once and for all, however far away it lies (R18).

bool recurs(const Event& event) {
    return !event.master.rules.empty() || !event.master.extra_dates.empty() || !event.overrides.empty();
}

/// A task or a journal entry (RFC 5545 3.6.2, 3.6.3), which blocks no time and needs nobody's care.
bool is_another_component(const std::string& text) {
    const auto has = [&](const char* line) { return text.find(line) != std::string::npos; };
    return !has("BEGIN:VEVENT") && has("BEGIN:VCALENDAR") && has("END:VCALENDAR") &&
           (has("BEGIN:VTODO") || has("BEGIN:VJOURNAL"));
}

}  // namespace

std::string zone_of(const Reader& reader, const Calendar& calendar, const Business& business) {
    if (!calendar.zone.empty()) return calendar.zone;
    const auto staff = reader.staff(calendar.staff);
    return staff && !staff->zone.empty() ? staff->zone : business.zone.empty() ? "UTC" : business.zone;
}

CachedEvent cached_event(
    const RemoteEvent& remote,
    const Calendar& calendar,
    const std::string& zone,
    Interval horizon,
    const std::optional<CachedEvent>& earlier,
    const ZoneResolver& zones,
    const Clock& clock
) {
    CachedEvent out;
    if (remote.unreadable && earlier) out = *earlier;
    out.calendar = calendar.id;
    out.href = remote.href;
    out.version = remote.version;
    out.text = remote.event.source;
    if (remote.unreadable && is_another_component(remote.event.source)) {
        out.busy.clear();
        out.trouble.clear();
        return out;
    }
    if (remote.unreadable) {
        out.trouble = "This event cannot be read and was left as it is: " + *remote.unreadable +
                      " Open it in the calendar and save it again.";
        return out;
    }
    out.uid = remote.event.uid;
    out.appointment.reset();
    out.trouble.clear();
    out.digest = canonical_digest(remote.event, zones, zone);
    out.recurring = recurs(remote.event);
    out.busy_from = horizon.start;
    out.busy_to = out.recurring ? horizon.end : kFarFuture;
    const auto doubt = [&out](const std::string& warning) {
        out.trouble += (out.trouble.empty() ? "" : " ") + warning;
    };
    std::for_each(remote.event.warnings.begin(), remote.event.warnings.end(), doubt);
    if (!calendar.busy) return out;
    auto expansion = busy_time(remote.event, {out.busy_from, out.busy_to}, zones, zone, clock);
    out.busy = std::move(expansion.intervals);
    std::for_each(expansion.warnings.begin(), expansion.warnings.end(), doubt);
    return out;
}

SourceState shown_state(const AvailabilityIndex& index, const Calendar& calendar) {
    const auto person = index.person(calendar.staff);
    const auto source = person ? person->sources.find(calendar.id.value) : decltype(person->sources.end()){};
    if (person && source != person->sources.end()) return source->second;
    const auto freshness = calendar.as_of ? SourceState::Freshness::Cached : SourceState::Freshness::Unknown;
    return {calendar.id.value, calendar.as_of, freshness};
}

void show_busy(const EngineParts& parts, const Calendar& calendar, const SourceState& state) {
    for (bool shown = false; !shown;) {
        // Before the rows are read: what others tell meanwhile may rest on newer ones.
        const Told since = parts.index.told(calendar.staff, calendar.id.value);
        auto intervals = read(parts.store, [&](const Reader& reader) { return reader.busy_time(calendar.id); });
        shown = parts.index.set_source_since(since, calendar.staff, state, std::move(intervals));
    }
}

}  // namespace calgate
