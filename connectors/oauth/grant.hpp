#pragma once

#include <functional>
#include <string>
#include <vector>

#include "connectors/oauth/assertion.hpp"
#include "connectors/oauth/client.hpp"
#include "connectors/oauth/token_answer.hpp"

namespace calgate::oauth {

/// What entitles to access tokens. One request is one attempt; called by one thread at a time.
class Grant {
public:
    virtual ~Grant() = default;
    virtual Result<TokenAnswer> request(const Context&) = 0;
};

/// What every grant works with; outlives it.
struct GrantParts {
    http::HttpTransport& transport;
    const Clock& clock;
    Random& random;
};

/// Where the refresh token of an account is kept. Calls may come from any thread; they do not throw.
struct RefreshTokenKeeper {
    std::function<Result<std::string>()> load{};
    /// Durable when it returns.
    std::function<Status(const std::string& rotated)> keep{};
};

/// A person's sign-in (RFC 6749 6). A rotated refresh token is kept before the access token that came with it is
/// given out; one that could not be kept is kept on the next request. When the answer to a request was lost, the next
/// one sends the same refresh token again (F25); when another process has rotated it meanwhile, the one it stored.
class RefreshGrant final : public Grant {
public:
    RefreshGrant(GrantParts, Client, RefreshTokenKeeper);
    Result<TokenAnswer> request(const Context&) override;

private:
    Result<TokenAnswer> ask(const Context&, const std::string& refresh_token);

    GrantParts parts_;
    Client client_;
    RefreshTokenKeeper keeper_;
    std::string unkept_{};
};

/// A Google service account (RFC 7523), for itself or acting for `subject`.
class ServiceAccountGrant final : public Grant {
public:
    ServiceAccountGrant(GrantParts, ServiceAccount, std::string subject, Access);
    Result<TokenAnswer> request(const Context&) override;

private:
    GrantParts parts_;
    ServiceAccount account_;
    std::string subject_;
    Access access_;
};

/// A Microsoft application without a person (RFC 6749 4.4), by secret or certificate.
class ClientCredentialsGrant final : public Grant {
public:
    ClientCredentialsGrant(GrantParts, Client);
    Result<TokenAnswer> request(const Context&) override;

private:
    GrantParts parts_;
    Client client_;
};

}  // namespace calgate::oauth
