// What a listing does not name. Not seeing is not deletion: a copy is gone only when the service itself says so.
#include <algorithm>

#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::size_t kSmallCalendar = 10;

}  // namespace

bool SyncPass::doubtful(const Listing& listing) const {
    if (calendar_.empty_listings > 0) return false;
    std::size_t before = 0, absent = 0;
    parts_.store.read([&](const Reader& reader) {
        const auto count = [&](const std::string& href) {
            ++before;
            if (!listing.named.contains(href)) ++absent;
        };
        for (const auto& [href, version] : reader.cached_versions(id_)) count(href.value);
        for (const auto& mirror : reader.mirrors_on(id_)) {
            if (mirror.href) count(mirror.href->value);
        }
        if (calendar_.marker) count(calendar_.marker->value);
    });
    if (before == 0 || absent == 0) return false;
    if (listing.named.empty()) return true;
    return absent > kSmallCalendar && absent * 2 > before;
}

void SyncPass::mend_times() {
    // A wall clock that was set back must not prolong what waits (I23).
    const Instant now = parts_.clock.now();
    const Instant latest = now + settings_.consistency_window;
    std::vector<AppointmentId> ahead;
    parts_.store.read([&](const Reader& reader) {
        for (const auto& mirror : reader.doubted_mirrors(id_)) {
            if ((mirror.not_before && *mirror.not_before > latest) ||
                (mirror.missing_since && *mirror.missing_since > now) ||
                (mirror.twin_since && *mirror.twin_since > now))
                ahead.push_back(mirror.appointment);
        }
    });
    const auto lies_ahead = [&](const std::optional<Instant>& time) { return time && *time > now; };
    const bool late = lies_ahead(calendar_.full_listing) || lies_ahead(calendar_.marker_written);
    if (ahead.empty() && !late) return;
    parts_.store.write([&](Writer& writer) {
        if (auto calendar = writer.calendar(id_); calendar && late) {
            if (lies_ahead(calendar->full_listing)) calendar->full_listing.reset();
            if (lies_ahead(calendar->marker_written)) calendar->marker_written.reset();
            writer.put(*calendar);
            calendar_ = *calendar;
        }
        for (const auto& appointment : ahead) {
            auto mirror = writer.mirror(appointment, id_);
            if (!mirror) continue;
            if (mirror->not_before && *mirror->not_before > latest) mirror->not_before.reset();
            if (mirror->missing_since && *mirror->missing_since > now) mirror->missing_since = now;
            if (mirror->twin_since && *mirror->twin_since > now) mirror->twin_since = now;
            writer.put(*mirror);
        }
    });
}

void SyncPass::wait_on_after_jump() {
    parts_.store.write([&](Writer& writer) {
        for (auto& mirror : writer.doubted_mirrors(id_)) {
            if (!mirror.missing_since && !mirror.twin_since) continue;
            if (mirror.twin_since) *mirror.twin_since += options_.jumped;
            if (mirror.missing_since) *mirror.missing_since += options_.jumped;
            if (mirror.missing_since && mirror.not_before) *mirror.not_before += options_.jumped;
            writer.put(mirror);
        }
    });
}

void SyncPass::find_missing(Listing& listing) {
    std::vector<AppointmentId> first_time;
    parts_.store.read([&](const Reader& reader) {
        for (const auto& mirror : reader.mirrors_on(id_)) {
            if (!mirror.href || listing.named.contains(mirror.href->value)) continue;
            const bool found = std::any_of(listing.news.begin(), listing.news.end(), [&](const CopyNews& news) {
                return news.appointment == mirror.appointment;
            });
            if (found) continue;
            if (!mirror.missing_since)
                first_time.push_back(mirror.appointment);
            else if (left_of_window(*mirror.missing_since).count() == 0)
                listing.absent.emplace_back(mirror.appointment, *mirror.href);
        }
    });
    note_missing(first_time);
}

void SyncPass::note_unlisted(Writer& writer, const Mirror& before) {
    if (before.href) return;
    auto mirror = writer.mirror(before.appointment, id_);
    if (!mirror || !mirror->href) return;
    mirror->unlisted = true;
    writer.put(*mirror);
}

std::vector<AppointmentId> SyncPass::newly_listed(const Listing& listing) const {
    std::vector<AppointmentId> listed;
    parts_.store.read([&](const Reader& reader) {
        for (const auto& mirror : reader.doubted_mirrors(id_))
            if (mirror.unlisted && mirror.href && listing.named.contains(mirror.href->value))
                listed.push_back(mirror.appointment);
    });
    return listed;
}

void SyncPass::note_listed(const std::vector<AppointmentId>& listed) {
    if (listed.empty()) return;
    parts_.store.write([&](Writer& writer) {
        for (const auto& appointment : listed) {
            auto mirror = writer.mirror(appointment, id_);
            if (!mirror) continue;
            mirror->unlisted = false;
            writer.put(*mirror);
        }
    });
}

