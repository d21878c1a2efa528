#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "core/connector.hpp"
#include "core/zone.hpp"
#include "scheduler/push_keeper.hpp"

namespace calgate::testing {

/// Between a connector and its service: loses answers on demand, and admits so many calls a minute. One thread.
class Wire final : public http::HttpTransport {
public:
    Wire(http::HttpTransport& inner, const Clock& clock) : inner_(inner), clock_(clock) {}

    Result<http::Response> send(const http::Request&, const Context&) override;
    Result<std::unique_ptr<http::OpenStream>> open_stream(
        const http::Request& request, std::shared_ptr<http::StreamListener> listener, const http::StreamLimits& limits
    ) override {
        ++calls;
        return inner_.open_stream(request, std::move(listener), limits);
    }

    /// Asked before each call: true loses its answer after it was applied.
    std::function<bool(const http::Request&)> loses{};
    /// Asked before each call: an answer comes from here and the service never hears of it.
    std::function<std::optional<http::Response>(const http::Request&)> instead{};
    std::function<void(const http::Request&)> after{};  ///< A call was applied; its answer is still on the way.
    int calls_per_minute = 0;                           ///< 0: no limit. Beyond it 429 without a hint.
    int calls = 0, refused = 0;                         ///< Refused here, or by the service with 403 or 429.

private:
    http::HttpTransport& inner_;
    const Clock& clock_;
    std::deque<SteadyInstant> recent_{};
};

/// One simulated service with one account and a calendar "bookings".
class SimulatedService {
public:
    virtual ~SimulatedService() = default;
    virtual std::string kind() const = 0;
    virtual std::unique_ptr<Connector> connect(http::HttpTransport&) = 0;
    virtual http::HttpTransport& site() = 0;
    /// With a token that allows the list of calendars and free and busy times, and nothing else; null: no such thing.
    virtual std::unique_ptr<Connector> connect_for_times(http::HttpTransport&) { return nullptr; }
    /// Answers about free and busy times say that the calendar could not be read.
    virtual void break_times(bool) {}
    virtual Href calendar() const = 0;
    virtual int mails() const = 0;
    virtual void revoke() = 0;  ///< The person takes our access back.
    virtual void admit() = 0;   ///< And signs in again.
    /// Pages, where the service has them, hold at most so many items.
    virtual void set_page(std::size_t) {}
    /// The service admits so many calls of this account a minute; 0: no limit. @return false where the wire has to
    /// count.
    virtual bool set_quota(int) { return false; }
    /// As the provider documents it for one account. @return calls a minute; 0: it counts none.
    virtual int set_documented_quota() { return 0; }
    /// Whether a refusal for too many calls says when to come back, where the service can.
    virtual void set_hints(bool) {}
    /// Hands over the notifications that wait. @return how many of them `take` accepted.
    virtual int deliver(const std::function<bool(const PushNote&)>&) { return 0; }
    /// Graph: tells every subscription "missed", "subscriptionRemoved", "reauthorizationRequired"; with the next
    /// deliver().
    virtual void lifecycle(const std::string&) {}
    /// Every sync token so far means nothing any more.
    virtual void forget_tokens() {}
    virtual void let_time_pass() {}  ///< For what the service does by itself; in every second.
};

class EwsSim;
/// What an Exchange server's tests reach beside the service.
class EwsBackstage {
public:
    virtual ~EwsBackstage() = default;
    virtual EwsSim& server() = 0;
    virtual const std::string& folder() const = 0;
};

/// "google", "graph", "caldav", "icloud", "ews"; "ews_" with a profile of EwsSim's, "caldav_" with one of CaldavSim's.
std::unique_ptr<SimulatedService> service_named(const std::string&, const Clock&, const ZoneResolver&);

}  // namespace calgate::testing
