#include "connectors/oauth/authorization.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/identity.hpp"

namespace calgate::oauth {
namespace {

constexpr std::size_t kMaxCode = 4096;
constexpr const char* kRevoke = "https://oauth2.googleapis.com/revoke";
constexpr const char* kPrimary = "https://www.googleapis.com/calendar/v3/users/me/calendarList/primary?fields=id";

std::string random_text(Random& random) {
    std::array<unsigned char, 32> bytes{};
    random.fill(bytes);
    return base64url({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string joined(const std::vector<std::string>& scopes) {
    std::string all;
    for (const std::string& scope : scopes) all += (all.empty() ? "" : " ") + scope;
    return all;
}

/// The id of the primary calendar is the account's address.
Result<Person> owner_of_primary(http::HttpTransport& transport, const Context& context, const std::string& token) {
    http::Request request;
    request.method = "GET";
    request.url = kPrimary;
    request.headers = {{"Authorization", "Bearer " + token}, {"Accept", "application/json"}};
    request.max_response_bytes = 64 * 1024;
    CALGATE_TRY(const http::Response response, transport.send(request, context));
    const auto flat = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) { return depth <= 2; };
    const auto json = response.status == 200 ? nlohmann::json::parse(response.body, flat, false) : nlohmann::json();
    const auto id = json.is_object() && json.contains("id") && json["id"].is_string() ? json["id"].get<std::string>()
                                                                                      : std::string{};
    if (id.empty() || id.size() > 320) {
        return Error{
            ErrorCode::InvalidResponse,
            "Google did not say who signed in. Begin the sign-in again and leave every permission ticked.",
            {}};
    }
    return Person{id, {}, id};
}

}  // namespace

std::string pkce_challenge(std::string_view verifier) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(verifier.data()), verifier.size(), digest.data());
    return base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Authorization begin_authorization(
    const Client& client, Access access, const std::string& redirect_uri, const std::string& login_hint, Random& random
) {
    Authorization begun;
    begun.redirect_uri = redirect_uri;
    begun.state = random_text(random);
    begun.verifier = random_text(random);
    Form form = {
        {"client_id", client.id},
        {"redirect_uri", redirect_uri},
        {"response_type", "code"},
        {"scope", joined(scopes(client, access))},
        {"state", begun.state},
        {"code_challenge", pkce_challenge(begun.verifier)},
        {"code_challenge_method", "S256"}};
    if (client.provider == Provider::Google) {
        // Without these two a second connection gets no refresh token.
        form.emplace_back("access_type", "offline");
        form.emplace_back("prompt", "consent");
    } else {
        form.emplace_back("response_mode", "query");
        form.emplace_back("prompt", "select_account");
    }
    if (!login_hint.empty()) form.emplace_back("login_hint", login_hint);
    begun.url = authorize_endpoint(client) + "?" + encode(form);
    return begun;
}

Result<SignedIn> exchange_code(
    http::HttpTransport& transport,
    const Clock& clock,
    Random& random,
    const Context& context,
    const Client& client,
    Access access,
    const Authorization& begun,
    const std::string& code
) {
    const bool plausible = !code.empty() && code.size() <= kMaxCode &&
                           std::all_of(code.begin(), code.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!plausible)
        return Error{ErrorCode::Rejected, "The code of the sign-in is damaged. Begin the sign-in again.", {}};
    Form form = {
        {"grant_type", "authorization_code"},
        {"code", code},
        {"redirect_uri", begun.redirect_uri},
        {"code_verifier", begun.verifier}};
    CALGATE_TRY_STATUS(authenticate(form, client, clock, random));
    CALGATE_TRY(const http::Response response, transport.send(token_request(client, form), context));
    SignedIn done;
    CALGATE_TRY(done.tokens, read_token_answer(response, client.provider, Purpose::Code, clock.now()));
    CALGATE_TRY_STATUS(check_granted(client.provider, access, done.tokens.scope));
    if (!done.tokens.refresh_token) {
        return Error{
            ErrorCode::Unauthorized,
            std::string(to_string(client.provider)) +
                " gave no lasting sign-in. Remove calgate's access in the account's settings there, then sign in "
                "again.",
            {}};
    }
    if (done.tokens.id_token.empty() && client.provider == Provider::Google) {
        CALGATE_TRY(done.person, owner_of_primary(transport, context, done.tokens.access_token));
    } else {
        CALGATE_TRY(done.person, read_id_token(done.tokens.id_token, client, clock.now()));
    }
    return done;
}

std::string when_it_ends(Provider provider, const TokenAnswer& tokens, Instant now) {
    if (!tokens.refresh_token_expires_in) return {};
    return std::string(to_string(provider)) + " ends this sign-in at " +
           format_instant(now + *tokens.refresh_token_expires_in) +
           "; nothing is synchronised after that until somebody signs in again. If the consent screen is in "
           "\"Testing\", publish it and sign in once more.";
}

Status revoke_at_google(http::HttpTransport& transport, const Context& context, const std::string& refresh_token) {
    http::Request request;
    request.method = "POST";
    request.url = kRevoke;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    request.body = encode({{"token", refresh_token}});
    request.max_response_bytes = 64 * 1024;
    CALGATE_TRY(const http::Response response, transport.send(request, context));
    if (response.status == 200 || response.status == 400) return {};
    return Error{
        ErrorCode::Unavailable,
        "Google answered " + std::to_string(response.status) + " when asked to end the sign-in.",
        {}};
}

Error authorization_refusal(Provider provider, std::string_view error) {
    return token_refusal(provider, Purpose::Code, 400, error, {});
}

}  // namespace calgate::oauth
