#include "connectors/ews/ews_errors.hpp"

#include <algorithm>
#include <charconv>

#include "connectors/http/code_word.hpp"
#include "connectors/http/http_date.hpp"

namespace calgate::ews {

namespace {

constexpr std::int64_t kLongestBackOff = 3600;

struct CodeRule {
    std::string_view name;
    ErrorCode code;
    std::string_view sentence;
};

constexpr std::string_view kBusy = "is busy and asks us to wait.";
constexpr std::string_view kTrouble = "has a problem of its own; we try again later.";
constexpr std::string_view kImpersonation =
    "does not let this account act for the mailbox; give it the ApplicationImpersonation role for it.";
constexpr std::string_view kSyncState = "forgot how far we had read; the whole calendar is listed again.";
constexpr std::string_view kGone = "no longer has it; if the calendar was removed, choose another one.";
constexpr std::string_view kStale = "holds another version of the event than we had read.";
constexpr std::string_view kSubscription = "no longer knows our subscription; we make another one.";
constexpr std::string_view kCorrupt = "holds the event in a form that it cannot read itself.";
constexpr std::string_view kNewIds =
    "does not know the ids that it gave us; if the mailbox was moved, choose the calendar again.";

// clang-format off
constexpr CodeRule kCodes[] = {
    {"ErrorServerBusy", ErrorCode::RateLimited, kBusy},
    {"ErrorExceededConnectionCount", ErrorCode::RateLimited, kBusy},
    {"ErrorTooManyObjectsOpened", ErrorCode::RateLimited, kBusy},
    {"ErrorExceededFindCountLimit", ErrorCode::RateLimited, kBusy},
    {"ErrorMailboxStoreUnavailable", ErrorCode::Unavailable, kTrouble},
    {"ErrorMailboxFailover", ErrorCode::Unavailable, kTrouble},
    {"ErrorMailboxMoveInProgress", ErrorCode::Unavailable, "is moving the mailbox; we try again later."},
    {"ErrorADUnavailable", ErrorCode::Unavailable, kTrouble},
    {"ErrorADOperation", ErrorCode::Unavailable, kTrouble},
    {"ErrorNotEnoughMemory", ErrorCode::Unavailable, kTrouble},
    {"ErrorNoRespondingCASInDestinationSite", ErrorCode::Unavailable, kTrouble},
    {"ErrorConnectionFailed", ErrorCode::Unavailable, kTrouble},
    {"ErrorInvalidSubscription", ErrorCode::Unavailable, kSubscription},
    {"ErrorSubscriptionNotFound", ErrorCode::Unavailable, kSubscription},
    {"ErrorExpiredSubscription", ErrorCode::Unavailable, kSubscription},
    {"ErrorInvalidWatermark", ErrorCode::Unavailable, kSubscription},
    {"ErrorMissedNotificationEvents", ErrorCode::Unavailable, kSubscription},
    {"ErrorReadEventsFailed", ErrorCode::Unavailable, kSubscription},
    {"ErrorProxyRequestProcessingFailed", ErrorCode::Unavailable, kTrouble},
    {"ErrorFreeBusyGenerationFailed", ErrorCode::Unavailable, kTrouble},
    {"ErrorInvalidSyncStateData", ErrorCode::SyncTokenExpired, kSyncState},
    {"ErrorSyncFolderNotFound", ErrorCode::NotFound, kGone},
    {"ErrorFolderNotFound", ErrorCode::NotFound, kGone},
    {"ErrorParentFolderNotFound", ErrorCode::NotFound, kGone},
    {"ErrorParentFolderIdRequired", ErrorCode::NotFound, kGone},
    {"ErrorItemNotFound", ErrorCode::NotFound, kGone},
    {"ErrorIrresolvableConflict", ErrorCode::VersionMismatch, kStale},
    {"ErrorStaleObject", ErrorCode::VersionMismatch, kStale},
    {"ErrorChangeKeyRequired", ErrorCode::VersionMismatch, kStale},
    {"ErrorChangeKeyRequiredForWriteOperations", ErrorCode::VersionMismatch, kStale},
    {"ErrorInvalidChangeKey", ErrorCode::VersionMismatch, kStale},
    {"ErrorQuotaExceeded", ErrorCode::QuotaExceeded, "says that the mailbox is full; make room in it."},
    {"ErrorMessageSizeExceeded", ErrorCode::Rejected, "finds the event too large; shorten its text."},
    {"ErrorDataSizeLimitExceeded", ErrorCode::Rejected, "finds the event too large; shorten its text."},
    {"ErrorAccessDenied", ErrorCode::Forbidden, "does not let us do that; give the account rights on the calendar."},
    {"ErrorCreateItemAccessDenied", ErrorCode::Forbidden, "lets us not write there; give the account rights on it."},
    {"ErrorCannotDeleteObject", ErrorCode::Forbidden, "does not let us delete it; give the account rights on it."},
    {"ErrorMailRecipientNotFound", ErrorCode::Forbidden, "does not know the mailbox; check its address."},
    {"ErrorNoFreeBusyAccess", ErrorCode::Forbidden, "does not let this account see when the mailbox is busy; share that with it."},
    {"ErrorNonExistentMailbox", ErrorCode::Forbidden, "does not know the mailbox; check its address in the account."},
    {"ErrorMissingEmailAddress", ErrorCode::Forbidden, "has no mailbox for this account; name one with --mailbox."},
    {"ErrorMailboxConfiguration", ErrorCode::Forbidden, "cannot open the mailbox; ask its administrator."},
    {"ErrorAccountDisabled", ErrorCode::Unauthorized, "says that the account is disabled; ask its administrator."},
    {"ErrorPasswordExpired", ErrorCode::Unauthorized, "says that the password has expired; connect the account again."},
    {"ErrorPasswordChangeRequired", ErrorCode::Unauthorized, "wants a new password; connect the account again."},
    {"ErrorImpersonateUserDenied", ErrorCode::Forbidden, kImpersonation},
    {"ErrorImpersonationDenied", ErrorCode::Forbidden, kImpersonation},
    {"ErrorImpersonationFailed", ErrorCode::Forbidden, kImpersonation},
    {"ErrorInvalidId", ErrorCode::InvalidResponse, kNewIds},
    {"ErrorInvalidIdMalformed", ErrorCode::InvalidResponse, kNewIds},
    {"ErrorInvalidIdNotAnItemAttachmentId", ErrorCode::InvalidResponse, kNewIds},
    {"ErrorCorruptData", ErrorCode::InvalidResponse, kCorrupt},
    {"ErrorItemCorrupt", ErrorCode::InvalidResponse, kCorrupt},
};
/// A write may have happened before these.
constexpr std::string_view kTimeout = "ErrorTimeoutExpired";
constexpr std::string_view kUnknownFate[] = {
    "ErrorInternalServerError", "ErrorInternalServerTransientError", kTimeout};
/// Faults that name nothing but whose they are (SOAP 1.1 4.4.1, SOAP 1.2 5.4.6): the server's.
constexpr std::string_view kItsOwn[] = {"Server", "Receiver", "an unnamed fault"};
constexpr std::string_view kWrongVersions[] = {
    "ErrorInvalidServerVersion", "ErrorIncorrectSchemaVersion", "ErrorInvalidSchemaVersionForMailboxVersion"};
constexpr std::string_view kUnknownZones[] = {"ErrorCalendarInvalidTimeZone", "ErrorTimeZone"};
/// Of one item, and for ever.
constexpr std::string_view kBrokenItems[] = {"ErrorCorruptData", "ErrorItemCorrupt", "ErrorAccessDenied"};
constexpr std::string_view kVersionSentence = "specified server version is invalid";
// clang-format on

template <class Range>
bool has(const Range& range, std::string_view value) {
    return std::find(std::begin(range), std::end(range), value) != std::end(range);
}

bool is_write(Call call) { return call == Call::Create || call == Call::Update || call == Call::Delete; }

Error error(ErrorCode code, const std::string& where, std::string_view sentence, const std::string& said) {
    return {code, where + " " + std::string(sentence) + " (" + said + ")", {}};
}

std::string_view value_of(const Element& message_xml, std::string_view name) {
    for (const Element& value : message_xml.children)
        if (value.attribute("Name") == name) return value.text;
    return {};
}

void read_details(const Element& message_xml, Verdict& out) {
    const std::string_view inner = value_of(message_xml, "InnerErrorResponseCode");
    if (!inner.empty() && out.code == "ErrorInternalServerError") out.code = inner;
    const std::string_view wait = value_of(message_xml, "BackOffMilliseconds");
    std::int64_t milliseconds = 0;
    const auto [end, problem] = std::from_chars(wait.data(), wait.data() + wait.size(), milliseconds);
    if (wait.empty() || problem != std::errc{} || end != wait.data() + wait.size() || milliseconds < 0) return;
    out.back_off = std::chrono::seconds((std::min(milliseconds, kLongestBackOff * 1000) + 999) / 1000);
}

std::string without_prefix(const std::string& word) { return word.substr(word.find(':') + 1); }

/// Which sign-ins a 401 offers, in lower case.
std::string offered(const http::Response& response) {
    std::string out;
    for (const auto& [name, value] : response.headers)
        if (name.size() == 16 && (name[0] == 'W' || name[0] == 'w')) out += value + " ";
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    });
    return out;
}

