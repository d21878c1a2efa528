#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/connector.hpp"
#include "scheduler/engine.hpp"
#include "store/store.hpp"

namespace calgate {

/// Where a copy's uid, href and base start again: the next generation of its name.
void next_generation(Mirror&, const Business&);
/// What is open of the copy is tried at once, whatever held it.
void activate(Mirror&);
/// Makes the copy be written again as we have it; the copy shows `theirs` now.
void write_ours_again(Mirror&, const std::optional<Shown>& theirs, const Business&);
/// Generation of the marker's name: services that never free a name ask for another one (F16).
int marker_generation(const Reader&, const CalendarId&);
void note_marker_generation(Writer&, const CalendarId&, int generation);
/// Names of settings that carry an answer to a brake to the next run.
std::string brake_setting(const CalendarId&);
/// When a run last took over as many deletions as no person makes: of how many copies a single run may delete (I13)
/// says nothing of several calendars that a service empties together.
std::string many_deleted_setting(const CalendarId&);
/// What that answer is about: "edits", "deletions" too, or a calendar that was "emptied". It covers nothing worse.
std::string brake_question_setting(const CalendarId&);

/// Kind and host: what breaks down, and turns odd, as one.
std::string service_of(const Account&);
/// Google, Microsoft 365, iCloud: not a server of somebody's own.
bool serves_everybody(const Account&);
/// Zone of floating times: the calendar's, the person's, the business's.
std::string zone_of(const Reader&, const Calendar&, const Business&);
/// A foreign event, understood over the horizon. @param earlier what was cached: its busy time stays while the new text
/// is unreadable (I18).
CachedEvent
cached_event(const RemoteEvent&, const Calendar&, const std::string& zone, Interval horizon, const std::optional<CachedEvent>& earlier, const ZoneResolver&, const Clock&);
/// What the index says of the calendar as a source.
SourceState shown_state(const AvailabilityIndex&, const Calendar&);
/// Tells the index all of the calendar's foreign busy time, as it stands in the store now.
void show_busy(const EngineParts&, const Calendar&, const SourceState&);

}  // namespace calgate
