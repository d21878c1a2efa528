#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"

namespace calgate::oauth {

enum class Provider : std::uint8_t { Google, Microsoft };
/// What the gateway may do in an account: read who is busy, or write copies of appointments too.
enum class Access : std::uint8_t { Busy, Mirror };

const char* to_string(Provider);  ///< "Google", "Microsoft": for sentences.

/// One of Microsoft's clouds: people, applications and mailboxes of one are unknown to the others (Graph: "National
/// cloud deployments"; Entra: "National clouds").
struct MicrosoftCloud {
    const char* name;    ///< As calgate.toml has it.
    const char* login;   ///< Of the authorization and token endpoints, https.
    const char* issuer;  ///< Of an id_token, before the tenant.
    const char* graph;   ///< Without a version; what scopes and `Account::url` begin with.
};
inline constexpr MicrosoftCloud kWorldwide{
    "worldwide",
    "https://login.microsoftonline.com",
    "https://login.microsoftonline.com",
    "https://graph.microsoft.com"};
/// @return null for a name of none.
const MicrosoftCloud* microsoft_cloud(std::string_view name);
/// Whose Graph is at this address; the worldwide one for any other address.
const MicrosoftCloud& microsoft_cloud_at(std::string_view graph);

/// The application as it is registered at the provider. Holds secrets: never shown, never logged.
struct Client {
    Provider provider = Provider::Google;
    std::string id{};
    std::string tenant = "common";  ///< Microsoft only: a tenant id or domain, `organizations`, `consumers`, `common`.
    std::string secret{};           ///< Empty for a public client.
    std::string certificate{};      ///< PEM, certificate and private key, instead of a secret. Microsoft only.
    std::string resource{};         ///< As an application: whose API, "https://mail.example.com"; empty: Graph's.
    MicrosoftCloud cloud = kWorldwide;
};

std::string authorize_endpoint(const Client&);
std::string token_endpoint(const Client&);
/// Letters, digits, '.' and '-': what may stand in the address of an endpoint.
bool is_tenant(std::string_view text);

/// The least scopes for a person's account (Google: OAuth scopes of the methods used; Graph: delegated permissions),
/// with those that tell who signed in and, for Microsoft, the one that gives a refresh token.
std::vector<std::string> scopes(const Client&, Access);
/// The same for a service account of Google: only those of calendars.
std::vector<std::string> service_account_scopes(Access);
/// Consent is granular: a person may untick scopes.
/// @param granted `scope` of the token answer; empty: as asked (RFC 6749 5.1).
/// @return Forbidden with a sentence when one of the calendar scopes is missing.
Status check_granted(Provider, Access, std::string_view granted);

using Form = std::vector<std::pair<std::string, std::string>>;
/// application/x-www-form-urlencoded.
std::string encode(const Form&);
/// Adds client_id and the secret or a fresh client assertion (RFC 7521 4.2).
/// @return Rejected when the certificate cannot be used.
Status authenticate(Form&, const Client&, const Clock&, Random&);
/// A POST to the token endpoint.
http::Request token_request(const Client&, const Form&);

}  // namespace calgate::oauth
