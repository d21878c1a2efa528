#include "connectors/google/google_session.hpp"

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
    request.body = body;
    request.headers = {{"Accept", "application/json"}};
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    if (!if_match.empty()) request.headers.emplace_back("If-Match", if_match);
    CALGATE_TRY(const std::string token, tokens_.access_token(context));
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
