#pragma once

#include <string>

#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_errors.hpp"

namespace calgate::google {

/// Requests of one account, with its access token.
class Session {
public:
    Session(http::HttpTransport&, const Clock&, oauth::TokenSource&, const GoogleSettings&);

    /// Any answer but 401. A token that Google refuses is exchanged for another one, once; nothing was done then.
    /// @param path below the base URL, with its query. @param if_match empty: unconditional.
    Result<http::Response> send(
        const Context&,
        const std::string& method,
        const std::string& path,
        const std::string& body = {},
        const std::string& if_match = {}
    ) const;
    /// The body of a 200; every refusal is already an Error.
    Result<std::string> ask(
        const Context&,
        Call,
        const std::string& method,
        const std::string& path,
        const std::string& body = {},
        const std::string& if_match = {}
    ) const;
    Error refused(Call, const http::Response&) const;

private:
    http::HttpTransport& transport_;
    const Clock& clock_;
    oauth::TokenSource& tokens_;
    const GoogleSettings& settings_;
};

}  // namespace calgate::google
