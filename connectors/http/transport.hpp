#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/connector.hpp"
#include "core/result.hpp"

namespace calgate::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Credentials {
    std::string user{};
    std::string password{};
};

/// To one origin at a time, unless it is known to like more.
inline constexpr int kFewConnections = 4;
/// To one origin of a service that serves everybody.
inline constexpr int kManyConnections = 32;

struct Request {
    std::string method{};
    std::string url{};  ///< Absolute, http or https.
    Headers headers{};
    std::string body{};
    std::optional<Credentials>
        credentials{};  ///< Basic, pre-emptively; Digest or NTLM when the server offers no Basic.
    std::size_t max_response_bytes = 32u * 1024 * 1024;
    int connections = kFewConnections;  ///< It waits while its origin has as many requests under way, streams aside.
};

struct Response {
    int status = 0;
    Headers headers{};
    std::string body{};
    std::string url{};  ///< That finally answered.
    /// First value of a header, name in any case.
    std::optional<std::string> header(std::string_view name) const;
};

/// Hears an answer that stays open, in the pieces in which it comes. Called by the transport's own thread, one call at
/// a time; has to return at once.
class StreamListener {
public:
    virtual ~StreamListener() = default;
    /// Part of the body of an answer with status 200, cut anywhere, 16 KiB at most. @return false: it is to end.
    virtual bool piece(std::string_view bytes) = 0;
    /// The last call. An answer with status 200 comes without its body, another one whole.
    virtual void ended(const Result<Response>&) = 0;
};

/// An exchange that goes on. Destroying it ends it without waiting; its listener may be in a call meanwhile.
class OpenStream {
public:
    virtual ~OpenStream() = default;
};

struct StreamLimits {
    std::chrono::seconds silence{150};   ///< Without a byte for so long it ends with Timeout.
    std::chrono::seconds longest{1860};  ///< It ends after this with Timeout, whatever comes.
};

/// One HTTP exchange; redirects are not followed here. Thread-safe; blocks the caller until the answer, the deadline or
/// a stop. A status of 4xx or 5xx is an answer, not an Error.
/// @return Unavailable when nothing can have reached the service (DNS, refused, TLS), Timeout when it may have,
/// InvalidResponse when the answer broke off or was too large, Cancelled on stop, Rejected for an address that the
/// guard forbids.
class HttpTransport {
public:
    virtual ~HttpTransport() = default;
    virtual Result<Response> send(const Request&, const Context&) = 0;
    /// Each as send does it, at the same time where the transport can; otherwise one after the other.
    /// @return an outcome for each, in the order of the requests.
    virtual std::vector<Result<Response>> send_together(const std::vector<Request>&, const Context&);
    /// As send, but returns before the answer, which the listener hears. A sign-in other than Basic has to be known
    /// from an earlier send to the same origin.
    /// @return Unsupported where no answer is kept open, RateLimited when too many are.
    virtual Result<std::unique_ptr<OpenStream>>
    open_stream(const Request&, std::shared_ptr<StreamListener>, const StreamLimits&);
};

}  // namespace calgate::http
