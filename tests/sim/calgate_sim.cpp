// calgate-sim: simulated calendar services over real HTTP and HTTPS, for demos, drills and other people's clients.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "gateway/system_clock.hpp"
#include "tests/sim/caldav_site.hpp"
#include "tests/sim/ews_site.hpp"
#include "tests/sim/google_site.hpp"
#include "tests/sim/graph_site.hpp"
#include "tests/sim/sim_record.hpp"
#include "tests/sim/sim_world.hpp"

namespace {

using namespace calgate::testing;
using Json = nlohmann::json;

/// Blocked before any thread starts, so that only main() sees them.
sigset_t end_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

Json greeting(const SimWorld& world, const std::vector<SimSite>& sites) {
    Json logins = Json::object();
    for (const auto& site : sites) logins[site.name] = site.login;
    return {
        {"https", world.https_port()},
        {"http", world.http_port()},
        {"control", world.control_port()},
        {"ca_file", world.ca_file()},
        {"hosts", world.hosts()},
        {"logins", logins}};
}

}  // namespace

int main(int argc, char** argv) {
    std::string folder = ".", recorded;
    std::vector<std::string> profiles;
    std::string google, graph, ews;
    std::uint64_t seed = 1;
    CLI::App app("Simulated calendar services on free ports of 127.0.0.1; prints them as one JSON line.");
    app.add_option("--folder", folder, "Gets ca.pem, the authority to trust")->check(CLI::ExistingDirectory);
    app.add_option("--caldav", profiles, "A CalDAV profile to serve; may be repeated")
        ->check(CLI::IsMember(
            {"rfc",
             "icloud",
             "icloud_etags",
             "radicale",
             "xandikos",
             "cyrus",
             "sabre",
             "sogo",
             "proxied",
             "weak_etags",
             "stuck_pages",
             "odd_reports"}
        ));
    app.add_option("--google", google, "Serve Google Calendar with this profile")->check(CLI::IsMember({"plain"}));
    app.add_option("--graph", graph, "Serve Microsoft Graph with this profile")
        ->check(CLI::IsMember({"plain", "dup_409", "dup_existing", "small_pages", "sloppy", "rewriting"}));
    app.add_option("--ews", ews, "Serve an Exchange server with this profile")
        ->check(
            CLI::IsMember({"plain", "scrambled", "lax", "amnesiac", "assistant", "html", "blind", "worst", "stranger"})
        );
    app.add_option("--record", recorded, "Gets what Google and Graph are asked and answer, for tests/contracts")
        ->envname("CALGATE_EXCHANGES");
    app.add_option("--seed", seed, "Of the faults that hit by chance");
    CLI11_PARSE(app, argc, argv);

    std::signal(SIGPIPE, SIG_IGN);
    const sigset_t signals = end_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    try {
        const calgate::SystemClock clock;
        const calgate::ZoneResolver zones;
        std::vector<SimSite> sites;
        for (const auto& profile : profiles) sites.push_back(caldav_site(profile, clock));
        if (!google.empty()) sites.push_back(google_site(clock, zones));
        if (!graph.empty()) sites.push_back(graph_site(graph, clock, zones));
        if (!recorded.empty())
            for (SimSite& site : sites)
                if (site.name == "google" || site.name == "graph") record(site, recorded);
        if (!ews.empty()) sites.push_back(ews_site(ews, clock, zones));
        const SimWorld world(clock, sites, folder, seed);
        std::printf("%s\n", greeting(world, sites).dump().c_str());
        std::fflush(stdout);
        int received = 0;
        sigwait(&signals, &received);
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "calgate-sim: %s\n", error.what());
        return 1;
    }
}