void SyncPass::find_never_seen(const Listing& listing) {
    // A copy we made must be among what changed since; services do not name what came and went between two tokens.
    std::set<AppointmentId> explained;
    for (const auto& news : listing.news) explained.insert(news.appointment);
    for (const auto& [appointment, href] : listing.absent) explained.insert(appointment);
    std::vector<Mirror> unseen;
    parts_.store.read([&](const Reader& reader) {
        for (auto& mirror : reader.doubted_mirrors(id_)) {
            if (unseen.size() >= kMaxSingleReads) return;
            if (!mirror.unlisted || !mirror.href || mirror.missing_since) continue;
            if (listing.named.contains(mirror.href->value) || explained.contains(mirror.appointment)) continue;
            unseen.push_back(std::move(mirror));
        }
    });
    std::vector<AppointmentId> missing;
    for (const auto& mirror : unseen) {
        const auto event = connector_.fetch_event(context(), *mirror.href);
        if (!event && event.error().code == ErrorCode::NotFound) missing.push_back(mirror.appointment);
    }
    note_missing(missing);
}

void SyncPass::note_missing(const std::vector<AppointmentId>& appointments) {
    if (appointments.empty()) return;
    parts_.store.write([&](Writer& writer) {
        for (const auto& appointment : appointments) {
            auto mirror = writer.mirror(appointment, id_);
            if (!mirror || mirror->missing_since) continue;
            mirror->missing_since = parts_.clock.now();
            writer.put(*mirror);
        }
        // Until they are found or proven gone, every pull lists everything.
        list_anew(writer);
    });
}

void SyncPass::list_anew(Writer& writer) {
    auto calendar = writer.calendar(id_);
    if (!calendar || !calendar->full_listing) return;
    calendar->full_listing.reset();
    writer.put(*calendar);
}

void SyncPass::drop_unlisted(Listing& listing) {
    std::vector<Href> unlisted;
    parts_.store.read([&](const Reader& reader) {
        for (const auto& [href, version] : reader.cached_versions(id_)) {
            if (!listing.named.contains(href.value)) unlisted.push_back(href);
        }
    });
    // A listing may be cut and still report success (F12): only what the service itself says is gone leaves (I18).
    std::vector<Href> gone;
    for (std::size_t i = 0; i < unlisted.size() && i < kMaxSingleReads; ++i) {
        const auto event = connector_.fetch_event(context(), unlisted[i]);
        if (!event && event.error().code == ErrorCode::NotFound) gone.push_back(unlisted[i]);
    }
    listing.complete = listing.complete && gone.size() == unlisted.size();
    if (gone.empty()) return;
    parts_.store.write([&](Writer& writer) {
        for (const auto& href : gone) foreign_.erase(writer, id_, href);
    });
    report_.removed += static_cast<int>(gone.size());
}

void SyncPass::prove(Listing& listing) {
    if (listing.absent.empty()) return;
    const int limit = read(parts_.store, [&](const Reader& reader) { return brake_limits(reader).most(); });
    // A person who answered the brake has seen what is missing; whether the marker was, too, is kept with the question.
    const auto setting = [&](const std::string& name) {
        return read(parts_.store, [&](const Reader& reader) { return reader.setting(name).value_or(""); });
    };
    const std::string answer = setting(brake_setting(id_));
    const bool answered_for = !answer.empty();
    const bool seen_empty = answer == "ours" || (answered_for && setting(brake_question_setting(id_)) == "emptied");
    std::vector<AppointmentId> unproven;
    int proven = 0;
    for (const auto& [appointment, href] : listing.absent) {
        const auto mirror =
            read(parts_.store, [&, id = appointment](const Reader& reader) { return reader.mirror(id, id_); });
        if (!mirror || mirror->href != href) continue;
        // One more than the brake lets pass is enough to know.
        if (proven > limit && !answered_for) break;
        auto event = connector_.fetch_event(context(), href);
        if (!event && event.error().code == ErrorCode::NotFound) {
            auto elsewhere = connector_.find_event(context(), calendar_.href, mirror->uid);
            if (elsewhere || elsewhere.error().code != ErrorCode::Unsupported) event = std::move(elsewhere);
        }
        // Seen at its new place before it had left the old one.
        if (!event && event.error().code == ErrorCode::NotFound && mirror->twin && mirror->twin != href)
            event = connector_.fetch_event(context(), *mirror->twin);
        if (event && is_ours(*event, *mirror)) {
            listing.news.push_back({appointment, std::move(*event)});
        } else if (!event && event.error().code == ErrorCode::NotFound && (seen_empty || marker_stands().value_or(false))) {
            const Elsewhere there = look_elsewhere(*mirror);
            if (there == Elsewhere::Unknown) {
                unproven.push_back(appointment);
                continue;
            }
            listing.news.push_back({appointment, std::nullopt, there == Elsewhere::Yes});
            // What a person was asked about before, or what is to go anyway, holds nothing up.
            if (mirror->state != MirrorState::Conflict && !mirror->wanted_gone) ++proven;
        } else {
            unproven.push_back(appointment);
        }
    }
    note_missing(unproven);
}

}  // namespace calgate
