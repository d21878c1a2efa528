#pragma once

#include <map>
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

struct Request {
    std::string method{};
    std::string url{};  ///< Absolute, http or https.
    Headers headers{};
    std::string body{};
    std::optional<Credentials>
        credentials{};  ///< Basic, pre-emptively; Digest or NTLM when the server offers no Basic.
    std::size_t max_response_bytes = 32u * 1024 * 1024;
};

struct Response {
    int status = 0;
    Headers headers{};
    std::string body{};
    std::string url{};  ///< That finally answered.
    /// First value of a header, name in any case.
    std::optional<std::string> header(std::string_view name) const;
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
};

}  // namespace calgate::http
