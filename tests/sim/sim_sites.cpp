#include "tests/sim/sim_sites.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

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
    reply.open = [service = site.service, asked = std::move(request)](std::shared_ptr<http::StreamListener> listener
                 ) -> Result<std::unique_ptr<http::OpenStream>> {
        try {
            return service->open_stream(asked, std::move(listener), {});
        } catch (const std::exception&) {
            return Error{ErrorCode::InvalidResponse, "The simulator cannot take this request.", {}};
        }
    };
    reply.tick = site.tick;
    return reply;
}

/// What is refused for there being too many at once is said at once.
void hold_up(SimReply& reply, SimSite& site, const http::Request& request) {
    if (reply.kind != SimReply::Kind::Answer || reply.response.status == 429) return;
    if (site.in_flight) reply.in_flight = site.in_flight(request);
    reply.delay = site.faults.delay;
    reply.waits_in_body = site.faults.in_the_body;
    if (site.faults.hold)
        reply.hold = [&site](std::function<void()> release) { site.held.push_back(std::move(release)); };
}

bool is_hit(const SimFaults& faults, const http::Request& request, const std::string& path) {
    return (faults.method.empty() || faults.method == request.method) && path.find(faults.path) != std::string::npos;
}

SimReply failure(const SimFaults& faults) {
    SimReply reply = answer(faults.status, faults.body);
    if (!faults.retry_after.empty()) reply.response.headers.emplace_back("Retry-After", faults.retry_after);
    return reply;
}

SimReply broken(const SimSite& site) {
    SimReply reply = answer(500, R"({"error":{"code":500,"message":"The simulator cannot take this request."}})");
    reply.response.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    if (site.broken) reply.response = site.broken();
    return reply;
}

}  // namespace

void SimPerson::forget_tokens() { throw std::invalid_argument("This service cannot be made to forget."); }
void SimPerson::set_quirk(const std::string&, const std::string&) {
    throw std::invalid_argument("This service has no quirks that can be switched here.");
}
void SimPerson::advance(std::chrono::seconds) {
    throw std::invalid_argument("The clock of this service cannot be moved.");
}
void SimPerson::register_service_account(const std::string&, const std::string&, const std::string&) {
    throw std::invalid_argument("This service has no service accounts.");
}
void SimPerson::hear_notifications(Hearing) {}
void SimPerson::revoke() { throw std::invalid_argument("Consent to this service cannot be taken back here."); }
void SimPerson::tell_life(const std::string&) {
    throw std::invalid_argument("This service says nothing about the life of subscriptions.");
}
void SimPerson::receive_at(const std::string&) { throw std::invalid_argument("This service does not notify."); }

SimSites::SimSites(const Clock& clock, std::uint64_t seed) : clock_(clock), random_(seed) {}

SimSite& SimSites::add(SimSite site) { return sites_[site.name] = std::move(site); }

SimSite* SimSites::named(const std::string& name) {
    const auto found = sites_.find(name);
    return found == sites_.end() ? nullptr : &found->second;
}

void SimSites::set_faults(SimSite& site, const SimFaults& faults) {
    site.faults = faults;
    if (faults.hold) return;
    for (const auto& release : std::exchange(site.held, {})) release();
}

SimSite* SimSites::loopback_site(const std::string& default_site) {
    if (SimSite* const site = named(default_site)) return site;
    return sites_.size() == 1 ? &sites_.begin()->second : nullptr;
}

SimSite* SimSites::site_of(const std::string& host, const std::string& path, const std::string& default_site) {
    const bool loopback = host.empty() || http::is_loopback_host(host);
    for (auto& [name, site] : sites_) {
        const bool named_here = std::find(site.hosts.begin(), site.hosts.end(), host) != site.hosts.end();
        const bool known = loopback && std::any_of(site.paths.begin(), site.paths.end(), [&](const auto& beginning) {
                               return path.starts_with(beginning);
                           });
        if (named_here || known) return &site;
    }
    return loopback ? loopback_site(default_site) : nullptr;
}

bool SimSites::admits(const std::string& host, const std::string& default_site) {
    if (!host.empty() && !http::is_loopback_host(host)) {
        const SimSite* const site = site_of(host, {}, default_site);
        return site && !site->faults.down;
    }
    // The path is not known yet: one that could be meant is enough.
    const SimSite* const fallback = loopback_site(default_site);
    return (fallback && !fallback->faults.down) || std::any_of(sites_.begin(), sites_.end(), [](const auto& entry) {
               return !entry.second.paths.empty() && !entry.second.faults.down;
           });
}

SimReply SimSites::handle(http::Request&& request, const std::string& default_site) {
    const auto url = http::parse_url(request.url);
    if (!url) return answer(400, "The Host header or the target is no address.\n");
    SimSite* const site = site_of(url->host, url->path, default_site);
    if (!site) return answer(421, "No simulator answers for " + url->host + ".\n");
    ++site->requests;
    if (site->faults.down) return {SimReply::Kind::Drop, {}};
    const bool hit = is_hit(site->faults, request, url->path);
    if (hit && site->faults.hang) return {SimReply::Kind::Silence, {}};
    if (hit && random_.between(1, 100) <= site->faults.failing_percent) return failure(site->faults);
    try {
        return outcome(*site, *url, std::move(request), hit);
    } catch (const std::exception&) {
        return broken(*site);
    }
}

SimReply SimSites::outcome(SimSite& site, const http::Url& url, http::Request&& request, bool hit) {
    const std::string origin = site.origin.empty() ? "https://" + url.host : site.origin;
    request.url = origin + url.path + url.query;
    if (site.streams && site.streams(request)) return stream_of(site, std::move(request));
    SimReply reply = reply_of(site.service->send(request, {clock_.steady() + kPerRequest, {}}));
    if (site.heard && reply.kind == SimReply::Kind::Answer) site.heard(request, reply.response);
    if (hit) hold_up(reply, site, request);
    if (!site.origin.empty()) keep_redirect_here(reply.response, site.origin, url.origin());
    return reply;
}

}  // namespace calgate::testing
