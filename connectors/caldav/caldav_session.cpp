#include "connectors/caldav/caldav_session.hpp"

namespace calgate::caldav {

Session::Session(http::HttpTransport& transport, const Clock& clock, const CaldavSettings& settings)
    : transport_(transport), clock_(clock), settings_(settings) {}

Result<http::Response> Session::send(
    const Context& context, const std::string& method, const std::string& url, http::Headers headers, std::string body
) const {
    http::Request request;
    request.method = method;
    request.url = url;
    request.headers = std::move(headers);
    request.body = std::move(body);
    if (!settings_.user.empty()) request.credentials = http::Credentials{settings_.user, settings_.password};
    CALGATE_TRY(http::Response response, http::send_following(transport_, std::move(request), context));
    if (response.status == 401) return refused(Call::Read, response);
    return response;
}

Result<Listing> Session::ask(
    const Context& context,
    Call call,
    const std::string& method,
    const std::string& url,
    const std::string& depth,
    std::string body
) const {
    http::Headers headers{{"Content-Type", "application/xml; charset=utf-8"}};
    if (!depth.empty()) headers.emplace_back("Depth", depth);
    CALGATE_TRY(const http::Response response, send(context, method, url, std::move(headers), std::move(body)));
    if (response.status != 207) return refused(call, response);
    CALGATE_TRY(Multistatus content, parse_multistatus(response.body));
    auto answered = http::parse_url(response.url);
    CALGATE_ASSERT(answered.has_value());
    return Listing{std::move(*answered), std::move(content)};
}

Error Session::refused(Call call, const http::Response& response) const {
    return refusal(call, response, clock_.now());
}

std::optional<std::string> member_href(const http::Url& answered, const http::Url& calendar, const std::string& raw) {
    const auto url = http::resolve(answered, raw);
    if (!url) return std::nullopt;
    const bool icloud = http::is_icloud_host(url->host) && http::is_icloud_host(calendar.host);
    if (!http::same_origin(*url, answered) && !http::same_origin(*url, calendar) && !icloud) return std::nullopt;
    return calendar.origin() + http::canonical_path(url->path);
}

bool same_place(std::string a, std::string b) {
    while (a.ends_with('/')) a.pop_back();
    while (b.ends_with('/')) b.pop_back();
    return a == b;
}

}  // namespace calgate::caldav
