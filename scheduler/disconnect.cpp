#include "scheduler/disconnect.hpp"

#include <algorithm>

#include "scheduler/lineage.hpp"
#include "scheduler/regain.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

bool may_be_there(const Mirror& mirror) { return mirror.href || mirror.unknown_call; }

}  // namespace

void want_no_copies(Writer& writer, const CalendarId& id) {
    auto calendar = writer.calendar(id);
    if (!calendar) return;
    calendar->mirror = calendar->busy = false;
    // What a brake asked about is no question any more, and whether writing is allowed shows by deleting.
    if (calendar->state != CalendarState::Gone) calendar->state = CalendarState::Active;
    calendar->detail = "It is being disconnected. Run `calgate disconnect` again to go on.";
    writer.put(*calendar);
    for (Mirror& mirror : writer.mirrors_on(id)) {
        if (!may_be_there(mirror)) {
            writer.erase_mirror(mirror.appointment, id);
            continue;
        }
        mirror.wanted_gone = true;
        mirror.wanted = std::max<std::int64_t>(mirror.wanted, 1);
        mirror.confirmed = 0;
        activate(mirror);
        writer.put(mirror);
    }
}

std::int64_t copies_at(const Reader& reader, const CalendarId& id) {
    const auto mirrors = reader.mirrors_on(id);
    return std::count_if(mirrors.begin(), mirrors.end(), may_be_there);
}

int forget_calendar(Writer& writer, const CalendarId& id, Instant now, const std::string& actor) {
    int closed = 0;
    for (Conflict conflict : writer.conflicts(true)) {
        if (conflict.calendar != id) continue;
        conflict.state = ConflictState::ResolvedOurs;
        conflict.resolved = now;
        writer.put(conflict);
        writer.append(
            {0,
             now,
             "conflict.resolved",
             std::to_string(conflict.id),
             actor,
             "The calendar was disconnected; ours stands.",
             0}
        );
        ++closed;
    }
    for (const char* name :
         {"marker.",
          "marker.facts.",
          "marker.due.",
          "marker.tried.",
          "marker.taken.",
          "marker.generation.",
          "parked.again.",
          "detached."})
        writer.put_setting(name + id.value, "");
    writer.put_setting(brake_setting(id), "");
    writer.put_setting(brake_question_setting(id), "");
    writer.put_setting(many_deleted_setting(id), "");
    forget_adoption(writer, id);
    forget_refused(writer, id);
    writer.erase(id);
    writer.append({0, now, "calendar.disconnected", id.value, actor, "", 0});
    return closed;
}

}  // namespace calgate
