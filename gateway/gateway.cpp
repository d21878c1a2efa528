#include "gateway/gateway.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "gateway/keys.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace calgate {
namespace {

constexpr std::size_t kMaxConfigBytes = 256 * 1024;

Engine::Settings engine_settings(const Config& config) {
    Engine::Settings settings;
    settings.workers = config.workers;
    settings.poll_active = config.poll_active;
    settings.poll_idle = config.poll_idle;
    settings.call_timeout = config.call_timeout;
    settings.push_url = config.push_url;
    return settings;
}

void apply_policies(Business& business, const Config& config) {
    business.name = config.name;
    business.zone = config.zone;
    business.concurrent_edits = config.concurrent_edits;
    business.deletions = config.deletions;
    business.stale = config.stale;
    business.stale_after = config.stale_after;
}

Result<Config> load_config(const std::string& directory) {
    const std::string file = directory + "/calgate.toml";
    CALGATE_TRY(const std::string text, read_file(file, kMaxConfigBytes));
    const ZoneResolver zones;
    return read_config(text, file, zones);
}

}  // namespace

std::string make_api_key(Random& random) { return "cg_" + base64url(random_bytes(random, 32)); }

Result<std::unique_ptr<Gateway>> Gateway::open(const std::string& directory) {
    CALGATE_TRY(const Keys keys, load_keys(directory));
    CALGATE_TRY(const Config config, load_config(directory));
    CALGATE_TRY(DataLock lock, DataLock::take(directory));
    auto gateway = std::make_unique<Gateway>(directory, config, keys, std::move(lock));
    const bool known = write(*gateway->store, [&](Writer& writer) {
        auto business = writer.business();
        if (!business) return false;
        apply_policies(*business, config);
        if (!(*business == *writer.business())) writer.put(*business);
        return true;
    });
    if (!known)
        return Error{
            ErrorCode::Rejected,
            "The store in " + directory + " holds no business; run calgate init in an empty folder."};
    gateway->engine->load();
    return gateway;
}

Gateway::Gateway(std::string where, Config wanted, Keys secret, DataLock taken)
    : directory(std::move(where)),
      config(std::move(wanted)),
      keys(std::move(secret)),
      lock(std::move(taken)),
      store(SqliteStore::open(directory + "/calgate.db")),
      connectors(keys, zones, clock, config.zone) {
    engine = std::make_unique<Engine>(
        EngineParts{
            *store,
            index,
            connectors,
            zones,
            clock,
            random,
            keys,
            [](const std::string& line) { spdlog::info("{}", line); }},
        engine_settings(config)
    );
}

Gateway::~Gateway() {
    if (engine) engine->stop();
}

Result<InitResult> init_gateway(const std::string& directory, const Config& config) {
    namespace fs = std::filesystem;
    std::error_code error;
    fs::create_directories(directory, error);
    if (error)
        return Error{
            ErrorCode::Rejected,
            "The folder " + directory + " cannot be made (" + error.message() + "); choose another with --dir."};
    if (fs::exists(directory + "/keys.json") || fs::exists(directory + "/calgate.db")) {
        return Error{
            ErrorCode::Rejected,
            "There is a gateway in " + directory + " already; nothing was changed. Choose another folder with --dir."};
    }
    fs::permissions(directory, fs::perms::owner_all, error);
    CALGATE_TRY(const DataLock lock, DataLock::take(directory));
    SystemRandom random;
    const Keys keys = make_keys(random);
    const std::string api_key = make_api_key(random);
    {
        const auto store = SqliteStore::open(directory + "/calgate.db");
        store->write([&](Writer& writer) {
            Business business;
            business.id = base64url(random_bytes(random, 12));
            business.epoch = base64url(random_bytes(random, 12));
            apply_policies(business, config);
            writer.put(business);
            writer.put_api_key(sha256_hex(api_key), "first key");
        });
    }
    CALGATE_TRY_STATUS(write_private_file(directory + "/calgate.toml", write_config(config)));
    CALGATE_TRY_STATUS(save_keys(directory, keys));
    return InitResult{api_key, base64url(keys.recovery_key)};
}

}  // namespace calgate