std::string_view sign_in_sentence(const http::Response& response) {
    if (is_locked_out(response)) return "says that the account is locked; have it unlocked, then connect it again.";
    const std::string schemes = offered(response);
    const auto offers = [&](const char* scheme) { return schemes.find(scheme) != std::string::npos; };
    if (offers("negotiate") && !offers("ntlm") && !offers("basic"))
        return "offers sign-in by Negotiate (Kerberos) alone, which calgate does not speak: allow Basic sign-in over "
               "HTTPS, or NTLM, for the EWS directory.";
    if ((offers("ntlm") || offers("negotiate")) && !offers("basic"))
        return "does not accept the password by Windows sign-in; if it is right, Extended Protection is probably on: "
               "allow Basic sign-in over HTTPS for the EWS directory.";
    return "does not accept the user name or password; connect the account again.";
}

}  // namespace

Verdict verdict_of(const Element& message) {
    Verdict out;
    out.code = message.word("ResponseCode");
    out.text = message.word("MessageText");
    if (out.code.empty() && message.attribute("ResponseClass") == "Error") out.code = "an unnamed error";
    read_details(message.child("MessageXml"), out);
    return out;
}

Verdict verdict_of_fault(const Element& fault) {
    Verdict out;
    const Element* const code = fault.find("ResponseCode");
    std::string of_soap = fault.has("faultcode") ? fault.word("faultcode") : fault.child("Code").word("Value");
    of_soap = without_prefix(of_soap.substr(0, of_soap.find('.')));
    out.code = code ? code->text : of_soap;
    out.text = fault.has("faultstring") ? fault.word("faultstring") : fault.child("Reason").word("Text");
    if (out.code.empty() || out.code == "NoError") out.code = "an unnamed fault";
    if (const Element* const details = fault.find("MessageXml")) read_details(*details, out);
    return out;
}

