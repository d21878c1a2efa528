#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/http/url.hpp"
#include "core/clock.hpp"
#include "tests/sim/sim_server.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::testing {

/// Hears a request and its whole answer.
using Hearing = std::function<void(const http::Request&, const http::Response&)>;

/// A person at the service, who does not come through calgate. Throws std::invalid_argument with a sentence for what
/// is not there or cannot be understood.
class SimPerson {
public:
    struct Entry {
        std::string event{};    ///< The service's own address or id of it.
        std::string content{};  ///< iCalendar at CalDAV, the event resource as JSON elsewhere.
    };
    virtual ~SimPerson() = default;
    virtual std::string make_calendar(const std::string& name) = 0;
    virtual std::vector<Entry> events(const std::string& calendar) = 0;
    /// @param event empty for a new one. @return its address or id.
    virtual std::string put(const std::string& calendar, const std::string& event, const std::string& content) = 0;
    virtual void erase(const std::string& calendar, const std::string& event) = 0;
    /// Invitations and cancellations that a real service would have mailed.
    virtual int mails() = 0;
    /// Sends the notifications that wait. @return how many were accepted by their receivers.
    virtual int deliver() { return 0; }
    /// Every sync token so far means nothing to the service any more.
    virtual void forget_tokens();
    /// Switches a habit of the service, by its name. @param value "true", "50" or a text.
    virtual void set_quirk(const std::string& name, const std::string& value);
    /// The service's wall clock goes ahead; deadlines and other services stay.
    virtual void advance(std::chrono::seconds by);
    /// @param delegated_scopes that it may use for a person, space between them.
    virtual void register_service_account(
        const std::string& email, const std::string& public_key_pem, const std::string& delegated_scopes
    );
    /// The owner takes back every consent: what signed in so far is refused.
    virtual void revoke();
    /// A message about the life of each subscription: "missed", "subscriptionRemoved", "reauthorizationRequired".
    virtual void tell_life(const std::string& event);
    /// Where notifications end, whatever public address they are sent to: "http://127.0.0.1:8480".
    virtual void receive_at(const std::string& origin);
    /// @param hears each notification and what its receiver answered.
    virtual void hear_notifications(Hearing hears);
};

struct SimFaults {
    bool down = false;        ///< No TLS handshake; over plain HTTP the connection ends without an answer.
    bool hang = false;        ///< Requests are taken, and nothing comes back.
    int failing_percent = 0;  ///< So many of a hundred requests are answered `status` instead.
    int status = 503;
    std::string body{};                  ///< Of those answers.
    std::string retry_after{};           ///< Of those answers, as the header says it; empty: no header.
    std::chrono::milliseconds delay{0};  ///< Requests are done at once, and answered so much later.
    bool hold = false;                   ///< Requests are done at once, and answered when this ends.
    bool in_the_body = false;            ///< Either waits in the middle of the answer instead of before it.
    std::string method{};                ///< Only such requests are hit; empty: any.
    std::string path{};                  ///< Only requests whose path holds this are hit; empty: any.
};

/// One simulated service behind some host names.
struct SimSite {
    std::string name{};
    std::vector<std::string> hosts{};
    std::vector<std::string> paths{};  ///< Beginnings by which it is known when a loopback address is asked.
    /// Non-empty: the service is given requests as if they had come to this origin.
    std::string origin{};
    std::shared_ptr<http::HttpTransport> service{};
    std::shared_ptr<SimPerson> person{};
    /// Whether an answer to this request goes on; unset: none does.
    std::function<bool(const http::Request&)> streams{};
    std::function<void()> tick{};                ///< Lets time pass for what goes on.
    std::map<std::string, std::string> login{};  ///< What a client needs to sign in, by name.
    /// The answer to a request that the service cannot take, in its own dialect; unset: JSON that all can read.
    std::function<http::Response()> broken{};
    /// Counts a request until what is given back is dropped; unset: the service does not mind how many there are at
    /// once.
    std::function<std::shared_ptr<void>(const http::Request&)> in_flight{};
    Hearing heard{};  ///< Each request that the service answered; unset: nobody hears.
    SimFaults faults{};
    std::int64_t requests = 0;
    std::vector<std::function<void()>> held{};  ///< Answers that wait, and how each is let go.
};

/// Chooses the site by the Host header, or by the path where a loopback address is asked, with its faults. A simulator
/// that throws costs its request a 500 and nothing else. One thread.
class SimSites {
public:
    SimSites(const Clock&, std::uint64_t seed);

    SimSite& add(SimSite);
    /// nullptr: none of that name.
    SimSite* named(const std::string& name);
    /// Those that it had end. Answers that were held up go out unless it holds them too.
    static void set_faults(SimSite&, const SimFaults&);
    const std::map<std::string, SimSite>& all() const { return sites_; }

    /// @param default_site gets what is asked of a bare loopback address and begins with no site's path; where it is
    /// empty, the only site there is.
    SimReply handle(http::Request&&, const std::string& default_site);
    bool admits(const std::string& host, const std::string& default_site);

private:
    SimSite* site_of(const std::string& host, const std::string& path, const std::string& default_site);
    SimSite* loopback_site(const std::string& default_site);
    SimReply outcome(SimSite&, const http::Url&, http::Request&&, bool hit);

    const Clock& clock_;
    SeededRandom random_;
    std::map<std::string, SimSite> sites_{};
};

}  // namespace calgate::testing
