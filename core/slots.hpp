#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/availability.hpp"
#include "core/zone.hpp"

namespace calgate {

/// At most this many people in one question.
inline constexpr std::size_t kMostSlotPeople = 64;

/// What may be booked, of whom, when. All instants UTC.
struct SlotQuestion {
    Service service{};
    Interval window{};                                        ///< A slot begins within it.
    Instant now{};                                            ///< For notice and horizon.
    std::vector<std::shared_ptr<const PersonBusy>> people{};  ///< kMostSlotPeople at most, none null.
    /// Bits of those who are all needed at once; of the others any one. With such bits the grid is the first person's.
    std::uint64_t all = 0;
};

struct Slot {
    Instant start{};
    Instant end{};
    std::uint64_t people = 0;  ///< Bit n: the n-th person of the question is free; all who are needed are.
    bool operator==(const Slot&) const = default;
};

/// Every time at which the service can begin, in order. A slot lies in the person's working time, and with the
/// service's buffers beside everything the person has; the buffers themselves may lie outside working time. It begins
/// on the service's grid, counted from midnight of the person's wall clock: a time that a clock change leaves out is no
/// slot, one that comes twice is one, the first. No I/O, no lock.
std::vector<Slot> slots_for(const SlotQuestion&, const ZoneResolver&);

/// How much somebody has already, for the choice between several who are free.
struct Load {
    StaffId staff{};
    int that_day = 0;   ///< Appointments on the day of the slot.
    int that_week = 0;  ///< Within three days before and after.
    auto operator<=>(const Load&) const = default;
};

/// Counts what the person has around `start`, on the wall clock of the person.
Load load_of(const PersonBusy&, Instant start, const ZoneResolver&);

/// Those who are free, the fairest choice first: fewest that day, then fewest around it, then by id.
std::vector<Load> fairest_first(std::vector<Load> free);

/// "anna has 2 appointments that day, the fewest of 3 who are free." @param ranked by fairest_first(), not empty.
std::string why_chosen(const std::vector<Load>& ranked);

}  // namespace calgate
