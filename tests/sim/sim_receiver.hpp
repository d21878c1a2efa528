#pragma once

#include <memory>
#include <string>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "tests/sim/sim_sites.hpp"

namespace calgate::testing {

/// Stands where an operator's reverse proxy stands: what a service sends to a public https address goes on, path and
/// all, to a program of this machine. One thread.
class SimReceiver {
public:
    explicit SimReceiver(const Clock&);
    ~SimReceiver();
    SimReceiver(const SimReceiver&) = delete;
    SimReceiver& operator=(const SimReceiver&) = delete;

    /// @param origin "http://127.0.0.1:8480"; empty: nobody is there.
    void set_origin(std::string origin);
    /// As the service sees it; 502 when nobody answers within ten seconds (Graph's own patience).
    http::Response send(const http::Request&);
    void hear(Hearing hears) { hears_ = std::move(hears); }

private:
    http::Response passed_on(const http::Request&);

    const Clock& clock_;
    std::string origin_{};
    Hearing hears_{};
    std::unique_ptr<http::HttpTransport> transport_;
};

}  // namespace calgate::testing
