#include "tests/core/plan_world.hpp"

#include <string>

namespace calgate::testing {
namespace {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

const Instant kBooked = parse_instant("2026-03-01T12:00:00Z").value();

When zoned(int day, int hour) {
    const std::chrono::local_days date{std::chrono::year{2026} / 3 / day};
    return {When::Kind::Zoned, date + std::chrono::hours{hour}, "Europe/Zurich"};
}

}  // namespace

int Choices::pick(int count) {
    while (at_ < numbers_.size() && numbers_[at_] == 0) ++at_;
    if (at_ == numbers_.size()) return 0;
    const auto by = static_cast<std::uint64_t>(count);
    const int out = static_cast<int>(numbers_[at_] % by);
    numbers_[at_] /= by;
    return out;
}

PlanWorld::PlanWorld(Choices& choices, int calendars) : calendars_(calendars) {
    policy = {
        static_cast<ConcurrentEditPolicy>(choices.pick(4)),
        static_cast<DeletionPolicy>(choices.pick(5)),
        *copy_detail_of(2 - choices.pick(3)),
        MovedOntoPolicy::Ask,
        static_cast<MovedAwayPolicy>(choices.pick(4)),
        DuplicatePolicy::Busy,
        static_cast<MaskedEditPolicy>(choices.pick(2))};
    const int count = 1 + choices.pick(4);
    for (int i = 0; i < count; ++i) {
        Booking booking;
        booking.ours = {zoned(10 + i, 9), zoned(10 + i, 10), "Cut", "", "one\ntwo\nthree", choices.one_in(5)};
        booking.changed_at = kBooked;
        for (int c = 0; c < calendars; ++c) {
            Copy copy;
            if (!booking.ours.cancelled) copy.base = copy.there = booking.ours;
            booking.copies.push_back(std::move(copy));
        }
        bookings.push_back(std::move(booking));
    }
    limits = {count, 5, 0.2};
}

Shown PlanWorld::shown(Choices& choices) {
    static const char* const kTexts[] = {"Cut", "Colour", "Colour ", "", "a\r\nb"};
    static const char* const kNotes[] = {"one\ntwo\nthree", "1\ntwo\nthree", "one\ntwo\n3", "one", ""};
    const int day = 10 + choices.pick(3), hour = 9 + choices.pick(3);
    Shown out{zoned(day, hour), zoned(day, hour + 1), kTexts[choices.pick(5)], kTexts[choices.pick(5)], "", false};
    out.notes = kNotes[choices.pick(5)];
    out.cancelled = choices.one_in(6);
    return out;
}

void PlanWorld::scramble(Choices& choices) {
    for (auto& booking : bookings) {
        booking.ours = shown(choices);
        booking.changed_at += std::chrono::seconds{choices.pick(3)};
        for (auto& copy : booking.copies) {
            copy = {};
            if (!choices.one_in(4)) copy.base = shown(choices);
            if (!choices.one_in(4)) copy.there = shown(choices);
            copy.hidden = !copy.there && choices.one_in(4);
            copy.asked = !copy.hidden && choices.one_in(5);
        }
    }
}

void PlanWorld::edit(Choices& choices, int most) {
    const int count = 1 + choices.pick(most);
    for (int i = 0; i < count; ++i) {
        auto& booking = bookings[static_cast<std::size_t>(choices.pick(static_cast<int>(bookings.size())))];
        const int where = choices.pick(calendars_ + 1);
        if (where == calendars_) {
            booking.ours = shown(choices);
            booking.changed_at += std::chrono::seconds{2};
            continue;
        }
        auto& copy = booking.copies[static_cast<std::size_t>(where)];
        if (!copy.there) continue;
        if (choices.one_in(3)) {
            copy.there.reset();
            copy.away = choices.one_in(2);
        } else {
            copy.there = shown(choices);
        }
    }
}

std::vector<FoundCopy> PlanWorld::found(int calendar) const {
    std::vector<FoundCopy> out;
    for (const auto& booking : bookings) {
        const auto& copy = booking.copies[static_cast<std::size_t>(calendar)];
        FoundCopy one{copy.base, booking.ours, booking.changed_at, Theirs{Theirs::Kind::Gone, {}, {}, copy.away}};
        if (copy.there) one.theirs = Theirs{Theirs::Kind::Present, *copy.there, kBooked + std::chrono::seconds{1}};
        one.asked = copy.asked;
        one.hidden = copy.hidden;
        out.push_back(std::move(one));
    }
    return out;
}

Plan PlanWorld::plan(int calendar) const { return plan_run(found(calendar), {}, policy, limits, zones()); }

bool PlanWorld::carry_out(std::size_t index, int calendar, const Step& step) {
    auto& booking = bookings[index];
    auto& copy = booking.copies[static_cast<std::size_t>(calendar)];
    const auto become = [&](const Shown& result) {
        if (!same_meaning(booking.ours, result, zones())) booking.changed_at += std::chrono::seconds{3};
        booking.ours = result;
    };
    const auto write = [&] {
        const bool written = copy.there != booking.ours;
        copy.there = copy.base = booking.ours;
        return written;
    };
    const bool back = copy.hidden && copy.there && !copy.there->cancelled;
    if (back) copy.hidden = false;
    switch (step.kind) {
        case StepKind::Nothing:
            return false;
        case StepKind::Settle:
            copy.asked = false;
            if (!copy.hidden) copy.base = copy.there ? booking.ours : copy.base;
            return false;
        case StepKind::WriteOurs:
        case StepKind::RestoreCopy:
            return write();
        case StepKind::DeleteCopy:
            copy.there.reset();
            copy.asked = false;
            return true;
        case StepKind::TakeTheirs:
            become(step.result.value());
            copy.base = copy.there;
            return false;
        case StepKind::Merge:
            become(step.result.value());
            return write();
        case StepKind::CancelOurs:
            booking.ours.cancelled = true;
            return false;
        case StepKind::HideCopy:
            copy = {std::nullopt, std::nullopt, false, true};
            return false;
        case StepKind::OpenConflict:
            copy.asked = true;
            return false;
    }
    return false;
}

bool PlanWorld::answer(Choices& choices) {
    limits.minimum = 100;
    bool waited = false;
    for (auto& booking : bookings) {
        for (auto& copy : booking.copies) {
            if (!copy.asked) continue;
            copy.asked = false;
            waited = true;
            const bool ours = choices.pick(2) == 0;
            if (!ours && (!copy.there || copy.there->cancelled)) booking.ours.cancelled = true;
            if (!ours && copy.there && !copy.there->cancelled) booking.ours = *copy.there;
            copy.there = copy.base = booking.ours;
            if (booking.ours.cancelled) copy.there.reset();
        }
    }
    return waited;
}

bool idle(const Step& step) { return step.kind == StepKind::Nothing || step.kind == StepKind::Settle; }

}  // namespace calgate::testing
