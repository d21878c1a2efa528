#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "tests/sim/caldav_quirks.hpp"

namespace calgate::testing {

/// What happens to a coming request instead of, or after, its answer.
struct SimFault {
    enum class Kind : std::uint8_t {
        NoConnection,       ///< Nothing reached the service: Unavailable.
        LostAnswer,         ///< Applied, then nothing comes back: Timeout. Also a slow drip beyond the deadline.
        ResetMidBody,       ///< Applied, then the answer breaks off: InvalidResponse.
        TruncatedXml,       ///< Half of the body under the right status.
        ControlCharacters,  ///< U+0001 and U+000B inside the body.
        HtmlPage,           ///< A web page under `status`; not applied.
        Refusal,            ///< `status`, `retry_after` and `body`; not applied.
    };
    Kind kind = Kind::NoConnection;
    int status = 503;
    std::string retry_after{};  ///< Header value; empty: no header.
    std::string method{};       ///< Empty: any.
    int times = 1;              ///< Requests that it hits; -1: until `clear_faults`.
    std::string body{};         ///< Of a Refusal.
};

/// A request as it arrived.
struct SeenRequest {
    std::string method{};
    std::string url{};
    std::size_t body_bytes = 0;
    bool with_credentials = false;
};

/// A CalDAV service (RFC 4791, 6578) with one user, in this process and without time or chance. It is strict where
/// servers are strict and has the habits that its Quirks name. Paths below /r301, /r302, /r303, /r307, /r308 redirect
/// to what follows; with "-http" or "-foreign" behind the number to http or to another host. One thread.
class CaldavSim final : public http::HttpTransport {
public:
    CaldavSim(const Clock&, Quirks);
    ~CaldavSim() override;
    CaldavSim(const CaldavSim&) = delete;
    CaldavSim& operator=(const CaldavSim&) = delete;

    Result<http::Response> send(const http::Request&, const Context&) override;

    std::string account_url() const;
    static http::Credentials credentials();
    Quirks& quirks();  ///< Changes count from the next request on.

    Href make_calendar(const std::string& name);
    /// The same calendar without its events, under another address; the old one is gone.
    Href replace_calendar(const Href& calendar);
    /// As another program; nothing is checked. @return its URL.
    Href put_text(const Href& calendar, const std::string& name, std::string icalendar);
    void erase(const Href& event);
    std::size_t count(const Href& calendar) const;
    /// Addresses of what is stored, in order of name.
    std::vector<Href> events(const Href& calendar) const;
    /// What is stored at an address; empty when nothing is.
    std::string text(const Href& event) const;

    void fail_next(SimFault);
    void clear_faults();
    void set_down(bool down);  ///< No connection for anybody.
    void forget_tokens();
    void unauthorized_after(int requests);  ///< 401 from then on; -1: never.

    const std::vector<SeenRequest>& requests() const;
    /// Invitations and cancellations that a real service would have mailed (RFC 6638 3.2).
    int mails_sent() const;

    struct State;

private:
    std::unique_ptr<State> state_;
};

}  // namespace calgate::testing
