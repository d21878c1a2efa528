#include "connectors/oauth/token_answer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "connectors/http/http_date.hpp"
#include "core/identity.hpp"

namespace calgate::oauth {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBody = 64 * 1024;
constexpr std::size_t kMaxToken = 16 * 1024;
constexpr std::size_t kMaxShort = 4096;
constexpr int kMaxDepth = 8;
constexpr std::chrono::seconds kMaxLife{86'400};
constexpr std::chrono::days kMaxSignIn{3660};
constexpr auto kClockSkew = std::chrono::minutes{5};

/// Discarded for anything but a small, flat enough object.
Json object_from(std::string_view text) {
    if (text.size() > kMaxBody) return Json(Json::value_t::discarded);
    bool deep = false;
    const auto guard = [&deep](int depth, Json::parse_event_t, Json&) {
        deep = deep || depth > kMaxDepth;
        return !deep;
    };
    Json json = Json::parse(text, guard, false);
    return !deep && json.is_object() ? json : Json(Json::value_t::discarded);
}

std::string text_of(const Json& object, const char* name, std::size_t most) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    if (!object.is_object() || found == object.end() || !found->is_string()) return {};
    auto text = found->get<std::string>();
    return text.size() <= most ? text : std::string{};
}

/// A token that may stand in a header: visible ASCII (RFC 6749 A.12).
bool is_token(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<std::chrono::seconds> seconds_of(const Json& object, const char* name, std::chrono::seconds most) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number_integer()) return std::nullopt;
    return std::clamp(std::chrono::seconds{found->get<std::int64_t>()}, std::chrono::seconds{1}, most);
}

enum class Refusal : std::uint8_t { SignIn, Declined, Client, Scope, Defect, Busy, Trouble };

struct ErrorRow {
    std::string_view error;
    Refusal refusal;
};

// clang-format off
constexpr ErrorRow kErrors[] = {
    {"invalid_grant",             Refusal::SignIn},
    {"interaction_required",      Refusal::SignIn},
    {"consent_required",          Refusal::SignIn},
    {"login_required",            Refusal::SignIn},
    {"basic_action",              Refusal::SignIn},
    {"additional_action",         Refusal::SignIn},
    {"bad_token",                 Refusal::SignIn},
    {"token_expired",             Refusal::SignIn},
    {"admin_policy_enforced",     Refusal::SignIn},
    {"access_denied",             Refusal::Declined},
    {"invalid_client",            Refusal::Client},
    {"deleted_client",            Refusal::Client},
    {"unauthorized_client",       Refusal::Client},
    {"invalid_scope",             Refusal::Scope},
    {"invalid_resource",          Refusal::Scope},
    {"invalid_request",           Refusal::Defect},
    {"redirect_uri_mismatch",     Refusal::Defect},
    {"unsupported_grant_type",    Refusal::Defect},
    {"unsupported_response_type", Refusal::Defect},
    {"slow_down",                 Refusal::Busy},
    {"temporarily_unavailable",   Refusal::Trouble},
    {"server_error",              Refusal::Trouble},
    {"internal_failure",          Refusal::Trouble},
};
// clang-format on

std::optional<Refusal> named(std::string_view error) {
    for (const ErrorRow& row : kErrors)
        if (row.error == error) return row.refusal;
    return std::nullopt;
}

struct Verdict {
    ErrorCode code;
    std::string_view sentence;
};

Verdict sign_in_ended(Purpose purpose) {
    switch (purpose) {
        case Purpose::Code:
            return {
                ErrorCode::Unauthorized,
                "did not accept this sign-in: it took too long or was used before. Begin it again."};
        case Purpose::Refresh:
            return {
                ErrorCode::Unauthorized,
                "no longer accepts this account's sign-in: access was taken back, ran out, or was not used for months. "
                "Its owner has to sign in once more."};
        case Purpose::ServiceAccount:
            return {
                ErrorCode::Unauthorized,
                "does not accept the service account for this person: check that the key was not deleted, that the "
                "person exists, and that this host's clock is right."};
        case Purpose::ClientCredentials:
            break;
    }
    return {
        ErrorCode::Unauthorized,
        "does not let this application into the tenant: an administrator has to consent to it."};
}

/// Where the client belongs to the gateway, the grants of all its accounts are fine: they wait until it is mended.
Verdict client_refused(Purpose purpose) {
    switch (purpose) {
        case Purpose::Code:
            return {
                ErrorCode::Rejected,
                "does not accept this gateway's client id or secret: correct them in calgate.toml and restart."};
        case Purpose::Refresh:
            return {
                ErrorCode::Unavailable,
                "does not accept this gateway's client id or secret: correct them in calgate.toml and restart. Nobody "
                "has to sign in again."};
        case Purpose::ServiceAccount:
            return {
                ErrorCode::Unauthorized,
                "does not let this service account act for people: a Workspace administrator has to allow its client "
                "id for exactly the scopes in the README, which takes up to a day."};
        case Purpose::ClientCredentials:
            break;
    }
    return {
        ErrorCode::Unauthorized,
        "does not accept this application's secret or certificate: it is wrong or has run out. Make a new one and "
        "connect the account again."};
}

/// The registration of an account's own application is that account's to mend; the gateway's is everybody's.
Verdict request_refused(Purpose purpose) {
    if (purpose == Purpose::ServiceAccount || purpose == Purpose::ClientCredentials)
        return {
            ErrorCode::Unauthorized,
            "does not accept the request for a token: check the application's id, tenant and key, and connect the "
            "account again."};
    return {
        purpose == Purpose::Refresh ? ErrorCode::Unavailable : ErrorCode::Rejected,
        "does not accept the request: check client id, tenant and redirect address of the registration."};
}

