#include "tests/sim/seed_persons.hpp"

#include <algorithm>

namespace calgate::seeds {

namespace {

std::string utc(Instant at) {
    std::string text = format_instant(at);  // 2026-03-10T09:00:00Z
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

}  // namespace

std::optional<Persons::Copy> Persons::any_copy() {
    std::vector<Copy> all;
    for (const auto& calendar : stage_.calendars()) {
        const auto texts = stage_.truth.host(calendar.id).texts(calendar.href);
        for (const auto& [href, appointment] : stage_.truth.copies(calendar.id))
            all.push_back({calendar.id, href, appointment, texts.at(href.value)});
    }
    if (all.empty()) return std::nullopt;
    return stage_.any(all);
}

std::optional<Persons::Copy> Persons::copy_at(const Href& event) {
    for (const auto& calendar : stage_.calendars()) {
        if (stage_.truth.calendar_of(event) != calendar.href) continue;
        const auto copies = stage_.truth.copies(calendar.id);
        const auto found = copies.find(event);
        if (found == copies.end()) return std::nullopt;
        return Copy{
            calendar.id, event, found->second, stage_.truth.host(calendar.id).texts(calendar.href).at(event.value)};
    }
    return std::nullopt;
}

void Persons::retitle(const Copy& copy) {
    Event event = *stage_.truth.understand(copy.text).event;
    event.master.title = stage_.fresh("By hand ");
    const auto calendar = read(stage_.store, [&](const Reader& reader) { return *reader.calendar(copy.calendar); });
    stage_.note(
        "person retitles the copy of " + copy.appointment.value + " on " + copy.calendar.value + " to " +
        event.master.title
    );
    stage_.statistics.fire(Fault::StaffMoves);
    stage_.truth.person_wrote(copy.appointment, event);
    stage_.truth.host(copy.calendar).change(copy.href, copy.text, event, stage_.clock.now());
    if (calendar.copy_detail != CopyDetail::kBusy && event.master.status != EventStatus::Cancelled)
        stage_.truth.copy_edited({copy.appointment, copy.calendar, copy.href, event.master.title, {}, false});
}

void Persons::move(const Copy& copy) {
    Event event = *stage_.truth.understand(copy.text).event;
    const auto by = std::chrono::hours{stage_.random.between(1, 60)};
    event.master.start.local += by;
    event.master.end.local += by;
    stage_.note(
        "person moves the copy of " + copy.appointment.value + " on " + copy.calendar.value + " to " +
        format_local(event.master.start.local)
    );
    stage_.statistics.fire(Fault::StaffMoves);
    stage_.truth.person_wrote(copy.appointment, event);
    stage_.truth.host(copy.calendar).change(copy.href, copy.text, event, stage_.clock.now());
    if (event.master.status != EventStatus::Cancelled)
        stage_.truth.copy_edited({copy.appointment, copy.calendar, copy.href, {}, event.master.start, false});
}

void Persons::remove(const Copy& copy) {
    stage_.note("person deletes the copy of " + copy.appointment.value + " on " + copy.calendar.value);
    stage_.statistics.fire(Fault::StaffDeletes);
    stage_.truth.copy_taken_away(copy.href);
    stage_.truth.host(copy.calendar).erase(copy.href);
    deleted_.push_back(copy);
}

void Persons::retitle_copy() {
    if (const auto copy = any_copy()) retitle(*copy);
}

void Persons::move_copy() {
    if (const auto copy = any_copy()) move(*copy);
}

void Persons::delete_copy() {
    if (const auto copy = any_copy()) remove(*copy);
}

void Persons::delete_many() {
    const auto first = any_copy();
    if (!first) return;
    for (const auto& [href, appointment] : stage_.truth.copies(first->calendar)) {
        if (const auto copy = copy_at(href)) remove(*copy);
    }
}

void Persons::cancel_copy() {
    const auto copy = any_copy();
    if (!copy) return;
    if (!stage_.truth.host(copy->calendar).holds_anything()) return remove(*copy);
    Event event = *stage_.truth.understand(copy->text).event;
    event.master.status = EventStatus::Cancelled;
    stage_.note("person marks the copy of " + copy->appointment.value + " on " + copy->calendar.value + " cancelled");
    stage_.statistics.fire(Fault::StaffDeletes);
    stage_.truth.copy_taken_away(copy->href);
    stage_.truth.host(copy->calendar).change(copy->href, copy->text, event, stage_.clock.now());
}

void Persons::duplicate_copy() {
    const auto copy = any_copy();
    if (!copy) return;
    const auto& event = *stage_.truth.understand(copy->text).event;
    Host& host = stage_.truth.host(copy->calendar);
    const auto place = host.duplicate(copy->href, copy->text, stage_.fresh("duplicate-"));
    if (!place) return;
    stage_.note("person duplicates the copy of " + copy->appointment.value + " on " + copy->calendar.value);
    stage_.statistics.fire(Fault::StaffDuplicates);
    const bool busy =
        event.master.status != EventStatus::Cancelled && stage_.policies.duplicates == DuplicatePolicy::Busy;
    const Interval when{
        stage_.zones.to_instant(event.master.start, "UTC"), stage_.zones.to_instant(event.master.end, "UTC")};
    stage_.truth.foreign_put(
        *place,
        host.texts(host.calendar_of(*place)).at(place->value),
        busy ? std::vector{when} : std::vector<Interval>{}
    );
}

void Persons::relocate_copy() {
    const auto copy = any_copy();
    if (!copy) return;
    Host& host = stage_.truth.host(copy->calendar);
    const auto place = host.rename(copy->href, copy->text, stage_.fresh("moved-"));
    if (!place) return;
    stage_.note(
        "person's program gives the copy of " + copy->appointment.value + " on " + copy->calendar.value +
        " another name"
    );
    stage_.statistics.fire(Fault::StaffMoves);
    stage_.truth.copy_moved(copy->href, *place);
}

void Persons::undo_delete() {
    if (deleted_.empty()) return;
    const Copy copy = deleted_.back();
    deleted_.pop_back();
    const auto all = stage_.calendars();
    const auto calendar =
        std::find_if(all.begin(), all.end(), [&](const Calendar& c) { return c.id == copy.calendar; });
    if (calendar == all.end()) return;
    const auto& event = *stage_.truth.understand(copy.text).event;
    const auto mirror = read(stage_.store, [&](const Reader& r) { return r.mirror_by_uid(copy.calendar, event.uid); });
    // Only while the gateway has not gone on to another name; there must not be two of one UID.
    for (const auto& [href, text] : stage_.truth.host(copy.calendar).texts(calendar->href)) {
        const auto& other = stage_.truth.understand(text).event;
        if (href == copy.href.value || (other && other->uid == event.uid)) return;
    }
    if (!mirror || !stage_.truth.host(copy.calendar).put_back(copy.href, copy.text)) return;
    stage_.note("person undoes the deletion of the copy of " + copy.appointment.value + " on " + copy.calendar.value);
    stage_.truth.copy_put_back(copy.href);
    stage_.truth.person_wrote(copy.appointment, event);
}

void Persons::empty_calendar() {
    const auto all = stage_.calendars();
    if (all.empty()) return;
    const Calendar calendar = stage_.any(all);
    stage_.note("person empties " + calendar.id.value);
    stage_.statistics.fire(Fault::StaffDeletes);
    Host& host = stage_.truth.host(calendar.id);
    for (const auto& [href, text] : host.texts(calendar.href)) {
        const Href event{href};
        if (stage_.truth.is_foreign(event))
            stage_.truth.foreign_erased(event);
        else
            stage_.truth.copy_taken_away(event);
        host.erase(event);
    }
}

std::vector<std::pair<Calendar, Href>> Persons::own_events() {
    std::vector<std::pair<Calendar, Href>> out;
    for (const auto& calendar : stage_.calendars()) {
        for (const auto& [href, text] : stage_.truth.host(calendar.id).texts(calendar.href))
            if (stage_.truth.is_foreign(Href{href})) out.emplace_back(calendar, Href{href});
    }
    return out;
}

Persons::Own Persons::draw_own(const std::string& uid, bool may_be_broken) {
    const Instant base{std::chrono::sys_days{std::chrono::year{2026} / 3 / 10}};
    const Interval first{base + std::chrono::hours{stage_.random.between(0, 25 * 24)}, {}};
    const Interval when{first.start, first.start + std::chrono::minutes{30 * stage_.random.between(1, 6)}};
    const bool free = stage_.random.one_in(6);
    const bool weekly = stage_.random.one_in(5);
    Own own;
    for (int week = 0; week < (weekly ? 3 : 1) && !free; ++week)
        own.busy.push_back({when.start + std::chrono::days{7 * week}, when.end + std::chrono::days{7 * week}});
    own.text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Phone//EN\r\nBEGIN:VEVENT\r\nUID:" + uid +
               "\r\nDTSTAMP:20260301T080000Z\r\nDTSTART:" + utc(when.start) + "\r\nDTEND:" + utc(when.end) +
               "\r\nSUMMARY:" + stage_.fresh("Own ") + "\r\nX-PHONE:kept\r\n" + (free ? "TRANSP:TRANSPARENT\r\n" : "") +
               (weekly ? "RRULE:FREQ=WEEKLY;COUNT=3\r\n" : "") + "END:VEVENT\r\nEND:VCALENDAR\r\n";
    if (stage_.random.one_in(15) && !stage_.is_left_out(Fault::HostileEvent) && may_be_broken) {
        own.text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nUID:" + uid + "\r\nBROKEN " + stage_.fresh("");
        own.busy.clear();
        stage_.statistics.fire(Fault::HostileEvent);
    }
    return own;
}

Persons::Own Persons::in_local_time(Own own) const {
    if (own.busy.size() < 2) return own;
    // Not at the hours that the clock change skips or repeats.
    const Instant first = own.busy.front().start;
    const bool early = first - std::chrono::floor<std::chrono::days>(first) < std::chrono::hours{5};
    const std::chrono::hours late{early ? 5 : 0};
    const auto local = [&](Instant at) { return LocalSeconds{(at + late).time_since_epoch()}; };
    for (const Instant at : {own.busy.front().start, own.busy.front().end}) {
        const auto said = own.text.find(":" + utc(at));
        CALGATE_ASSERT(said != std::string::npos);
        std::string there = utc(at + late);
        there.pop_back();
        own.text.replace(said, 1 + there.size() + 1, ";TZID=Europe/Berlin:" + there);
    }
    for (Interval& one : own.busy) {
        one.start = stage_.zones.to_instant({When::Kind::Zoned, local(one.start), "Europe/Berlin"}, "UTC");
        one.end = stage_.zones.to_instant({When::Kind::Zoned, local(one.end), "Europe/Berlin"}, "UTC");
    }
    return own;
}

void Persons::create_in(const Calendar& calendar) {
    const std::string uid = stage_.fresh("foreign-");
    stage_.note("person creates " + uid + " in " + calendar.id.value);
    Host& host = stage_.truth.host(calendar.id);
    Own own = draw_own(uid, host.holds_anything());
    if (!host.holds_anything()) own = in_local_time(std::move(own));
    const Href place = host.create(calendar.href, uid, own.text);
    stage_.truth.foreign_put(place, host.texts(calendar.href).at(place.value), own.busy);
}

void Persons::create_event() {
    const auto all = stage_.calendars();
    if (!all.empty() && own_events().size() < 40) create_in(stage_.any(all));
}

void Persons::edit_event() {
    const auto all = own_events();
    if (all.empty()) return;
    const auto [calendar, href] = stage_.any(all);
    stage_.note("person edits " + href.value);
    Host& host = stage_.truth.host(calendar.id);
    const auto slash = href.value.rfind('/') + 1;
    Own own = draw_own(href.value.substr(slash, href.value.size() - slash - 4), host.holds_anything());
    if (!host.holds_anything()) own = in_local_time(std::move(own));
    host.put(href, own.text);
    stage_.truth.foreign_put(href, host.texts(calendar.href).at(href.value), own.busy);
}

void Persons::delete_event() {
    const auto all = own_events();
    if (all.empty()) return;
    const auto [calendar, href] = stage_.any(all);
    stage_.note("person deletes " + href.value);
    stage_.truth.foreign_erased(href);
    stage_.truth.host(calendar.id).erase(href);
}

void Persons::meddle(const Href& place) {
    for (const auto& calendar : stage_.calendars()) {
        if (calendar.href == place) return create_in(calendar);
    }
    const auto copy = copy_at(place);
    if (!copy) return;
    switch (stage_.random.between(0, 3)) {
        case 0:
            return move(*copy);
        case 1:
            return remove(*copy);
        default:
            return retitle(*copy);
    }
}

}  // namespace calgate::seeds
