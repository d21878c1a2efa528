#include "connectors/google/google_errors.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "connectors/http/code_word.hpp"
#include "connectors/http/http_date.hpp"
#include "connectors/http/url.hpp"

namespace calgate::google {

namespace {

using nlohmann::json;

constexpr std::chrono::hours kQuotaPause{2};
constexpr std::size_t kMaxErrorBody = 64 * 1024;

struct Verdict {
    ErrorCode code;
    std::string_view sentence;
};

struct ReasonRule {
    std::string_view reason;
    Verdict verdict;
};

constexpr Verdict kSlowDown{ErrorCode::RateLimited, "asks us to slow down."};
constexpr Verdict kTokenExpired{
    ErrorCode::SyncTokenExpired, "forgot how far we had read; the whole calendar is listed again."};
constexpr Verdict kOtherVersion{
    ErrorCode::VersionMismatch, "holds another version of the event than we had read; it is read again."};

// clang-format off
constexpr ReasonRule kReasons[] = {
    {"rateLimitExceeded", kSlowDown},
    {"userRateLimitExceeded", kSlowDown},
    {"RATE_LIMIT_EXCEEDED", kSlowDown},
    {"quotaExceeded", {ErrorCode::RateLimited, "has stopped this account for some hours, because it wrote or invited too much; nothing is written until then."}},
    {"dailyLimitExceeded", {ErrorCode::RateLimited, "has used up the day's calls of this project; raise the limit in the Google Cloud console."}},
    {"insufficientPermissions", {ErrorCode::Unauthorized, "was not allowed to touch calendars; connect the account again and tick every permission."}},
    {"ACCESS_TOKEN_SCOPE_INSUFFICIENT", {ErrorCode::Unauthorized, "was not allowed to touch calendars; connect the account again and tick every permission."}},
    {"accessNotConfigured", {ErrorCode::Unauthorized, "has the Calendar API switched off for this project; switch it on in the Google Cloud console."}},
    {"SERVICE_DISABLED", {ErrorCode::Unauthorized, "has the Calendar API switched off for this project; switch it on in the Google Cloud console."}},
    {"notACalendarUser", {ErrorCode::Unauthorized, "says that this account has no Google Calendar; connect another account."}},
    {"forbiddenForServiceAccounts", {ErrorCode::Rejected, "does not let a service account do that without domain-wide delegation."}},
    {"forbiddenForNonOrganizer", {ErrorCode::Rejected, "lets only the organizer of this event change it."}},
    {"requiredAccessLevel", {ErrorCode::Forbidden, "lets this account only read the calendar; share it with the right to make changes."}},
    {"conditionNotMet", kOtherVersion},
    {"pushNotSupportedForRequestedResource", {ErrorCode::Unsupported, "cannot notify about this calendar; it is polled."}},
    {"channelIdNotUnique", {ErrorCode::AlreadyExists, "already has a channel of this name; open one with a new name."}},
    {"push.webhookUrlNotHttps", {ErrorCode::Rejected, "only notifies https addresses; set the gateway's public address."}},
    {"push.webhookUrlUnauthorized", {ErrorCode::Rejected, "wants the domain of the notification address verified in the Google Cloud console."}},
};
// clang-format on

bool is_write(Call call) { return call == Call::Create || call == Call::Update || call == Call::Delete; }
bool is_round(Call call) { return call == Call::ListSince || call == Call::ContinueList; }

/// A proxy or a wrong base URL answers 404 as well; only Google's own words can say that something is gone.
Verdict not_found(Call call, const Refusal& refusal) {
    if (refusal.reason.empty() && refusal.message.empty())
        return {
            ErrorCode::InvalidResponse,
            "answered without saying what is missing; check that nothing between here and Google answers in its "
            "place."};
    if (call == Call::ListCalendars) return {ErrorCode::NotFound, "has nothing at this address."};
    if (call == Call::List || is_round(call) || call == Call::Create || call == Call::Watch)
        return {ErrorCode::NotFound, "no longer has this calendar or no longer shares it; choose the calendar again."};
    return {ErrorCode::NotFound, "no longer has it."};
}

/// A page of a proxy must not end the writing to a calendar.
Verdict forbidden(Call call, const Refusal& refusal) {
    if (is_write(call) && refusal.reason.empty() && refusal.message.empty())
        return {
            ErrorCode::InvalidResponse,
            "refused the change without saying why; check that nothing between here and Google answers in its place."};
    // An event that cannot be changed must not stop the calendar's others.
    if (call == Call::Update || call == Call::Delete)
        return {ErrorCode::Rejected, "does not let this account change this event."};
    return {ErrorCode::Forbidden, "does not let this account do that; check that the calendar is shared with it."};
}

/// 503 is told before anything is done; after the others a write may have happened.
Verdict server_trouble(Call call, int status) {
    if (is_write(call) && status != 503)
        return {ErrorCode::Timeout, "did not say whether it made the change; it is looked up first."};
    return {ErrorCode::Unavailable, "has a problem of its own; we try again later."};
}

Verdict bad_request(Call call, const Refusal& refusal) {
    if (is_round(call)) return kTokenExpired;
    // Someone raised the sequence meanwhile.
    if (call == Call::Update && refusal.message.find("Invalid sequence value") != std::string::npos)
        return kOtherVersion;
    return {
        is_write(call) || call == Call::Watch ? ErrorCode::Rejected : ErrorCode::Unsupported,
        "does not accept this request."};
}

Verdict by_status(Call call, const Refusal& refusal) {
    switch (refusal.status) {
        case 400:
            return bad_request(call, refusal);
        case 401:
            return {ErrorCode::Unauthorized, "does not accept our access any more; connect the account again."};
        case 403:
            return forbidden(call, refusal);
        case 404:
            return not_found(call, refusal);
        case 408:
            return {ErrorCode::Unavailable, "cannot do that for the moment."};
        case 409:
            return {ErrorCode::Unavailable, "is busy with a conflicting change; we try again later."};
        case 410:
            if (call == Call::List || is_round(call)) return kTokenExpired;
            return not_found(call, refusal);
        case 412:
            return kOtherVersion;
        case 413:
            return {is_write(call) ? ErrorCode::QuotaExceeded : ErrorCode::Unsupported, "finds this too large."};
        case 429:
            return kSlowDown;
        case 507:
            return {is_write(call) ? ErrorCode::QuotaExceeded : ErrorCode::Unavailable, "has no room left."};
        default:
            break;
    }
    if (refusal.status >= 500) return server_trouble(call, refusal.status);
    if (refusal.status >= 400)
        return {is_write(call) ? ErrorCode::Rejected : ErrorCode::Unsupported, "does not accept this request."};
    return {
        ErrorCode::InvalidResponse, "answered with something that is not its calendar service; we try again later."};
}

std::string text_at(const json& object, const char* name) {
    const auto at = object.is_object() ? object.find(name) : object.end();
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string first_reason(const json& list) {
    if (!list.is_array()) return {};
    for (const json& entry : list)
        if (auto reason = text_at(entry, "reason"); !reason.empty()) return reason;
    return {};
}

}  // namespace

Refusal parse_refusal(int status, std::string_view body) {
    Refusal refusal;
    refusal.status = status;
    static constexpr int kMaxDepth = 32;
    if (body.empty() || body.size() > kMaxErrorBody) return refusal;
    const auto flat = [](int depth, json::parse_event_t, json&) { return depth <= kMaxDepth; };
    const json document = json::parse(body, flat, false);
    const auto at = document.is_object() ? document.find("error") : document.end();
    if (at == document.end()) return refusal;
    if (at->is_string()) {
        refusal.reason = at->get<std::string>();
        refusal.message = text_at(document, "error_description").substr(0, 200);
        return refusal;
    }
    if (!at->is_object()) return refusal;
    refusal.message = text_at(*at, "message").substr(0, 200);
    if (at->contains("errors")) refusal.reason = first_reason((*at)["errors"]);
    const bool plain = refusal.reason.empty() || refusal.reason == "forbidden";
    if (plain && at->contains("details"))
        if (auto detail = first_reason((*at)["details"]); !detail.empty()) refusal.reason = detail;
    return refusal;
}

bool is_duplicate(const Refusal& refusal) {
    if (refusal.status != 409 && refusal.status != 400) return false;
    return refusal.reason == "duplicate" ||
           refusal.message.find("requested identifier already exists") != std::string::npos;
}

Error meaning(Call call, const Refusal& refusal, const std::string& where) {
    std::string known = " (status " + std::to_string(refusal.status);
    if (const std::string reason = http::code_word(refusal.reason); !reason.empty()) known += ", " + reason;
    known += ")";
    Error error{ErrorCode::InvalidResponse, {}, {}};
    const auto say = [&](const Verdict& verdict) {
        error.code = verdict.code;
        error.detail = where + " " + std::string(verdict.sentence) + known;
    };
    if (call == Call::Create && is_duplicate(refusal)) {
        say({ErrorCode::AlreadyExists, "already has an event under this id, perhaps a deleted one."});
        return error;
    }
    if (refusal.status == 403 || refusal.status == 429 || refusal.status == 400 || refusal.status == 412 ||
        refusal.status == 401 || refusal.status >= 500)
        for (const ReasonRule& rule : kReasons)
            if (rule.reason == refusal.reason) {
                say(rule.verdict);
                if (refusal.reason == "quotaExceeded" || refusal.reason == "dailyLimitExceeded")
                    error.retry_after = kQuotaPause;
                error.only_writes = refusal.reason == "quotaExceeded";
                return error;
            }
    say(by_status(call, refusal));
    return error;
}

Error meaning(Call call, const http::Response& response, Instant now) {
    const auto url = http::parse_url(response.url);
    Error error = meaning(call, parse_refusal(response.status, response.body), url ? url->host : "Google");
    if (const auto header = response.header("Retry-After"))
        if (const auto hint = http::retry_after(*header, now))
            error.retry_after = std::max(*hint, error.retry_after.value_or(*hint));
    return error;
}

}  // namespace calgate::google
