#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "tests/sim/sim_server.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::testing {

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
    /// Where notifications end, whatever public address they are sent to: "http://127.0.0.1:8480".
    virtual void receive_at(const std::string& origin);
};

struct SimFaults {
    bool down = false;        ///< No TLS handshake; over plain HTTP the connection ends without an answer.
    bool hang = false;        ///< Requests are taken, and nothing comes back.
    int failing_percent = 0;  ///< So many of a hundred requests are answered `status` instead.
    int status = 503;
    std::string body{};  ///< Of those answers.
};

/// One simulated service behind some host names.
struct SimSite {
    std::string name{};
    std::vector<std::string> hosts{};
    /// Non-empty: the service is given requests as if they had come to this origin.
    std::string origin{};
    std::shared_ptr<http::HttpTransport> service{};
    std::shared_ptr<SimPerson> person{};
    /// Whether an answer to this request goes on; unset: none does.
    std::function<bool(const http::Request&)> streams{};
    std::function<void()> tick{};                ///< Lets time pass for what goes on.
    std::map<std::string, std::string> login{};  ///< What a client needs to sign in, by name.
    SimFaults faults{};
    std::int64_t requests = 0;
};

/// Chooses the site by the Host header, with its faults. One thread.
class SimSites {
public:
    SimSites(const Clock&, std::uint64_t seed);

    SimSite& add(SimSite);
    /// nullptr: none of that name.
    SimSite* named(const std::string& name);
    const std::map<std::string, SimSite>& all() const { return sites_; }

    /// @param default_site gets what is asked of a bare loopback address.
    SimReply handle(http::Request&&, const std::string& default_site);
    bool admits(const std::string& host, const std::string& default_site);

private:
    SimSite* site_of(const std::string& host, const std::string& default_site);

    const Clock& clock_;
    SeededRandom random_;
    std::map<std::string, SimSite> sites_{};
};

}  // namespace calgate::testing
