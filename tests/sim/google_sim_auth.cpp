#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory>

#include "core/identity.hpp"
#include "tests/sim/google_sim_state.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::seconds kAccessLife{3599};
constexpr std::chrono::minutes kCodeLife{10};
constexpr std::chrono::days kIdleRefresh{180};
constexpr std::size_t kLiveRefreshTokens = 100;
constexpr std::chrono::days kTestingLife{7};

std::string value(const Query& query, const std::string& name) {
    const auto at = query.find(name);
    return at == query.end() ? "" : at->second;
}

http::Response oauth_error(int status, const std::string& error, const std::string& description) {
    http::Response response = google_answer(status, {{"error", error}, {"error_description", description}});
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

std::string challenge_of(const std::string& verifier) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(verifier.data()), verifier.size(), digest);
    return base64url({reinterpret_cast<const char*>(digest), sizeof digest});
}

/// RFC 6749 2.3.1: name and secret of a client in Basic are encoded as in a form.
std::string decoded_credential(const std::string& text) {
    const Query one = query_of("c=" + text);
    return value(one, "c");
}

std::int64_t number_of(const GoogleJson& claims, const char* name) {
    const auto at = claims.find(name);
    return at != claims.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

bool is_signed(const std::string& signed_part, const std::string& signature, const std::string& public_key) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> text(
        BIO_new_mem_buf(public_key.data(), static_cast<int>(public_key.size())), BIO_free
    );
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PUBKEY(text.get(), nullptr, nullptr, nullptr), EVP_PKEY_free
    );
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto bytes = [](const std::string& t) { return reinterpret_cast<const unsigned char*>(t.data()); };
    return key && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
           EVP_DigestVerify(
               context.get(), bytes(signature), signature.size(), bytes(signed_part), signed_part.size()
           ) == 1;
}

}  // namespace

std::string GoogleSim::State::grant_access(const std::string& scopes) {
    const std::string token = "ya29.sim-" + std::to_string(++made);
    access[token] = {scopes, clock.now() + kAccessLife, {}, {}};
    return token;
}

std::string GoogleSim::State::grant_refresh(const std::string& scopes, std::optional<Instant> dies) {
    const std::string token = "1//sim-" + std::to_string(1'000'000 + ++made);
    if (!dies && quirks.testing_mode) dies = clock.now() + kTestingLife;
    refresh[token] = {scopes, {}, clock.now(), dies};
    if (refresh.size() > kLiveRefreshTokens) refresh.erase(refresh.begin());  // The oldest dies without a word.
    return token;
}

http::Response GoogleSim::State::authorize(const Query& query) {
    const std::string redirect = value(query, "redirect_uri");
    const bool known = redirects.empty() ? !redirect.empty() : redirects.contains(redirect);
    if (value(query, "client_id") != GoogleSim::client_id() || !known || value(query, "response_type") != "code") {
        http::Response page;
        page.status = 400;
        page.headers = {{"Content-Type", "text/html"}};
        page.body = "<html><p>Error 400: redirect_uri_mismatch</p></html>";
        return page;
    }
    std::string target = redirect + (redirect.find('?') == std::string::npos ? "?" : "&");
    if (quirks.denies_consent) {
        target += "error=access_denied";
    } else {
        const std::string code = "4/sim-" + std::to_string(++made);
        const auto prompts = words_of(value(query, "prompt"));
        const bool forced = std::find(prompts.begin(), prompts.end(), "consent") != prompts.end();
        codes[code] = {
            redirect,
            value(query, "code_challenge"),
            quirks.granted_scopes.empty() ? value(query, "scope") : quirks.granted_scopes,
            value(query, "access_type") == "offline" && (refresh.empty() || forced),
            clock.now() + kCodeLife};
        target += "code=" + http::percent_encode(code);
    }
    if (query.contains("state")) target += "&state=" + http::percent_encode(value(query, "state"));
    http::Response response;
    response.status = 302;
    response.headers = {{"Location", target}};
    return response;
}

