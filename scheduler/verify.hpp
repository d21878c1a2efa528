#pragma once

#include "scheduler/engine.hpp"

namespace calgate {

/// Lists a target in full and compares every copy by content with what should be there. Reads only, writes nowhere.
VerifyReport verify_target(const EngineParts&, const Engine::Settings&, Connector&, const CalendarId&, std::stop_token);

}  // namespace calgate
