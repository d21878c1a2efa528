#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/icalendar.hpp"
#include "core/result.hpp"

namespace calgate {

enum class ScanFor : std::uint8_t {
    Reading,    ///< RRULE and EXRULE of events become X- properties, so that they arrive as written; see kRule.
    Rewriting,  ///< Nothing is renamed or dropped: what comes out is written back.
    Keeping,    ///< As Rewriting, with kCut in the place of each large inline attachment: small enough to be kept.
};
/// Whoever has it lacks an attachment, and is not written back.
constexpr std::string_view kCut = "X-CALGATE-CUT:1";
bool is_cut(std::string_view text);
constexpr std::string_view kRule = "X-CALGATE-READ-RRULE";
constexpr std::string_view kExclusionRule = "X-CALGATE-READ-EXRULE";

/// Checks every limit and hands back text that libical can take: unfolded, cleaned of control characters and bad UTF-8,
/// long value lists split, large inline attachments dropped before they count, folded again at 75 octets.
/// @return InvalidResponse with the limit that was passed.
Result<std::string> scan_icalendar(std::string_view text, const IcalendarLimits& limits, ScanFor purpose);

/// One content line folded at 75 octets, never inside a character (RFC 5545 3.1), with CRLF.
std::string folded_line(std::string_view line);

}  // namespace calgate