http::Response GoogleSim::State::token_answer(const GoogleGrant& grant, const std::string& refresh_token) {
    const std::string& scopes = grant.scopes;
    GoogleJson body{
        {"access_token", grant_access(scopes)},
        {"expires_in", kAccessLife.count()},
        {"token_type", "Bearer"},
        {"scope", scopes}};
    if (!refresh_token.empty()) body["refresh_token"] = refresh_token;
    if (grant.dies) body["refresh_token_expires_in"] = (*grant.dies - clock.now()).count();
    if ((" " + scopes + " ").find(" openid ") != std::string::npos) {
        const std::string claims =
            GoogleJson{
                {"iss", "https://accounts.google.com"},
                {"aud", GoogleSim::client_id()},
                {"sub", "112233445566778899000"},
                {"email", GoogleSim::owner()},
                {"exp", (clock.now() + kAccessLife).time_since_epoch().count()}}
                .dump();
        body["id_token"] = base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(claims) + ".c2ln";
    }
    http::Response response = google_answer(200, body);
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

http::Response GoogleSim::State::token(Query form, const std::optional<http::Credentials>& basic) {
    if (quirks.token_endpoint_fails) return oauth_error(500, "internal_failure", "Internal error.");
    const std::string grant = value(form, "grant_type");
    if (grant == "urn:ietf:params:oauth:grant-type:jwt-bearer") return jwt_token(form);
    if (basic && !form.contains("client_secret")) {
        if (!form.contains("client_id")) form.emplace("client_id", decoded_credential(basic->user));
        form.emplace("client_secret", decoded_credential(basic->password));
    }
    if (value(form, "client_id") != GoogleSim::client_id() ||
        value(form, "client_secret") != GoogleSim::client_secret())
        return oauth_error(401, "invalid_client", "The OAuth client was not found.");
    if (grant == "authorization_code") {
        auto code = codes.extract(value(form, "code"));
        const bool good =
            !code.empty() && code.mapped().expires > clock.now() &&
            code.mapped().redirect == value(form, "redirect_uri") &&
            (code.mapped().challenge.empty() || code.mapped().challenge == challenge_of(value(form, "code_verifier")));
        if (!good) return oauth_error(400, "invalid_grant", "Bad Request");
        if (!code.mapped().offline) return token_answer({code.mapped().scopes, {}, {}, {}}, "");
        const std::string kept = grant_refresh(code.mapped().scopes);
        return token_answer(refresh.at(kept), kept);
    }
    if (grant != "refresh_token") return oauth_error(400, "unsupported_grant_type", "Invalid grant_type: " + grant);
    const auto held = refresh.find(value(form, "refresh_token"));
    const bool alive = held != refresh.end() && held->second.last_used + kIdleRefresh > clock.now() &&
                       (!held->second.dies || *held->second.dies > clock.now());
    if (!alive) return oauth_error(400, "invalid_grant", "Token has been expired or revoked.");
    held->second.last_used = clock.now();
    if (!quirks.rotates_refresh_tokens) return token_answer(held->second, "");
    const GoogleGrant old = held->second;
    refresh.erase(held);
    return token_answer(old, grant_refresh(old.scopes, old.dies));
}

http::Response GoogleSim::State::jwt_token(const Query& form) {
    const std::string assertion = value(form, "assertion");
    const auto first = assertion.find('.'), second = assertion.rfind('.');
    if (first == std::string::npos || first == second)
        return oauth_error(400, "invalid_grant", "Invalid JWT Signature.");
    const auto claims_text = from_base64url(assertion.substr(first + 1, second - first - 1));
    const auto signature = from_base64url(assertion.substr(second + 1));
    const GoogleJson claims = GoogleJson::parse(claims_text.value_or(""), nullptr, false);
    const auto account = service_accounts.find(text_of(claims, "iss"));
    if (account == service_accounts.end() || !signature ||
        !is_signed(assertion.substr(0, second), *signature, account->second.public_key))
        return oauth_error(400, "invalid_grant", "Invalid JWT Signature.");
    const std::int64_t now = clock.now().time_since_epoch().count();
    const std::int64_t issued = number_of(claims, "iat"), ends = number_of(claims, "exp");
    const bool short_lived = ends - issued <= 3600 && ends > now && issued <= now + 300 && issued > now - 3900;
    if (!short_lived || !text_of(claims, "aud").ends_with("/token"))
        return oauth_error(
            400,
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat "
            "and exp values in the JWT claim."
        );
    const auto scopes = words_of(text_of(claims, "scope"));
    if (scopes.empty()) return oauth_error(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    const auto& delegated = account->second.delegated_scopes;
    const bool all = std::all_of(scopes.begin(), scopes.end(), [&](const auto& s) { return delegated.contains(s); });
    if (!text_of(claims, "sub").empty() && !all)
        return oauth_error(
            401,
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of "
            "the scopes requested."
        );
    return token_answer({text_of(claims, "scope"), {}, {}, {}}, "");
}

http::Response GoogleSim::State::revoke(const Query& form) {
    const std::string token = value(form, "token");
    if (!access.contains(token) && !refresh.contains(token))
        return oauth_error(400, "invalid_token", "Token expired or revoked");
    access.clear();
    refresh.clear();
    return google_answer(200, GoogleJson::object());
}

std::optional<http::Response> GoogleSim::State::refused_access(const GoogleCall& call) {
    std::string token = call.header("Authorization");
    token = token.starts_with("Bearer ") ? token.substr(7) : "";
    const auto held = access.find(token);
    if (held == access.end() || held->second.expires <= clock.now()) return google_error(401, "authError");
    if (!may(held->second.scopes, call)) return google_error(403, "insufficientPermissions");
    return std::nullopt;
}

}  // namespace calgate::testing
