#include "tests/bench/many_accounts.hpp"

#include <malloc.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/google/google_connector.hpp"
#include "connectors/google/google_ids.hpp"
#include "connectors/graph/graph_connector.hpp"
#include "connectors/http/url.hpp"
#include "core/forwarding_connector.hpp"
#include "core/identity.hpp"
#include "gateway/system_clock.hpp"
#include "gateway/system_random.hpp"
#include "scheduler/engine.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/bench/process_cost.hpp"
#include "tests/sim/google_sim.hpp"
#include "tests/sim/graph_sim.hpp"
#include "tests/support/fixed_tokens.hpp"

namespace calgate::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kPollEvery{300};
constexpr std::chrono::milliseconds kLatency{100};
constexpr std::size_t kServers = 20;

enum class Trouble : std::uint8_t { None, Hangs, Refuses };

/// What all lines together saw.
struct Seen {
    std::atomic<std::size_t> refused = 0, hung = 0;
};

/// A simulator that many accounts share, one call at a time, behind the line of one account.
class Line final : public http::HttpTransport {
public:
    Line(http::HttpTransport& inner, std::mutex& mutex, const Clock& clock, Trouble trouble, Seen& seen)
        : inner_(inner), mutex_(mutex), clock_(clock), trouble_(trouble), seen_(seen) {}
    Result<http::Response> send(const http::Request& request, const Context& context) override {
        if (trouble_ == Trouble::Hangs) return hang(context);
        std::this_thread::sleep_for(kLatency);
        if (trouble_ == Trouble::Refuses) {
            ++seen_.refused;
            http::Response limited{429, {{"Content-Type", "application/json"}}, {}, request.url};
            limited.body = R"({"error":{"code":429,"errors":[{"domain":"usageLimits","reason":"rateLimitExceeded"}]}})";
            return limited;
        }
        const std::lock_guard lock(mutex_);
        return inner_.send(request, context);
    }

private:
    Result<http::Response> hang(const Context& context) {
        ++seen_.hung;
        while (clock_.steady() < context.deadline && !context.stop.stop_requested()) std::this_thread::sleep_for(50ms);
        return Error{ErrorCode::Timeout, "No answer came in time.", {}};
    }
    http::HttpTransport& inner_;
    std::mutex& mutex_;
    const Clock& clock_;
    Trouble trouble_;
    Seen& seen_;
};

/// When a calendar was read last, and how long it had to wait at most.
struct Readings {
    std::mutex mutex{};
    SteadyInstant last{};
    std::chrono::milliseconds longest{0};
    std::size_t count = 0;
};

class Watched final : public ForwardingConnector {
public:
    Watched(
        std::unique_ptr<http::HttpTransport> line,
        std::unique_ptr<oauth::TokenSource> tokens,
        std::unique_ptr<Connector> inner,
        Readings& readings,
        const Clock& clock
    )
        : ForwardingConnector(*inner),
          line_(std::move(line)),
          tokens_(std::move(tokens)),
          owned_(std::move(inner)),
          readings_(readings),
          clock_(clock) {}
    Result<ChangeSet> fetch_changes(
        const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        auto page = inner_.fetch_changes(context, calendar, since, known);
        if (!page) return page;
        const std::lock_guard lock(readings_.mutex);
        const auto now = clock_.steady();
        if (readings_.count > 0) readings_.longest = std::max(readings_.longest, now - readings_.last);
        readings_.last = now;
        ++readings_.count;
        return page;
    }

private:
    std::unique_ptr<http::HttpTransport> line_;
    std::unique_ptr<oauth::TokenSource> tokens_;
    std::unique_ptr<Connector> owned_;
    Readings& readings_;
    const Clock& clock_;
};

