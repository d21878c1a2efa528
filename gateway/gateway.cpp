#include "gateway/gateway.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "gateway/api_keys.hpp"
#include "gateway/credentials.hpp"
#include "gateway/erasure_list.hpp"
#include "gateway/keys.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace calgate {
namespace {

constexpr std::size_t kMaxConfigBytes = 256 * 1024;
constexpr std::size_t kMaxSecretBytes = 64 * 1024;

Engine::Settings engine_settings(const Config& config) {
    Engine::Settings settings;
    settings.workers = config.workers;
    settings.poll_active = config.poll_active;
    settings.poll_idle = config.poll_idle;
    settings.probe_every = config.probe_every;
    settings.call_timeout = config.call_timeout;
    settings.policies = config.policies;
    settings.survival_probe = true;
    settings.verify_every = std::chrono::hours{24};
    // A service calls back over https only; without such an address calendars are polled.
    if (config.public_url.starts_with("https://")) settings.push_url = config.public_url;
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

Result<oauth::Client> client_from(
    const std::string& directory, oauth::Provider provider, const ApplicationConfig& config
) {
    oauth::Client client{provider, config.client_id, config.tenant, {}, {}};
    client.cloud = *oauth::microsoft_cloud(config.cloud);
    const auto take = [&](const std::string& file, std::string& out) -> Status {
        if (file.empty()) return {};
        CALGATE_TRY(out, read_secret_file(secret_path(directory, file), kMaxSecretBytes));
        return {};
    };
    CALGATE_TRY_STATUS(take(config.client_secret_file, client.secret));
    CALGATE_TRY_STATUS(take(config.certificate_file, client.certificate));
    return client;
}

Result<ConnectorSettings> connector_settings(const std::string& directory, const Config& config) {
    ConnectorSettings settings;
    settings.default_zone = config.zone;
    settings.public_url = config.public_url;
    settings.ca_file = config.ca_file;
    settings.connect_to = config.connect_to;
    CALGATE_TRY(settings.google, client_from(directory, oauth::Provider::Google, config.google));
    CALGATE_TRY(settings.microsoft, client_from(directory, oauth::Provider::Microsoft, config.microsoft));
    return settings;
}

}  // namespace

Result<Config> load_config(const std::string& directory) {
    const std::string file = directory + "/calgate.toml";
    CALGATE_TRY(const std::string text, read_file(file, kMaxConfigBytes));
    const ZoneResolver zones;
    return read_config(text, file, zones);
}

Result<std::unique_ptr<Gateway>> Gateway::open(const std::string& directory) {
    CALGATE_TRY(KeyFile keys, load_keys(directory));
    CALGATE_TRY(const Config config, load_config(directory));
    CALGATE_TRY(ConnectorSettings settings, connector_settings(directory, config));
    CALGATE_TRY(DataLock lock, DataLock::take(directory));
    auto gateway = std::make_unique<Gateway>(directory, config, std::move(keys), std::move(settings), std::move(lock));
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
    CALGATE_TRY_STATUS(match_erasure_list(directory, *gateway->store));
    gateway->engine->load();
    return gateway;
}

Gateway::Gateway(std::string where, Config wanted, KeyFile secret, ConnectorSettings settings, DataLock taken)
    : directory(std::move(where)),
      config(std::move(wanted)),
      keys(std::move(secret.keys)),
      lock(std::move(taken)),
      store(SqliteStore::open(directory + "/calgate.db")),
      vault(directory, std::move(secret.vault), random),
      connectors({*store, vault, zones, clock, random}, std::move(settings)) {
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
    const KeyFile keys = make_keys(random);
    const std::string api_key = make_api_key(random);
    {
        const auto store = SqliteStore::open(directory + "/calgate.db");
        store->write([&](Writer& writer) {
            Business business;
            business.id = base64url(random_bytes(random, 12));
            business.epoch = base64url(random_bytes(random, 12));
            apply_policies(business, config);
            writer.put(business);
            writer.put(ApiKey{sha256_hex(api_key), "first key", KeyScope::Admin, SystemClock{}.now(), std::nullopt});
        });
    }
    CALGATE_TRY_STATUS(write_private_file(directory + "/calgate.toml", write_config(config)));
    CALGATE_TRY_STATUS(save_keys(directory, keys));
    return InitResult{api_key, base64url(keys.keys.recovery_key)};
}

}  // namespace calgate
