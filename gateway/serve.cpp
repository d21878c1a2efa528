#include "gateway/serve.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "gateway/api.hpp"
#include "gateway/caller.hpp"
#include "gateway/chores.hpp"
#include "gateway/commands.hpp"
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

/// @return whether the work, given a way to the API that is being served, ended well.
bool over_the_api(const std::string& directory, const std::function<int(Caller&)>& work) {
    const auto caller = Caller::to_running(directory);
    return caller && work(**caller) == 0;
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
    return {{"kit", kit_every, write_it}, {"drill", drill_every, drill_it}};
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
        true,
        {gateway.config.key_per_minute, gateway.config.address_per_minute, gateway.config.behind_proxy}});
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
    Chores chores(*gateway.store, gateway.clock, chores_of(gateway));
    chores.start();
    spdlog::info("event=serving url={} business=\"{}\"", url, gateway.config.name);
    wait_for_end(signals);
    server.stop();  // First, so that a chore that asks the API is not waited for.
    chores.stop();
    gateway.engine->stop();
    std::remove(admin_file(directory).c_str());
    spdlog::info("event=stopped");
    return 0;
}

}  // namespace calgate
