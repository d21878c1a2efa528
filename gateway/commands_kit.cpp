#include <cstdio>
#include <filesystem>

#include "connectors/http/curl_transport.hpp"
#include "connectors/http/url.hpp"
#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/credentials.hpp"
#include "gateway/keys.hpp"
#include "gateway/kit_seal.hpp"
#include "gateway/kit_target.hpp"
#include "gateway/system_clock.hpp"

namespace calgate {
namespace {

constexpr std::size_t kMostSecret = 4096;
constexpr const char* kSealedName = "outage-kit.tar.cms";

/// A relative name is one in the data directory, as in calgate.toml; on the command line in the present folder.
Result<std::string> secret_in(const std::string& directory, const std::string& file) {
    const bool here = std::filesystem::exists(file);
    return read_secret_file(here ? file : secret_path(directory, file), kMostSecret);
}

Result<std::vector<KitFile>> files_for(
    Caller& caller, const std::string& directory, const KitOptions& options, const Clock& clock
) {
    const ZoneResolver zones;
    const Instant now = clock.now();
    CALGATE_TRY(const Kit kit, gather_kit(caller, zones, now, options.days));
    std::vector<KitFile> files = kit_files(kit, zones);
    if (options.password_file.empty()) return files;
    CALGATE_TRY(const std::string password, secret_in(directory, options.password_file));
    CALGATE_TRY(std::string sealed, seal_with_password(tar_of(files, now), password));
    return std::vector<KitFile>{{kSealedName, "application/cms", std::move(sealed)}};
}

Status deliver(
    const std::vector<KitFile>& files, const std::string& directory, const KitOptions& options, const Clock& clock
) {
    if (options.target.find("://") == std::string::npos) return put_into_folder(files, options.target);
    http::Credentials credentials{options.user, {}};
    if (!options.target_password_file.empty()) {
        CALGATE_TRY(credentials.password, secret_in(directory, options.target_password_file));
    }
    http::CurlTransport::Settings settings;
    settings.allow_private_addresses = true;  // The operator names the place himself.
    http::CurlTransport transport(settings, clock);
    return put_to_webdav(files, transport, clock, options.target, credentials);
}

}  // namespace

int write_kit(Caller& caller, const std::string& directory, const KitOptions& options) {
    const SystemClock clock;
    const auto files = files_for(caller, directory, options, clock);
    if (!files) return fail(files.error().detail);
    if (const auto done = deliver(*files, directory, options, clock); !done) return fail(done.error().detail);
    if (options.quiet) return kDone;
    std::printf("%zu files for %d days: %s\n", files->size(), options.days, options.target.c_str());
    if (!options.password_file.empty())
        std::printf(
            "Open it with: openssl cms -decrypt -binary -inform DER -in %s -pwri_password \"$(cat %s)\" | tar x\n",
            kSealedName,
            options.password_file.c_str()
        );
    return kDone;
}

int command_kit(const std::string& directory, const KitOptions& options) {
    return with_gateway(directory, [&](Caller& caller) { return write_kit(caller, directory, options); });
}

}  // namespace calgate
