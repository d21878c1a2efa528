#pragma once

#include <string>

#include "connectors/google/google_batch.hpp"
#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_errors.hpp"
#include "connectors/oauth/parts.hpp"

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
    /// Several calls in one request; what comes back is for each of them as `send` gives it, or nothing where its
    /// answer is missing. @param parts with paths below the base URL.
    Result<oauth::PartAnswers> send_together(const Context&, const std::vector<BatchPart>& parts) const;
    Error refused(Call, const http::Response&) const;

private:
    Result<http::Response> with_token(const Context&, http::Request) const;
    Result<oauth::PartAnswers> batch(const Context&, std::vector<BatchPart>) const;

    http::HttpTransport& transport_;
    const Clock& clock_;
    oauth::TokenSource& tokens_;
    const GoogleSettings& settings_;
};

}  // namespace calgate::google
