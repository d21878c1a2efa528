#pragma once

#include <atomic>
#include <random>

#include "connectors/memory/memory_connector.hpp"
#include "scheduler/conflicts.hpp"
#include "scheduler/engine.hpp"
#include "tests/scheduler/map_store.hpp"

namespace calgate::testing {

/// Time stands still until a test, or what it laid into the engine, moves it. Thread-safe.
class HandClock final : public Clock {
public:
    Instant now() const override { return kStart + std::chrono::seconds{passed_ + jumped_}; }
    SteadyInstant steady() const override {
        return SteadyInstant{std::chrono::milliseconds{kStart.time_since_epoch() + std::chrono::seconds{passed_}}};
    }
    void advance(std::chrono::seconds by) { passed_ += by.count(); }
    /// The wall clock is set; no time passes.
    void jump(std::chrono::seconds by) { jumped_ += by.count(); }

private:
    static constexpr Instant kStart{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + std::chrono::hours{8}};
    std::atomic<std::int64_t> passed_{0}, jumped_{0};
};

class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t next() override { return engine_(); }
    void fill(std::span<unsigned char> bytes) override {
        for (auto& byte : bytes) byte = static_cast<unsigned char>(engine_());
    }

private:
    std::mt19937_64 engine_;
};

class MemoryFactory final : public ConnectorFactory {
public:
    explicit MemoryFactory(memory::MemoryService& service) : service_(service) {}
    Result<std::unique_ptr<Connector>> open(const Account&) override {
        return std::unique_ptr<Connector>(std::make_unique<memory::MemoryConnector>(service_));
    }

private:
    memory::MemoryService& service_;
};

/// One person with one calendar that is target and source, at a service in memory.
struct SmallBusiness {
    HandClock clock{};
    SeededRandom random{11};
    ZoneResolver zones{};
    MapStore store{};
    AvailabilityIndex index{};
    Keys keys{mark_key_of(std::string(32, 'r')), std::string(32, 'r')};
    memory::MemoryService service{zones, clock};
    MemoryFactory factory{service};
    Href href = service.add_calendar("Anna");
    CalendarId calendar{"anna"};
    Engine engine{{store, index, factory, zones, clock, random, keys, [](const std::string&) {}}, {}};

    SmallBusiness() {
        store.write([&](Writer& writer) {
            writer.put(Business{.id = "b1", .name = "Salon", .zone = "Europe/Berlin", .epoch = "e1"});
            writer.put(Staff{.id = {"anna"}, .name = "Anna", .zone = "Europe/Berlin"});
            writer.put(Account{.id = {"acc"}, .kind = "memory", .url = "memory://host"});
            Calendar row;
            row.id = calendar;
            row.account = {"acc"};
            row.staff = {"anna"};
            row.href = href;
            row.mirror = row.busy = true;
            row.copy_detail = CopyDetail::kFull;
            writer.put(row);
        });
        engine.load();
    }
    /// Day of March 2026.
    static LocalSeconds at(int day, int hour) {
        return LocalSeconds{std::chrono::local_days{std::chrono::year{2026} / 3 / day}} + std::chrono::hours{hour};
    }
    BookingResult book(const std::string& id, int day, int hour) {
        Appointment wanted;
        wanted.id = {id};
        wanted.staff = {"anna"};
        wanted.start = at(day, hour);
        wanted.end = at(day, hour + 1);
        wanted.zone = "Europe/Berlin";
        wanted.title = "Cut " + id;
        return calgate::write(store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, zones, clock.now(), "api", "test");
        });
    }
    PassReport pass() { return engine.run_pass(calendar); }
    Mirror mirror(const std::string& id) const {
        return calgate::read(store, [&](const Reader& r) { return *r.mirror({id}, calendar); });
    }
    Appointment appointment(const std::string& id) const {
        return calgate::read(store, [&](const Reader& r) { return *r.appointment({id}); });
    }
    Calendar row() const {
        return calgate::read(store, [&](const Reader& r) { return *r.calendar(calendar); });
    }
    std::vector<Conflict> conflicts() const {
        return calgate::read(store, [](const Reader& r) { return r.conflicts(true); });
    }
    Event foreign(const std::string& uid, int day, int hour) const {
        Event event;
        event.uid = {uid};
        event.master.start = {When::Kind::Zoned, at(day, hour), "Europe/Berlin"};
        event.master.end = {When::Kind::Zoned, at(day, hour + 1), "Europe/Berlin"};
        event.master.title = "private";
        return event;
    }
    std::size_t cached() const {
        return calgate::read(store, [&](const Reader& r) { return r.cached_events(calendar); }).size();
    }
};

}  // namespace calgate::testing
