#pragma once

#include "connectors/graph/graph_session.hpp"
#include "core/push.hpp"

namespace calgate::graph {

/// Subscriptions of one mailbox (Graph: subscription). They live at most seven days.
class Subscriptions final : public PushService {
public:
    Subscriptions(const Session&, const Clock&);
    /// One that is already there for the calendar is replaced, because its secret is unknown.
    Result<PushChannel> open_channel(const Context&, const PushRequest&) override;
    Result<PushChannel> renew_channel(const Context&, const PushChannel&, Instant until) override;
    Status close_channel(const Context&, const PushChannel&) override;

private:
    Instant allowed(Instant until) const;
    Status close_for(const Context&, const std::string& resource);

    const Session& session_;
    const Clock& clock_;
};

}  // namespace calgate::graph
