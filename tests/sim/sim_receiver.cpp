#include "tests/sim/sim_receiver.hpp"

#include "connectors/http/curl_transport.hpp"
#include "connectors/http/url.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::seconds kPatience{10};

http::CurlTransport::Settings loopback_only() {
    http::CurlTransport::Settings settings;
    settings.private_hosts = {"127.0.0.1", "localhost"};
    return settings;
}

http::Response bad_gateway() {
    http::Response response;
    response.status = 502;
    return response;
}

}  // namespace

SimReceiver::SimReceiver(const Clock& clock)
    : clock_(clock), transport_(std::make_unique<http::CurlTransport>(loopback_only(), clock)) {}

SimReceiver::~SimReceiver() = default;

void SimReceiver::set_origin(std::string origin) { origin_ = std::move(origin); }

http::Response SimReceiver::send(const http::Request& request) {
    http::Response answer = passed_on(request);
    if (hears_) hears_(request, answer);
    return answer;
}

http::Response SimReceiver::passed_on(const http::Request& request) {
    const auto url = http::parse_url(request.url);
    if (!url || origin_.empty()) return bad_gateway();
    http::Request passed = request;
    passed.url = origin_ + url->path + url->query;
    auto response = transport_->send(passed, {clock_.steady() + kPatience, {}});
    return response ? std::move(*response) : bad_gateway();
}

}  // namespace calgate::testing
