#include "tests/sim/seed_troubles.hpp"

namespace calgate::seeds {

using std::chrono::hours;
using std::chrono::minutes;

void Troubles::strike() {
    Wall& wall = *stage_.any(stage_.walls).get();
    strike_at(wall);
}

void Troubles::strike_at(Wall& wall) {
    auto& random = stage_.random;
    const auto fault = static_cast<Fault>(random.between(0, static_cast<int>(Fault::HostileEvent)));
    if (stage_.is_left_out(fault)) return;
    stage_.note(std::string("trouble at ") + wall.host().name() + ": " + to_string(fault));
    switch (fault) {
        case Fault::Outage:
            return wall.arm_for(fault, minutes{random.between(20, 18 * 60)});
        case Fault::LaggingReads:
            return wall.arm_for(fault, minutes{random.between(1, 12)});
        case Fault::ReadOnly:
        case Fault::Quota:
        case Fault::AccessRevoked:
            return wall.arm(fault, 1);
        case Fault::ShortList:
            wall.host().forget_tokens();
            return wall.arm(fault, random.between(1, 2));
        case Fault::DeadToken:
            if (random.one_in(2)) wall.host().forget_tokens();
            return wall.arm(fault, random.between(1, 3));
        case Fault::ChangeBetweenPages:
            wall.host().forget_tokens();
            return wall.arm(fault, 1);
        case Fault::WireFault:
            if (wall.host().arm_wire(random)) stage_.statistics.fire(fault);
            return;
        case Fault::DroppedEvent:
            return drop_event();
        case Fault::CalendarGone:
            return remove_calendar();
        case Fault::ClockJump:
            return jump_clock();
        case Fault::StoreFails:
            return fail_store();
        case Fault::Crash:
            return crash_soon();
        case Fault::Hint:
            return notify();
        case Fault::ForgedHint:
            return notify_falsely();
        case Fault::StoreBusy:
            stage_.statistics.fire(fault);
            return stage_.store.be_busy(random.between(1, 3));
        case Fault::CommitAnswerLost:
            stage_.statistics.fire(fault);
            return stage_.store.lose_answer();
        case Fault::ChannelEnds:
        case Fault::PowerCut:
        case Fault::OldBackup:
        case Fault::SignInAnswerLost:
        case Fault::OtherPerson:
        case Fault::Paused:
        case Fault::UpgradeCutOff:
        case Fault::NewerStore:
        case Fault::ClockChangeDay:
        case Fault::HostileEvent:
        case Fault::NameUsedUp:
        case Fault::StaffDeletes:
        case Fault::StaffMoves:
        case Fault::StaffDuplicates:
            return;
        case Fault::ShortError:
        case Fault::RateLimit:
        case Fault::TimeoutNotApplied:
        case Fault::TimeoutApplied:
        case Fault::AppliedLater:
        case Fault::CutAnswer:
        case Fault::MixedAnswer:
        case Fault::Twice:
        case Fault::NoVersion:
        case Fault::EditWhileWriting:
            return wall.arm(fault, random.between(1, 3));
    }
}

void Troubles::drop_event() {
    for (const auto& calendar : stage_.calendars()) {
        const auto copies = stage_.truth.copies(calendar.id);
        if (copies.empty() || !stage_.random.one_in(2)) continue;
        const Href href = copies.begin()->first;
        stage_.note("the service loses the copy of " + copies.begin()->second.value + " on " + calendar.id.value);
        stage_.truth.copy_taken_away(href);
        stage_.wall(calendar.id).drop(href);
        dropped_ = true;
        return;
    }
}

void Troubles::remove_calendar() {
    const auto all = stage_.calendars();
    if (removed_ || all.size() < 2 || !stage_.random.one_in(3)) return;
    const Calendar calendar = stage_.any(all);
    stage_.note("the calendar " + calendar.id.value + " is removed at its service");
    stage_.truth.calendar_gone(calendar.href);
    stage_.truth.host(calendar.id).remove_calendar(calendar.href);
    stage_.statistics.fire(Fault::CalendarGone);
    removed_ = true;
}

void Troubles::jump_clock() {
    const minutes by{stage_.random.between(-180, 180)};
    stage_.note("the wall clock jumps by " + std::to_string(by.count()) + " min");
    stage_.clock.set_now(stage_.clock.now() + by);
    stage_.statistics.fire(Fault::ClockJump);
}

void Troubles::fail_store() {
    stage_.store.fail_next(stage_.disk_random);
    stage_.statistics.fire(Fault::StoreFails);
}

void Troubles::cut_power() {
    if (!stage_.store.disk() || !stage_.disk_random.one_in(8)) return;
    const int after = stage_.disk_random.between(1, 80);
    if (stage_.is_left_out(Fault::PowerCut)) return;
    stage_.note("the power will be cut at write or sync " + std::to_string(after));
    stage_.store.disk()->cut_power_soon(after);
}

void Troubles::pause_soon() {
    if (!stage_.upkeep || !stage_.upkeep_random.one_in(12) || stage_.is_left_out(Fault::Paused)) return;
    Wall& wall = *stage_.walls[stage_.upkeep_random.next() % stage_.walls.size()];
    stage_.note(std::string("the gateway will stand still in a call to ") + wall.host().name());
    wall.arm(Fault::Paused, 1);
}

void Troubles::notify() {
    const auto all = stage_.calendars();
    if (all.empty()) return;
    for (int i = stage_.random.between(1, 5); i > 0; --i) stage_.engine->poll_now(stage_.any(all).id);
    stage_.statistics.fire(Fault::Hint);
}

void Troubles::notify_falsely() {
    const std::string channel = stage_.fresh("channel");
    stage_.statistics.fire(Fault::ForgedHint);
    ++stage_.statistics.checks["I24"];
    if (stage_.engine->notified({channel, "guessed", {}, PushNote::News::Removed}))
        throw Violation("I24", "a forged notification was believed");
}

void Troubles::end_channels() {
    if (stage_.is_left_out(Fault::ChannelEnds)) return;
    for (const auto& wall : stage_.walls) {
        if (!wall->channels() || !stage_.side_random.one_in(2)) continue;
        const int ended = wall->channels()->end_all(*stage_.engine);
        if (ended > 0) stage_.note("channels end at " + wall->host().name());
        for (int i = 0; i < ended; ++i) stage_.statistics.fire(Fault::ChannelEnds);
    }
}

void Troubles::crash_soon() { stage_.crash.points_left = stage_.random.between(1, 30); }

void Troubles::break_on_purpose() {
    auto& rows = stage_.store.rows();
    const auto all = read(rows, [](const Reader& reader) { return reader.appointments({}, 1000); });
    rows.write([&](Writer& writer) {
        for (auto appointment : all) {
            if (appointment.state == AppointmentState::Cancelled) continue;
            const Interval when = interval_of(appointment, stage_.zones);
            if (stage_.canary == Canary::SilentCancel) {
                appointment.state = AppointmentState::Cancelled;
                ++appointment.revision;
                return writer.put(appointment, when);
            }
            if (stage_.canary == Canary::DoubleBooking) {
                for (int i = 0; i < 2; ++i) {
                    appointment.id.value += "x";
                    writer.put(appointment, when);
                }
                return;
            }
            for (const auto& mirror : writer.mirrors_of(appointment.id)) break_mirror(writer, mirror);
        }
        for (const auto& calendar : writer.calendars()) {
            const auto cached = writer.cached_events(calendar.id);
            if (stage_.canary == Canary::DropCached && !cached.empty())
                writer.erase_cached_event(calendar.id, cached.front().href);
            if (stage_.canary == Canary::ClaimFresh) {
                auto fresh = calendar;
                fresh.as_of = stage_.clock.now();
                writer.put(fresh);
            }
            if (stage_.canary == Canary::BusyAsFree)
                stage_.index->set_source(calendar.staff, {calendar.id.value, {}, SourceState::Freshness::Live}, {});
        }
    });
}

void Troubles::break_mirror(Writer& writer, Mirror mirror) {
    const auto calendar = writer.calendar(mirror.calendar);
    if (stage_.canary == Canary::LostQuestion) {
        mirror.state = MirrorState::Conflict;
        return writer.put(mirror);
    }
    if (!mirror.href || !mirror.base || mirror.wanted_gone || mirror.state != MirrorState::Active) return;
    const auto texts = stage_.truth.host(mirror.calendar).texts(calendar->href);
    const auto found = texts.find(mirror.href->value);
    if (stage_.canary != Canary::SilentRestore || found != texts.end() || stage_.truth.is_gone(calendar->href)) return;
    ++mirror.generation;
    mirror.uid = copy_name(writer.business()->id, mirror.appointment, mirror.calendar, mirror.generation);
    mirror.href.reset();
    mirror.version.reset();
    mirror.base.reset();
    mirror.confirmed = 0;
    writer.put(mirror);
}

}  // namespace calgate::seeds
