#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/erasure.hpp"
#include "core/zone.hpp"
#include "store/booking.hpp"

namespace calgate {

/// An event that somebody made and that names an erased customer: it is theirs and stays in the calendar (I8).
struct ForeignMention {
    CalendarId calendar{};
    Href href{};
};

/// What names a customer in the store.
struct Mentions {
    int appointments = 0;  ///< Now.
    int revisions = 0;     ///< Kept ones, the present ones among them.
    int conflicts = 0;
    int copies = 0;  ///< In calendars, known to be there.
    std::vector<ForeignMention> foreign{};
};
Mentions mentions_of(const Reader&, const std::string& customer);

/// A copy that may still have the words of an erased customer.
struct CopyLeft {
    CalendarId calendar{};
    AppointmentId appointment{};
    std::string why{};  ///< What holds it up, when something does.
};
std::vector<CopyLeft> copies_left(const Reader&, const Erasure&);
/// Revision from which on the appointment is nameless; 0: nobody was erased from it.
std::int64_t erased_revision(const Reader&, const AppointmentId&);
/// Whether that copy still waits to be rewritten without words: nothing it says is taken over until then.
bool awaits_erasure(const Reader&, const Mirror&);

struct EraseParts {
    Store& store;
    const ZoneResolver& zones;
    const Clock& clock;
    const std::string& recovery_key;
    /// What a kept answer to a booking becomes.
    std::function<std::string(const Appointment&)> answer{};
};
/// Remembers the customer as erased from now on, inside the caller's transaction. Nothing is erased yet.
void begin_erasure(Writer&, const std::string& name, Instant now, const std::string& actor);
/// Takes in a list from elsewhere: a file, a marker. @return whether something was new.
bool take_erasures(Writer&, const std::vector<Erasure>&);
/// A copy of this appointment, which was just stored nameless, may still have the words: it is to be rewritten.
void await_rewriting(Writer&, const std::string& name, const Appointment&);
/// Erases what is left of every customer on the list, a few appointments a transaction: present and earlier revisions,
/// what copies were known to say, conflicts, kept answers, words of the feed, cached events. Copies become differences
/// that the scheduler writes. Once none is left, the erasure is done. Killed at any moment, the next call goes on.
/// @return targets to wake.
std::vector<CalendarId> go_on_erasing(const EraseParts&);
/// Makes an appointment nameless from `until` backwards: the present one as a new revision, and its history.
void erase_words_of(
    Writer&,
    const AppointmentId&,
    const std::function<bool(const Appointment&)>& meant,
    const EraseParts&,
    const std::string& why
);

}  // namespace calgate