/// The services, and who has an account where: two fifths at Google, two at Graph, one at the CalDAV servers.
class Town final : public ConnectorFactory {
public:
    Town(const Clock& clock, const ZoneResolver& zones, std::size_t accounts)
        : clock_(clock), zones_(zones), google_(clock, zones), graph_(clock, zones, testing::graph_quirks_of("plain")) {
        for (std::size_t n = 0; n < kServers; ++n)
            servers_.push_back(std::make_unique<testing::CaldavSim>(clock, testing::quirks_of("rfc")));
        for (std::size_t n = 0; n < accounts; ++n) {
            const std::string name = std::to_string(n);
            Place place;
            if (n % 5 < 2) {
                place = {"google", google::calendar_href(google_.make_calendar(name)), "https://www.googleapis.com"};
                if (n % 100 == 0) place.trouble = Trouble::Refuses;
            } else if (n % 5 < 4) {
                place = {
                    "graph",
                    {"calendars/" + http::percent_encode(graph_.make_calendar(name))},
                    "https://graph.microsoft.com"};
            } else {
                const std::size_t server = n / 5 % kServers;
                place = {"caldav", servers_[server]->make_calendar(name), "https://cal" + std::to_string(server)};
                place.server = server;
                if (server == 0) place.trouble = Trouble::Hangs;
            }
            places_.push_back(place);
        }
        readings_ = std::make_unique<Readings[]>(accounts);
    }
    void connect(Store& store) const {
        store.write([&](Writer& writer) {
            writer.put(Business{.id = "b1", .name = "Town", .zone = "Europe/Berlin", .epoch = "e1"});
            for (std::size_t n = 0; n < places_.size(); ++n) {
                const std::string name = std::to_string(n);
                writer.put(Staff{.id = {"s" + name}, .name = "S", .zone = "Europe/Berlin"});
                writer.put(Account{.id = {name}, .kind = places_[n].kind, .url = places_[n].url});
                Calendar row;
                row.id = {name};
                row.account = {name};
                row.staff = {"s" + name};
                row.href = places_[n].calendar;
                row.busy = true;
                writer.put(row);
            }
        });
    }
    Result<std::unique_ptr<Connector>> open(const Account& account) override {
        const std::size_t n = std::stoul(account.id.value);
        const Place& place = places_[n];
        std::unique_ptr<http::HttpTransport> line;
        std::unique_ptr<oauth::TokenSource> tokens;
        std::unique_ptr<Connector> connector;
        if (place.kind == "google") {
            line = std::make_unique<Line>(google_, google_mutex_, clock_, place.trouble, seen);
            {
                const std::lock_guard lock(google_mutex_);
                tokens = std::make_unique<testing::FixedTokens>(google_.issue_access_token());
            }
            google::GoogleSettings settings;
            settings.default_zone = "Europe/Berlin";
            connector = std::make_unique<google::GoogleConnector>(*line, clock_, zones_, *tokens, settings);
        } else if (place.kind == "graph") {
            line = std::make_unique<Line>(graph_, graph_mutex_, clock_, place.trouble, seen);
            {
                const std::lock_guard lock(graph_mutex_);
                tokens = std::make_unique<testing::FixedTokens>(graph_.issue_token());
            }
            graph::GraphSettings settings;
            settings.default_zone = "Europe/Berlin";
            connector = std::make_unique<graph::GraphConnector>(*line, clock_, zones_, *tokens, settings);
        } else {
            auto& server = *servers_[place.server];
            line = std::make_unique<Line>(server, server_mutexes_[place.server], clock_, place.trouble, seen);
            caldav::CaldavSettings settings;
            settings.url = server.account_url();
            settings.user = testing::CaldavSim::credentials().user;
            settings.password = testing::CaldavSim::credentials().password;
            connector = std::make_unique<caldav::CaldavConnector>(*line, clock_, zones_, settings);
        }
        return std::unique_ptr<Connector>(
            std::make_unique<Watched>(std::move(line), std::move(tokens), std::move(connector), readings_[n], clock_)
        );
    }

    bool everybody_was_read() const {
        for (std::size_t n = 0; n < places_.size(); ++n) {
            const std::lock_guard lock(readings_[n].mutex);
            if (places_[n].trouble == Trouble::None && readings_[n].count == 0) return false;
        }
        return true;
    }
    /// From here on.
    void begin() {
        for (std::size_t n = 0; n < places_.size(); ++n) {
            const std::lock_guard lock(readings_[n].mutex);
            readings_[n].longest = 0ms;
            counted_ += readings_[n].count;
        }
    }
    void add_up(ManyAccounts& out) const {
        std::chrono::milliseconds longest{0};
        std::size_t count = 0;
        for (std::size_t n = 0; n < places_.size(); ++n) {
            const std::lock_guard lock(readings_[n].mutex);
            count += readings_[n].count;
            if (places_[n].trouble != Trouble::None) continue;
            longest = std::max({longest, readings_[n].longest, clock_.steady() - readings_[n].last});
        }
        out.longest_gap_s = std::chrono::duration<double>(longest).count();
        out.readings = count - counted_;
        out.refused = seen.refused;
        out.hung = seen.hung;
    }
    Seen seen{};

private:
    struct Place {
        std::string kind{};
        Href calendar{};
        std::string url{};
        std::size_t server = 0;
        Trouble trouble = Trouble::None;
    };
    const Clock& clock_;
    const ZoneResolver& zones_;
    std::mutex google_mutex_{}, graph_mutex_{}, server_mutexes_[kServers]{};
    testing::GoogleSim google_;
    testing::GraphSim graph_;
    std::vector<std::unique_ptr<testing::CaldavSim>> servers_{};
    std::vector<Place> places_{};
    std::unique_ptr<Readings[]> readings_{};
    std::size_t counted_ = 0;
};

}  // namespace

ManyAccounts many_accounts(const std::string& folder, std::size_t accounts, std::chrono::seconds steady) {
    const SystemClock clock;
    const ZoneResolver zones;
    SystemRandom random;
    Town town(clock, zones, accounts);
    malloc_trim(0);
    const double before = resident_mib();
    const auto store = SqliteStore::open(folder + "/accounts.db");
    town.connect(*store);
    AvailabilityIndex index;
    Keys keys{mark_key_of(std::string(32, 'r')), std::string(32, 'r')};
    Engine::Settings settings;
    settings.poll_active = settings.poll_idle = kPollEvery;
    Engine engine{{*store, index, town, zones, clock, random, keys, [](const std::string&) {}}, settings};
    engine.load();
    const auto began = clock.steady();
    engine.start();
    while (!town.everybody_was_read()) std::this_thread::sleep_for(100ms);
    ManyAccounts out;
    out.first_reading_s = std::chrono::duration<double>(clock.steady() - began).count();
    town.begin();
    const double cpu = cpu_seconds();
    std::this_thread::sleep_for(steady);
    out.share_of_core = (cpu_seconds() - cpu) / static_cast<double>(steady.count());
    town.add_up(out);
    malloc_trim(0);
    out.memory_mib = resident_mib() - before;
    engine.stop();
    return out;
}

}  // namespace calgate::bench
