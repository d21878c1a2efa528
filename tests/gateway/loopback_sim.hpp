#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "gateway/http_server.hpp"
#include "tests/sim/caldav_sim.hpp"

namespace calgate::testing {

/// The simulated CalDAV service on a free port of 127.0.0.1, so that a whole gateway can be tried against it.
class LoopbackSim {
public:
    explicit LoopbackSim(const Clock& clock, Quirks quirks = quirks_of("rfc"));

    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/"; }
    /// The body of POST /v1/accounts.
    std::string account(const std::string& password) const;
    /// One at a time with what is being answered.
    void with(const std::function<void(CaldavSim&)>& work);
    /// In every answer, the one text becomes the other.
    void replace(const std::string& from, const std::string& to);

private:
    HttpResponse answer(const HttpRequest&);

    const Clock& clock_;
    std::mutex mutex_{};
    CaldavSim sim_;
    std::map<std::string, std::string> replacements_{};
    HttpServer server_;
};

}  // namespace calgate::testing
