#include "gateway/serve.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "connectors/http/curl_transport.hpp"
#include "connectors/http/url.hpp"
#include "gateway/api.hpp"
#include "gateway/callbacks.hpp"
#include "gateway/caller.hpp"
#include "gateway/chores.hpp"
#include "gateway/commands.hpp"
#include "gateway/credentials.hpp"
#include "gateway/erasure_list.hpp"
#include "gateway/gateway.hpp"
#include "gateway/holidays.hpp"
#include "gateway/http_server.hpp"
#include "gateway/keys.hpp"
#include "gateway/request_limits.hpp"

namespace calgate {
namespace {

constexpr std::chrono::seconds kEraseEvery{30};
constexpr std::chrono::hours kRetainEvery{24};
constexpr std::chrono::hours kWarnBefore{14 * 24};
constexpr std::size_t kMostHolidayBytes = 1024 * 1024;
constexpr std::chrono::seconds kHolidayPatience{30};

/// Blocked before any thread starts, so that only wait_for_end() sees them.
sigset_t awaited_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
}

/// @return whether the work, given a way to the API that is being served, ended well.
bool over_the_api(const std::string& directory, const std::function<int(Caller&)>& work) {
    const auto caller = Caller::to_running(directory);
    return caller && work(**caller) == 0;
}

/// What the source of the holidays holds now. @param transport for an address.
Result<std::string> holidays_text(const Gateway& gateway, http::HttpTransport& transport) {
    const std::string& source = gateway.config.holidays;
    const auto url = http::parse_url(source);
    if (!url) {
        const auto file = std::filesystem::path(gateway.directory) / source;
        return read_file(file.string(), kMostHolidayBytes);
    }
    if (url->scheme != "https" && !http::is_loopback_host(url->host))
        return Error{
            ErrorCode::Rejected, "Holidays are read over https only; write such an address into [holidays].", {}};
    http::Request request;
    request.method = "GET";
    request.url = source;
    request.headers = {{"Accept", "text/calendar"}};
    request.max_response_bytes = kMostHolidayBytes;
    CALGATE_TRY(http::Response response, transport.send(request, {gateway.clock.steady() + kHolidayPatience, {}}));
    if (response.status == 200) return std::move(response.body);
    return Error{
        ErrorCode::Unavailable,
        "The address of the holidays answered " + std::to_string(response.status) + "; check source in [holidays].",
        {}};
}

http::CurlTransport::Settings holiday_transport(const Config& config) {
    http::CurlTransport::Settings settings;
    settings.allow_private_addresses = true;  // The operator names the place himself.
    settings.ca_file = config.ca_file;
    settings.connect_to = config.connect_to;
    return settings;
}

Chores::Chore holiday_chore(const Gateway& gateway, Holidays& holidays) {
    const auto every = [&gateway] {
        return gateway.config.holidays.empty() ? std::chrono::seconds{0} : gateway.config.holidays_every;
    };
    const auto read_them = [&holidays] {
        const Status status = holidays.refresh();
        if (!status) spdlog::warn("event=holidays_unread what=\"{}\"", status.error().detail);
        return status.has_value();
    };
    return {"holidays", every, read_them};
}

std::vector<Chores::Chore> chores_of(const Gateway& gateway) {
    const KitConfig& kit = gateway.config.kit;
    const auto kit_every = [&kit] {
        return kit.target.empty() ? std::chrono::seconds{0} : std::chrono::seconds{kit.every};
    };
    const auto write_it = [&gateway, &kit] {
        const KitOptions options{kit.target, kit.days, kit.password_file, kit.user, kit.target_password_file, true};
        return over_the_api(gateway.directory, [&](Caller& caller) {
            return write_kit(caller, gateway.directory, options);
        });
    };
    const auto drill_every = [&gateway] {
        const auto text = read(*gateway.store, [](const Reader& r) { return r.setting(kDrillSchedule); });
        return std::chrono::seconds{std::strtoll(text.value_or("0").c_str(), nullptr, 10)};
    };
    const auto drill_it = [&gateway] {
        DrillOptions options;
        options.quiet = true;
        return over_the_api(gateway.directory, [&](Caller& caller) {
            return drill_host(caller, gateway.directory, options);
        });
    };
    const auto open_erasures = [&gateway] {
        const auto all = read(*gateway.store, [](const Reader& r) { return r.erasures(); });
        return std::count_if(all.begin(), all.end(), [](const Erasure& one) { return !one.done; });
    };
    const auto erase_every = [open_erasures] { return open_erasures() > 0 ? kEraseEvery : std::chrono::seconds{0}; };
    const auto erase_it = [&gateway, &kit, write_it, open_erasures] {
        const auto before = open_erasures();
        if (!match_erasure_list(gateway.directory, *gateway.store)) return false;
        const bool good = over_the_api(gateway.directory, [](Caller& caller) {
            return caller.call("POST", "/v1/erasures/run").good() ? 0 : 1;
        });
        // The sheets of before have the names.
        return good && (open_erasures() == before || kit.target.empty() || write_it());
    };
    const auto retain = [&gateway] {
        const auto report = apply_retention(
            {*gateway.store, gateway.zones, gateway.clock, gateway.keys.recovery_key, {}}, gateway.config.retention
        );
        gateway.engine->wake(report.targets);
        spdlog::info("job=retention nameless={} versions={} words={}", report.nameless, report.versions, report.words);
        return true;
    };
    return {
        {"retention", [] { return std::chrono::seconds{kRetainEvery}; }, retain},
        {"erasures", erase_every, erase_it},
        {"kit", kit_every, write_it},
        {"drill", drill_every, drill_it}};
}

/// Tells the booking system of changes, over connections of its own.
struct CallbackParts {
    CallbackParts(Gateway& gateway, http::CurlTransport::Settings settings)
        : transport(std::move(settings), gateway.clock),
          worker(
              {gateway.config.callbacks.url}, *gateway.store, gateway.vault, transport, gateway.clock, gateway.random
          ) {}
    http::CurlTransport transport;
    Callbacks worker;
};

/// Started; null when nobody is to be told.
std::unique_ptr<CallbackParts> callbacks_of(Gateway& gateway) {
    if (gateway.config.callbacks.url.empty()) return nullptr;
    http::CurlTransport::Settings settings;
    settings.allow_private_addresses = gateway.config.callbacks.allow_internal;
    settings.ca_file = gateway.config.ca_file;
    settings.connect_to = gateway.config.connect_to;
    auto parts = std::make_unique<CallbackParts>(gateway, std::move(settings));
    parts->worker.start();
    return parts;
}

/// SIGHUP has the certificate read anew.
void wait_for_end(const sigset_t& set, HttpServer& server) {
    int received = 0;
    while (sigwait(&set, &received) == 0 && received == SIGHUP) {
        tell_service_manager("RELOADING=1");
        server.reload_certificate();
        tell_service_manager("READY=1");
    }
    tell_service_manager("STOPPING=1");
    spdlog::info("event=stopping signal={}", received);
}

HttpServer::Settings server_settings(const Config& config) {
    HttpServer::Settings settings;
    settings.host = config.listen_host;
    settings.port = static_cast<unsigned short>(config.listen_port);
    settings.body_bytes = config.body_bytes;
    settings.connections = config.connections;
    settings.connections_per_address = config.connections_per_address;
    settings.behind_proxy = config.behind_proxy;
    settings.request_timeout = config.request_timeout;
    settings.tls = {config.certificate_file, config.certificate_key_file};
    return settings;
}

/// For the command line on this machine, beside a listener with TLS: no name in a certificate is 127.0.0.1's.
HttpServer::Settings local_settings(HttpServer::Settings settings) {
    settings.tls = {};
    settings.host = "127.0.0.1";
    settings.port = 0;
    settings.store_threads = 4;
    return settings;
}

void warn_of_certificate(const HttpServer::Settings& settings, Instant now) {
    if (!settings.tls.given()) {
        if (!is_loopback(settings.host))
            spdlog::warn(
                "event=plain_listener what=\"Keys and names travel readable to {}; set certificate_file and "
                "certificate_key_file in calgate.toml, or listen on 127.0.0.1 behind a proxy.\"",
                settings.host
            );
        return;
    }
    const auto end = certificate_end(settings.tls);
    if (end && *end - now < kWarnBefore)
        spdlog::warn(
            "event=certificate_ends what=\"The certificate ends on {}; put a new one there.\"", format_instant(*end)
        );
}

}  // namespace

