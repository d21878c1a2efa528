#pragma once

#include <string>
#include <vector>

#include "scheduler/engine.hpp"

/// An account's service that is away for hours, lived through in a copy of the store on a simulated clock. Neither the
/// living store nor the service notices anything: not one call is made (I31).
namespace calgate {

/// So long it is watched after its end.
inline constexpr std::chrono::seconds kPatienceAfterOutage{6 * 3600};

struct OutageToRehearse {
    int percent = 100;  ///< Of the calls that fail.
    std::chrono::seconds length{};
    int changes =
        0;  ///< Bookings, every fifth a cancellation instead, evenly over the time and in turn with each person.
};

struct OutageSample {
    std::chrono::seconds at{};   ///< Since the outage began.
    std::int64_t waiting = 0;    ///< Copies, over all calendars of the account.
    std::chrono::seconds age{};  ///< Since the one of them was read that was read longest ago.
};

struct RehearsedOutage {
    std::string trouble{};  ///< A sentence: it could not begin, since the account was not at rest before. Or empty.
    int targets = 0;        ///< Calendars of the account that get appointments.
    int changes = 0, refused = 0;
    std::int64_t answers = 0, unanswered = 0;  ///< To who asks for each person's free time with every sample.
    std::int64_t most_waiting = 0;
    std::int64_t calls = 0;  ///< Tried while it lasted; all that failed leave the rest to the next probe.
    std::chrono::seconds oldest_answer{0};
    std::chrono::seconds rpo{0};                          ///< Greatest age of a change that no calendar held.
    std::chrono::seconds first_write{-1}, caught_up{-1};  ///< After its end; -1: not within six hours.
    int same = 0, lost = 0, doubled = 0, different = 0;   ///< Copies of the changes, at the end.
    std::vector<OutageSample> samples{};                  ///< At most some 1,500.

    bool good() const {
        return trouble.empty() && refused == 0 && unanswered == 0 && caught_up.count() >= 0 && lost == 0 &&
               doubled == 0 && different == 0;
    }
};

/// @param calendar a target: all targets of its account take part. A connector of the account's kind is asked what it
/// can and to read texts, and not called.
/// @return the reason why there is no such connector. @throws StoreFailure.
Result<RehearsedOutage> rehearse_outage(const EngineParts&, const CalendarId& calendar, const OutageToRehearse&);

}  // namespace calgate
