#include <algorithm>

#include "tests/sim/seed_truth.hpp"

namespace calgate::seeds {

namespace {

using Intervals = std::vector<Interval>;

/// Where at least `depth` of them run at once; the naive way.
Intervals deeper_than(const Intervals& all, int depth) {
    std::vector<Instant> edges;
    for (const auto& one : all) {
        edges.push_back(one.start);
        edges.push_back(one.end);
    }
    std::sort(edges.begin(), edges.end());
    Intervals out;
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        const Interval piece{edges[i], edges[i + 1]};
        if (piece.start >= piece.end) continue;
        const auto running = std::count_if(all.begin(), all.end(), [&](const Interval& one) {
            return one.start <= piece.start && piece.end <= one.end;
        });
        if (running >= depth) out.push_back(piece);
    }
    return out;
}

bool covered(const std::vector<BusyInterval>& busy, Interval piece) {
    Instant reached = piece.start;
    for (const auto& one : busy) {
        if (one.start <= reached && one.end > reached) reached = one.end;
    }
    return reached >= piece.end;
}

Intervals live_times(const Reader& reader, const Staff& staff) {
    Intervals out;
    const Interval ever{Instant{}, Instant{std::chrono::sys_days{std::chrono::year{2100} / 1 / 1}}};
    for (const auto& [appointment, when] : reader.appointments_of(staff.id, ever)) out.push_back(when);
    return out;
}

}  // namespace

void Truth::check_step(const AvailabilityIndex& index) {
    check_foreign();
    for (const auto& [id, place] : places_) {
        count("I14");
        if (place.host->mails_sent() != 0) fail("I14", "mirroring sent mail at " + id.value);
    }
    store_->read([&](const Reader& reader) {
        check_acknowledged(reader);
        check_capacity(reader);
        check_availability(reader, index);
        check_cache(reader);
        check_waiting(reader);
        check_as_of(reader);
        check_intents(reader);
    });
}

void Truth::check_as_of(const Reader& reader) {
    for (const auto& calendar : reader.calendars()) {
        if (!calendar.as_of) continue;
        count("I17");
        const auto listed = listed_.find(calendar.href);
        if (listed == listed_.end() || *calendar.as_of > listed->second)
            fail("I17", calendar.id.value + " claims to be fresher than it was last read");
    }
}

void Truth::check_intents(const Reader& reader) {
    for (const auto& appointment : reader.appointments({}, 10'000)) {
        const bool live = appointment.state != AppointmentState::Cancelled;
        for (const auto& calendar : reader.calendars()) {
            count("I2");
            const auto mirror = reader.mirror(appointment.id, calendar.id);
            const bool wanted = live && calendar.mirror && calendar.staff == appointment.staff;
            const std::string what = appointment.id.value + " on " + calendar.id.value;
            if (wanted && (!mirror || mirror->wanted_gone || mirror->wanted != appointment.revision))
                fail("I2", what + " was changed without an intent");
            if (!wanted && mirror && !mirror->wanted_gone)
                fail("I2", what + " is not to be there and nobody removes it");
        }
    }
}

void Truth::check_acknowledged(const Reader& reader) {
    for (const auto& [id, told] : acknowledged_) {
        count("I1");
        const auto now = reader.appointment(id);
        if (!now || now->revision < told.revision) fail("I1", id.value + " lost an acknowledged revision");
        if (now->revision == told.revision && *now != told) fail("I1", id.value + " is not what was acknowledged");
        count("I12");
        if (now->revision != entries_[id]) fail("I12", id.value + " was changed without a record");
    }
}

void Truth::check_foreign() {
    std::map<Href, Texts> by_calendar;
    for (const auto& [href, text] : foreign_) {
        count("I8");
        const Href calendar = calendar_of(Href{href});
        if (gone_.contains(calendar)) continue;
        const auto [there, added] = by_calendar.try_emplace(calendar);
        if (added) there->second = places_.at(calendars_.at(calendar)).host->texts(calendar);
        const auto found = there->second.find(href);
        if (found == there->second.end() || found->second != text)
            fail("I8", href + " is no longer as a person left it");
    }
}

void Truth::check_capacity(const Reader& reader) {
    for (const auto& staff : reader.staff()) {
        count("I15");
        if (!deeper_than(live_times(reader, staff), staff.capacity + 1).empty())
            fail("I15", staff.id.value + " holds more appointments at one time than the capacity");
    }
}

void Truth::check_availability(const Reader& reader, const AvailabilityIndex& index) {
    for (const auto& staff : reader.staff()) {
        const auto person = index.person(staff.id);
        if (!person) fail("I16", "nobody answers for " + staff.id.value);
        Intervals known = deeper_than(live_times(reader, staff), staff.capacity);
        for (const auto& calendar : reader.calendars()) {
            if (!calendar.busy || calendar.staff != staff.id) continue;
            for (const auto& event : reader.cached_events(calendar.id)) {
                const auto understood = busy_.find(without_returns(event.text));
                if (understood == busy_.end()) continue;
                known.insert(known.end(), understood->second.begin(), understood->second.end());
            }
        }
        for (const auto& piece : known) {
            count("I16");
            if (!covered(busy_within(*person, piece), piece))
                fail("I16", "time of " + staff.id.value + " is offered although it is known to be busy");
        }
    }
}

void Truth::check_cache(const Reader& reader) {
    std::map<std::pair<CalendarId, Href>, std::string> now;
    for (const auto& [id, place] : places_) {
        for (const auto& event : reader.cached_events(id)) now[{id, event.href}] = event.text;
        if (gone_.contains(place.href)) continue;
        const auto there = texts(id);
        for (auto entry = cached_.lower_bound({id, Href{}}); entry != cached_.end() && entry->first.first == id;
             ++entry) {
            count("I18");
            const auto& [key, text] = *entry;
            if (now.contains(key) || !foreign_.contains(key.second.value)) continue;
            const auto found = there.find(key.second.value);
            if (found != there.end() && without_returns(found->second) == without_returns(text))
                fail("I18", key.second.value + " fell out of the cache although it is still there");
        }
    }
    cached_ = std::move(now);
}

void Truth::check_waiting(const Reader& reader) {
    const auto open = reader.conflicts(true);
    const auto asked = [&](const CalendarId& calendar, const AppointmentId& appointment) {
        return std::any_of(open.begin(), open.end(), [&](const Conflict& conflict) {
            return conflict.calendar == calendar && conflict.appointment == appointment && !conflict.why.empty();
        });
    };
    for (const auto& calendar : reader.calendars()) {
        count("I3");
        if (calendar.state != CalendarState::Active && calendar.detail.empty())
            fail("I3", calendar.id.value + " waits without a sentence");
        if (calendar.state == CalendarState::Waiting && !asked(calendar.id, {}))
            fail("I3", calendar.id.value + " waits for an answer that nobody is asked for");
        for (const auto& mirror : reader.mirrors_on(calendar.id)) {
            count("I3");
            if (mirror.state == MirrorState::Parked && mirror.detail.empty())
                fail("I3", mirror.appointment.value + " is parked without a sentence");
            if (mirror.state == MirrorState::Conflict && !asked(calendar.id, mirror.appointment))
                fail("I3", mirror.appointment.value + " waits for an answer that nobody is asked for");
        }
    }
    for (const auto& account : reader.accounts()) {
        if (account.state != AccountState::Active && account.detail.empty())
            fail("I3", account.id.value + " waits without a sentence");
    }
}

}  // namespace calgate::seeds
