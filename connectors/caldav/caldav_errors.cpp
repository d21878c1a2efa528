#include "connectors/caldav/caldav_errors.hpp"

#include <string_view>

#include "connectors/caldav/caldav_wire.hpp"
#include "connectors/http/code_word.hpp"
#include "connectors/http/http_date.hpp"
#include "connectors/http/url.hpp"

namespace calgate::caldav {

namespace {

struct ElementRule {
    std::string_view name;  ///< Without namespace.
    ErrorCode code;
    std::string_view sentence;
};

constexpr ElementRule kElements[] = {
    {"valid-sync-token",
     ErrorCode::SyncTokenExpired,
     "forgot how far we had read; the whole calendar is listed again."},
    {"no-uid-conflict", ErrorCode::AlreadyExists, "already holds an event with this UID."},
    {"unique-scheduling-object-resource",
     ErrorCode::AlreadyExists,
     "already holds an event with this UID in one of the account's calendars."},
    {"need-privileges",
     ErrorCode::Forbidden,
     "does not let this account do that; share the calendar with write access or choose another one."},
    {"quota-not-exceeded", ErrorCode::QuotaExceeded, "has no room left; make room in the account."},
    {"sufficient-disk-space", ErrorCode::QuotaExceeded, "has no room left; ask whoever runs it to make room."},
    {"max-resource-size", ErrorCode::Rejected, "finds the event too large (max-resource-size); shorten its notes."},
    {"supported-calendar-component",
     ErrorCode::Rejected,
     "does not keep events in this calendar (supported-calendar-component); choose another calendar."},
    {"supported-calendar-data", ErrorCode::Rejected, "does not accept this kind of data (supported-calendar-data)."},
    {"valid-calendar-data", ErrorCode::Rejected, "calls the event's data invalid (valid-calendar-data)."},
    {"valid-calendar-object-resource",
     ErrorCode::Rejected,
     "calls the event's structure invalid (valid-calendar-object-resource)."},
    {"valid-timezone", ErrorCode::Rejected, "does not know the event's time zone (valid-timezone)."},
    {"max-instances", ErrorCode::Rejected, "finds the series too long (max-instances)."},
    {"max-attendees-per-instance", ErrorCode::Rejected, "finds too many attendees (max-attendees-per-instance)."},
    {"min-date-time", ErrorCode::Rejected, "does not keep events that early (min-date-time)."},
    {"max-date-time", ErrorCode::Rejected, "does not keep events that late (max-date-time)."},
    {"lock-token-submitted", ErrorCode::Unavailable, "has the event locked for the moment."},
    {"number-of-matches-within-limits",
     ErrorCode::Unsupported,
     "finds the answer too large (number-of-matches-within-limits)."},
    {"supported-report", ErrorCode::Unsupported, "does not know this report."},
    {"supported-filter", ErrorCode::Unsupported, "does not know this search."},
    {"supported-collation", ErrorCode::Unsupported, "does not know this search."},
};

struct Verdict {
    ErrorCode code;
    std::string_view sentence;
};

bool is_write(Call call) { return call == Call::Create || call == Call::Update || call == Call::Delete; }

Verdict not_found(Call call) {
    switch (call) {
        case Call::Discover:
            return {
                ErrorCode::NotFound,
                "has nothing at this address; enter the CalDAV URL that the service's help names, or only its host "
                "name."};
        case Call::Create:
            return {ErrorCode::NotFound, "no longer has this calendar; choose the calendar again."};
        case Call::Read:
        case Call::SyncWithToken:
        case Call::Update:
        case Call::Delete:
            break;
    }
    return {ErrorCode::NotFound, "no longer has it; if the calendar was moved, choose it again."};
}

Verdict precondition(Call call) {
    if (call == Call::Create) return {ErrorCode::AlreadyExists, "already has something under this name."};
    if (call == Call::SyncWithToken)
        return {ErrorCode::SyncTokenExpired, "forgot how far we had read; the whole calendar is listed again."};
    return {ErrorCode::VersionMismatch, "holds another version of the event than we had read."};
}

Verdict by_status(Call call, int status) {
    switch (status) {
        case 401:
            return {
                ErrorCode::Unauthorized,
                "does not accept the user name or password; enter them again (iCloud and others need an app-specific "
                "password)."};
        case 402:
        case 403:
            return {
                ErrorCode::Forbidden,
                "does not let this account do that; check that the calendar is shared with it, with write access if it "
                "is written."};
        case 404:
            return not_found(call);
        case 409:
            return call == Call::Create ? not_found(call)
                                        : Verdict{ErrorCode::Unavailable, "is busy with a conflicting change."};
        case 410:
            return call == Call::SyncWithToken ? precondition(call) : not_found(call);
        case 412:
            return precondition(call);
        case 408:
        case 423:
            return {ErrorCode::Unavailable, "cannot do that for the moment."};
        case 413:
            return {is_write(call) ? ErrorCode::QuotaExceeded : ErrorCode::Unsupported, "finds this too large."};
        case 429:
            return {ErrorCode::RateLimited, "asks us to slow down."};
        case 405:
        case 501:
            return {
                is_write(call) ? ErrorCode::Forbidden : ErrorCode::Unsupported,
                "does not offer this here; check that the URL is the one for CalDAV."};
        case 507:
            return {
                is_write(call) ? ErrorCode::QuotaExceeded : ErrorCode::Unsupported,
                is_write(call) ? "has no room left; make room in the account." : "finds the answer too large."};
        default:
            break;
    }
    if (status >= 500) return {ErrorCode::Unavailable, "has a problem of its own; we try again later."};
    if (status >= 400)
        return {is_write(call) ? ErrorCode::Rejected : ErrorCode::Unsupported, "does not accept this request."};
    return {
        ErrorCode::InvalidResponse,
        "answered with something that is not CalDAV, perhaps a web page; enter the CalDAV URL that the service's help "
        "names."};
}

}  // namespace

Error refusal(Call call, int status, const std::vector<std::string>& elements, const std::string& where) {
    const std::string code = status == 0 ? "" : " (status " + std::to_string(status) + ")";
    for (const auto& element : elements) {
        const std::string name = element.substr(element.rfind(':') + 1);
        for (const ElementRule& rule : kElements)
            if (rule.name == name) return {rule.code, where + " " + std::string(rule.sentence) + code, {}};
    }
    const Verdict verdict = by_status(call, status);
    std::string sentence = where + " " + std::string(verdict.sentence) + code;
    const std::string condition =
        elements.empty() ? "" : http::code_word(elements.front().substr(elements.front().rfind(':') + 1));
    if (is_write(call) && !condition.empty()) sentence += " Its condition: " + condition + ".";
    return {verdict.code, sentence, {}};
}

Error refusal(Call call, const http::Response& response, Instant now) {
    const auto url = http::parse_url(response.url);
    Error error = refusal(call, response.status, error_elements(response.body), url ? url->host : "The service");
    if (const auto header = response.header("Retry-After")) {
        error.retry_after = http::retry_after(*header, now);
    }
    return error;
}

}  // namespace calgate::caldav