Verdict verdict_on(Refusal refusal, Purpose purpose) {
    switch (refusal) {
        case Refusal::SignIn:
            return sign_in_ended(purpose);
        case Refusal::Declined:
            return {ErrorCode::Unauthorized, "says that access was declined. Sign in again and agree."};
        case Refusal::Client:
            return client_refused(purpose);
        case Refusal::Scope:
            return {
                ErrorCode::Unauthorized,
                "does not offer these permissions to this application: add the calendar permissions of the README to "
                "its registration."};
        case Refusal::Defect:
            return request_refused(purpose);
        case Refusal::Busy:
            return {ErrorCode::RateLimited, "asks us to slow down."};
        case Refusal::Trouble:
            break;
    }
    return {ErrorCode::Unavailable, "has a problem of its own; we try again later."};
}

Verdict verdict_by_status(int status) {
    if (status == 429) return {ErrorCode::RateLimited, "asks us to slow down."};
    if (status == 408 || status >= 500) return verdict_on(Refusal::Trouble, Purpose::Refresh);
    return {
        ErrorCode::InvalidResponse,
        "answered the request for a token with something else, perhaps a page of a proxy; look at the network of this "
        "host."};
}

}  // namespace

Error token_refusal(Provider provider, Purpose purpose, int status, std::string_view error, std::string_view suberror) {
    // A provider in trouble says so by its status, whatever the body was left to say.
    const bool trouble = status == 429 || status >= 500;
    auto refusal = trouble ? std::optional<Refusal>{} : named(error);
    if (!refusal && !trouble) refusal = named(suberror);
    const Verdict verdict = refusal ? verdict_on(*refusal, purpose) : verdict_by_status(status);
    const std::string what = refusal && named(error) ? std::string(error) : "status " + std::to_string(status);
    return {
        verdict.code, std::string(to_string(provider)) + " " + std::string(verdict.sentence) + " (" + what + ")", {}};
}

Result<TokenAnswer> read_token_answer(const http::Response& response, Provider provider, Purpose purpose, Instant now) {
    const Json json = object_from(response.body);
    TokenAnswer answer;
    answer.access_token = text_of(json, "access_token", kMaxToken);
    const bool good = response.status == 200 && is_token(answer.access_token);
    if (!good) {
        Error error = token_refusal(
            provider, purpose, response.status, text_of(json, "error", 64), text_of(json, "suberror", 64)
        );
        if (const auto header = response.header("Retry-After")) error.retry_after = http::retry_after(*header, now);
        return error;
    }
    if (auto refresh = text_of(json, "refresh_token", kMaxToken); is_token(refresh))
        answer.refresh_token = std::move(refresh);
    answer.expires_in = seconds_of(json, "expires_in", kMaxLife).value_or(answer.expires_in);
    answer.refresh_token_expires_in = seconds_of(json, "refresh_token_expires_in", kMaxSignIn);
    answer.scope = text_of(json, "scope", kMaxShort);
    answer.id_token = text_of(json, "id_token", kMaxToken);
    return answer;
}

std::string Person::identity(Provider provider) const {
    return provider == Provider::Google ? "google:" + subject : "microsoft:" + tenant + "/" + subject;
}

Result<Person> read_id_token(std::string_view id_token, const Client& client, Instant now) {
    const bool google = client.provider == Provider::Google;
    const auto refused = [&](const char* why) {
        return Error{
            ErrorCode::InvalidResponse,
            std::string(to_string(client.provider)) + " did not say for certain who signed in (" + why +
                "). Begin the sign-in again.",
            {}};
    };
    const auto first = id_token.find('.');
    const auto second = first == std::string_view::npos ? first : id_token.find('.', first + 1);
    if (id_token.size() > kMaxToken || second == std::string_view::npos ||
        id_token.find('.', second + 1) != std::string_view::npos)
        return refused("no id_token");
    const auto text = from_base64url(id_token.substr(first + 1, second - first - 1));
    const Json claims = text ? object_from(*text) : Json();
    if (!claims.is_object()) return refused("its id_token is unreadable");

    Person person;
    person.subject = text_of(claims, google ? "sub" : "oid", 255);
    person.email = text_of(claims, "email", 320);
    if (person.email.empty()) person.email = text_of(claims, "preferred_username", 320);
    if (!google) person.tenant = text_of(claims, "tid", 64);
    if (person.subject.empty() || (!google && !is_tenant(person.tenant))) return refused("its id_token names nobody");
    const std::string issuer = text_of(claims, "iss", 255);
    const bool known = google ? issuer == "https://accounts.google.com" || issuer == "accounts.google.com"
                              : issuer == std::string(client.cloud.issuer) + "/" + person.tenant + "/v2.0";
    if (!known) return refused("its id_token is from somebody else");
    if (text_of(claims, "aud", 255) != client.id) return refused("its id_token is for another application");
    const auto expires = claims.find("exp");
    if (expires == claims.end() || !expires->is_number_integer() ||
        expires->get<std::int64_t>() < (now - kClockSkew).time_since_epoch().count())
        return refused("its id_token has run out; check this host's clock");
    return person;
}

Status check_identity(std::string_view pinned, std::string_view pinned_name, const Person& found, Provider provider) {
    if (pinned.empty() || pinned == found.identity(provider)) return {};
    const std::string who = found.email.empty() ? "another person" : found.email;
    return Error{
        ErrorCode::Rejected,
        "This account belongs to " + std::string(pinned_name) + ", but " + who +
            " signed in. Sign in as the same person, or confirm that the account passes to another one.",
        {}};
}

}  // namespace calgate::oauth
