#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
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
    /// Whether the gateway would listen to a channel of this calendar.
    bool is_heard(Engine&, const Href& calendar);
    /// What it was told just now is lost with the process, and all that it could not write; polling covers the gap.
    void forget_words(bool unwritten);
    /// The gateway had no chance to write anything down meanwhile.
    void stood_still(std::chrono::minutes);
    /// The gateway knows of none that was opened since its backup, and of others that are there no more.
    void lose_track();
    /// A channel ended and the gateway does not know: nothing shows it before the channel is due to be prolonged.
    bool ended_silently(const Href& calendar) const { return silent_.contains(calendar); }

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
    std::map<Href, SteadyInstant> told_ended_{};  ///< Calendars without a channel since.
    std::set<Href> silent_{};                     ///< Likewise, and the gateway does not know.
};

}  // namespace calgate::seeds
