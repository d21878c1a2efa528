#pragma once

#include <optional>

#include "scheduler/engine.hpp"

namespace calgate {

/// Lists a target in full and compares every copy by content with what should be there. Reads only, writes nowhere.
VerifyReport
verify_target(const EngineParts&, const Engine::Settings&, Connector&, const CalendarId&, const std::stop_token&);

/// What the last verify of a target found.
struct Verified {
    Instant at{};
    int same = 0;
    int findings = 0;
};
std::optional<Verified> last_verified(const Reader&, const CalendarId&);
/// @param report without an error.
void note_verified(Writer&, const VerifyReport& report, Instant at);

}  // namespace calgate
