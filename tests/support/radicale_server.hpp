#pragma once

#include "tests/support/loopback_server.hpp"

namespace calgate::testing {

/// Radicale as Debian packages it, with one user and password.
class RadicaleServer final : public LoopbackServer {
public:
    RadicaleServer();
    std::string account_url() const { return origin() + "/"; }

private:
    std::vector<std::string> command(int port) override;
};

}  // namespace calgate::testing
