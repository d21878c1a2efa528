#include "connectors/graph/graph_session.hpp"

#include <algorithm>
#include <cctype>

#include "connectors/http/url.hpp"
#include "core/batch.hpp"

namespace calgate::graph {

namespace {

/// Blanks as %20, never '+', and encoded once (Graph answers 500 to more).
std::string encoded_query(const std::vector<std::pair<std::string, std::string>>& query) {
    std::string out;
    for (const auto& [name, value] : query) out += (out.empty() ? "?" : "&") + name + "=" + http::percent_encode(value);
    return out;
}

bool is_encoded_id(std::string_view id) {
    return !id.empty() && id != "." && id != ".." && std::all_of(id.begin(), id.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '%' || c == '=';
    });
}

constexpr std::string_view kCalendars = "calendars/";
constexpr std::string_view kEvents = "/events/";

}  // namespace

bool is_calendar_href(std::string_view href) {
    return href.starts_with(kCalendars) && is_encoded_id(href.substr(kCalendars.size()));
}

bool is_event_href(std::string_view href) {
    const auto at = href.find(kEvents);
    return at != std::string_view::npos && is_calendar_href(href.substr(0, at)) &&
           is_encoded_id(href.substr(at + kEvents.size()));
}

Href calendar_href(const std::string& id) { return Href{std::string(kCalendars) + http::percent_encode(id)}; }
Href event_href(const Href& calendar, const std::string& id) {
    return Href{calendar.value + std::string(kEvents) + http::percent_encode(id)};
}
Href calendar_of(const Href& event) { return Href{event.value.substr(0, event.value.find(kEvents))}; }

Session::Session(
    http::HttpTransport& transport, const Clock& clock, oauth::TokenSource& tokens, const GraphSettings& settings
)
    : transport_(transport), clock_(clock), tokens_(tokens), settings_(settings) {}

std::string Session::mailbox() const { return settings_.user.empty() ? "me" : "users/" + settings_.user; }

std::string Session::root_url(const std::string& path) const { return settings_.base_url + "/" + path; }

std::string Session::mailbox_url(const std::string& path, const std::vector<std::pair<std::string, std::string>>& query)
    const {
    const std::string root = settings_.user.empty() ? "me" : "users/" + http::percent_encode(settings_.user);
    return root_url(root + "/" + path) + encoded_query(query);
}

std::string Session::preferences(bool paged_by_header) const {
    std::string out = "IdType=\"ImmutableId\", outlook.timezone=\"UTC\", outlook.body-content-type=\"text\"";
    if (paged_by_header) out += ", odata.maxpagesize=" + std::to_string(settings_.page_size);
    return out;
}

std::string Session::fingerprint() const {
    return settings_.base_url + " " + mailbox() + " " + preferences(true) + (settings_.events_delta ? " events" : "");
}

Status Session::check_address(const std::string& url) const {
    const auto target = http::parse_url(url), base = http::parse_url(settings_.base_url);
    if (!base)
        return Error{
            ErrorCode::Rejected, "The account's base URL is no URL; correct it in the account's settings.", {}};
    if (target && http::same_origin(*target, *base) && target->path.starts_with(base->path + "/")) return {};
    return Error{
        ErrorCode::InvalidResponse, "Microsoft Graph's answer leads to another host; it was not followed.", {}};
}

Result<http::Response> Session::exchange(const Context& context, const Ask& ask, const std::string& token) const {
    http::Request request;
    request.method = ask.method;
    request.url = ask.url;
    request.connections = http::kManyConnections;
    request.body = ask.body;
    request.headers = headers_of(ask);
    request.headers.emplace_back("Authorization", "Bearer " + token);
    return transport_.send(request, context);
}

http::Headers Session::headers_of(const Ask& ask) const {
    http::Headers headers{{"Accept", "application/json"}, {"Prefer", preferences(ask.paged_by_header)}};
    if (!ask.body.empty()) headers.emplace_back("Content-Type", "application/json");
    if (!ask.if_match.empty()) headers.emplace_back("If-Match", ask.if_match);
    return headers;
}

Result<http::Response> Session::send(const Context& context, const Ask& ask) const {
    CALGATE_TRY_STATUS(check_address(ask.url));
    CALGATE_TRY(const std::string token, tokens_.access_token(context));
    CALGATE_TRY(http::Response response, exchange(context, ask, token));
    if (response.status != 401) return response;
    tokens_.refused(token);
    CALGATE_TRY(const std::string fresh, tokens_.access_token(context));
    if (fresh == token) return refused(ask.call, response);
    CALGATE_TRY(http::Response second, exchange(context, ask, fresh));
    if (second.status != 401) return second;
    tokens_.refused(fresh);
    return refused(ask.call, second);
}

Result<http::Response> Session::done(const Context& context, const Ask& ask) const {
    CALGATE_TRY(http::Response response, send(context, ask));
    if (response.status < 200 || response.status > 299) return refused(ask.call, response);
    return response;
}

Result<oauth::PartAnswers> Session::batch(const Context& context, const std::vector<Ask>& asks) const {
    std::vector<BatchPart> parts;
    for (const Ask& ask : asks) {
        CALGATE_TRY_STATUS(check_address(ask.url));
        parts.push_back({ask.method, ask.url.substr(settings_.base_url.size()), headers_of(ask), ask.body});
    }
    const Ask around{asks.front().call, "POST", root_url("$batch"), write_batch(parts), {}, false};
    const auto response = done(context, around);
    if (!response) return about_no_event(response.error());
    return read_batch(*response, parts.size());
}

Result<oauth::PartAnswers> Session::send_together(const Context& context, const std::vector<Ask>& asks) const {
    return oauth::send_parts(tokens_, context, asks, [&](const std::vector<Ask>& sent) {
        return batch(context, sent);
    });
}

Status Session::gone(const Context& context, const Ask& ask) const {
    CALGATE_TRY(const http::Response response, send(context, ask));
    // A page of somebody else's comes with 200 too.
    if (response.status == 204 || (response.status == 200 && response.body.empty())) return {};
    const Error refusal = refused(ask.call, response);
    return refusal.code == ErrorCode::NotFound ? Status{} : Status{refusal};
}

Error Session::refused(Call call, const http::Response& response) const {
    return refusal(call, response, clock_.now());
}

}  // namespace calgate::graph
