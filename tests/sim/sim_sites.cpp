#include "tests/sim/sim_sites.hpp"

#include <algorithm>
#include <stdexcept>

#include "connectors/http/url.hpp"

namespace calgate::testing {

namespace {

constexpr std::chrono::seconds kPerRequest{30};

SimReply answer(int status, std::string body) {
    SimReply reply;
    reply.response.status = status;
    reply.response.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    reply.response.body = std::move(body);
    return reply;
}

/// A redirect within a service that was asked under another origin stays with the caller's.
void keep_redirect_here(http::Response& response, const std::string& service_origin, const std::string& asked_origin) {
    for (auto& [name, value] : response.headers)
        if (name == "Location" && value.starts_with(service_origin + "/"))
            value = asked_origin + value.substr(service_origin.size());
}

/// As CurlTransport would see it from the other side.
SimReply reply_of(Result<http::Response> outcome) {
    if (outcome) return {SimReply::Kind::Answer, std::move(*outcome)};
    if (outcome.error().code == ErrorCode::InvalidResponse) {
        SimReply cut = answer(200, "An answer that breaks off before its end.");
        cut.kind = SimReply::Kind::CutShort;
        return cut;
    }
    return {SimReply::Kind::Drop, {}};
}

SimReply stream_of(SimSite& site, http::Request request) {
    SimReply reply;
    reply.kind = SimReply::Kind::Stream;
    reply.open = [service = site.service, asked = std::move(request)](std::shared_ptr<http::StreamListener> listener) {
        return service->open_stream(asked, std::move(listener), {});
    };
    reply.tick = site.tick;
    return reply;
}

}  // namespace

void SimPerson::forget_tokens() { throw std::invalid_argument("This service cannot be made to forget."); }
void SimPerson::receive_at(const std::string&) { throw std::invalid_argument("This service does not notify."); }

SimSites::SimSites(const Clock& clock, std::uint64_t seed) : clock_(clock), random_(seed) {}

SimSite& SimSites::add(SimSite site) { return sites_[site.name] = std::move(site); }

SimSite* SimSites::named(const std::string& name) {
    const auto found = sites_.find(name);
    return found == sites_.end() ? nullptr : &found->second;
}

SimSite* SimSites::site_of(const std::string& host, const std::string& default_site) {
    if (host.empty() || http::is_loopback_host(host)) return named(default_site);
    for (auto& [name, site] : sites_)
        if (std::find(site.hosts.begin(), site.hosts.end(), host) != site.hosts.end()) return &site;
    return nullptr;
}

bool SimSites::admits(const std::string& host, const std::string& default_site) {
    const SimSite* const site = site_of(host, default_site);
    return site && !site->faults.down;
}

SimReply SimSites::handle(http::Request&& request, const std::string& default_site) {
    const auto url = http::parse_url(request.url);
    if (!url) return answer(400, "The Host header or the target is no address.\n");
    SimSite* const site = site_of(url->host, default_site);
    if (!site) return answer(421, "No simulator answers for " + url->host + ".\n");
    ++site->requests;
    if (site->faults.down) return {SimReply::Kind::Drop, {}};
    if (site->faults.hang) return {SimReply::Kind::Silence, {}};
    if (random_.between(1, 100) <= site->faults.failing_percent) return answer(site->faults.status, site->faults.body);
    const std::string origin = site->origin.empty() ? "https://" + url->host : site->origin;
    request.url = origin + url->path + url->query;
    if (site->streams && site->streams(request)) return stream_of(*site, std::move(request));
    SimReply reply = reply_of(site->service->send(request, {clock_.steady() + kPerRequest, {}}));
    if (!site->origin.empty()) keep_redirect_here(reply.response, site->origin, url->origin());
    return reply;
}

}  // namespace calgate::testing
