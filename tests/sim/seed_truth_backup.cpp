#include <algorithm>

#include "tests/sim/seed_truth.hpp"

namespace calgate::seeds {

void Truth::backup_taken() {
    backup_ = {delivered_, written_, {}};
    deleted_since_.clear();
}

std::optional<Appointment> Truth::newest_in_mirrors(const Reader& reader, const AppointmentId& id) {
    std::optional<Appointment> newest;
    for (const auto& [calendar_id, place] : places_) {
        const auto calendar = reader.calendar(calendar_id);
        if (!calendar || !calendar->mirror || gone_.contains(place.href)) continue;
        for (const auto& [href, text] : texts(calendar_id)) {
            const auto& understood = understand(text);
            if (foreign_.contains(href) || !understood.mark || understood.mark->appointment != id) continue;
            if (understood.event->master.status == EventStatus::Cancelled) continue;
            const auto sealed = open_capsule(understood.event->capsule, keys_);
            if (sealed && (!newest || newest->revision < sealed->revision)) newest = *sealed;
        }
    }
    return newest;
}

void Truth::calendar_gone(const Href& calendar) {
    gone_.insert(calendar);
    store_->read([&](const Reader& reader) {
        std::erase_if(owed_, [&](const auto& owed) {
            const auto left = newest_in_mirrors(reader, owed.first);
            return !left || left->revision < owed.second.revision;
        });
    });
}

void Truth::backup_put_back(Instant now) {
    store_->read([&](const Reader& reader) {
        std::map<AppointmentId, Appointment> acknowledged;
        for (const auto& [id, told] : acknowledged_) {
            const auto held = reader.appointment(id);
            const auto newest = newest_in_mirrors(reader, id);
            const bool over = newest && interval_of(*newest, zones_).end <= now + std::chrono::hours{48};
            if (newest && newest->revision > (held ? held->revision : 0) && !over) owed_.insert_or_assign(id, *newest);
            if (held) acknowledged.emplace(id, held->revision < told.revision ? *held : told);
            auto& history = history_[id];
            const auto forgotten = history.upper_bound(held ? held->revision : 0);
            // Copies may show it, and give it back field by field.
            for (auto one = forgotten; one != history.end(); ++one) {
                titles_by_hand_[id].insert(one->second.title);
                starts_by_hand_[id].insert(interval_of(one->second, zones_).start);
            }
            history.erase(forgotten, history.end());
        }
        acknowledged_ = std::move(acknowledged);
        entries_.clear();
        for (const auto& appointment : reader.appointments({}, 10'000)) entries_[appointment.id] = appointment.revision;
        feed_ = reader.last_change();
        last_conflict_ = 0;
        for (const auto& conflict : reader.conflicts(false)) last_conflict_ = std::max(last_conflict_, conflict.id);
        for (const auto& calendar : reader.calendars()) adopting_.insert(calendar.id);
    });
    delivered_ = backup_->delivered;
    written_ = backup_->written;
    erased_untold_.merge(backup_->erased);
    // Why a copy is gone that the gateway deleted since is not known any more.
    for (const auto& [copy, generation] : deleted_since_) {
        int& taken_away = taken_away_[copy];
        taken_away = std::max(taken_away, generation);
    }
    cached_.clear();
    edits_.clear();
    deletions_.clear();
    put_back_ = true;
}

}  // namespace calgate::seeds
