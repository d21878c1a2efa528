#include <cstdio>
#include <filesystem>
#include <optional>

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/http/curl_transport.hpp"
#include "connectors/http/url.hpp"
#include "gateway/command_support.hpp"
#include "gateway/commands.hpp"
#include "gateway/credentials.hpp"
#include "gateway/keys.hpp"
#include "gateway/kit_calendar.hpp"
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

/// Where a kit goes that is no folder of this machine.
class Server {
public:
    Server(const std::string& directory, const KitOptions& options, const Clock& clock)
        : options_(options), clock_(clock), transport_(settings(), clock), directory_(directory) {}

    /// @return whether a calendar lies there.
    Result<bool> look() {
        credentials_.user = options_.user;
        if (!options_.target_password_file.empty()) {
            CALGATE_TRY(credentials_.password, secret_in(directory_, options_.target_password_file));
        }
        const auto parsed = http::parse_url(options_.target);
        const bool safe = parsed && (parsed->scheme == "https" || http::is_loopback_host(parsed->host));
        return safe && is_calendar(transport_, clock_, options_.target, credentials_);
    }
    Status put(const std::vector<KitFile>& files) {
        return put_to_webdav(files, transport_, clock_, options_.target, credentials_);
    }
    Result<int> put(const std::vector<Event>& events, const ZoneResolver& zones) {
        caldav::CaldavSettings wanted;
        wanted.url = options_.target;
        wanted.user = credentials_.user;
        wanted.password = credentials_.password;
        caldav::CaldavConnector connector(transport_, clock_, zones, wanted);
        return put_to_calendar(events, connector, clock_, zones, options_.target);
    }

private:
    static http::CurlTransport::Settings settings() {
        http::CurlTransport::Settings wanted;
        wanted.allow_private_addresses = true;  // The operator names the place himself.
        return wanted;
    }

    const KitOptions& options_;
    const Clock& clock_;
    http::CurlTransport transport_;
    std::string directory_;
    http::Credentials credentials_{};
};

Result<std::vector<KitFile>> files_of(
    const Kit& kit, const ZoneResolver& zones, const std::string& directory, const KitOptions& options
) {
    std::vector<KitFile> files = kit_files(kit, zones);
    if (options.password_file.empty()) return files;
    CALGATE_TRY(const std::string password, secret_in(directory, options.password_file));
    CALGATE_TRY(std::string sealed, seal_with_password(tar_of(files, kit.made), password));
    return std::vector<KitFile>{{kSealedName, "application/cms", std::move(sealed)}};
}

/// Why a kit may not go into the calendar there; nothing: it may.
std::optional<std::string> refusal(Caller& caller, const KitOptions& options) {
    if (!options.password_file.empty())
        return "A calendar shows what is in it, so a kit cannot be sealed there. Leave password_file out, or name a "
               "folder.";
    const auto calendars = caller.call("GET", "/v1/calendars");
    if (!calendars.good()) return calendars.problem();
    for (const auto& calendar : calendars.body["calendars"])
        if (is_same_place(text_of(calendar, "href"), options.target))
            return "The calendar " + text_of(calendar, "name") +
                   " is connected; a kit there would be read as events of a person. Make a calendar of its own for it.";
    return std::nullopt;
}

}  // namespace

int write_kit(Caller& caller, const std::string& directory, const KitOptions& options) {
    const SystemClock clock;
    const ZoneResolver zones;
    std::optional<Server> server;  // Else the target is a folder.
    if (options.target.find("://") != std::string::npos) server.emplace(directory, options, clock);
    const auto is_calendar = server ? server->look() : Result<bool>(false);
    if (!is_calendar) return fail(is_calendar.error().detail);
    if (*is_calendar) {
        if (const auto why = refusal(caller, options)) return fail(*why);
    }
    const auto kit = gather_kit(caller, zones, clock.now(), options.days);
    if (!kit) return fail(kit.error().detail);
    if (*is_calendar) {
        const auto events = kit_events(*kit, zones);
        const auto written = server->put(events, zones);
        if (!written) return fail(written.error().detail);
        if (!options.quiet)
            std::printf(
                "%zu events for %d days, %d of them new, changed or gone: %s\n",
                events.size(),
                options.days,
                *written,
                options.target.c_str()
            );
        return kDone;
    }
    const auto files = files_of(*kit, zones, directory, options);
    if (!files) return fail(files.error().detail);
    const auto done = server ? server->put(*files) : put_into_folder(*files, options.target);
    if (!done) return fail(done.error().detail);
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
