#pragma once

#include <cstdint>
#include <vector>

#include "core/plan.hpp"

namespace calgate::testing {

/// Choices read from a few numbers, so that a failing case shrinks to small ones: all zero is the plainest world.
class Choices {
public:
    explicit Choices(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}
    /// @return 0 ≤ result < count; 0 once the numbers are used up.
    int pick(int count);
    bool one_in(int count) { return pick(count) == count - 1; }

private:
    std::vector<std::uint64_t> numbers_;
    std::size_t at_ = 0;
};

/// Some appointments, each with a copy on every calendar, as booking system and services hold them. Carries plans out
/// as a store and a service would; shares nothing with the scheduler.
class PlanWorld {
public:
    struct Copy {
        std::optional<Shown> base{};
        std::optional<Shown> there{};  ///< Absent: gone.
        bool asked = false, hidden = false;
        bool away = false;  ///< When gone: into another calendar of the same person.
    };
    struct Booking {
        Shown ours{};
        Instant changed_at{};
        std::vector<Copy> copies{};  ///< One per calendar.
    };

    /// All sides say the same.
    PlanWorld(Choices& choices, int calendars);

    std::vector<Booking> bookings{};
    ReconcilePolicy policy{};
    BrakeLimits limits{};

    /// Every field of every side as it may come.
    void scramble(Choices&);
    /// Up to `most` edits by persons in their calendars and by the booking system.
    void edit(Choices&, int most);

    std::vector<FoundCopy> found(int calendar) const;
    Plan plan(int calendar) const;
    /// Carries out the step of one copy. @return whether anything was written into the calendar.
    bool carry_out(std::size_t booking, int calendar, const Step&);
    /// A person answers what waits, and lets a held run pass. @return whether something waited.
    bool answer(Choices&);
    int calendars() const { return calendars_; }

private:
    Shown shown(Choices&);

    int calendars_;
};

/// Whether nothing is left to do: neither side changes by it.
bool idle(const Step&);

}  // namespace calgate::testing
