#include "tests/sim/seed_persons.hpp"

#include <algorithm>

#include "core/icalendar.hpp"

namespace calgate::seeds {

namespace {

std::string utc(Instant at) {
    std::string text = format_instant(at);  // 2026-03-10T09:00:00Z
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

std::string written(const Event& event, const std::string& source, Stage& stage) {
    Event changed = event;
    changed.source = source;
    auto text = write_icalendar(changed, stage.zones, stage.clock.now());
    CALGATE_ASSERT(text.has_value());
    return std::move(*text);
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
        if (calendar_of(event) != calendar.href) continue;
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
    stage_.truth.host(copy.calendar).put(copy.href, written(event, copy.text, stage_));
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
    stage_.truth.host(copy.calendar).put(copy.href, written(event, copy.text, stage_));
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
    Event event = *stage_.truth.understand(copy->text).event;
    event.master.status = EventStatus::Cancelled;
    stage_.note("person marks the copy of " + copy->appointment.value + " on " + copy->calendar.value + " cancelled");
    stage_.statistics.fire(Fault::StaffDeletes);
    stage_.truth.copy_taken_away(copy->href);
    stage_.truth.host(copy->calendar).put(copy->href, written(event, copy->text, stage_));
}

void Persons::duplicate_copy() {
    const auto copy = any_copy();
    if (!copy) return;
    const auto& event = *stage_.truth.understand(copy->text).event;
    const std::string uid = stage_.fresh("duplicate-");
    std::string text = copy->text;
    const std::string line = "UID:" + event.uid.value;
    const auto at = text.find(line);
    if (at == std::string::npos) return;
    text.replace(at, line.size(), "UID:" + uid);
    const Href place{calendar_of(copy->href).value + uid + ".ics"};
    stage_.note("person duplicates the copy of " + copy->appointment.value + " on " + copy->calendar.value);
    stage_.statistics.fire(Fault::StaffDuplicates);
    const bool busy =
        event.master.status != EventStatus::Cancelled && stage_.policies.duplicates == DuplicatePolicy::Busy;
    const Interval when{
        stage_.zones.to_instant(event.master.start, "UTC"), stage_.zones.to_instant(event.master.end, "UTC")};
    stage_.truth.foreign_put(place, text, busy ? std::vector{when} : std::vector<Interval>{});
    stage_.truth.host(copy->calendar).put(place, text);
}

void Persons::relocate_copy() {
    const auto copy = any_copy();
    if (!copy) return;
    const Href place{calendar_of(copy->href).value + stage_.fresh("moved-") + ".ics"};
    stage_.note(
        "person's program gives the copy of " + copy->appointment.value + " on " + copy->calendar.value +
        " another name"
    );
    stage_.statistics.fire(Fault::StaffMoves);
    stage_.truth.copy_moved(copy->href, place);
    stage_.truth.host(copy->calendar).erase(copy->href);
    stage_.truth.host(copy->calendar).put(place, copy->text);
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
    if (!mirror) return;
    stage_.note("person undoes the deletion of the copy of " + copy.appointment.value + " on " + copy.calendar.value);
    stage_.truth.copy_put_back(copy.href);
    stage_.truth.person_wrote(copy.appointment, event);
    stage_.truth.host(copy.calendar).put(copy.href, copy.text);
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

void Persons::put_own(const Href& place, const std::string& uid) {
    const Instant base{std::chrono::sys_days{std::chrono::year{2026} / 3 / 10}};
    const Interval first{base + std::chrono::hours{stage_.random.between(0, 25 * 24)}, {}};
    const Interval when{first.start, first.start + std::chrono::minutes{30 * stage_.random.between(1, 6)}};
    const bool free = stage_.random.one_in(6);
    const bool weekly = stage_.random.one_in(5);
    std::vector<Interval> busy;
    for (int week = 0; week < (weekly ? 3 : 1) && !free; ++week)
        busy.push_back({when.start + std::chrono::days{7 * week}, when.end + std::chrono::days{7 * week}});
    std::string text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Phone//EN\r\nBEGIN:VEVENT\r\nUID:" + uid +
                       "\r\nDTSTAMP:20260301T080000Z\r\nDTSTART:" + utc(when.start) + "\r\nDTEND:" + utc(when.end) +
                       "\r\nSUMMARY:" + stage_.fresh("Own ") + "\r\nX-PHONE:kept\r\n" +
                       (free ? "TRANSP:TRANSPARENT\r\n" : "") + (weekly ? "RRULE:FREQ=WEEKLY;COUNT=3\r\n" : "") +
                       "END:VEVENT\r\nEND:VCALENDAR\r\n";
    if (stage_.random.one_in(15) && !stage_.is_left_out(Fault::HostileEvent)) {
        text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nUID:" + uid + "\r\nBROKEN " + stage_.fresh("");
        busy.clear();
        stage_.statistics.fire(Fault::HostileEvent);
    }
    stage_.truth.foreign_put(place, text, busy);
    stage_.truth.host(*stage_.truth.calendar_at(calendar_of(place))).put(place, text);
}

void Persons::create_in(const Calendar& calendar) {
    const std::string uid = stage_.fresh("foreign-");
    stage_.note("person creates " + uid + " in " + calendar.id.value);
    put_own(Href{calendar.href.value + uid + ".ics"}, uid);
}

void Persons::create_event() {
    const auto all = stage_.calendars();
    if (!all.empty() && own_events().size() < 40) create_in(stage_.any(all));
}

void Persons::edit_event() {
    const auto all = own_events();
    if (all.empty()) return;
    const Href href = stage_.any(all).second;
    const auto slash = href.value.rfind('/') + 1;
    stage_.note("person edits " + href.value);
    put_own(href, href.value.substr(slash, href.value.size() - slash - 4));
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
