#pragma once

#include <map>

#include "scheduler/lineage.hpp"
#include "tests/scheduler/small_business.hpp"

namespace calgate::testing {

using namespace std::chrono_literals;

/// A gateway over a copy of the business's store, as it is when this is made.
struct SecondGateway {
    explicit SecondGateway(SmallBusiness& one)
        : business(one),
          store(one.store.scratch_copy()),
          engine({*store, index, one.factory, one.zones, one.clock, random, one.keys, [](const std::string&) {}}, {}) {
        engine.load();
    }
    PassReport pass() { return engine.run_pass(business.calendar); }
    void book(const std::string& id, int day, int hour) {
        Appointment wanted = business.appointment("a");
        wanted.id = {id};
        wanted.start = SmallBusiness::at(day, hour);
        wanted.end = SmallBusiness::at(day, hour + 1);
        calgate::write(*store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, business.zones, business.clock.now(), "api", "");
        });
    }
    std::optional<Appointment> appointment(const std::string& id) const {
        return calgate::read(*store, [&](const Reader& r) { return r.appointment({id}); });
    }
    std::optional<Standstill> stands() const { return calgate::read(*store, standstill); }
    std::size_t open_conflicts() const {
        return calgate::read(*store, [](const Reader& r) { return r.conflicts(true).size(); });
    }

    SmallBusiness& business;
    std::unique_ptr<Store> store;
    AvailabilityIndex index{};
    SeededRandom random{12};
    Engine engine;
};

struct OldBackup : SmallBusiness {
    std::optional<Standstill> stands() const { return calgate::read(store, standstill); }
    void settle() {
        for (int i = 0; i < 2; ++i, clock.advance(60s)) pass();
    }
    void move(const std::string& id, int day, int hour) {
        auto wanted = appointment(id);
        wanted.start = at(day, hour);
        wanted.end = at(day, hour + 1);
        calgate::write(store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, zones, clock.now(), "api", "");
        });
    }
    void show(CopyDetail detail) {
        store.write([&](Writer& writer) {
            auto shown = *writer.calendar(calendar);
            shown.copy_detail = detail;
            writer.put(shown);
        });
    }
    std::map<std::string, std::string> texts() const {
        std::map<std::string, std::string> out;
        for (const auto& event : service.events(href)) out.emplace(event.href.value, event.event.source);
        return out;
    }
};

}  // namespace calgate::testing
