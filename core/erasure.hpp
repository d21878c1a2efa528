#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model.hpp"

namespace calgate {

/// Somebody whose name was erased and does not come back (I28).
struct Erasure {
    std::string customer{};                ///< As erased_name() has it.
    Instant at{};                          ///< What was stored or written until then is nameless.
    bool done = false;                     ///< No copy is left to be rewritten.
    std::vector<AppointmentId> waiting{};  ///< Those whose copies may still have the name.
    bool operator==(const Erasure&) const = default;
};

/// What an erased customer is remembered by: HMAC-SHA-256 under the recovery key, base64url. It tells nobody the name.
std::string erased_name(std::string_view customer, std::string_view recovery_key);
/// Whether the list says that the words of this revision are gone. A later booking of the same customer is not meant.
bool is_erased(const std::vector<Erasure>&, const Appointment&, std::string_view recovery_key);

/// Whether a field of an appointment may say who somebody is or what ails them: title, place, customer, notes.
bool is_personal(std::string_view field);
/// Takes the words about a person out of an appointment: times, person booked and state stay (I28).
void make_nameless(Appointment&);
bool is_nameless(const Appointment&);
/// Takes them out of what a copy shows: `ours` says what it reads instead.
void make_nameless(Shown&, const Shown& ours);

/// Whether the text of an event, as a service gave it, has these words: also folded and escaped ones (RFC 5545 3.1 and
/// 3.3.11), and those of JSON. Words of less than three characters are never found.
bool mentions(std::string_view event_text, std::string_view words);

}  // namespace calgate
