#include <algorithm>

#include "scheduler/change_places.hpp"
#include "scheduler/lineage.hpp"
#include "scheduler/sync_pass.hpp"

namespace calgate {

bool SyncPass::decide(const std::vector<CopyNews>& news, const Closing& closing) {
    bool held = false;
    bookings_.reserve(bookings_.size() + news.size());
    Plan plan;
    bool answered_for = false;
    parts_.store.write([&](Writer& writer) {
        auto calendar = writer.calendar(id_);
        if (!calendar) return;
        const std::int64_t first = writer.last_change() + 1;
        std::vector<Decision> decisions;
        plan = judge(writer, news, decisions);
        if (ahead_) stand_still(writer, Lineage::Behind, parts_.clock.now());
        if (is_to_adopt(writer)) {
            held = true;
            return;
        }
        const int taken = plan.taking.changed;
        const std::string answer = writer.setting(brake_setting(id_)).value_or("");
        answered_for = !answer.empty() && (answer == "ours" || was_asked(writer, plan));
        const bool waiting = calendar->state == CalendarState::Waiting;
        const bool emptied = marker_lost_ && !answered_for;
        if (marker_lost_ && answered_for) calendar->marker.reset();
        if (waiting || emptied || (!answered_for && plan.held)) {
            held = taken > 0 || waiting || emptied;
            if (!waiting) {
                hold(
                    writer,
                    *calendar,
                    emptied ? "The calendar no longer holds the marker event: it was emptied or replaced. Nothing was "
                              "taken over."
                            : *plan.held,
                    emptied                   ? "emptied"
                    : plan.taking.deleted > 0 ? "deletions"
                                              : "edits"
                );
            }
        } else {
            const auto carry_out = [&](const Decision& decision) {
                const bool has_words = awaits_erasure(writer, decision.mirror);
                if (answer == "ours" && takes(decision.step.kind)) {
                    reject(writer, decision);
                } else {
                    apply(writer, decision);
                }
                if (!closing.pull) note_unlisted(writer, decision.mirror);
                if (has_words) keep_awaiting(writer, decision);
            };
            const int taken_before = report_.taken;
            // What was moved where another one was that moved as well waits until that one has made room.
            for (std::size_t before = decisions.size() + 1; decisions.size() < before;) {
                before = decisions.size();
                std::erase_if(decisions, [&](const Decision& decision) {
                    if (lacking_room(writer, decision)) return false;
                    carry_out(decision);
                    return true;
                });
            }
            const bool makes_room = report_.taken > taken_before || !decisions.empty();
            if (makes_room && answer != "ours") {
                std::vector<Placing> moved;
                for (const auto& decision : decisions)
                    if (auto wanted = lacking_room(writer, decision))
                        moved.push_back({std::move(*wanted), decision.step.why});
                const Instant now = parts_.clock.now();
                for (const auto& booking :
                     change_places(writer, *calendar, business_, std::move(moved), parts_.zones, now))
                    note_booking(booking);
            }
            for (const auto& decision : decisions) carry_out(decision);
            if (answer != "ours" && plan.taking.deleted >= settings_.brake_minimum)
                writer.put_setting(many_deleted_setting(id_), format_instant(parts_.clock.now()));
            // An answer is about one reading; a doubtful one decided nothing.
            if (closing.pull && !closing.doubtful && !answer.empty()) writer.put_setting(brake_setting(id_), "");
            note_run(writer, first);
        }
        if (closing.pull && closing.doubtful) {
            calendar->empty_listings += 1;
        } else if (closing.pull) {
            calendar->as_of = life_.as_of = closing.began;
            if (!held) calendar->sync_token = closing.token;
            if (closing.full && !held) {
                calendar->empty_listings = 0;
                const bool missing = misses_copies(writer);
                // While a copy is missing every pull lists everything, so that its return is seen.
                if (missing)
                    calendar->full_listing.reset();
                else
                    calendar->full_listing = closing.began;
                if (!missing && note_adoption_settled(writer, id_)) adopted_ = false;
            }
        }
        if (closing.pull && !closing.complete) calendar->full_listing.reset();
        if (closing.pull) writer.put(*calendar);
        calendar_ = *calendar;
    });
    if (held) {
        braked_ = true;
        return false;
    }
    // What a person let pass uses up no limit.
    if (!answered_for) so_far_.taking.add(plan.taking);
    so_far_.deletions += plan.deletions;
    return true;
}

bool SyncPass::misses_copies(const Reader& reader) const {
    const auto mirrors = reader.doubted_mirrors(id_);
    return std::any_of(mirrors.begin(), mirrors.end(), [](const Mirror& m) { return m.missing_since.has_value(); });
}

bool SyncPass::was_asked(const Reader& reader, const Plan& plan) const {
    const std::string about = reader.setting(brake_question_setting(id_)).value_or("");
    if (about == "emptied") return true;
    const bool many = plan.taking.deleted > brake_limits(reader).most();
    return !marker_lost_ && (about == "deletions" || !many);
}

void SyncPass::hold(Writer& writer, Calendar& calendar, const std::string& why, const std::string& about) {
    writer.put_setting(brake_setting(id_), "");
    writer.put_setting(brake_question_setting(id_), about);
    const std::string todo = why + " Approve or reject it with `calgate conflicts`.";
    calendar.state = CalendarState::Waiting;
    calendar.detail = todo;
    Conflict conflict;
    conflict.calendar = id_;
    conflict.kind = ConflictKind::Brake;
    conflict.why = todo;
    conflict.created = parts_.clock.now();
    const auto number = writer.add(conflict);
    writer.append({0, conflict.created, "conflict.opened", std::to_string(number), "gateway", todo, 0});
    writer.put(calendar);
    ++report_.conflicts;
}

std::optional<Appointment> SyncPass::lacking_room(const Reader& reader, const Decision& decision) const {
    const StepKind kind = decision.step.kind;
    if ((kind != StepKind::TakeTheirs && kind != StepKind::Merge) || !decision.step.result) return std::nullopt;
    Appointment wanted = with_changes(decision.appointment, decision.ours, *decision.step.result, zone_, parts_.zones);
    if (has_room(reader, wanted, parts_.zones, parts_.clock.now())) return std::nullopt;
    return wanted;
}

void SyncPass::note_run(Writer& writer, std::int64_t first) {
    const auto entries = static_cast<std::size_t>(writer.last_change() + 1 - first);
    int changed = 0;
    for (const Change& change : writer.changes(first - 1, entries))
        if (change.kind.starts_with("appointment.")) ++changed;
    if (changed == 0) return;
    const std::string why = std::to_string(changed) + (changed == 1 ? " change was" : " changes were") + " taken over.";
    writer.append({0, parts_.clock.now(), "run.decided", id_.value, "calendar:" + id_.value, why, first});
}

Plan SyncPass::judge(const Reader& reader, const std::vector<CopyNews>& news, std::vector<Decision>& decisions) const {
    std::vector<FoundCopy> found;
    for (const auto& one : news) {
        const auto mirror = reader.mirror(one.appointment, id_);
        const auto appointment = reader.appointment(one.appointment);
        if (!mirror || !appointment) continue;
        ahead_ = ahead_ || is_ahead(one, *appointment);
        decisions.push_back({one, *mirror, *appointment, ours_of(*appointment, *mirror), mirror->base, {}});
        found.push_back(found_copy(decisions.back()));
        if (awaits_erasure(reader, *mirror)) take_out_words(decisions.back(), found.back());
    }
    if (found.empty()) return {};
    Plan plan = plan_run(found, so_far_, policy(), brake_limits(reader), parts_.zones);
    for (std::size_t i = 0; i < decisions.size(); ++i) decisions[i].step = plan.steps[i];
    return plan;
}

bool SyncPass::is_ahead(const CopyNews& news, const Appointment& appointment) const {
    if (!news.present) return false;
    const auto mark = read_mark(news.present->event.mark, parts_.keys);
    if (!mark || mark->revision <= appointment.revision) return false;
    // Of an appointment that was forgotten and booked anew, an old copy has a higher revision and is older.
    const auto written = open_capsule(news.present->event.capsule, parts_.keys);
    return written && written->changed >= appointment.changed;
}

FoundCopy SyncPass::found_copy(Decision& decision) const {
    const auto& mirror = decision.mirror;
    FoundCopy found{
        decision.base,
        decision.ours,
        decision.appointment.changed,
        Theirs{Theirs::Kind::Gone, {}, {}, decision.news.elsewhere}};
    found.asked = mirror.state == MirrorState::Conflict;
    found.hidden = mirror.state == MirrorState::Removed;
    if (!decision.news.present) return found;
    const Event& event = decision.news.present->event;
    found.theirs = Theirs{Theirs::Kind::Present, shown_of(event), event.master.last_modified};
    const auto mark = read_mark(event.mark, parts_.keys);
    found.of_earlier_booking = mark && mark->generation < mirror.generation;
    const bool put_back = found.of_earlier_booking && !found.ours.cancelled;
    if (found.base && !put_back) {
        // What we wrote over is no edit, although reads that lag still show it (F11).
        if (is_what_we_wrote_over(*decision.news.present, mirror)) found.base = found.theirs->shown;
        return found;
    }
    // The copy itself remembers what we last wrote into it.
    found.base.reset();
    if (!event.capsule.empty()) {
        if (const auto written = open_capsule(event.capsule, parts_.keys))
            found.base = shown_on(*written, calendar_.copy_detail, parts_.zones);
    }
    decision.base = found.base;
    if (put_back) {
        // Should it be gone after all, that is no deletion by staff: it was settled before.
        decision.base = found.theirs->shown;
        decision.base->cancelled = true;
    }
    return found;
}

void SyncPass::take_out_words(Decision& decision, FoundCopy& found) {
    const Shown& ours = decision.ours;
    if (found.base) make_nameless(*found.base, ours);
    if (found.theirs) make_nameless(found.theirs->shown, ours);
    if (decision.base) make_nameless(*decision.base, ours);
    if (!decision.news.present) return;
    Event& event = decision.news.present->event;
    event.master.title = ours.title;
    event.master.place = ours.place;
    event.master.notes = ours.notes;
    event.source.clear();
    event.capsule.clear();
}

void SyncPass::keep_awaiting(Writer& writer, const Decision& decision) {
    auto mirror = writer.mirror(decision.mirror.appointment, id_);
    if (!mirror || !mirror->href || mirror->confirmed <= decision.mirror.confirmed) return;
    mirror->confirmed = decision.mirror.confirmed;
    writer.put(*mirror);
}

bool SyncPass::is_what_we_wrote_over(const RemoteEvent& there, const Mirror& mirror) const {
    const auto mark = read_mark(there.event.mark, parts_.keys);
    if (!mark || mark->generation != mirror.generation || mark->revision >= mirror.wanted) return false;
    const auto written = open_capsule(there.event.capsule, parts_.keys);
    if (!written) return false;
    const Shown then = shown_on(*written, calendar_.copy_detail, parts_.zones);
    if (same_meaning(*mirror.base, then, parts_.zones)) return false;
    const Shown now = shown_of(there.event);
    const bool as_written = same_meaning(unmasked(now, then, calendar_.copy_detail), then, parts_.zones);
    if (mirror.remote_text.empty()) return as_written;
    const auto before = connector_.read_source(mirror.remote_text);
    if (!before) return false;
    if (same_meaning(now, shown_of(*before), parts_.zones)) return true;
    // Another revision than the one that was read last, and as we wrote it: a write of ours that was never read back,
    // or a creation that came late (F6).
    const auto seen = read_mark(before->mark, parts_.keys);
    return seen && seen->revision != mark->revision && as_written;
}

}  // namespace calgate