int serve(const std::string& directory) {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("calgate"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%SZ level=%l %v", spdlog::pattern_time_type::utc);
    std::signal(SIGPIPE, SIG_IGN);
    const sigset_t signals = awaited_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    auto opened = Gateway::open(directory);
    if (!opened) {
        std::fprintf(stderr, "%s\n", opened.error().detail.c_str());
        return 1;
    }
    Gateway& gateway = **opened;
    http::CurlTransport transport(holiday_transport(gateway.config), gateway.clock);
    Holidays holidays(*gateway.store, gateway.index, gateway.zones, gateway.clock, [&] {
        return holidays_text(gateway, transport);
    });
    const bool with_holidays = !gateway.config.holidays.empty();
    if (with_holidays) holidays.load();
    const std::string token = "local_" + base64url(random_bytes(gateway.random, 32));
    Api api(ApiParts{
        *gateway.store,
        gateway.index,
        *gateway.engine,
        gateway.connectors,
        gateway.zones,
        gateway.clock,
        gateway.random,
        gateway.keys,
        token,
        true,
        {gateway.config.key_per_minute,
         gateway.config.address_per_minute,
         gateway.config.behind_proxy,
         gateway.config.streams_per_key,
         std::max(1, gateway.config.connections / 4)},
        gateway.config.booking,
        gateway.config.callbacks.url,
        std::chrono::milliseconds{gateway.config.recheck_ms},
        [&](const Staff& staff) {
            if (with_holidays) holidays.show(staff);
        },
        gateway.config.countries,
        gateway.config.kit.target,
        directory});
    const HttpServer::Settings settings = server_settings(gateway.config);
    const auto lane = [&](const HttpRequest& request) { return api.lane(request); };
    const auto handle = [&](const HttpRequest& request) { return api.handle(request); };
    HttpServer server(settings, lane, handle);
    std::optional<HttpServer> local;
    if (settings.tls.given()) local.emplace(local_settings(settings), lane, handle);
    const std::string served = (local ? "https://" : "http://") + settings.host + ":" + std::to_string(server.port());
    const std::string url = local ? "http://127.0.0.1:" + std::to_string(local->port()) : served;
    warn_of_certificate(settings, gateway.clock.now());
    if (const auto kept =
            write_private_file(admin_file(directory), nlohmann::json{{"url", url}, {"token", token}}.dump());
        !kept) {
        std::fprintf(stderr, "%s\n", kept.error().detail.c_str());
        return 1;
    }
    gateway.engine->start();
    server.start();
    if (local) local->start();
    std::vector<Chores::Chore> regular = chores_of(gateway);
    regular.push_back(holiday_chore(gateway, holidays));
    Chores chores(*gateway.store, gateway.clock, std::move(regular));
    chores.start();
    const auto callbacks = callbacks_of(gateway);
    spdlog::info("event=serving url={} business=\"{}\"", served, gateway.config.name);
    tell_service_manager("READY=1");
    wait_for_end(signals, server);
    if (local) local->stop();
    server.stop();  // First, so that a chore that asks the API is not waited for.
    chores.stop();
    if (callbacks) callbacks->worker.stop();
    gateway.engine->stop();
    std::remove(admin_file(directory).c_str());
    spdlog::info("event=stopped");
    return 0;
}

}  // namespace calgate
