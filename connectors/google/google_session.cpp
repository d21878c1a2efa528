#include "connectors/google/google_session.hpp"

#include "connectors/http/url.hpp"
#include "core/batch.hpp"

namespace calgate::google {

Session::Session(
    http::HttpTransport& transport, const Clock& clock, oauth::TokenSource& tokens, const GoogleSettings& settings
)
    : transport_(transport), clock_(clock), tokens_(tokens), settings_(settings) {}

Result<http::Response> Session::send(
    const Context& context,
    const std::string& method,
    const std::string& path,
    const std::string& body,
    const std::string& if_match
) const {
    http::Request request;
    request.method = method;
    request.url = settings_.base_url + "/" + path;
    request.connections = http::kManyConnections;
    request.body = body;
    request.headers = {{"Accept", "application/json"}};
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    if (!if_match.empty()) request.headers.emplace_back("If-Match", if_match);
    return with_token(context, std::move(request));
}

Result<http::Response> Session::with_token(const Context& context, http::Request request) const {
    CALGATE_TRY(const std::string token, tokens_.access_token(context));
    // Of a batch it holds for every part, as all its headers do.
    if (!settings_.quota_user.empty()) request.headers.emplace_back("X-Goog-Quota-User", settings_.quota_user);
    request.headers.emplace_back("Authorization", "Bearer " + token);
    CALGATE_TRY(http::Response response, transport_.send(request, context));
    // A push address that Google distrusts is a 401 as well, and says nothing about the token.
    if (response.status != 401 || parse_refusal(401, response.body).reason.starts_with("push.")) return response;
    tokens_.refused(token);
    CALGATE_TRY(const std::string fresh, tokens_.access_token(context));
    if (fresh == token) return refused(Call::Read, response);
    request.headers.back().second = "Bearer " + fresh;
    CALGATE_TRY(http::Response second, transport_.send(request, context));
    if (second.status != 401) return second;
    tokens_.refused(fresh);
    return refused(Call::Read, second);
}

Result<oauth::PartAnswers> Session::batch(const Context& context, std::vector<BatchPart> parts) const {
    const auto base = http::parse_url(settings_.base_url);
    for (BatchPart& part : parts) part.target = (base ? base->path : std::string()) + "/" + part.target;
    BatchBody body = write_batch(parts);
    http::Request request;
    request.method = "POST";
    request.url = settings_.batch_url;
    request.connections = http::kManyConnections;
    request.body = std::move(body.text);
    request.headers = {{"Accept", "multipart/mixed"}, {"Content-Type", std::move(body.content_type)}};
    CALGATE_TRY(const http::Response response, with_token(context, std::move(request)));
    if (response.status == 200) return read_batch(response, parts.size());
    return about_no_event(refused(Call::Create, response));
}

Result<oauth::PartAnswers> Session::send_together(const Context& context, const std::vector<BatchPart>& parts) const {
    return oauth::send_parts(tokens_, context, parts, [&](const std::vector<BatchPart>& sent) {
        return batch(context, sent);
    });
}

Result<std::string> Session::ask(
    const Context& context,
    Call call,
    const std::string& method,
    const std::string& path,
    const std::string& body,
    const std::string& if_match
) const {
    CALGATE_TRY(http::Response response, send(context, method, path, body, if_match));
    if (response.status != 200) return refused(call, response);
    return std::move(response.body);
}

Error Session::refused(Call call, const http::Response& response) const {
    return meaning(call, response, clock_.now());
}

}  // namespace calgate::google