bool is_wrong_version(const Verdict& verdict) {
    return has(kWrongVersions, verdict.code) || verdict.text.find(kVersionSentence) != std::string::npos;
}

bool is_wrong_version(const http::Response& response) {
    return response.status == 500 && response.body.find(kVersionSentence) != std::string::npos;
}

bool is_locked_out(const http::Response& response) {
    return response.status == 401 && response.body.find("locked out") != std::string::npos;
}

bool is_unknown_zone(const std::string& code) { return has(kUnknownZones, code); }

bool is_broken_item(const Verdict& verdict) { return has(kBrokenItems, verdict.code); }

bool is_busy(const Verdict& verdict) {
    return verdict.code == kTimeout || std::any_of(std::begin(kCodes), std::end(kCodes), [&](const CodeRule& rule) {
               return rule.name == verdict.code &&
                      (rule.code == ErrorCode::RateLimited || rule.code == ErrorCode::Unavailable);
           });
}

bool is_dead_subscription(const Verdict& verdict) {
    return std::any_of(std::begin(kCodes), std::end(kCodes), [&](const CodeRule& rule) {
        return rule.name == verdict.code && rule.sentence == kSubscription;
    });
}

Error refusal(Call call, const Verdict& verdict, const std::string& where) {
    const std::string word = http::code_word(verdict.code);
    const std::string said = word.empty() ? "an error" : word;
    for (const CodeRule& rule : kCodes) {
        if (rule.name != verdict.code) continue;
        Error out = error(rule.code, where, rule.sentence, said);
        out.retry_after = verdict.back_off;
        return out;
    }
    if (has(kUnknownFate, verdict.code) || (is_write(call) && has(kItsOwn, verdict.code))) {
        Error out =
            is_write(call)
                ? error(
                      ErrorCode::Timeout, where, "did not say whether it made the change; it is looked up first.", said
                  )
                : error(ErrorCode::Unavailable, where, kTrouble, said);
        out.retry_after = verdict.back_off;
        return out;
    }
    if (is_write(call))
        return error(ErrorCode::Rejected, where, "does not accept the event as it is; change it and try again.", said);
    return error(ErrorCode::InvalidResponse, where, "does not accept this request.", said);
}

