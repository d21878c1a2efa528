#pragma once

#include <string>
#include <vector>

#include "connectors/http/curl_transport.hpp"
#include "tests/sim/sim_control.hpp"
#include "tests/sim/sim_server.hpp"
#include "tests/sim/sim_sites.hpp"

namespace calgate::testing {

/// Simulated services over real HTTPS, under the host names that they have in production, with an authority of their
/// own. It serves until it is destroyed.
class SimWorld {
public:
    /// @param folder must exist; gets `ca.pem`.
    SimWorld(const Clock&, std::vector<SimSite>, const std::string& folder, std::uint64_t seed = 1);
    ~SimWorld();
    SimWorld(const SimWorld&) = delete;
    SimWorld& operator=(const SimWorld&) = delete;

    const std::string& ca_file() const { return ca_file_; }
    std::uint16_t https_port() const { return https_port_; }
    /// For clients without TLS: sites by their Host header; under a loopback address by the path (Google), otherwise
    /// the first CalDAV site or the only site there is.
    std::uint16_t http_port() const { return http_port_; }
    std::uint16_t control_port() const { return control_port_; }
    std::vector<std::string> hosts() const;
    /// A transport with these reaches the simulators under their production URLs, and nothing else differs.
    http::CurlTransport::Settings client_settings() const;

    /// Between two requests, on the thread that serves.
    void run(const std::function<void(SimSites&)>& work);
    void set_faults(const std::string& site, const SimFaults&);

private:
    SimSites sites_;
    SimControl control_;
    std::string default_site_;
    std::string ca_file_;
    std::uint16_t https_port_ = 0;
    std::uint16_t http_port_ = 0;
    std::uint16_t control_port_ = 0;
    SimServer server_;
};

}  // namespace calgate::testing
