#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/push.hpp"

namespace calgate {

enum class PushAction : std::uint8_t {
    Open,    ///< A new channel.
    Renew,   ///< Prolong this one.
    Close,   ///< Tell the service to end this one, then forget it.
    Forget,  ///< The service has it no more, or ends it by itself.
};
struct PushStep {
    PushAction action{};
    std::string key{};  ///< Of the channel; empty for Open.
    bool operator==(const PushStep&) const = default;
};

/// What is asked for; services shorten it (Google: 7 days; Graph: 10,080 minutes, and more is refused).
inline constexpr std::chrono::hours kChannelLife{24 * 7 - 1};
/// Both channels deliver while one replaces the other.
inline constexpr std::chrono::seconds kChannelOverlap{120};
/// Longer than any call: the answer to the request for this channel is lost.
inline constexpr std::chrono::seconds kOpeningLost{600};

/// Between 60 and 80 % of its life, spread by its key, so that channels opened together are not renewed together.
Instant renewal_of(const ChannelRecord&);

/// What to do about the channels of one calendar so that exactly one notifies us, without a gap (F23). Pure.
/// @param wanted the calendar is read, and notifications have an address to come to.
std::vector<PushStep> plan_push(bool wanted, const std::vector<ChannelRecord>& channels, Instant now);

}  // namespace calgate
