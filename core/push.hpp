#pragma once

#include <cstdint>
#include <string>

#include "core/connector.hpp"

namespace calgate {

/// A subscription to change notifications (Google: a channel of events.watch; Graph: a subscription).
struct PushChannel {
    std::string id{};        ///< Ours at Google, the service's own at Graph.
    std::string resource{};  ///< Google: resourceId, needed to stop the channel. Empty at Graph.
    Instant expires{};
    bool operator==(const PushChannel&) const = default;
};

/// How a channel stands, as we know it.
enum class ChannelState : std::uint8_t {
    Opening,  ///< Written before the service is asked: its first notification may come before its answer.
    Live,
    Reauthorize,  ///< Graph wants to be told that we still may; then it is live again.
    Removed,      ///< The service says it ended it.
};

/// A channel that we opened, or try to.
struct ChannelRecord {
    std::string key{};  ///< The random id we chose for it.
    CalendarId calendar{};
    PushChannel channel{};      ///< `id` is empty while it opens at a service that chooses ids itself.
    std::string secret_hash{};  ///< Hex SHA-256 of PushRequest::secret; the secret itself is kept nowhere.
    ChannelState state = ChannelState::Opening;
    Instant opened{};         ///< Or last prolonged; while opening: when that began.
    bool prolongable = true;  ///< false: the service said that it must be replaced instead.
    bool operator==(const ChannelRecord&) const = default;
};

struct PushRequest {
    Href calendar{};
    std::string id{};                  ///< A fresh random UUID; Google uses it as the channel's id.
    std::string callback{};            ///< https address that gets the notifications.
    std::string lifecycle_callback{};  ///< Graph only: for missed, removed, reauthorise. Empty: the same as `callback`.
    std::string
        secret{};  ///< Comes back with every notification: X-Goog-Channel-Token, clientState. At most 128 characters.
    Instant until{};  ///< Wished for; the service may shorten it.
};

/// What a connector whose service can notify us offers beside Connector; one call is one attempt, as there.
class PushService {
public:
    virtual ~PushService() = default;
    /// The service may call `callback` before this returns (Graph's handshake).
    virtual Result<PushChannel> open_channel(const Context&, const PushRequest&) = 0;
    /// @return Unsupported where a channel cannot be prolonged (Google): open another, then close this one.
    /// NotFound when the service no longer has it.
    virtual Result<PushChannel> renew_channel(const Context&, const PushChannel&, Instant until) = 0;
    /// Closing what is already gone succeeds.
    virtual Status close_channel(const Context&, const PushChannel&) = 0;
};

}  // namespace calgate
