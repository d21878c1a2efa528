#include "gateway/serve.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>

#include "gateway/businesses.hpp"
#include "gateway/commands.hpp"
#include "gateway/credentials.hpp"
#include "gateway/gateway.hpp"
#include "gateway/http_server.hpp"
#include "gateway/request_limits.hpp"
#include "gateway/served_business.hpp"

namespace calgate {
namespace {

constexpr std::chrono::hours kWarnBefore{14 * 24};

/// Blocked before any thread starts, so that only wait_for_end() sees them.
sigset_t awaited_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return set;
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

/// In the order given: the first listens.
Result<std::vector<std::unique_ptr<ServedBusiness>>> open_all(
    const std::vector<std::string>& directories, Businesses& businesses
) {
    std::vector<std::unique_ptr<ServedBusiness>> all;
    for (const std::string& directory : directories) {
        CALGATE_TRY(auto member, ServedBusiness::open(directory));
        CALGATE_TRY_STATUS(businesses.add(member->api(), member->gateway().config.public_url));
        all.push_back(std::move(member));
    }
    return all;
}

}  // namespace

int serve(const std::string& directory, const std::vector<std::string>& also) {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("calgate"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%SZ level=%l %v", spdlog::pattern_time_type::utc);
    std::signal(SIGPIPE, SIG_IGN);
    const sigset_t signals = awaited_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    Businesses businesses;
    std::vector<std::string> directories = {directory};
    directories.insert(directories.end(), also.begin(), also.end());
    const auto members = open_all(directories, businesses);
    if (!members) {
        std::fprintf(stderr, "%s\n", members.error().detail.c_str());
        return 1;
    }
    const Gateway& gateway = members->front()->gateway();
    const HttpServer::Settings settings = server_settings(gateway.config);
    const auto lane = [&](const HttpRequest& request) { return businesses.lane(request); };
    const auto handle = [&](const HttpRequest& request) { return businesses.handle(request); };
    HttpServer server(settings, lane, handle);
    std::optional<HttpServer> local;
    if (settings.tls.given()) local.emplace(local_settings(settings), lane, handle);
    const std::string served = (local ? "https://" : "http://") + settings.host + ":" + std::to_string(server.port());
    const std::string url = local ? "http://127.0.0.1:" + std::to_string(local->port()) : served;
    warn_of_certificate(settings, gateway.clock.now());
    for (const auto& member : *members) {
        if (const Status told = member->tell_commands(url); !told) {
            std::fprintf(stderr, "%s\n", told.error().detail.c_str());
            return 1;
        }
    }
    for (const auto& member : *members) member->start_engine();
    server.start();
    if (local) local->start();
    for (const auto& member : *members) {
        member->start_chores();
        spdlog::info("event=serving url={} business=\"{}\"", served, member->gateway().config.name);
    }
    tell_service_manager("READY=1");
    wait_for_end(signals, server);
    if (local) local->stop();
    server.stop();  // First, so that a chore that asks the API is not waited for.
    for (const auto& member : *members) member->stop();
    spdlog::info("event=stopped");
    return 0;
}

}  // namespace calgate
