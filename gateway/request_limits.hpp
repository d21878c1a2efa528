#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "core/time.hpp"
#include "gateway/http_server.hpp"

namespace calgate {

/// How many requests each caller may make: a minute's worth at once, then as many as come back with time. What is kept
/// is bounded: beyond `most_callers`, those that were not seen yet share one measure. Any thread.
class RequestLimits {
public:
    /// @param per_minute 0: no limit.
    explicit RequestLimits(int per_minute, std::size_t most_callers = 10'000);
    /// @return how long to wait; zero: it may run, and was counted.
    std::chrono::seconds take(const std::string& caller, SteadyInstant now);
    std::size_t callers() const;

private:
    struct Left {
        double requests = 0;
        SteadyInstant at{};
    };
    double now_left(const Left&, SteadyInstant now) const;
    void forget_rested(SteadyInstant now);  ///< Under mutex_.

    const double per_minute_;
    const std::size_t most_callers_;
    mutable std::mutex mutex_{};
    std::map<std::string, Left> left_{};  ///< Under mutex_.
    Left others_{};                       ///< Under mutex_.
    SteadyInstant forgot_{};              ///< Under mutex_.
};

/// Whom an address counts for, as bytes: IPv4 itself, of IPv6 the network (/64) that one customer has to himself.
/// Nothing when it is no address.
std::optional<std::string> network_of(const std::string& address);
bool is_loopback(const std::string& address);

/// Whom a request without a key is counted for: the network of its address.
/// @param behind_proxy what a proxy on this machine says last in X-Forwarded-For counts, if it is an address.
std::string client_of(const HttpRequest&, bool behind_proxy);

}  // namespace calgate
