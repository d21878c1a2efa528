#include <algorithm>
#include <functional>

#include "tests/sim/seed_truth.hpp"

namespace calgate::seeds {

namespace {

constexpr int kManyGenerations = 40;

std::size_t digest(const std::string& text) { return std::hash<std::string>{}(without_returns(text)); }

}  // namespace

void Truth::delivered(const RemoteEvent& event) {
    omitted_.erase(event.href.value);
    delivered_.insert({event.href.value, digest(event.event.source)});
}

void Truth::told_gone(const Href& calendar, const ChangeSet& page) {
    for (const auto& href : page.removed) erased_untold_.erase(href);
    if (!page.snapshot || page.more) return;
    std::erase_if(erased_untold_, [&](const Href& href) { return calendar_of(href) == calendar; });
}

void Truth::listed(const Href& calendar, Instant now) {
    const auto [known, first] = listed_.try_emplace(calendar, now);
    if (!first) known->second = std::max(known->second, now);
}

void Truth::wrote(const Href& calendar, const Texts& before, const Texts& after) {
    const auto id = calendar_at(calendar);
    if (!id || before == after) return;
    for (const auto& [href, text] : before) {
        const auto now = after.find(href);
        if (now != after.end() && now->second == text) continue;
        tell_write(now == after.end() ? "deletes" : "updates", href, now == after.end() ? text : now->second);
        count("I8");
        if (foreign_.contains(href)) fail("I8", "the gateway changed or deleted " + href + ", which a person made");
        if (now == after.end())
            check_deleted(*id, href, text, after);
        else
            check_changed(href, text, now->second);
    }
    for (const auto& [href, text] : after) {
        if (!before.contains(href)) {
            tell_write("creates", href, text);
            check_created(*id, href, text);
        }
        if (const auto then = before.find(href); then == before.end() || then->second != text) {
            check_stands_still(href, text);
            check_shows_little(*id, href, text);
            written_[href] = text;
        }
    }
}

void Truth::tell_write(const std::string& what, const std::string& href, const std::string& text) {
    const auto& mark = understand(text).mark;
    if (!told_ || !mark) return;
    told_(
        "  wire: " + what + " " + mark->appointment.value + " revision " + std::to_string(mark->revision) +
        " generation " + std::to_string(mark->generation) + " at " + href
    );
}

void Truth::check_created(const CalendarId& calendar, const std::string& href, const std::string& text) {
    count("I6");
    const auto& understood = understand(text);
    if (!understood.mark) fail("I6", "the gateway created " + href + " without a mark");
    if (!is_name_of(understood.event->uid, understood.mark->appointment, calendar, kManyGenerations))
        fail("I6", "the gateway created " + href + " under a name that is not its copy's");
    // A creation that came late, of an earlier generation, brings nothing back of what was taken away since.
    const auto taken_away = taken_away_.find({understood.mark->appointment, calendar});
    if (taken_away != taken_away_.end() && taken_away->second <= understood.mark->generation)
        taken_away_.erase(taken_away);
}

void Truth::check_stands_still(const std::string& href, const std::string& text) {
    const auto& mark = understand(text).mark;
    if (!put_back_ || !mark || mark->appointment.value == "marker") return;
    count("I21");
    const auto stands = read(*store_, [](const Reader& r) { return r.setting("standstill").value_or(""); });
    if (!stands.empty()) fail("I21", href + " was written while the store stood behind its mirrors");
}

void Truth::check_shows_little(const CalendarId& calendar, const std::string& href, const std::string& text) {
    const auto& understood = understand(text);
    if (!understood.mark) return;
    count("I27");
    const auto known = acknowledged_.find(understood.mark->appointment);
    if (known == acknowledged_.end()) return;
    const auto& [id, appointment] = *known;
    const auto detail = read(*store_, [&](const Reader& r) { return r.calendar(calendar)->copy_detail; });
    const auto shows = [&](const std::string& what) { return !what.empty() && text.find(what) != std::string::npos; };
    if (shows(appointment.customer)) fail("I27", href + " shows whose appointment it is");
    const bool hides_title = !detail.title;
    const bool hides_place = !detail.place;
    if ((hides_title && shows(appointment.title)) || (hides_place && shows("Chair 1")))
        fail("I27", href + " shows more of " + id.value + " than its calendar is meant to");
}

void Truth::check_seen(const std::string& href, const std::string& text) {
    count("I10");
    const auto ours = written_.find(href);
    const bool written = ours != written_.end() && ours->second == text;
    if (!written && !delivered_.contains({href, digest(text)}))
        fail("I10", href + " was overwritten or deleted although its last change had not been read");
}

void Truth::check_changed(const std::string& href, const std::string& before, const std::string& after) {
    check_seen(href, before);
    count("I9");
    const auto& then = understand(before);
    const auto& now = understand(after);
    // Revisions of two lives of the store are not to be compared: the one that was written last is newer (F37).
    const auto written = [&](const Understood& one) {
        const auto sealed = open_capsule(one.event->capsule, keys_);
        return sealed ? sealed->changed : Instant{};
    };
    const bool of_another_life = put_back_ && then.event && now.event && written(now) >= written(then);
    if (then.mark && now.mark && now.mark->revision < then.mark->revision && !of_another_life)
        fail(
            "I9",
            href + " went back from revision " + std::to_string(then.mark->revision) + " to " +
                std::to_string(now.mark->revision)
        );
}

void Truth::check_deleted(
    const CalendarId& calendar, const std::string& href, const std::string& text, const Texts& after
) {
    check_seen(href, text);
    const auto& understood = understand(text);
    if (!understood.mark) fail("I8", "the gateway deleted " + href + ", which bears no mark");
    const auto mirror =
        read(*store_, [&](const Reader& r) { return r.mirror_by_uid(calendar, understood.event->uid); });
    count("I6");
    // Of two copies of one name the one that the gateway does not follow may go.
    int& deleted = deleted_since_[{understood.mark->appointment, calendar}];
    deleted = std::max(deleted, understood.mark->generation);
    const bool twin = mirror && mirror->href && mirror->href->value != href && after.contains(mirror->href->value);
    const bool live = mirror && mirror->appointment == understood.mark->appointment && !mirror->wanted_gone;
    if (live && !twin && !late_) fail("I6", "the gateway deleted " + href + ", the copy of a live appointment");
}

void Truth::committed() {
    if (!store_) return;
    store_->read([&](const Reader& reader) {
        for (const auto& change : reader.changes(feed_, 1000)) {
            feed_ = change.sequence;
            if (told_)
                told_("  feed: " + change.kind + " " + change.subject + " by " + change.actor + ": " + change.why);
            if (!change.kind.starts_with("appointment.")) continue;
            const AppointmentId id{change.subject};
            entries_[id] = change.kind == "appointment.restored" ? change.revision : entries_[id] + 1;
            if (const auto appointment = reader.appointment(id)) history_[id][appointment->revision] = *appointment;
            if (change.kind == "appointment.changed" && change.actor.starts_with("calendar:")) {
                taken_lately_.insert(id);
                check_changed_by_calendar(change);
            }
            if (change.kind == "appointment.cancelled" && change.actor.starts_with("calendar:"))
                check_cancelled_by_calendar(reader, change);
        }
    });
}

void Truth::check_cancelled_by_calendar(const Reader& reader, const Change& change) {
    count("I11");
    const CalendarId calendar{change.actor.substr(std::string("calendar:").size())};
    const AppointmentId appointment{change.subject};
    if (!taken_away_.contains({appointment, calendar}))
        fail("I11", appointment.value + " was cancelled by " + calendar.value + ", where nobody took its copy away");
    const auto mirror = reader.mirror(appointment, calendar);
    for (const auto& [href, text] : texts(calendar)) {
        const auto& understood = understand(text);
        if (!mirror || !understood.event || understood.event->uid != mirror->uid || foreign_.contains(href)) continue;
        if (understood.event->master.status != EventStatus::Cancelled)
            fail("I11", appointment.value + " was cancelled by " + calendar.value + " although its copy is there");
        return;
    }
    check_marker_stood(calendar, appointment);
}

void Truth::check_marker_stood(const CalendarId& calendar, const AppointmentId& appointment) {
    const auto all = texts(calendar);
    const bool stands = std::any_of(all.begin(), all.end(), [&](const auto& entry) {
        const auto& mark = understand(entry.second).mark;
        return mark && mark->appointment.value == "marker";
    });
    if (!stands && !unbraked_.contains(calendar))
        fail("I11", appointment.value + " was cancelled by " + calendar.value + ", which had lost its marker");
}

void Truth::check_changed_by_calendar(const Change& change) {
    count("I1");
    const AppointmentId id{change.subject};
    const auto& revisions = history_[id];
    const auto now = revisions.find(change.revision);
    const auto before = revisions.find(change.revision - 1);
    if (now == revisions.end() || before == revisions.end()) return;
    const auto start_of = [&](const Appointment& a) {
        return zones_.to_instant({When::Kind::Zoned, a.start, a.zone}, "UTC");
    };
    const bool title = now->second.title != before->second.title && !titles_by_hand_[id].contains(now->second.title);
    const bool start =
        start_of(now->second) != start_of(before->second) && !starts_by_hand_[id].contains(start_of(now->second));
    if (title || start)
        fail(
            "I1",
            id.value + " lost its " + (title ? "title" : "time") + " to what " + change.actor +
                " shows, which nobody wrote there"
        );
}

}  // namespace calgate::seeds
