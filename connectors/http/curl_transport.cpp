#include "connectors/http/curl_transport.hpp"

#include <algorithm>
#include <cctype>
#include <stop_token>

#include "connectors/http/curl_loop.hpp"
#include "connectors/http/url.hpp"

namespace calgate::http {

namespace {

Error error(ErrorCode code, std::string sentence) { return {code, std::move(sentence), {}}; }

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

/// What to sign in with instead of Basic (several schemes may share a line); Basic when that is offered, or nothing
/// that we speak.
Authentication asked_for(const Response& response) {
    bool digest = false, ntlm = false;
    for (const auto& [name, value] : response.headers) {
        if (lower(name) != "www-authenticate") continue;
        const std::string schemes = ", " + lower(value);
        if (schemes.find(", basic") != std::string::npos) return Authentication::Basic;
        digest = digest || schemes.find(", digest") != std::string::npos;
        ntlm = ntlm || schemes.find(", ntlm") != std::string::npos;
    }
    return digest ? Authentication::Digest : ntlm ? Authentication::Ntlm : Authentication::Basic;
}

bool has_line_break(const Request& request) {
    return std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) {
        return (header.first + header.second).find_first_of("\r\n") != std::string::npos;
    });
}

/// @return the address, or why the request is not sent.
Result<Url> checked(const Request& request) {
    auto url = parse_url(request.url);
    if (!url)
        return error(ErrorCode::Rejected, "The URL is not an http or https address; correct the URL of the account.");
    if (has_line_break(request))
        return error(ErrorCode::Rejected, "A header holds a line break; the request was not sent.");
    if (request.credentials && url->scheme == "http" && !is_loopback_host(url->host))
        return error(
            ErrorCode::Rejected,
            "The password is not sent to " + url->origin() + " because it is not encrypted; use its https URL."
        );
    return std::move(*url);
}

}  // namespace

CurlTransport::CurlTransport(Settings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock), loop_(std::make_unique<Loop>(settings_)) {}

CurlTransport::~CurlTransport() = default;

/// Ends its exchange within a second, when the loop looks next.
class CurlTransport::Stream final : public OpenStream {
public:
    Stream(std::shared_ptr<Exchange> exchange, std::shared_ptr<std::atomic<int>> open)
        : exchange_(std::move(exchange)), open_(std::move(open)) {}
    ~Stream() override {
        exchange_->abandoned = true;
        --*open_;
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

private:
    std::shared_ptr<Exchange> exchange_;
    std::shared_ptr<std::atomic<int>> open_;
};

/// Shared: the loop may still hold it when its caller has left.
std::shared_ptr<Exchange> CurlTransport::prepared(const Request& request, const Url& url, Authentication authentication)
    const {
    auto exchange = std::make_shared<Exchange>();
    exchange->request = request;
    exchange->origin = url.origin();
    exchange->authentication = authentication;
    const auto& own = settings_.private_hosts;
    exchange->private_allowed =
        settings_.allow_private_addresses || std::find(own.begin(), own.end(), url.host) != own.end();
    return exchange;
}

Result<std::shared_ptr<Exchange>> CurlTransport::begin(
    const Request& request, const Url& url, const Context& context, Authentication authentication
) {
    const auto remaining = context.deadline - clock_.steady();
    if (context.stop.stop_requested()) return error(ErrorCode::Cancelled, "The call was stopped.");
    if (remaining <= remaining.zero())
        return error(ErrorCode::Unavailable, "No time was left to ask " + url.origin() + ".");
    auto exchange = prepared(request, url, authentication);
    exchange->timeout = remaining;
    loop_->start(exchange);
    return exchange;
}

Result<Response> CurlTransport::outcome_of(Exchange& exchange, const Context& context) {
    std::unique_lock lock(exchange.mutex);
    const auto remaining = std::max(context.deadline - clock_.steady(), SteadyInstant::duration::zero());
    exchange.changed.wait_for(lock, context.stop, remaining, [&] { return exchange.outcome.has_value(); });
    if (exchange.outcome) return std::move(*exchange.outcome);
    lock.unlock();
    exchange.abandoned = true;
    loop_->wake();
    if (context.stop.stop_requested()) return error(ErrorCode::Cancelled, "The call was stopped.");
    if (exchange.sent)
        return error(
            ErrorCode::Timeout, exchange.origin + " did not answer in time; it may be busy or down, so try again later."
        );
    return error(ErrorCode::Unavailable, "No connection to " + exchange.origin + " in time.");
}

Result<Response> CurlTransport::exchange(
    const Request& request, const Url& url, const Context& context, Authentication authentication
) {
    CALGATE_TRY(const auto begun, begin(request, url, context, authentication));
    return outcome_of(*begun, context);
}

Result<Response> CurlTransport::signed_in(
    const Request& request, const Url& url, const Context& context, Authentication known, Result<Response> first
) {
    if (!first || first->status != 401 || known != Authentication::Basic || !request.credentials) return first;
    const auto wanted = asked_for(*first);
    if (wanted == Authentication::Basic) return first;
    CALGATE_TRY(Response second, exchange(request, url, context, wanted));
    if (second.status != 401) loop_->remember(url.origin(), wanted);
    return second;
}

Result<Response> CurlTransport::send(const Request& request, const Context& context) {
    return std::move(send_together({request}, context).front());
}

std::vector<Result<Response>> CurlTransport::send_together(
    const std::vector<Request>& requests, const Context& context
) {
    struct Begun {
        Url url{};
        Authentication known{};
        Result<std::shared_ptr<Exchange>> exchange{std::shared_ptr<Exchange>{}};
    };
    std::vector<Begun> begun;
    for (const Request& request : requests) {
        auto url = checked(request);
        if (!url) {
            begun.push_back({{}, {}, url.error()});
            continue;
        }
        const auto known = request.credentials ? loop_->wanted(url->origin()) : Authentication::Basic;
        begun.push_back({*url, known, begin(request, *url, context, known)});
    }
    std::vector<Result<Response>> answers;
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const Begun& one = begun[i];
        if (!one.exchange)
            answers.push_back(one.exchange.error());
        else
            answers.push_back(signed_in(requests[i], one.url, context, one.known, outcome_of(**one.exchange, context)));
    }
    return answers;
}

Result<std::unique_ptr<OpenStream>> CurlTransport::open_stream(
    const Request& request, std::shared_ptr<StreamListener> listener, const StreamLimits& limits
) {
    CALGATE_TRY(const Url url, checked(request));
    auto exchange = prepared(request, url, request.credentials ? loop_->wanted(url.origin()) : Authentication::Basic);
    exchange->timeout = limits.longest;
    exchange->silence = limits.silence;
    exchange->listener = std::move(listener);
    ++*streams_;
    auto stream = std::make_unique<Stream>(exchange, streams_);
    if (*streams_ > settings_.max_streams)
        return error(ErrorCode::RateLimited, "As many connections to " + url.origin() + " are kept open as may be.");
    loop_->start(std::move(exchange));
    return std::unique_ptr<OpenStream>(std::move(stream));
}

}  // namespace calgate::http
