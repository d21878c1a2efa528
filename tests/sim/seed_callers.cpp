#include "tests/sim/seed_callers.hpp"

#include <algorithm>

#include "scheduler/disconnect.hpp"

namespace calgate::seeds {

namespace {

constexpr std::size_t kMaxAppointments = 24;

/// Undoes a transaction that its caller believes in; for a canary.
struct Forgotten {};

}  // namespace

std::vector<Appointment> Callers::appointments(bool live) const {
    auto all = read(stage_.store, [](const Reader& reader) { return reader.appointments({}, 1000); });
    std::erase_if(all, [&](const Appointment& a) { return live == (a.state == AppointmentState::Cancelled); });
    return all;
}

LocalSeconds Callers::some_time() {
    // Around the change of clocks on 29 March.
    const auto day =
        std::chrono::local_days{std::chrono::year{2026} / 3 / 10} + std::chrono::days{stage_.random.between(0, 25)};
    return LocalSeconds{day} + std::chrono::hours{stage_.random.between(8, 17)};
}

void Callers::place(const Appointment& wanted, const std::string& what) {
    stage_.note(what + " " + wanted.id.value);
    const auto work = [&](Writer& writer) {
        return place_appointment(writer, wanted, {}, stage_.zones, stage_.clock.now(), "api", "As asked.");
    };
    if (stage_.canary == Canary::LoseBooking && stage_.random.one_in(5)) {
        try {
            stage_.store.rows().write([&](Writer& writer) {
                const auto told = work(writer);
                if (told.appointment) stage_.truth.acknowledged(*told.appointment);
                throw Forgotten{};
            });
        } catch (const Forgotten&) {
        }
        return;
    }
    const auto day = std::chrono::floor<std::chrono::days>(wanted.start);
    if (day == std::chrono::local_days{std::chrono::year{2026} / 3 / 29}) stage_.statistics.fire(Fault::ClockChangeDay);
    stage_.change(work);
    const bool half = stage_.canary == Canary::HalfKept && stage_.random.one_in(5);
    if (stage_.canary != Canary::NeverWritten && !half) return;
    stage_.store.rows().write([&](Writer& writer) {
        for (auto mirror : writer.mirrors_of(wanted.id)) {
            if (half) {
                writer.erase_mirror(mirror.appointment, mirror.calendar);
                continue;
            }
            mirror.confirmed = mirror.wanted;
            writer.put(mirror);
        }
    });
}

void Callers::book() {
    const auto staff = read(stage_.store, [](const Reader& reader) { return reader.staff(); });
    const auto there = read(stage_.store, [](const Reader& reader) { return reader.appointments({}, 1000).size(); });
    if (there >= kMaxAppointments) return book_again();
    Appointment wanted;
    wanted.id = {stage_.fresh("a")};
    wanted.staff = stage_.any(staff).id;
    wanted.start = some_time();
    wanted.end = wanted.start + std::chrono::hours{1};
    wanted.zone = "Europe/Berlin";
    wanted.title = stage_.fresh("Cut ");
    wanted.place = "Chair 1";
    wanted.notes = "colour";
    wanted.customer = "Tel. " + wanted.id.value + "-5550101";
    place(wanted, "book");
}

void Callers::move() {
    const auto all = appointments(true);
    if (all.empty()) return;
    auto wanted = stage_.any(all);
    wanted.start = some_time();
    wanted.end = wanted.start + std::chrono::hours{1};
    place(wanted, "move");
}

void Callers::retitle() {
    const auto all = appointments(true);
    if (all.empty()) return;
    auto wanted = stage_.any(all);
    wanted.title = stage_.fresh("Renamed ");
    place(wanted, "retitle");
}

void Callers::cancel() {
    const auto all = appointments(true);
    if (all.empty()) return;
    const AppointmentId id = stage_.any(all).id;
    stage_.note("cancel " + id.value);
    stage_.change([&](Writer& writer) {
        return cancel_appointment(writer, id, {}, stage_.zones, stage_.clock.now(), "api", "As asked.");
    });
}

void Callers::book_again() {
    const auto all = appointments(false);
    if (all.empty()) return;
    auto wanted = stage_.any(all);
    wanted.state = AppointmentState::Confirmed;
    place(wanted, "book again");
}

void Callers::hand_over() {
    const auto all = appointments(true);
    const auto staff = read(stage_.store, [](const Reader& reader) { return reader.staff(); });
    if (all.empty()) return;
    auto wanted = stage_.any(all);
    wanted.staff = stage_.any(staff).id;
    place(wanted, "hand over to " + wanted.staff.value);
}

void Callers::change_policy() {
    stage_.store.write([&](Writer& writer) {
        auto business = *writer.business();
        business.deletions = static_cast<DeletionPolicy>(stage_.random.between(0, 4));
        writer.put(business);
        stage_.note("policy on deletions " + std::to_string(static_cast<int>(business.deletions)));
    });
}

bool Callers::sign_in_again() {
    bool any = false;
    stage_.store.write([&](Writer& writer) {
        for (auto account : writer.accounts()) {
            if (account.state == AccountState::Active) continue;
            account.state = AccountState::Active;
            account.detail.clear();
            writer.put(account);
            stage_.accounts.at(account.id)->host().sign_in_again();
            stage_.note("sign in again " + account.id.value);
            any = true;
        }
    });
    return any;
}

void Callers::write_again() {
    stage_.store.write([&](Writer& writer) {
        for (auto calendar : writer.calendars()) {
            if (calendar.state != CalendarState::ReadOnly) continue;
            calendar.state = CalendarState::Active;
            calendar.detail.clear();
            writer.put(calendar);
            stage_.note("write again to " + calendar.id.value);
        }
    });
}

bool Callers::decide_one() {
    const auto open = read(stage_.store, [](const Reader& reader) { return reader.conflicts(true); });
    if (open.empty()) return false;
    const Conflict conflict = stage_.any(open);
    auto resolution = stage_.random.one_in(2) ? Resolution::Ours : Resolution::Theirs;
    stage_.note(
        "decide " + std::string(to_string(conflict.kind)) + " " + conflict.appointment.value + " on " +
        conflict.calendar.value + (resolution == Resolution::Ours ? " ours" : " theirs")
    );
    if (conflict.kind == ConflictKind::Brake) stage_.truth.brake_answered(conflict.calendar);
    auto result = apply_resolution(stage_.store, stage_.zones, stage_.clock, conflict.id, resolution, "cli");
    if (result.outcome == ResolutionResult::Outcome::Overlap)
        result = apply_resolution(stage_.store, stage_.zones, stage_.clock, conflict.id, Resolution::Ours, "cli");
    stage_.follow(result.bookings, result.targets);
    for (const auto& booking : result.bookings) {
        if (booking.appointment) stage_.truth.acknowledged(*booking.appointment);
    }
    return true;
}

void Callers::disconnect_gone() {
    stage_.store.write([&](Writer& writer) {
        if (writer.setting("standstill").value_or("").empty()) return;
        for (const auto& calendar : writer.calendars()) {
            if (!stage_.truth.is_gone(calendar.href) || calendar.state == CalendarState::Gone) continue;
            stage_.note("disconnect " + calendar.id.value);
            forget_calendar(writer, calendar.id, stage_.clock.now(), "cli");
        }
    });
}

void Callers::send_copy() {
    for (const auto& wanted : copy_) place(wanted, "from the booking system's old backup");
}

void Callers::touch_parked() {
    std::set<AppointmentId> parked;
    stage_.store.read([&](const Reader& reader) {
        for (const auto& calendar : reader.calendars())
            for (const auto& mirror : reader.mirrors_on(calendar.id))
                if (mirror.state == MirrorState::Parked) parked.insert(mirror.appointment);
    });
    for (const auto& id : parked) {
        auto wanted = read(stage_.store, [&](const Reader& reader) { return *reader.appointment(id); });
        wanted.title = stage_.fresh("Tried again ");
        place(wanted, "touch");
    }
}

}  // namespace calgate::seeds
