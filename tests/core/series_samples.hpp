#pragma once

#include <string>
#include <vector>

#include "core/recurrence.hpp"

/// Series and windows for the tests of recurrence. Times as "19970902T090000", "…Z", "19970902",
/// "19970902T090000@Europe/Berlin".
namespace calgate::testing {

const ZoneResolver& zones();
When when(const std::string& text);
Instant instant(const std::string& text);
Event series(
    const std::string& start, std::vector<std::string> rules, std::chrono::seconds length = std::chrono::hours{1}
);
/// Starts of the occurrences, in UTC.
std::vector<std::string> starts(const Expansion&);
Expansion expanded(const Event&, const std::string& from, const std::string& to, const std::string& zone = "UTC");
std::string text_of(const std::vector<std::string>&);

}  // namespace calgate::testing
