#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/identity.hpp"
#include "scheduler/engine.hpp"
#include "store/booking.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/services/services.hpp"

namespace calgate::bench {

/// What the line to a service costs, and when a title first arrived there. Any thread.
class TimedWire final : public http::HttpTransport {
public:
    using Arrivals = std::map<std::string, SteadyInstant>;
    TimedWire(http::HttpTransport& inner, const Clock& clock, std::chrono::milliseconds latency)
        : inner_(inner), clock_(clock), latency_(latency) {}

    /// Half of the latency before the service hears of it, half after.
    Result<http::Response> send(const http::Request&, const Context&) override;
    /// Each takes a connection of its own, four at a time.
    std::vector<Result<http::Response>> send_together(const std::vector<http::Request>&, const Context&) override;

    Arrivals arrivals() const;
    std::atomic<int> calls = 0, refused = 0;
    std::atomic<bool> down = false;

private:
    Result<http::Response> pass_on(const http::Request&, const Context&);

    http::HttpTransport& inner_;
    const Clock& clock_;
    std::chrono::milliseconds latency_;
    mutable std::mutex mutex_{};
    Arrivals arrivals_{};
};

/// A business whose people have a calendar each at some services; every account at a simulator of its own.
class MirroredPeople final : public ConnectorFactory {
public:
    struct Account {
        std::string service{}, url{};
    };
    /// @param accounts of each person. @param clock of the simulators and of the engine.
    MirroredPeople(
        const std::string& file,
        const Clock& clock,
        int people,
        const std::vector<Account>& accounts,
        Engine::Settings settings,
        std::chrono::milliseconds latency
    );
    Result<std::unique_ptr<Connector>> open(const calgate::Account&) override;

    /// Books or moves; the title says which time it is. @return when it was acknowledged.
    SteadyInstant place(int number, int person, int slot, const std::string& title);
    std::int64_t waiting() const;
    /// What the provider documents. @return calls a minute.
    int set_quota();
    Engine& engine() { return *engine_; }
    std::map<std::string, std::unique_ptr<TimedWire>>& wires() { return wires_; }

private:
    const Clock& clock_;
    ZoneResolver zones_{};
    std::unique_ptr<Random> random_;
    std::unique_ptr<Store> store_;
    AvailabilityIndex index_{};
    Keys keys_{mark_key_of(std::string(32, 'r')), std::string(32, 'r')};
    std::map<std::string, std::unique_ptr<testing::SimulatedService>> services_{};
    std::map<std::string, std::unique_ptr<TimedWire>> wires_{};
    std::vector<CalendarId> calendars_{};
    std::unique_ptr<Engine> engine_{};
};

}  // namespace calgate::bench
