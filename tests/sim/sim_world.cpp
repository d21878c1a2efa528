#include "tests/sim/sim_world.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace calgate::testing {

namespace {

/// Always there, so that a client that trusts the authority can be tried on each of them.
const std::vector<std::string> kProductionHosts = {
    "www.googleapis.com",
    "oauth2.googleapis.com",
    "accounts.google.com",
    "graph.microsoft.com",
    "login.microsoftonline.com",
};

std::vector<TlsHost> certificates(LocalCa& authority, const std::vector<std::string>& hosts) {
    std::vector<TlsHost> all;
    all.push_back({{"localhost"}, authority.issue({"localhost", "127.0.0.1"})});
    for (const auto& host : hosts) all.push_back({{host}, authority.issue({host})});
    return all;
}

std::string first_caldav(const std::vector<SimSite>& sites) {
    for (const auto& site : sites)
        if (site.name.starts_with("caldav-")) return site.name;
    return {};
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) throw std::runtime_error("Cannot write " + path + "; name a folder that exists.");
}

}  // namespace

SimWorld::SimWorld(const Clock& clock, std::vector<SimSite> sites, const std::string& folder, std::uint64_t seed)
    : sites_(clock, seed), control_(sites_), default_site_(first_caldav(sites)), ca_file_(folder + "/ca.pem") {
    for (auto& site : sites) sites_.add(std::move(site));
    LocalCa authority;
    write_file(ca_file_, authority.certificate());
    const auto handle = [this](http::Request&& request) { return sites_.handle(std::move(request), default_site_); };
    https_port_ = server_.listen_tls(certificates(authority, hosts()), handle, [this](const std::string& host) {
        return sites_.admits(host, default_site_);
    });
    http_port_ = server_.listen_plain(handle);
    control_port_ = server_.listen_plain([this](http::Request&& request) {
        SimReply reply = control_.handle(std::move(request));
        server_.drop_refused();
        return reply;
    });
    server_.start();
}

SimWorld::~SimWorld() { server_.stop(); }

std::vector<std::string> SimWorld::hosts() const {
    std::vector<std::string> all = kProductionHosts;
    for (const auto& [name, site] : sites_.all())
        for (const auto& host : site.hosts)
            if (std::find(all.begin(), all.end(), host) == all.end()) all.push_back(host);
    return all;
}

http::CurlTransport::Settings SimWorld::client_settings() const {
    http::CurlTransport::Settings settings;
    settings.ca_file = ca_file_;
    settings.private_hosts = hosts();
    for (const auto& host : settings.private_hosts)
        settings.connect_to.push_back(host + ":443:127.0.0.1:" + std::to_string(https_port_));
    return settings;
}

void SimWorld::run(const std::function<void(SimSites&)>& work) {
    server_.run([&] { work(sites_); });
}

void SimWorld::set_faults(const std::string& site, const SimFaults& faults) {
    server_.run([&] {
        SimSite* const found = sites_.named(site);
        if (!found) throw std::invalid_argument("There is no site " + site + ".");
        SimSites::set_faults(*found, faults);
        server_.drop_refused();
    });
}

}  // namespace calgate::testing
