#pragma once

#include "connectors/google/google_session.hpp"

namespace calgate::google {

/// events.watch and channels.stop. Google cannot prolong a channel: a new one is opened before the old one ends.
class ChannelService final : public PushService {
public:
    ChannelService(const Session& session, const Clock& clock) : session_(session), clock_(clock) {}

    /// The first notification ("sync") may come before this returns: keep id and secret before calling (trap G14).
    /// @return Unsupported for a calendar that cannot be watched.
    Result<PushChannel> open_channel(const Context&, const PushRequest&) override;
    Result<PushChannel> renew_channel(const Context&, const PushChannel&, Instant until) override;
    Status close_channel(const Context&, const PushChannel&) override;

private:
    const Session& session_;
    const Clock& clock_;
};

}  // namespace calgate::google
