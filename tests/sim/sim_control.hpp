#pragma once

#include "tests/sim/sim_sites.hpp"

namespace calgate::testing {

// clang-format off
/// The control endpoint of calgate-sim, JSON over plain HTTP:
///   GET    /                        every site with its faults and counts
///   POST   /{site}/faults           {"down", "hang", "failing_percent", "status", "body", "retry_after", "delay_ms",
///                                    "hold", "in_the_body", "method", "path"}; what is absent ends. The last two say
///                                    which requests are hit. "hold" answers them once it ends
///   POST   /{site}/calendars        {"name"} -> {"calendar"}
///   GET    /{site}/events?calendar= -> {"events": [{"event", "content"}]}
///   PUT    /{site}/events           {"calendar", "event", "content"} -> {"event"}; without "event" a new one
///   DELETE /{site}/events           {"calendar", "event"}
///   POST   /{site}/receiver         {"origin"}: the program that gets notifications
///   POST   /{site}/notifications    sends what waits -> {"delivered"}
///   POST   /{site}/forgotten        every sync token so far is forgotten
///   POST   /{site}/revoked          the owner takes back every consent
///   POST   /{site}/lifecycle        {"event": "missed"}: told to every subscription
///   POST   /{site}/quirks           {name: true, 50 or "text", …}; those before one that is refused are set
///   POST   /{site}/clock            {"advance_s"}: the service's wall clock goes ahead
///   POST   /{site}/service_accounts {"email", "public_key", "delegated_scopes"}
/// Whatever it is sent, the answer to what it cannot do is a 4xx with {"detail"}.
// clang-format on
class SimControl {
public:
    explicit SimControl(SimSites&);

    SimReply handle(http::Request&&);

private:
    SimSites& sites_;
};

}  // namespace calgate::testing
