#pragma once

#include <memory>
#include <string>

#include "core/availability.hpp"
#include "core/identity.hpp"
#include "core/zone.hpp"
#include "gateway/config.hpp"
#include "gateway/connector_factory.hpp"
#include "gateway/data_lock.hpp"
#include "gateway/keys.hpp"
#include "gateway/system_clock.hpp"
#include "gateway/system_random.hpp"
#include "scheduler/engine.hpp"
#include "store/store.hpp"

namespace calgate {

/// An opened data directory, wired. Destruction stops the engine first.
struct Gateway {
    /// Takes the lock, opens the store, fills the availability index.
    /// @return Rejected with a sentence. @throws StoreFailure when the store cannot be opened.
    static Result<std::unique_ptr<Gateway>> open(const std::string& directory);
    Gateway(std::string directory, Config, KeyFile, ConnectorSettings, DataLock);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    const std::string directory;
    const Config config;
    const Keys keys;
    DataLock lock;
    SystemClock clock{};
    SystemRandom random{};
    ZoneResolver zones{};
    std::unique_ptr<Store> store;
    Vault vault;
    AvailabilityIndex index{};
    GatewayConnectors connectors;
    std::unique_ptr<Engine> engine;
    bool running = false;  ///< The engine's workers are started.
};

/// What calgate.toml in the data directory says. @return Rejected with a sentence.
Result<Config> load_config(const std::string& directory);

/// Makes a data directory: configuration, keys, store, business, first API key.
struct InitResult {
    std::string api_key{};
    std::string recovery_key{};
};
Result<InitResult> init_gateway(const std::string& directory, const Config& config);

}  // namespace calgate
