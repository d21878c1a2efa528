#include "gateway/serve.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/caller.hpp"
#include "gateway/gateway.hpp"
#include "gateway/http_server.hpp"
#include "gateway/keys.hpp"

namespace calgate {
namespace {

/// Blocked before any thread starts, so that only wait_for_end() sees them.
sigset_t end_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

void wait_for_end(const sigset_t& set) {
    int received = 0;
    sigwait(&set, &received);
    spdlog::info("event=stopping signal={}", received);
}

}  // namespace

int serve(const std::string& directory) {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("calgate"));
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%SZ level=%l %v", spdlog::pattern_time_type::utc);
    std::signal(SIGPIPE, SIG_IGN);
    const sigset_t signals = end_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    auto opened = Gateway::open(directory);
    if (!opened) {
        std::fprintf(stderr, "%s\n", opened.error().detail.c_str());
        return 1;
    }
    Gateway& gateway = **opened;
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
        true});
    HttpServer::Settings settings;
    settings.host = gateway.config.listen_host;
    settings.port = static_cast<unsigned short>(gateway.config.listen_port);
    settings.body_bytes = gateway.config.body_bytes;
    settings.connections = gateway.config.connections;
    settings.request_timeout = gateway.config.request_timeout;
    HttpServer server(
        settings,
        [&](const HttpRequest& request) { return api.lane(request); },
        [&](const HttpRequest& request) { return api.handle(request); }
    );
    const std::string url = "http://" + settings.host + ":" + std::to_string(server.port());
    if (const auto kept =
            write_private_file(admin_file(directory), nlohmann::json{{"url", url}, {"token", token}}.dump());
        !kept) {
        std::fprintf(stderr, "%s\n", kept.error().detail.c_str());
        return 1;
    }
    gateway.engine->start();
    server.start();
    spdlog::info("event=serving url={} business=\"{}\"", url, gateway.config.name);
    wait_for_end(signals);
    server.stop();
    gateway.engine->stop();
    std::remove(admin_file(directory).c_str());
    spdlog::info("event=stopped");
    return 0;
}

}  // namespace calgate
