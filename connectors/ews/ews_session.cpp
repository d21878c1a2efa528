#include "connectors/ews/ews_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "connectors/http/url.hpp"
#include "core/windows_zones.hpp"

namespace calgate::ews {

namespace {

/// RequestServerVersion, newest first.
constexpr std::array<std::string_view, 3> kVersions{"Exchange2016", "Exchange2013_SP1", "Exchange2010_SP2"};
constexpr std::string_view kMessages = "http://schemas.microsoft.com/exchange/services/2006/messages";
constexpr std::string_view kTypes = "http://schemas.microsoft.com/exchange/services/2006/types";

constexpr std::string_view kInternal = "ErrorInternalServerError";

/// Exchange's own; with them the same server answers again.
constexpr std::string_view kAffinity[] = {"exchangecookie", "X-BackEndCookie", "X-BackEndOverrideCookie"};
constexpr std::string_view kSetCookie = "set-cookie";
constexpr std::size_t kLongestCookie = 4096;

bool looks_like_soap(const http::Response& response) {
    return response.body.find("Envelope") != std::string::npos && response.body.find('<') != std::string::npos;
}

}  // namespace

std::string windows_zone(const std::string& iana) {
    const std::string_view windows = windows_of_iana(iana);
    return windows.empty() ? "UTC" : std::string(windows);
}

Session::Session(
    http::HttpTransport& transport, const Clock& clock, const EwsSettings& settings, oauth::TokenSource* tokens
)
    : transport_(transport), clock_(clock), settings_(settings), tokens_(tokens) {
    const auto url = http::parse_url(settings.url);
    where_ = url ? url->host : "The Exchange server";
}

std::string Session::fingerprint() const { return settings_.url + " " + settings_.mailbox; }

Error Session::refused(Call call, const Verdict& verdict) const { return refusal(call, verdict, where_); }

/// Header parts in the order of the schema.
std::string Session::envelope(const Ask& ask) const {
    Element header = with_children(
        "s:Header", {Element{"t:RequestServerVersion", {{"Version", std::string(kVersions[version_])}}, {}, {}}}
    );
    if (!ask.zone.empty()) {
        const Element zone{"t:TimeZoneDefinition", {{"Id", windows_zone(ask.zone)}}, {}, {}};
        header.children.push_back(with_children("t:TimeZoneContext", {zone}));
    }
    if (!settings_.mailbox.empty()) {
        const Element whose = with_children("t:ConnectingSID", {with_text("t:PrimarySmtpAddress", settings_.mailbox)});
        header.children.push_back(with_children("t:ExchangeImpersonation", {whose}));
    }
    return write_document(
        {"s:Envelope",
         {{"xmlns:s", "http://schemas.xmlsoap.org/soap/envelope/"},
          {"xmlns:m", std::string(kMessages)},
          {"xmlns:t", std::string(kTypes)}},
         {},
         {header, with_children("s:Body", {ask.body})}}
    );
}

Result<http::Request> Session::request(const Context& context, const Ask& ask) {
    http::Request request;
    request.method = "POST";
    request.url = settings_.url;
    request.body = envelope(ask);
    request.headers = {
        {"Content-Type", "text/xml; charset=utf-8"},
        {"Accept", "text/xml"},
        {"SOAPAction", "\"" + std::string(kMessages) + "/" + ask.operation + "\""}};
    if (!settings_.mailbox.empty()) request.headers.emplace_back("X-AnchorMailbox", settings_.mailbox);
    std::string cookies;
    for (const auto& [name, value] : affinity_) cookies += (cookies.empty() ? "" : "; ") + name + "=" + value;
    if (!cookies.empty()) request.headers.emplace_back("Cookie", cookies);
    if (!tokens_) {
        request.credentials = http::Credentials{settings_.user, settings_.password};
        return request;
    }
    CALGATE_TRY(const std::string token, tokens_->access_token(context));
    request.headers.emplace_back("Authorization", "Bearer " + token);
    return request;
}

Result<http::Response> Session::exchange(const Context& context, const Ask& ask) {
    CALGATE_TRY(http::Request request, this->request(context, ask));
    CALGATE_TRY(http::Response first, transport_.send(request, context));
    keep_affinity(first);
    locked_out_ = is_locked_out(first);
    if (first.status != 401 || !tokens_) return first;
    std::string& bearer = request.headers.back().second;
    tokens_->refused(bearer.substr(std::string_view("Bearer ").size()));
    CALGATE_TRY(const std::string fresh, tokens_->access_token(context));
    if ("Bearer " + fresh == bearer) return first;
    bearer = "Bearer " + fresh;
    return transport_.send(request, context);
}

void Session::keep_affinity(const http::Response& response) {
    for (const auto& [header, value] : response.headers) {
        const std::size_t end = std::min(value.find(';'), value.size()), equals = value.find('=');
        if (header.size() != kSetCookie.size() || equals == std::string::npos || equals > end || end > kLongestCookie)
            continue;
        const bool sets_cookie = std::equal(header.begin(), header.end(), kSetCookie.begin(), [](char a, char b) {
            return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
        });
        const std::string name = value.substr(0, equals);
        if (sets_cookie && std::find(std::begin(kAffinity), std::end(kAffinity), name) != std::end(kAffinity))
            affinity_[name] = value.substr(equals + 1, end - equals - 1);
    }
}

Result<Element> Session::Refusals::understood(const http::Response& response) const {
    // A status of 500 often carries a fault that says more.
    if (response.status != 200 && (response.status != 500 || !looks_like_soap(response)))
        return http_refusal(ask.call, response, clock.now(), where);
    const auto root = parse_xml(response.body);
    const Element* const body = root ? root->find("Body") : nullptr;
    if (!body || body->children.empty()) return http_refusal(ask.call, response, clock.now(), where);
    const std::string wanted = ask.operation + "Response";
    for (const Element& answer : body->children)
        if (answer.name == wanted || answer.name == "Fault") return answer;
    return Error{ErrorCode::InvalidResponse, where + " answered another question than the one we asked.", {}};
}

Error Session::Refusals::of(const Verdict& verdict) const { return refusal(ask.call, verdict, where); }

Error Session::Refusals::of(const http::Response& response) const {
    const auto answer = understood(response);
    if (!answer) return answer.error();
    return answer->name == "Fault" ? of(verdict_of_fault(*answer))
                                   : http_refusal(ask.call, response, clock.now(), where);
}

Result<Element> Session::ask(const Context& context, const Ask& ask) {
    code_.clear();
    answered_before_ = std::exchange(answered_, false);
    nameless_ = false;
    CALGATE_TRY(const http::Response response, exchange(context, ask));
    auto answer = refusals(ask).understood(response);
    const bool fault = answer && answer->name == "Fault";
    const auto messages = answer ? messages_of(*answer) : std::vector<const Element*>{};
    const Verdict verdict = fault               ? verdict_of_fault(*answer)
                            : !messages.empty() ? verdict_of(*messages.front())
                                                : Verdict{};
    const bool too_new = is_wrong_version(verdict) || (!answer && is_wrong_version(response));
    if (too_new && version_ + 1 < kVersions.size()) {
        ++version_;
        answered_ = answered_before_;
        return this->ask(context, ask);
    }
    if (!verdict.success()) code_ = verdict.code;
    answered_ = answer && verdict.success();
    nameless_ = answer ? verdict.code == kInternal && !verdict.back_off
                       : (response.status == 500 || response.status == 501) && !response.header("Retry-After");
    if (fault) return refused(ask.call, verdict);
    return answer;
}

Result<Element> Session::ask_one(const Context& context, const Ask& ask) {
    CALGATE_TRY(const Element response, this->ask(context, ask));
    const auto messages = messages_of(response);
    if (messages.empty())
        return Error{ErrorCode::InvalidResponse, where_ + " answered without a result; we ask again later.", {}};
    const Verdict verdict = verdict_of(*messages.front());
    if (!verdict.success()) return refused(ask.call, verdict);
    return *messages.front();
}

}  // namespace calgate::ews