Error http_refusal(Call call, const http::Response& response, Instant now, const std::string& where) {
    const std::string said = "HTTP " + std::to_string(response.status);
    const auto header = response.header("Retry-After");
    const auto wait = header ? http::retry_after(*header, now) : std::nullopt;
    const auto made = [&](ErrorCode code, std::string_view sentence) {
        Error out = error(code, where, sentence, said);
        out.retry_after = wait;
        return out;
    };
    const std::string location = response.header("Location").value_or("");
    switch (response.status) {
        case 401:
        case 440:
        case 456:
            return made(ErrorCode::Unauthorized, sign_in_sentence(response));
        case 403:
            return made(
                ErrorCode::Forbidden, "does not offer EWS to this account; ask its administrator to allow EWS for it."
            );
        case 404:
            return made(
                ErrorCode::InvalidResponse,
                "has no Exchange Web Services at this address; check the URL in the account's settings."
            );
        case 413:
            return made(is_write(call) ? ErrorCode::Rejected : ErrorCode::InvalidResponse, "finds this too large.");
        case 429:
            return made(ErrorCode::RateLimited, kBusy);
        case 503:
            return made(ErrorCode::Unavailable, kTrouble);
        case 507:
            return made(ErrorCode::QuotaExceeded, "has no room left; make room in the mailbox.");
        default:
            break;
    }
    if (response.status >= 300 && response.status < 400)
        return location.find("genericerrorpage") != std::string::npos
                   ? made(ErrorCode::Unavailable, kTrouble)
                   : made(
                         ErrorCode::InvalidResponse, "sends us to another address; give that one as the account's URL."
                     );
    if (response.status >= 500)
        return is_write(call)
                   ? made(ErrorCode::Timeout, "did not say whether it made the change; it is looked up first.")
                   : made(ErrorCode::Unavailable, kTrouble);
    return made(
        ErrorCode::InvalidResponse,
        "answered with something that is not EWS, perhaps a web page; check the URL in the account's settings."
    );
}

std::vector<const Element*> messages_of(const Element& response) {
    std::vector<const Element*> out;
    for (const Element& message : response.child("ResponseMessages").children)
        if (message.has("ResponseCode") || !message.attribute("ResponseClass").empty()) out.push_back(&message);
    return out;
}

}  // namespace calgate::ews
