#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "connectors/http/transport.hpp"
#include "connectors/oauth/client.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace calgate::oauth {

/// What a token endpoint gave (RFC 6749 5.1). Secret.
struct TokenAnswer {
    std::string access_token{};
    std::optional<std::string> refresh_token{};
    /// How long the sign-in itself lasts; only Google says so, and only when it ends (consent screen in "Testing").
    std::optional<std::chrono::seconds> refresh_token_expires_in{};
    std::chrono::seconds expires_in{3600};
    std::string scope{};     ///< As granted; empty: as asked.
    std::string id_token{};  ///< Empty when `openid` was not asked for.
};

/// What was asked of the token endpoint; the same error means different things.
enum class Purpose : std::uint8_t { Code, Refresh, ServiceAccount, ClientCredentials };

/// What a refusal means: the `error` decides, then Microsoft's `suberror`, then the status. A page that is no JSON
/// never ends a sign-in.
Error token_refusal(Provider, Purpose, int status, std::string_view error, std::string_view suberror);

/// Every size and depth is bounded. @return what token_refusal says, with its Retry-After; InvalidResponse for a
/// success that is none.
Result<TokenAnswer> read_token_answer(const http::Response&, Provider, Purpose, Instant now);

/// Who signed in, by what never changes: Google `sub`; Microsoft `tid` and `oid` (F26).
struct Person {
    std::string subject{};
    std::string tenant{};  ///< Microsoft only.
    std::string email{};   ///< For people; may change hands.

    /// One text for the store: "google:<sub>", "microsoft:<tid>/<oid>".
    std::string identity(Provider) const;
    /// A Microsoft account that belongs to no organisation: it lies in the one tenant of all such accounts.
    bool is_personal_microsoft() const { return tenant == "9188040d-6c67-4c5b-b112-36a304b66dad"; }
};

/// An id_token that came from the token endpoint itself over TLS, so that its signature need not be checked (OpenID
/// Connect Core 3.1.3.7, 6.); issuer, audience and expiry are. @return InvalidResponse with a sentence.
Result<Person> read_id_token(std::string_view id_token, const Client&, Instant now);

/// @param pinned what the account was first linked to; empty: nothing yet.
/// @return Rejected with a sentence when `found` is another person (F26).
Status check_identity(std::string_view pinned, std::string_view pinned_name, const Person& found, Provider);

}  // namespace calgate::oauth
