#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/availability.hpp"
#include "core/model.hpp"
#include "core/zone.hpp"
#include "store/store.hpp"

namespace calgate {

enum class BookingOutcome : std::uint8_t {
    Created,
    Changed,
    Unchanged,         ///< The same content again: same answer, no new revision.
    Overlap,           ///< More than the capacity at one time (I15).
    RevisionMismatch,  ///< If-Match named another revision.
    UnknownStaff,
    UnknownService,
    NotFound,
};

struct BookingResult {
    BookingOutcome outcome{};
    std::optional<Appointment> appointment{};  ///< As it stands now.
    std::optional<Interval> before{};          ///< Busy interval it had; for the availability index.
    std::optional<Interval> after{};           ///< Busy interval it has.
    std::optional<StaffId> staff_before{};
    std::vector<CalendarId> targets{};                     ///< To wake.
    std::vector<std::pair<StaffId, Interval>> released{};  ///< Holds that had run out and made room.
};

/// Creates or replaces an appointment, after cancelling the holds in its way that have run out, inside the caller's
/// transaction: revision, overlap within capacity, mirror rows of every target of that person, an entry in the change
/// feed (I2, I15, I30). A provisional one sets the setting "provisional.<person>", so that the next complete reading of
/// the person's calendars looks at it again.
/// @param wanted revision, created and changed are ignored. @param if_match revision the caller saw.
/// @param actor, why for the feed. When the person changes, copies on the earlier person's targets become
/// `wanted_gone`.
BookingResult place_appointment(
    Writer&,
    const Appointment& wanted,
    std::optional<std::int64_t> if_match,
    const ZoneResolver&,
    Instant now,
    const std::string& actor,
    const std::string& why
);

/// A revision of an appointment, and why it is made.
struct Placing {
    Appointment wanted{};
    std::string why{};
};

/// More than these do not change places; most_at_once() looks at each beside every other.
constexpr std::size_t kMostTogether = 100;

/// Stores several revisions, each as place_appointment() does, where all of them have room once all are stored (I15):
/// two may change places. One without room stays as it is; so do all, beyond `kMostTogether`.
/// @return what was stored.
std::vector<BookingResult> place_together(
    Writer&, std::vector<Placing>, const ZoneResolver&, Instant now, const std::string& actor
);

/// Marks it cancelled; never erases it (R3).
BookingResult cancel_appointment(
    Writer&,
    const AppointmentId&,
    std::optional<std::int64_t> if_match,
    const ZoneResolver&,
    Instant now,
    const std::string& actor,
    const std::string& why
);

/// Stores a revision that differs in words only, whether or not there is room for its time by now.
BookingResult revise_words(
    Writer&, const Appointment& next, const ZoneResolver&, Instant now, const std::string& actor, const std::string& why
);

/// Cancels holds that have run out by `now`, `limit` of them at most.
std::vector<BookingResult> end_holds(Writer&, const ZoneResolver&, Instant now, std::size_t limit);

/// Shows the index what a booking did, after its transaction was committed.
void show_booking(AvailabilityIndex&, const BookingResult&);

/// Creates the missing mirror rows of a calendar that became a target: every live appointment of its person that ends
/// after `now`. @return how many.
std::int64_t add_target(Writer&, const Calendar&, const ZoneResolver&, Instant now);

/// Whether the appointment fits within its person's capacity beside all others; cancelled ones always do (I15).
/// @param now holds that have run out by it do not count; as it is, all do. @return true when the person is not known.
bool has_room(const Reader&, const Appointment&, const ZoneResolver&, Instant now = {});

/// From start to end, by the zone rules in force.
Interval interval_of(const Appointment&, const ZoneResolver&);
/// The same with its buffers: the time that nobody else gets.
Interval occupied_by(const Appointment&, const ZoneResolver&);

}  // namespace calgate
