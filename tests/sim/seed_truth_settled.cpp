#include <algorithm>

#include "core/reconcile.hpp"
#include "tests/sim/seed_truth.hpp"

namespace calgate::seeds {

namespace {

std::string row_of(const std::optional<Mirror>& mirror) {
    if (!mirror) return " (no row)";
    const auto when = [](const std::optional<Instant>& at) { return at ? format_instant(*at) : std::string("-"); };
    return " (" + std::string(to_string(mirror->state)) + " generation " + std::to_string(mirror->generation) +
           " wanted " + std::to_string(mirror->wanted) + (mirror->wanted_gone ? " gone" : "") + " confirmed " +
           std::to_string(mirror->confirmed) + (mirror->unknown_call ? " unknown call" : "") + " missing since " +
           when(mirror->missing_since) + " not before " + when(mirror->not_before) + " at " +
           (mirror->href ? mirror->href->value : "no place") + ")";
}

}  // namespace

bool Truth::was_left_out(const Reader& reader, const AppointmentId& id) const {
    const auto told = reader.changes_about(id.value, 100);
    return std::any_of(told.begin(), told.end(), [](const Change& c) { return c.kind == "copy.left_out"; });
}

bool Truth::waits(const Reader& reader, const Calendar& calendar) const {
    const auto account = reader.account(calendar.account);
    return calendar.state != CalendarState::Active || !account || account->state != AccountState::Active;
}

void Truth::check_settled(bool decided) {
    store_->read([&](const Reader& reader) {
        for (const auto& calendar : reader.calendars()) {
            if (gone_.contains(calendar.href)) continue;
            if (waits(reader, calendar)) {
                if (decided) fail("L1", calendar.id.value + " still waits: " + calendar.detail);
                continue;
            }
            ++statistics_.settled;
            if (calendar.mirror) check_target(reader, calendar, decided);
            check_source(reader, calendar);
        }
        check_owed(reader);
        check_edits(reader);
        check_deletions(reader);
    });
}

void Truth::check_target(const Reader& reader, const Calendar& calendar, bool decided) {
    std::map<AppointmentId, std::vector<const Event*>> live;
    for (const auto& [href, text] : texts(calendar.id)) {
        if (foreign_.contains(href)) continue;
        const auto& understood = understand(text);
        if (!understood.mark || understood.mark->appointment.value == "marker") continue;
        if (understood.event->master.status != EventStatus::Cancelled)
            live[understood.mark->appointment].push_back(&*understood.event);
    }
    std::vector<Appointment> all = reader.appointments({}, 10'000);
    for (const auto& appointment : all) {
        const auto mirror = reader.mirror(appointment.id, calendar.id);
        const bool wanted = appointment.staff == calendar.staff && appointment.state != AppointmentState::Cancelled;
        const std::string what = appointment.id.value + " on " + calendar.id.value + row_of(mirror);
        const auto& copies_there = live[appointment.id];
        count("I6");
        if (wanted && !mirror) fail("I6", what + " has no mirror row");
        if (copies_there.size() > 1) fail("I6", what + " has " + std::to_string(copies_there.size()) + " live copies");
        if (mirror && mirror->state == MirrorState::Removed) {
            check_hidden(what, appointment.id, calendar.id, copies_there.size());
            continue;
        }
        const bool waits_for_person = mirror && mirror->state != MirrorState::Active;
        if (waits_for_person && !decided) continue;
        if (waits_for_person) fail("L1", what + " still waits: " + mirror->detail);
        if (mirror && mirror->open()) fail("L1", what + " still waits to be written: " + mirror->detail);
        if (copies_there.size() != (wanted ? 1u : 0u))
            fail("I6", what + (wanted ? " is live and has no copy" : " is not wanted there and has a copy"));
        if (!wanted) continue;
        Shown shown = shown_of(*copies_there.front());
        // A title that the copy hides is its owner's to choose.
        if (calendar.copy_detail == CopyDetail::kBusy)
            shown.title = shown_on(appointment, CopyDetail::kBusy, zones_).title;
        if (!same_meaning(shown, shown_on(appointment, calendar.copy_detail, zones_), zones_))
            fail(
                "I6",
                what + " shows something else than the appointment: \"" + shown.title + "\" instead of \"" +
                    appointment.title + "\""
            );
    }
}

void Truth::check_hidden(
    const std::string& what, const AppointmentId& appointment, const CalendarId& calendar, std::size_t live_copies
) {
    count("R5");
    if (live_copies != 0) fail("R5", what + " is hidden there and has a copy");
    if (!taken_away_.contains({appointment, calendar}))
        fail("I11", what + " is hidden there although nobody took its copy away");
}

void Truth::check_source(const Reader& reader, const Calendar& calendar) {
    std::map<std::string, std::string> cached;
    for (const auto& event : reader.cached_events(calendar.id)) cached[event.href.value] = event.text;
    for (const auto& [href, text] : texts(calendar.id)) {
        if (!foreign_.contains(href)) {
            // There is no room for what it says: the time that it takes stays busy, and a person was told.
            const auto& mark = understand(text).mark;
            const bool followed = reader.mirror_by_href(calendar.id, Href{href}).has_value();
            if (mark && !followed && was_left_out(reader, mark->appointment)) cached.erase(href);
            continue;
        }
        count("L2");
        const auto found = cached.find(href);
        if (found == cached.end() && omitted_.contains(href)) continue;
        if (found == cached.end()) fail("L2", href + " never came into the cache");
        if (without_returns(found->second) != without_returns(text)) fail("L2", href + " is cached as it was before");
        cached.erase(found);
    }
    std::erase_if(cached, [&](const auto& entry) { return erased_untold_.contains(Href{entry.first}); });
    if (!cached.empty()) fail("L2", cached.begin()->first + " is cached and no longer there");
}

void Truth::check_owed(const Reader& reader) {
    const auto conflicts = reader.conflicts(false);
    for (const auto& [id, newest] : owed_) {
        count("I21");
        const auto now = reader.appointment(id);
        if (now && now->revision >= newest.revision) continue;
        const bool asked = std::any_of(conflicts.begin(), conflicts.end(), [&, appointment = id](const Conflict& c) {
            return c.appointment == appointment;
        });
        if (!asked && !was_left_out(reader, id))
            fail(
                "I21",
                id.value + " revision " + std::to_string(newest.revision) +
                    " was in a mirror when an old backup was put back, and did not come back"
            );
    }
    owed_.clear();
}

void Truth::check_edits(const Reader& reader) {
    const auto conflicts = reader.conflicts(false);
    for (auto& edit : edits_) {
        if (edit.superseded) continue;
        const auto calendar = reader.calendar(edit.calendar);
        if (!calendar || gone_.contains(calendar->href) || waits(reader, *calendar)) continue;
        count("I10");
        const auto shows = [&](const std::string& title, const When& start) {
            return (!edit.title || *edit.title == title) &&
                   (!edit.start || zones_.to_instant(*edit.start, "UTC") == zones_.to_instant(start, "UTC"));
        };
        const auto& history = history_[edit.appointment];
        const bool taken = std::any_of(history.begin(), history.end(), [&](const auto& entry) {
            return shows(entry.second.title, {When::Kind::Zoned, entry.second.start, entry.second.zone});
        });
        const bool asked = std::any_of(conflicts.begin(), conflicts.end(), [&](const Conflict& conflict) {
            return conflict.appointment == edit.appointment && conflict.theirs &&
                   shows(conflict.theirs->title, conflict.theirs->start);
        });
        const auto mirror = reader.mirror(edit.appointment, edit.calendar);
        const bool waits_there = !mirror || mirror->state != MirrorState::Active;
        if (!taken && !asked && !waits_there)
            fail(
                "I10", "an edit of " + edit.appointment.value + " on " + edit.calendar.value + " by a person vanished"
            );
        edit.superseded = true;
    }
}

void Truth::check_deletions(const Reader& reader) {
    const auto conflicts = reader.conflicts(false);
    for (auto& deletion : deletions_) {
        const auto calendar = reader.calendar(deletion.calendar);
        if (deletion.superseded || !calendar || gone_.contains(calendar->href) || waits(reader, *calendar)) continue;
        count("I12");
        bool recorded = false;
        for (const auto& change : reader.changes(deletion.feed, 10'000)) {
            const bool about_it = change.subject == deletion.appointment.value;
            recorded = recorded || (about_it && (change.kind == "appointment.cancelled" ||
                                                 change.kind == "copy.restored" || change.kind == "copy.hidden"));
            if (change.kind == "conflict.resolved") {
                // A conflict from before the deletion, decided when it showed the deletion.
                recorded = recorded || std::any_of(conflicts.begin(), conflicts.end(), [&](const Conflict& c) {
                               return std::to_string(c.id) == change.subject && c.appointment == deletion.appointment &&
                                      c.calendar == deletion.calendar && (!c.theirs || c.theirs->cancelled);
                           });
            }
            if (about_it && change.kind == "appointment.changed") {
                const auto& history = history_[deletion.appointment];
                const auto then = history.find(change.revision);
                recorded = recorded || (then != history.end() && then->second.staff != calendar->staff);
            }
        }
        for (const auto& conflict : conflicts) {
            const bool later = conflict.id > deletion.conflicts || conflict.state == ConflictState::Open;
            const bool about_it = conflict.appointment == deletion.appointment || conflict.appointment.empty();
            recorded = recorded || (later && about_it && conflict.calendar == deletion.calendar);
        }
        if (!recorded)
            fail(
                "I12",
                "the copy of " + deletion.appointment.value + " on " + deletion.calendar.value +
                    " was deleted and nothing was decided"
            );
        deletion.superseded = true;
    }
}

}  // namespace calgate::seeds
