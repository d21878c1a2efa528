#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/event.hpp"
#include "core/result.hpp"
#include "core/zone.hpp"

namespace calgate {

/// Limits checked before libical sees a byte (providers/icalendar 7, I26).
struct IcalendarLimits {
    std::size_t object_bytes = 1024 * 1024;
    std::size_t line_bytes = 256 * 1024;  ///< After unfolding.
    int depth = 4;
    int components = 2000;
    int properties = 5000;
    std::size_t inline_attachment_bytes = 16 * 1024;  ///< Larger ones are dropped.
};

struct IcalendarContext {
    const ZoneResolver& zones;
    std::string default_zone{};                ///< For unknown TZIDs; the event then carries a warning.
    std::vector<std::string> own_addresses{};  ///< Whose PARTSTAT counts; mailto: stripped, any case.
};

/// Reads one calendar object: exactly one UID (RFC 4791 4.1), any number of VEVENTs.
/// @return InvalidResponse with a sentence when it cannot be used at all. Never throws, never hangs.
Result<Event> read_icalendar(std::string_view text, const IcalendarContext&, const IcalendarLimits& = {});

/// Reads many objects out of one stream, grouped by UID (plain .ics files, exports); `source` stays empty.
/// An event that cannot be read is there without any instance, `partial`, its warning says why.
Result<std::vector<Event>> read_icalendar_stream(
    std::string_view text, const IcalendarContext&, const IcalendarLimits& per_object = {}
);

/// Writes an event. With `event.source` set, the source's own order and every property we do not own are kept; ours
/// (times, title, place, notes, status, transparency, class, mark, capsule) replace. Without, a fresh object.
/// The output has been parsed again and its digest compared before it is returned.
/// @return Rejected when the event is `partial`, or would not survive its own writing.
Result<std::string> write_icalendar(const Event& event, const ZoneResolver& zones, Instant stamp);

/// The events of several calendar objects in one VCALENDAR, with the zones that they bring; of those with one name the
/// first. What is no calendar object adds nothing.
std::string join_icalendar(const std::vector<std::string>& texts);

/// Several events, each written fresh with its stamp, in one VCALENDAR with their zones. One that would not survive its
/// own writing is left out.
std::string write_icalendar_stream(const std::vector<std::pair<Event, Instant>>& stamped, const ZoneResolver& zones);

/// Digest of meaning, not of bytes (providers/icalendar 9): hex SHA-256. Equal for copies a server refolded or
/// reordered.
std::string canonical_digest(const Event& event, const ZoneResolver& zones, const std::string& fallback_zone);

}  // namespace calgate
