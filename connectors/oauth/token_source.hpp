#pragma once

#include <string>

#include "core/connector.hpp"
#include "core/result.hpp"

namespace calgate::oauth {

/// Access tokens of one account. Thread-safe: one caller refreshes, the others wait for it (F25).
class TokenSource {
public:
    virtual ~TokenSource() = default;
    /// A token that is good for this call: from memory while it lasts, otherwise from the token endpoint.
    /// @return Unauthorized when a person has to sign in again (invalid_grant), otherwise what the endpoint's failure
    /// means.
    virtual Result<std::string> access_token(const Context&) = 0;
    /// The service answered 401 to this token: the next call gets another one. Another token than the one in use is
    /// ignored.
    virtual void refused(const std::string& access_token) = 0;
};

}  // namespace calgate::oauth
