#pragma once

#include <string>
#include <string_view>

#include "connectors/oauth/client.hpp"
#include "connectors/oauth/token_answer.hpp"

namespace calgate::oauth {

/// A sign-in that a person has begun (RFC 6749 4.1 with RFC 7636). `verifier` stays here until the code is exchanged.
struct Authorization {
    std::string url{};       ///< To open in a browser.
    std::string state{};     ///< 256 random bits; comes back with the code.
    std::string verifier{};  ///< Secret.
    std::string redirect_uri{};
};

/// @param login_hint whom the page should propose; may be empty.
Authorization
begin_authorization(const Client&, Access, const std::string& redirect_uri, const std::string& login_hint, Random&);

/// base64url(SHA-256(verifier)), RFC 7636 4.2.
std::string pkce_challenge(std::string_view verifier);

/// What came back when a person has signed in.
struct SignedIn {
    TokenAnswer tokens{};
    Person person{};
};

/// Exchanges the code once: it works only once. Where no id_token came, Google's primary calendar tells who it is.
/// @return Rejected for a code that cannot be one; Forbidden when a calendar permission was unticked; Unauthorized
/// when no refresh token came; otherwise what the endpoint's refusal means.
Result<SignedIn> exchange_code(
    http::HttpTransport&,
    const Clock&,
    Random&,
    const Context&,
    const Client&,
    Access,
    const Authorization&,
    const std::string& code
);

/// Empty for a sign-in that lasts; otherwise a sentence that says when it ends and what to do (UTC).
std::string when_it_ends(Provider, const TokenAnswer&, Instant now);

/// Takes back all that a person granted this client at Google (RFC 7009). A token that is dead already counts as done.
Status revoke_at_google(http::HttpTransport&, const Context&, const std::string& refresh_token);

/// What the `error` of a redirect means (RFC 6749 4.1.2.1).
Error authorization_refusal(Provider, std::string_view error);

}  // namespace calgate::oauth
