#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model.hpp"
#include "tests/core/reference_expander.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::testing {

/// What one occurrence of a plain event is like; times are wall times in the event's own terms.
struct PlainOccurrence {
    LocalSeconds start{};
    std::chrono::seconds length{0};
    bool exact = false;  ///< DURATION in seconds that pass, rather than DTEND in wall time (RFC 5545 3.3.6).
    bool transparent = false;
    std::string status = "CONFIRMED";
};

/// An event as a test writes it down: enough to be written as iCalendar text and to be expanded by hand.
struct PlainEvent {
    std::string uid{};
    std::string zone{};  ///< IANA name, "UTC", "floating" or "date".
    PlainOccurrence first{};
    std::optional<PlainRule> rule{};
    std::vector<LocalSeconds> excluded{};
    std::vector<LocalSeconds> extra{};
    std::map<LocalSeconds, PlainOccurrence> overrides{};  ///< By RECURRENCE-ID.
    std::optional<LocalSeconds> future_from{};            ///< RANGE=THISANDFUTURE; `overrides` has what it becomes.

    /// The whole object, as a server hands it out.
    std::string text() const;
};

/// Mostly around clock changes and midnights, where mistakes are.
PlainEvent random_event(SeededRandom&, int number);

/// A busy or tentative stretch of one occurrence.
struct Stretch {
    Instant start{};
    Instant end{};
    bool tentative = false;
};

/// Every occurrence that takes time, in no order. Shares no code with what is under test: rules by reference_expand(),
/// zones by ZoneFile.
/// @param owner_zone for dates and floating times.
std::vector<Stretch> reference_stretches(
    const std::vector<PlainEvent>&, const std::string& owner_zone, LocalSeconds expand_to
);

/// Busy time within the window, clipped, by counting what covers each piece between two edges.
std::vector<BusyInterval> reference_busy(const std::vector<Stretch>&, Interval window);

/// By ZoneFile, kept.
Instant plain_instant(LocalSeconds, const std::string& zone);

/// Zones with every habit: none, half and quarter hours, half-hour summer time, summer time that is standard.
const std::vector<std::string>& plain_zones();

}  // namespace calgate::testing
