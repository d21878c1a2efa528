#include "scheduler/sync_pass.hpp"

namespace calgate {
namespace {

constexpr std::chrono::hours kTryFullAgain{1};

std::string again_setting(const CalendarId& id) { return "parked.again." + id.value; }

}  // namespace

void SyncPass::park_copy(Writer& writer, Mirror& mirror, const Error& error) {
    const bool full = error.code == ErrorCode::QuotaExceeded;
    const Instant now = parts_.clock.now();
    const std::string why = error.detail + (full ? " Once there is room, it is written within the hour."
                                                 : " Change the appointment, or make room, and it is tried again.");
    // Tried again and refused in the same words, it is the same alarm.
    const bool told = mirror.attempts > 0 && mirror.detail == why;
    mirror.state = MirrorState::Parked;
    mirror.detail = why;
    mirror.attempts = 1;
    mirror.not_before.reset();
    if (full) {
        mirror.not_before = now;
        writer.put_setting(again_setting(id_), format_instant(now + kTryFullAgain));
    }
    if (told) return;
    writer.append({0, now, "copy.parked", mirror.appointment.value, "gateway", why, mirror.wanted});
    ++report_.parked;
}

bool SyncPass::is_tried_again(const Mirror& mirror) const {
    return retried_ && retried_->appointment == mirror.appointment && retried_->wanted == mirror.wanted;
}

void SyncPass::stay_parked(Mirror& mirror) const {
    mirror.state = MirrorState::Parked;
    mirror.detail = retried_->detail;
    mirror.attempts = retried_->attempts;
    mirror.not_before = parts_.clock.now();
}

std::vector<Mirror> SyncPass::parked_to_try() const {
    const Instant now = parts_.clock.now();
    std::vector<Mirror> due;
    parts_.store.read([&](const Reader& reader) {
        const auto again = parse_instant(reader.setting(again_setting(id_)).value_or(""));
        // A wall clock that was set back prolongs nothing (I23).
        const bool waits = again && *again > now && *again - now <= kTryFullAgain;
        if (waits && !!options_.life.tried_parked) return;
        for (Mirror& mirror : !options_.life.tried_parked ? reader.mirrors_on(id_) : reader.doubted_mirrors(id_)) {
            const bool refused =
                mirror.state == MirrorState::Parked && mirror.wanted != mirror.confirmed && mirror.attempts > 0;
            if (refused && (mirror.not_before || !options_.life.tried_parked)) due.push_back(std::move(mirror));
        }
    });
    return due;
}

SyncPass::Pushed SyncPass::retry_parked() {
    bool full = false;
    for (const Mirror& parked : parked_to_try()) {
        // Where there is no room for one, the others wait as well.
        if (full && parked.not_before) continue;
        const AppointmentId& id = parked.appointment;
        if (options_.stop.stop_requested() || !may_write() || !ensure_marker()) return Pushed::Stop;
        parts_.store.write([&](Writer& writer) {
            auto mirror = writer.mirror(id, id_);
            if (!mirror || mirror->state != MirrorState::Parked) return;
            mirror->state = MirrorState::Active;
            mirror->not_before.reset();
            writer.put(*mirror);
        });
        retried_ = parked;
        const Pushed next = push_one(id);
        retried_.reset();
        if (next == Pushed::Stop) return next;
        const auto mirror = read(parts_.store, [&](const Reader& reader) { return reader.mirror(id, id_); });
        full = full || (mirror && mirror->state == MirrorState::Parked && mirror->not_before);
    }
    life_.tried_parked = true;
    return Pushed::Next;
}

}  // namespace calgate
