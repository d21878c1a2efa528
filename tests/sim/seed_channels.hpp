#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/push.hpp"
#include "scheduler/engine.hpp"
#include "tests/sim/seed_host.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::seeds {

/// Notifications of one account's service, and how they end.
class Channels final : public PushService {
public:
    using Fault = std::function<std::optional<Error>()>;
    /// @param before a call reaches the service, @param after it did: what the gateway gets instead of the answer.
    Channels(Host& host, const Clock& clock, testing::SeededRandom& random, Fault before, Fault after)
        : host_(host), clock_(clock), random_(random), before_(std::move(before)), after_(std::move(after)) {
        prolongs_ = random_.one_in(2);
    }

    Result<PushChannel> open_channel(const Context&, const PushRequest&) override;
    Result<PushChannel> renew_channel(const Context&, const PushChannel&, Instant until) override;
    Status close_channel(const Context&, const PushChannel&) override;

    /// Tells of every calendar that is not as it was told last; some a step late, some twice (F21).
    void ring(Engine&);
    /// Each of them silently, with a word, or not at all but to be confirmed. @return how many (F23).
    int end_all(Engine&);

private:
    struct Channel {
        PushRequest request{};
        Instant expires{};
        Texts told{};
    };
    bool tell(Engine&, const Channel&, PushNote::News) const;

    Host& host_;
    const Clock& clock_;
    testing::SeededRandom& random_;
    Fault before_, after_;
    bool prolongs_ = false;
    std::map<std::string, Channel> open_{};
};

}  // namespace calgate::seeds
