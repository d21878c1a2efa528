#include "connectors/caldav/caldav_session.hpp"

#include <algorithm>

#include "connectors/caldav/caldav_icloud.hpp"
#include "connectors/http/http_date.hpp"

namespace calgate::caldav {

namespace {

bool is_icloud(const std::string& url) {
    const auto parsed = http::parse_url(url);
    return parsed && parsed->scheme == "https" && http::is_icloud_host(parsed->host);
}

}  // namespace

Session::Session(http::HttpTransport& transport, const Clock& clock, const CaldavSettings& settings)
    : transport_(transport),
      clock_(clock),
      settings_(settings),
      icloud_(is_icloud(settings.url)),
      let_in_(settings.signed_in_before) {}

Result<http::Response> Session::send(const Context& context, http::Request request) const {
    CALGATE_TRY(request.url, routed(context, request.url));
    return exchange(context, std::move(request));
}

std::vector<Result<http::Response>> Session::send_together(const Context& context, std::vector<http::Request> requests)
    const {
    CALGATE_ASSERT(!icloud_);
    for (http::Request& request : requests) sign(request);
    std::vector<Result<http::Response>> answers;
    std::optional<Error> shut_out;
    while (answers.size() < requests.size() && !shut_out) {
        const auto begin = requests.begin() + static_cast<std::ptrdiff_t>(answers.size());
        const auto end = begin + std::min<std::ptrdiff_t>(http::kFewConnections, requests.end() - begin);
        auto round = transport_.send_together({begin, end}, context);
        for (std::size_t i = 0; i < round.size(); ++i) {
            const bool refused_again = shut_out && round[i] && round[i]->status == 401;
            answers.push_back(
                refused_again
                    ? *shut_out
                    : after_together(context, std::move(begin[static_cast<std::ptrdiff_t>(i)]), std::move(round[i]))
            );
            if (!answers.back() && answers.back().error().code == ErrorCode::Unauthorized)
                shut_out = answers.back().error();
        }
    }
    while (answers.size() < requests.size()) answers.emplace_back(*shut_out);
    return answers;
}

Result<http::Response> Session::after_together(
    const Context& context, http::Request request, Result<http::Response> answer
) const {
    if (!answer) return answer;
    answer->url = request.url;
    // Neither says that something was written.
    if (http::is_redirect(answer->status)) return exchange(context, std::move(request));
    if (answer->status == 401 && let_in_) answer = http::send_following(transport_, std::move(request), context);
    return answer ? let_in(*std::move(answer)) : answer;
}

void Session::sign(http::Request& request) const {
    if (icloud_) request.connections = http::kManyConnections;
    if (!settings_.user.empty()) request.credentials = http::Credentials{settings_.user, settings_.password};
}

Result<http::Response> Session::let_in(http::Response response) const {
    if (response.status == 401) return refused(Call::Read, response);
    let_in_ = true;
    return response;
}

Result<http::Response> Session::exchange(const Context& context, http::Request request) const {
    sign(request);
    auto response = http::send_following(transport_, request, context);
    // One refusal after a success may be a proxy's or a limit's (iCloud has tries of its own).
    if (response && response->status == 401 && let_in_ && !icloud_)
        response = http::send_following(transport_, std::move(request), context);
    if (!response) {
        if (response.error().code == ErrorCode::Unavailable) partition_.clear();
        return response.error();
    }
    const bool collection_is_elsewhere =
        (response->status == 404 || response->status == 410) && response->url.ends_with('/');
    if (collection_is_elsewhere) partition_.clear();
    return let_in(*std::move(response));
}

std::string Session::kept(const std::string& url) const {
    const auto parsed = http::parse_url(url);
    if (!icloud_ || !parsed || !http::is_icloud_host(parsed->host)) return url;
    partition_ = parsed->origin();
    return at_icloud_entry(*parsed).text();
}

Result<std::string> Session::routed(const Context& context, const std::string& url) const {
    const auto parsed = icloud_ ? http::parse_url(url) : std::nullopt;
    const bool has_a_partition = parsed && parsed->path.find("/calendars/") != std::string::npos;
    if (!has_a_partition || !http::is_icloud_host(parsed->host)) return url;
    if (partition_.empty()) {
        CALGATE_TRY(partition_, find_partition(context, at_icloud_entry(*parsed).origin() + "/"));
    }
    return partition_ + parsed->path + parsed->query;
}

Result<std::string> Session::find_partition(const Context& context, const std::string& entry) const {
    const Error none{ErrorCode::Unavailable, "iCloud did not say where the account's calendars are.", {}};
    std::string place = entry;
    for (int step = 0; step < 2; ++step) {
        const http::Headers headers{{"Content-Type", "application/xml; charset=utf-8"}, {"Depth", "0"}};
        CALGATE_TRY(const auto response, exchange(context, {"PROPFIND", place, headers, propfind_discovery()}));
        if (response.status != 207) return refused(Call::Discover, response);
        CALGATE_TRY(const Multistatus content, parse_multistatus(response.body));
        const auto answered = http::parse_url(response.url);
        for (const Entry& entry_found : content.entries) {
            for (const std::string& home : entry_found.homes) {
                const auto url = http::resolve(*answered, home);
                if (url && url->scheme == "https" && http::is_icloud_host(url->host)) return url->origin();
            }
        }
        // A property that is missing now and then is a sign of overload there.
        if (content.entries.empty() || content.entries.front().principal.empty()) return none;
        const auto principal = http::resolve(*answered, content.entries.front().principal);
        if (!principal || !http::is_icloud_host(principal->host) || principal->scheme != "https") return none;
        place = principal->text();
    }
    return none;
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
    CALGATE_TRY(const http::Response response, send(context, {method, url, std::move(headers), std::move(body)}));
    if (response.status != 207) return refused(call, response);
    CALGATE_TRY(Multistatus content, parse_multistatus(response.body));
    auto answered = http::parse_url(response.url);
    CALGATE_ASSERT(answered.has_value());
    const auto when = http::http_date(response.header("Date").value_or(""));
    return Listing{std::move(*answered), when.value_or(clock_.now()), std::move(content)};
}

Context Session::half_of(const Context& context) const {
    Context half = context;
    const SteadyInstant now = clock_.steady();
    if (context.deadline > now) half.deadline = now + (context.deadline - now) / 2;
    return half;
}

Error Session::refused(Call call, const http::Response& response) const {
    Error error = refusal(call, response, clock_.now());
    if (!icloud_) return error;
    if (error.code == ErrorCode::Unauthorized) return icloud_sign_in_refusal(settings_.password, let_in_);
    return icloud_refusal(call, response.status, std::move(error));
}

std::string without_blanks(const std::string& href) {
    std::string encoded;
    for (const char c : href) encoded += c == ' ' ? std::string("%20") : std::string(1, c);
    return encoded;
}

http::Headers object_headers() { return {{"Accept-Encoding", "identity"}}; }

std::optional<std::string> member_href(const http::Url& answered, const http::Url& calendar, const std::string& raw) {
    const auto url = http::resolve(answered, without_blanks(raw));
    if (!url) return std::nullopt;
    const bool icloud = http::is_icloud_host(url->host) && http::is_icloud_host(calendar.host);
    // Only the path is used: a service behind a proxy may name the scheme and port that it sees itself.
    if (url->host != answered.host && url->host != calendar.host && !icloud) return std::nullopt;
    return calendar.origin() + http::canonical_path(url->path);
}

bool same_place(std::string a, std::string b) {
    while (a.ends_with('/')) a.pop_back();
    while (b.ends_with('/')) b.pop_back();
    return a == b;
}

}  // namespace calgate::caldav
