#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "core/time.hpp"

namespace calgate {

/// A wait between attempts that grows with each (core/booking_rules.hpp, wait_after) and is forgotten after an hour
/// without one. What is kept is bounded: beyond `most_callers`, those that were not seen yet share one measure. Any
/// thread.
class AttemptCosts {
public:
    explicit AttemptCosts(std::size_t most_callers = 100'000);
    /// @return how long to wait; zero: it may run, and was counted. One that comes too early is not counted, so that
    /// knocking twice costs nobody more.
    std::chrono::seconds take(const std::string& caller, SteadyInstant now);

private:
    struct Attempts {
        int count = 0;
        SteadyInstant last{};
    };
    static std::chrono::seconds take(Attempts&, SteadyInstant now);
    void forget_rested(SteadyInstant now);  ///< Under mutex_.

    const std::size_t most_callers_;
    std::mutex mutex_{};
    std::map<std::string, Attempts> attempts_{};  ///< Under mutex_.
    Attempts others_{};                           ///< Under mutex_.
    SteadyInstant forgot_{};                      ///< Under mutex_.
};

}  // namespace calgate
