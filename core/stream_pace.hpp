#pragma once

#include <chrono>
#include <optional>

#include "core/result.hpp"
#include "core/time.hpp"

namespace calgate {

/// When a connection over which hints come may be opened, and opened again after it ended. Pure: the present time is an
/// argument. Reading goes on at its own intervals meanwhile, so waiting loses nothing but promptness.
class StreamPace {
public:
    /// Between an end and the next opening of one that lived.
    static constexpr std::chrono::milliseconds kAfterEnd{1000};
    /// What ended sooner than this did not live: the pause doubles up to kLongestAfterEnd.
    static constexpr std::chrono::seconds kLives{5};
    static constexpr std::chrono::minutes kLongestAfterEnd{5};
    /// After a refusal, doubled with each further one.
    static constexpr std::chrono::seconds kAfterRefusal{30};
    static constexpr std::chrono::hours kLongestAfterRefusal{1};

    bool may_open(SteadyInstant now) const { return now >= next_; }
    SteadyInstant next() const { return next_; }
    void opened(SteadyInstant now) { opened_ = now; }
    /// It was open and is no more, whoever ended it.
    void ended(SteadyInstant now);
    /// It could not be opened, or was answered with an error. @param retry_after of the service; never shortens.
    void refused(SteadyInstant now, const std::optional<std::chrono::seconds>& retry_after);

private:
    SteadyInstant next_{}, opened_{};
    int short_lives_ = 0, refusals_ = 0;
};

}  // namespace calgate
