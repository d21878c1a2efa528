#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/event.hpp"
#include "core/model.hpp"
#include "core/result.hpp"
#include "core/zone.hpp"

namespace calgate {

/// What ties a copy to its appointment (design 4). Keys are 32 bytes.
struct Keys {
    std::string mark_key{};      ///< HMAC key of the ownership mark.
    std::string recovery_key{};  ///< Seals capsules; printed once at init.
};

/// base32hex (lower case, no padding) of SHA-256 over the four parts, cut to 52 characters. Valid as a Google event id,
/// a CalDAV file name and a UID.
Uid copy_name(std::string_view business, const AppointmentId&, const CalendarId&, int generation);

struct Mark {
    std::string epoch{};
    std::string business{};
    AppointmentId appointment{};
    int generation = 0;
    std::int64_t revision = 0;
    bool operator==(const Mark&) const = default;
};
/// Only characters that survive every service: [A-Za-z0-9._-] and '/'.
std::string write_mark(const Mark&, const Keys&);
/// Nothing when it is no mark of ours or the keyed hash is wrong (constant-time comparison).
std::optional<Mark> read_mark(std::string_view text, const Keys&);

/// The whole appointment as CBOR, deflated, sealed with AES-256-GCM, base64url. `nonce` must be 12 fresh random bytes.
std::string seal_capsule(const Appointment&, const Keys&, std::string_view nonce);
/// @return Rejected with a sentence when the key is wrong or the text was changed.
Result<Appointment> open_capsule(std::string_view capsule, const Keys&);

/// AES-256-GCM with additional data; output: version byte, nonce, ciphertext, tag.
std::string seal_secret(
    std::string_view plain, std::string_view key, std::string_view bound_to, std::string_view nonce
);
Result<std::string> open_secret(std::string_view sealed, std::string_view key, std::string_view bound_to);

/// The mark key that follows from a recovery key: a lost host's marks verify by the recovery key alone.
std::string mark_key_of(std::string_view recovery_key);

/// zlib, at the best level.
std::string deflated(std::string_view plain);
/// @return nothing when it is damaged or would grow above 2 MiB.
std::optional<std::string> inflated(std::string_view packed);

/// HMAC-SHA-256, base64url.
std::string keyed_seal(std::string_view text, std::string_view key);
std::string sha256_hex(std::string_view bytes);
std::string base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// What a copy on a target shows of an appointment (I27). With CopyDetail::kBusy: title "Busy", no place, no notes.
Shown shown_on(const Appointment&, CopyDetail, const ZoneResolver&);
/// Whether a field that such a copy hides says what the appointment says there (I27).
bool tells_hidden_words(const Shown&, const Appointment&, CopyDetail);
/// A copy that is to be written keeps what its owner wrote over masks of the one before, unless any revision of the
/// appointment said that.
/// @param before the copy as it stands.
void keep_words_over_masks(Event& copy, const Event& before, const std::vector<Appointment>& revisions, CopyDetail);
/// The agreed end; where the start fell into a gap and moved past it (RFC 5545 3.3.5), the end that keeps the length.
LocalSeconds effective_end(const Appointment&, const ZoneResolver&);
/// The event to write: times, shown fields, mark, capsule, no attendees, `source` from the last fetched text.
Event copy_event(const Appointment&, const Mirror&, const Calendar&, const Business&, const Keys&, std::string_view nonce, const ZoneResolver&);
/// What the service shows, in the terms that reconcile compares; without what calgate itself says there.
Shown shown_of(const Event&);

}  // namespace calgate
