#include "tests/sim/seed_truth.hpp"

namespace calgate::seeds {

namespace {

constexpr const char* kBusiness = "b1";

}  // namespace

std::string without_returns(std::string text) {
    std::erase(text, '\r');
    return text;
}

Truth::Truth(const ZoneResolver& zones, const Keys& keys, Statistics& statistics)
    : zones_(zones), keys_(keys), statistics_(statistics) {}

void Truth::add_calendar(const CalendarId& id, const Href& href, Host& host) {
    places_[id] = {href, &host};
    calendars_[href] = id;
}

std::optional<CalendarId> Truth::calendar_at(const Href& href) const {
    const auto found = calendars_.find(href);
    return found == calendars_.end() ? std::nullopt : std::optional(found->second);
}

void Truth::acknowledged(const Appointment& appointment) {
    auto& known = acknowledged_[appointment.id];
    if (appointment.revision >= known.revision) known = appointment;
}

const Understood& Truth::understand(const std::string& text) {
    const auto [found, added] = understood_.try_emplace(text);
    if (!added) return found->second;
    for (auto place = places_.begin(); place != places_.end() && !found->second.event; ++place)
        found->second.event = place->second.host->understood(text);
    if (found->second.event) found->second.mark = read_mark(found->second.event->mark, keys_);
    return found->second;
}

Href Truth::calendar_of(const Href& event) const {
    for (const auto& [id, place] : places_)
        if (place.host->calendar_of(event) == place.href) return place.href;
    return {};
}

bool Truth::is_name_of(const Uid& uid, const AppointmentId& appointment, const CalendarId& calendar, int generations)
    const {
    for (int generation = 1; generation <= generations; ++generation) {
        if (uid == copy_name(kBusiness, appointment, calendar, generation)) return true;
    }
    return false;
}

std::map<Href, AppointmentId> Truth::copies(const CalendarId& calendar) {
    std::map<Href, AppointmentId> out;
    for (const auto& [href, text] : texts(calendar)) {
        if (foreign_.contains(href)) continue;
        const auto& understood = understand(text);
        if (understood.mark && understood.mark->appointment.value != "marker")
            out.emplace(Href{href}, understood.mark->appointment);
    }
    return out;
}

void Truth::foreign_put(const Href& href, const std::string& text, const std::vector<Interval>& busy) {
    foreign_[href.value] = text;
    busy_[without_returns(text)] = busy;
}

void Truth::foreign_erased(const Href& href) {
    foreign_.erase(href.value);
    erased_untold_.insert(href);
    if (backup_) backup_->erased.insert(href);
}

void Truth::copy_edited(PersonEdit edit) {
    for (auto& earlier : edits_) {
        const bool same_field = (earlier.title && edit.title) || (earlier.start && edit.start);
        if (earlier.copy == edit.copy && same_field) earlier.superseded = true;
    }
    edits_.push_back(std::move(edit));
}

void Truth::person_wrote(const AppointmentId& appointment, const Event& event) {
    titles_by_hand_[appointment].insert(event.master.title);
    starts_by_hand_[appointment].insert(zones_.to_instant(event.master.start, "UTC"));
}

void Truth::copy_taken_away(const Href& href) {
    for (auto& edit : edits_) edit.superseded = edit.superseded || edit.copy == href;
    const auto calendar = calendar_at(calendar_of(href));
    if (!calendar) return;
    const auto texts_there = texts(*calendar);
    const auto found = texts_there.find(href.value);
    if (found == texts_there.end()) return;
    const auto& mark = understand(found->second).mark;
    if (!mark) return;
    owed_.erase(mark->appointment);
    taken_places_.emplace(href, mark->appointment);
    int& taken_away = taken_away_[{mark->appointment, *calendar}];
    taken_away = std::max(taken_away, mark->generation);
    // Only of a copy that the gateway knows to have made can it notice the absence.
    store_->read([&](const Reader& reader) {
        const auto mirror = reader.mirror(mark->appointment, *calendar);
        if (!mirror || mirror->href != href || mirror->unknown_call || mirror->wanted_gone) return;
        // Cancelled and booked again, and nothing was written since: it may be gone by the gateway's own hand.
        if (!mirror->base || mirror->base->cancelled) return;
        deletions_.push_back(
            {mark->appointment,
             *calendar,
             href,
             reader.last_change(),
             static_cast<std::int64_t>(reader.conflicts(false).size()),
             false}
        );
    });
}

void Truth::wrote_late(const Href& calendar, const Texts& before, const Texts& after) {
    late_ = true;
    wrote(calendar, before, after);
    late_ = false;
    for (const auto& [href, text] : after)
        if (!before.contains(href)) made_late(Href{href});
}

void Truth::made_late(const Href& href) {
    const auto calendar = calendar_at(calendar_of(href));
    if (!calendar) return;
    const auto& there = understand(texts(*calendar).at(href.value));
    if (!there.mark) return;
    // Some services give it another place than it had.
    std::vector<Href> taken;
    for (const auto& [place, appointment] : taken_places_)
        if (appointment == there.mark->appointment && calendar_of(place) == calendar_of(href)) taken.push_back(place);
    for (const Href& place : taken) copy_put_back(place);
    // What it says counts as put back with it, also where a person had written something else there before.
    if (!taken.empty()) person_wrote(there.mark->appointment, *there.event);
}

void Truth::copy_put_back(const Href& href) {
    taken_places_.erase(href);
    for (auto& deletion : deletions_) deletion.superseded = deletion.superseded || deletion.copy == href;
}

void Truth::copy_moved(const Href& from, const Href& to) {
    copy_put_back(from);
    for (auto& edit : edits_) {
        if (edit.copy == from) edit.copy = to;
    }
}

int Truth::newly_asked(const CalendarId& calendar) {
    const auto all = read(*store_, [](const Reader& r) { return r.conflicts(false); });
    int asked = 0;
    for (const auto& conflict : all) {
        if (conflict.id <= last_conflict_) continue;
        const bool takes = conflict.kind == ConflictKind::Deletion || conflict.kind == ConflictKind::ConcurrentEdit ||
                           conflict.kind == ConflictKind::MovedOntoAnother;
        // Of an edit that was taken in part the rest is kept beside it.
        if (takes && conflict.calendar == calendar && !taken_lately_.contains(conflict.appointment)) ++asked;
    }
    for (const auto& conflict : all) last_conflict_ = std::max(last_conflict_, conflict.id);
    return asked;
}

void Truth::passed(const PassReport& report) {
    ++statistics_.passes;
    statistics_.conflicts += report.conflicts;
    count("I13");
    const int asked = newly_asked(report.calendar);
    taken_lately_.clear();
    const bool answered = unbraked_.contains(report.calendar) || (report.taken > 0 && adopting_.erase(report.calendar));
    if (report.completed && report.pages > 0) unbraked_.erase(report.calendar);
    if (answered) return;
    const auto copies_there = read(*store_, [&](const Reader& r) { return r.mirrors_on(report.calendar).size(); });
    const int limit = std::max(5, static_cast<int>(copies_there) / 5);
    if (report.taken + asked > limit)
        fail(
            "I13",
            "one run took " + std::to_string(report.taken) + " changes from " + report.calendar.value + " and asked " +
                std::to_string(asked) + " times"
        );
}

}  // namespace calgate::seeds
