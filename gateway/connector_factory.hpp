#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"
#include "core/identity.hpp"
#include "core/zone.hpp"
#include "scheduler/engine.hpp"

namespace calgate {

/// Opens accounts' secrets and makes their connectors. One transport per configured host, so that a host that the
/// operator put into a private network is reachable for its own account only. Any thread.
class GatewayConnectors final : public ConnectorFactory {
public:
    GatewayConnectors(const Keys&, const ZoneResolver&, const Clock&, std::string default_zone);
    ~GatewayConnectors() override;

    Result<std::unique_ptr<Connector>> open(const Account&) override;
    /// With a password that is not stored yet.
    Result<std::unique_ptr<Connector>> open(const Account&, const std::string& password);

private:
    http::HttpTransport& transport_for(const std::string& url);

    const Keys& keys_;
    const ZoneResolver& zones_;
    const Clock& clock_;
    const std::string default_zone_;
    std::mutex mutex_{};
    std::map<std::string, std::unique_ptr<http::HttpTransport>> transports_{};
};

/// What a sealed password is bound to, so that one account's cannot be moved to another.
std::string secret_binding(const Account&);

}  // namespace calgate
