#include "connectors/http/redirects.hpp"

namespace calgate::http {

namespace {

constexpr int kMaxHops = 5;

Error refused(const std::string& sentence) { return {ErrorCode::InvalidResponse, sentence, {}}; }

}  // namespace

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<Url> redirect_target(const std::string& method, const Url& from, const Response& response) {
    const bool reading = method == "GET" || method == "HEAD";
    if (response.status == 303 && !reading)
        return refused(
            from.origin() + " answered " + method +
            " with a redirect to another resource (303); check the URL of the account."
        );
    const auto location = response.header("Location");
    auto target = location ? resolve(from, *location) : std::nullopt;
    if (!target) return refused(from.origin() + " redirects to nowhere usable; check the URL of the account.");
    if (from.scheme == "https" && target->scheme == "http") {
        if (target->host != from.host)
            return refused(
                from.origin() + " redirects to the unencrypted " + target->origin() +
                "; enter an https URL of the service."
            );
        target->scheme = "https";
        target->port = from.port;
    }
    const bool upgraded = from.scheme == "http" && target->scheme == "https" && from.host == target->host;
    const bool icloud = from.scheme == "https" && is_icloud_host(from.host) && is_icloud_host(target->host);
    if (same_origin(from, *target) || upgraded || icloud) return *target;
    return refused(
        from.origin() + " redirects to the foreign host " + target->origin() +
        "; if that is right, enter that address as the URL of the account."
    );
}

Result<Response> send_following(HttpTransport& transport, Request request, const Context& context) {
    auto url = parse_url(request.url);
    if (!url)
        return Error{
            ErrorCode::Rejected, "The URL is not an http or https address; correct the URL of the account.", {}};
    for (int hop = 0;; ++hop) {
        request.url = url->text();
        CALGATE_TRY(Response response, transport.send(request, context));
        response.url = request.url;
        if (!is_redirect(response.status)) return response;
        if (hop == kMaxHops) return refused(url->origin() + " redirects in circles; check the URL of the account.");
        CALGATE_TRY(*url, redirect_target(request.method, *url, response));
    }
}

}  // namespace calgate::http
