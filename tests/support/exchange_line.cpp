#include "tests/support/exchange_line.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "connectors/http/url.hpp"

namespace calgate::testing {

namespace {

using Json = nlohmann::json;

std::string in_lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

/// Names in lower case; what signs in is left out.
Json headers_of(const http::Request& request) {
    Json out = Json::object();
    for (const auto& [name, value] : request.headers)
        if (const std::string plain = in_lower_case(name); plain != "authorization" && plain != "cookie")
            out[plain] = out.contains(plain) ? out[plain].get<std::string>() + ", " + value : value;
    return out;
}

/// Of a form: "code=4%2Fsim" becomes "code=covered".
std::string covered(const std::string& form) {
    static const std::set<std::string, std::less<>> kSecret{
        "assertion", "client_assertion", "client_secret", "code", "code_verifier", "refresh_token", "token"};
    std::string out;
    for (std::size_t at = 0; at < form.size();) {
        const std::size_t end = std::min(form.find('&', at), form.size());
        const std::string pair = form.substr(at, end - at);
        const std::string name = pair.substr(0, pair.find('='));
        const bool hidden = kSecret.contains(name) && pair.size() > name.size() + 1;
        out += (out.empty() ? "" : "&") + (hidden ? name + "=covered" : pair);
        at = end + 1;
    }
    return out;
}

bool is_form(const http::Request& request) {
    const auto url = http::parse_url(request.url);
    return url && (url->path.ends_with("/token") || url->path == "/revoke");
}

std::string before_query(const std::string& url) { return url.substr(0, url.find('?')); }

}  // namespace

std::string exchange_line(const http::Request& request, const http::Response& response, const std::string& notifier) {
    const Json headers = headers_of(request);
    const bool form = is_form(request);
    Json exchange = {
        {"method", request.method},
        {"url", form ? before_query(request.url) : request.url},
        {"request", form ? covered(request.body) : request.body},
        {"headers", headers},
        {"prefer", headers.value("prefer", "")},
        {"status", response.status},
        {"type", response.header("Content-Type").value_or("")},
        {"location", response.header("Location").value_or("")},
        {"response", response.body}};
    if (!notifier.empty()) exchange["notifier"] = notifier;
    return exchange.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace calgate::testing
