#include "connectors/graph/graph_errors.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "connectors/graph/graph_text.hpp"
#include "connectors/http/code_word.hpp"
#include "connectors/http/http_date.hpp"
#include "connectors/http/url.hpp"

namespace calgate::graph {

namespace {

using Json = nlohmann::json;

constexpr int kMaxInnerErrors = 8;

bool same_word(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

struct CodeRule {
    std::string_view name;
    ErrorCode code;
    std::string_view sentence;
};

/// Whatever the status and the call.
constexpr CodeRule kCodes[] = {
    {"MailboxNotEnabledForRESTAPI",
     ErrorCode::Forbidden,
     "has no calendar for this account: its mailbox is not in Exchange Online. Give it a licence with a mailbox, or "
     "connect another account."},
    {"MailboxNotSupportedForRESTAPI",
     ErrorCode::Forbidden,
     "does not offer this mailbox through Graph; connect another account."},
    {"ErrorInvalidUser",
     ErrorCode::Forbidden,
     "does not know the mailbox; check the user id in the account's settings."},
    {"ErrorNonExistentMailbox",
     ErrorCode::Forbidden,
     "does not know the mailbox; check the user id in the account's settings."},
    {"Request_ResourceNotFound",
     ErrorCode::Forbidden,
     "does not know the user; check the user id in the account's settings."},
    {"ErrorQuotaExceeded", ErrorCode::QuotaExceeded, "says that the mailbox is full; make room in it."},
    {"ErrorMailboxFull", ErrorCode::QuotaExceeded, "says that the mailbox is full; make room in it."},
    {"ApplicationThrottled", ErrorCode::RateLimited, "asks us to slow down for this mailbox."},
    {"TooManyRequests", ErrorCode::RateLimited, "asks us to slow down."},
};

/// Of a token that cannot be used any more, only on a call with a token.
constexpr std::string_view kDeadTokens[] = {
    "SyncStateNotFound",
    "SyncStateInvalid",
    "resyncRequired",
    "BadRequest",
    "ErrorInvalidIdMalformed",
    "ErrorItemNotFound"};

bool is_write(Call call) { return call == Call::Create || call == Call::Update || call == Call::Delete; }

bool has_code(const ErrorBody& body, std::string_view name) {
    return same_word(body.code, name) || same_word(body.inner_code, name);
}

struct Verdict {
    ErrorCode code;
    std::string_view sentence;
};

Verdict not_found(Call call, const ErrorBody& body) {
    if (call == Call::Subscribe) return {ErrorCode::NotFound, "no longer has this subscription; open another one."};
    // Of a mailbox that is not in Exchange Online as well; nothing is said of the event then.
    if (has_code(body, "ResourceNotFound"))
        return {
            ErrorCode::Forbidden,
            "has nothing there for this account; check that its mailbox is in Exchange Online and that the user id in "
            "the account's settings is right."};
    // A proxy or a wrong base URL also answers 404; only Graph itself can say that something is gone.
    if (body.code.empty())
        return {
            ErrorCode::InvalidResponse,
            "answered 404 without saying what is missing; check the base URL in the account's settings."};
    return {ErrorCode::NotFound, "no longer has it; if the calendar was removed, choose another one."};
}

Verdict server_trouble(Call call, int status) {
    const bool unknown_fate = is_write(call) && (status == 500 || status == 502 || status == 504);
    if (unknown_fate) return {ErrorCode::Timeout, "did not say whether it made the change; it is looked up first."};
    return {ErrorCode::Unavailable, "has a problem of its own; we try again later."};
}

Verdict conflict(Call call) {
    if (call == Call::Create || call == Call::Subscribe)
        return {ErrorCode::AlreadyExists, "already has something under this name."};
    if (is_write(call)) return {ErrorCode::VersionMismatch, "holds another version of the event than we had read."};
    return {ErrorCode::Unavailable, "is busy with a conflicting change."};
}

Verdict by_status(Call call, int status, const ErrorBody& body) {
    switch (status) {
        case 400:
            if (is_write(call))
                return {ErrorCode::Rejected, "does not accept the event as it is; change it and try again."};
            return {
                call == Call::Subscribe ? ErrorCode::Rejected : ErrorCode::InvalidResponse,
                call == Call::Subscribe ? "does not accept the subscription; check that the public URL of this gateway "
                                          "can be reached from the internet."
                                        : "does not accept this request."};
        case 401:
            return {ErrorCode::Unauthorized, "no longer accepts the sign-in; connect the account again."};
        case 402:
        case 403:
            // A page of a proxy must not end the writing to a calendar.
            if (is_write(call) && body.code.empty())
                return {
                    ErrorCode::InvalidResponse,
                    "refused the change without saying why; check that nothing between here and Microsoft answers in "
                    "its place."};
            return {
                ErrorCode::Forbidden,
                "does not let us do that; connect the account again and allow access to calendars, or let the "
                "administrator add the mailbox to the application's access policy."};
        case 404:
            return not_found(call, body);
        case 409:
            return conflict(call);
        case 410:
            if (call == Call::Delta) break;
            return not_found(call, body);
        case 412:
            return is_write(call) ? conflict(Call::Update) : conflict(Call::Read);
        case 413:
            return {is_write(call) ? ErrorCode::Rejected : ErrorCode::InvalidResponse, "finds this too large."};
        case 429:
            return {ErrorCode::RateLimited, "asks us to slow down."};
        case 507:
            if (!is_write(call)) return {ErrorCode::Unavailable, "has no room left; make room in the mailbox."};
            return {ErrorCode::QuotaExceeded, "has no room left; make room in the mailbox."};
        case 408:
        case 424:
            return {ErrorCode::Unavailable, "cannot do that for the moment."};
        default:
            break;
    }
    if (status >= 500) return server_trouble(call, status);
    if (status >= 400 && is_write(call)) return {ErrorCode::Rejected, "does not accept this request."};
    return {
        ErrorCode::InvalidResponse,
        "answered with something that is not Graph, perhaps a web page; check the base URL in the account's settings."};
}

/// Exchange forgets delta tokens in several words (Graph: delta query, 410; clients also met 400 and 404).
bool is_dead_token(Call call, int status, const ErrorBody& body) {
    if (call != Call::Delta) return false;
    if (status == 410) return true;
    if (status < 400 || status > 409 || status == 401 || status == 403 || status == 408) return false;
    return std::any_of(std::begin(kDeadTokens), std::end(kDeadTokens), [&](auto name) { return has_code(body, name); });
}

}  // namespace

ErrorBody parse_error(std::string_view text) {
    ErrorBody out;
    const Json body = Json::parse(cleaned_json(text), nullptr, false);
    if (!body.is_object() || !body.contains("error") || !body["error"].is_object()) return out;
    const Json& error = body["error"];
    const auto word = [](const Json& at, const char* name) {
        return at.contains(name) && at[name].is_string() ? at[name].get<std::string>() : std::string();
    };
    out.code = word(error, "code");
    out.existing_event_id = word(error, "@event.existingEventId");
    const Json* at = &error;
    for (int depth = 0; depth < kMaxInnerErrors; ++depth) {
        const char* name = at->contains("innerError") ? "innerError" : "innererror";
        if (!at->contains(name) || !(*at)[name].is_object()) break;
        at = &(*at)[name];
        if (auto inner = word(*at, "code"); !inner.empty()) out.inner_code = std::move(inner);
    }
    return out;
}

bool is_repeated_transaction(int status, const ErrorBody& body) {
    return (status == 400 || status == 409) && has_code(body, "ErrorDuplicateTransactionId");
}

Error refusal(Call call, int status, const ErrorBody& body, const std::string& where) {
    const std::string code = http::code_word(body.code);
    const std::string answered = " (HTTP " + std::to_string(status) + (code.empty() ? "" : ", " + code) + ")";
    if (is_dead_token(call, status, body))
        return {
            ErrorCode::SyncTokenExpired,
            where + " forgot how far we had read; the whole calendar is listed again." + answered,
            {}};
    if (status >= 400 && status != 401)
        for (const CodeRule& rule : kCodes)
            if (has_code(body, rule.name)) return {rule.code, where + " " + std::string(rule.sentence) + answered, {}};
    const Verdict verdict = by_status(call, status, body);
    return {verdict.code, where + " " + std::string(verdict.sentence) + answered, {}};
}

Error refusal(Call call, const http::Response& response, Instant now) {
    const auto url = http::parse_url(response.url);
    Error error = refusal(call, response.status, parse_error(response.body), url ? url->host : "Microsoft Graph");
    if (const auto header = response.header("Retry-After")) error.retry_after = http::retry_after(*header, now);
    return error;
}

}  // namespace calgate::graph
