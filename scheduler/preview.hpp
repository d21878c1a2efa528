#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/engine.hpp"

namespace calgate {

/// A write that a run would send to the calendar.
struct PlannedWrite {
    enum class Kind : std::uint8_t { Create, Update, Delete } kind{};
    std::optional<AppointmentId> appointment{};  ///< Absent: the marker event.
};

/// What a run over a calendar would do now.
struct Preview {
    PassReport report{};
    std::vector<PlannedWrite> writes{};
    std::vector<Change> decisions{};  ///< What would be appended to the change feed.
    bool waits = false;               ///< For a person, so nothing is done; this is what approving would do.
};

/// Runs over a copy of the store, in which everything is lost afterwards; the service is read, and what would be
/// written there is only noted. @param policies of the living engine. @param living of the calendar's account; nobody
/// else uses it meanwhile. @throws StoreFailure.
Preview preview_run(const EngineParts&, const Policies& policies, Connector& living, const CalendarId&);

}  // namespace calgate
