#pragma once

#include "tests/support/loopback_server.hpp"

namespace calgate::testing {

/// Xandikos as Debian packages it; it has no passwords.
class XandikosServer final : public LoopbackServer {
public:
    XandikosServer();
    std::string account_url() const { return origin() + "/"; }

private:
    std::vector<std::string> command(int port) override;
};

}  // namespace calgate::testing
