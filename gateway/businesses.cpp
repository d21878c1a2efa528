#include "gateway/businesses.hpp"

#include <algorithm>

#include "connectors/http/url.hpp"
#include "gateway/api.hpp"

namespace calgate {
namespace {

/// Of a URL, in lower case; empty when it is none.
std::string host_of(const std::string& url) {
    const auto parsed = http::parse_url(url);
    return parsed ? parsed->host : "";
}

}  // namespace

Status Businesses::add(Api& api, const std::string& public_url) {
    const std::string host = host_of(public_url);
    const bool taken =
        std::ranges::any_of(members_, [&](const Member& one) { return !host.empty() && one.host == host; });
    if (taken)
        return Error{
            ErrorCode::Rejected,
            "Two businesses have the host " + host + " in public_url; give each a host of its own.",
            {}};
    members_.push_back({&api, host});
    return {};
}

Api& Businesses::meant_by(const HttpRequest& request) const {
    CALGATE_ASSERT(!members_.empty());
    if (members_.size() == 1) return *members_.front().api;
    if (!Api::is_open(request))
        for (const Member& one : members_)
            if (one.api->knows(request)) return *one.api;
    const std::string host = host_of("http://" + std::string(request.header("host")) + "/");
    for (const Member& one : members_)
        if (!host.empty() && one.host == host) return *one.api;
    return *members_.front().api;
}

Lane Businesses::lane(const HttpRequest& request) const { return members_.front().api->lane(request); }

HttpResponse Businesses::handle(const HttpRequest& request) const {
    if (request.method == "GET" && request.path == "/ready") {
        // One that takes no bookings makes the whole process not ready.
        for (const Member& one : members_) {
            HttpResponse response = one.api->handle(request);
            if (response.status != 200) return response;
        }
    }
    return meant_by(request).handle(request);
}

}  // namespace calgate
