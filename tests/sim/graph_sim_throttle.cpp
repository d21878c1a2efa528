// How much a mailbox takes, and how long it wants to be left alone.
#include <algorithm>

#include "tests/sim/graph_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr int kConcurrent = 4;
constexpr std::chrono::seconds kShortWait{5};
constexpr std::chrono::minutes kLongestWindow{10};

/// Until the call before the last `limit` ones is older than the window; 0: there is room.
std::chrono::seconds wait_for_room(
    const std::deque<Instant>& calls, int limit, std::chrono::minutes window, Instant now
) {
    const auto most = static_cast<std::size_t>(limit);
    if (limit == 0 || calls.size() < most) return {};
    return std::max(calls[calls.size() - most] + window - now, std::chrono::seconds{0});
}

}  // namespace

http::Response GraphSim::State::throttled(int status, const std::string& limit, std::chrono::seconds wait) {
    if (quirks.early_calls_prolong) {
        throttled_until = clock.now() + wait;
        throttle_wait = wait;
    }
    http::Response response =
        graph_error(status, "ApplicationThrottled", "Application is over its " + limit + " limit.");
    if (quirks.tells_retry_after) response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
    return response;
}

std::optional<http::Response> GraphSim::State::too_many() {
    const Instant now = clock.now();
    if (quirks.early_calls_prolong && now < throttled_until) return throttled(429, "request", throttle_wait);
    if (others >= kConcurrent)
        return throttled(quirks.throttles_with_503 ? 503 : 429, "MailboxConcurrency", kShortWait);
    while (!recent_calls.empty() && recent_calls.front() <= now - kLongestWindow) recent_calls.pop_front();
    const auto wait = std::max(
        wait_for_room(recent_calls, quirks.calls_per_minute, std::chrono::minutes{1}, now),
        wait_for_room(recent_calls, quirks.calls_per_ten_minutes, kLongestWindow, now)
    );
    if (wait.count() > 0) return throttled(429, "request", wait);
    if (quirks.calls_per_minute > 0 || quirks.calls_per_ten_minutes > 0) recent_calls.push_back(now);
    return std::nullopt;
}

}  // namespace calgate::testing
