#pragma once

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "core/carrier.hpp"
#include "core/identity.hpp"
#include "tests/scheduler/small_business.hpp"
#include "tests/services/services.hpp"

namespace calgate::testing {

using namespace std::chrono_literals;

inline const char* const kServices[] = {"google", "graph", "caldav", "icloud", "ews"};

/// Anna, whose calendar at a service is target and source, and who edits it with a client of her own.
struct Salon : ConnectorFactory {
    explicit Salon(const std::string& name, std::uint64_t seed = 11, Engine::Settings given = {})
        : random(seed), settings(given), service(service_named(name, clock, zones)), wire(service->site(), clock) {
        store.write([&](Writer& writer) {
            writer.put(Business{.id = "b1", .name = "Salon", .zone = "Europe/Berlin", .epoch = "e1"});
            writer.put(Staff{.id = {"anna"}, .name = "Anna", .zone = "Europe/Berlin"});
            writer.put(Account{.id = {"acc"}, .kind = service->kind(), .url = "https://" + name});
        });
        engine = std::make_unique<Engine>(
            EngineParts{store, index, *this, zones, clock, random, keys, [](const std::string&) {}}, settings
        );
        engine->load();
        connect();
        open_phone();
    }
    /// As the gateway opens it.
    Result<std::unique_ptr<Connector>> open(const Account&) override { return reading_notes(service->connect(wire)); }
    void open_phone() { phone = service->connect(service->site()); }

    void run(std::chrono::seconds time, std::chrono::seconds step = 1s) {
        for (const auto end = clock.now() + time; clock.now() < end; clock.advance(step)) {
            service->let_time_pass();
            while (engine->run_due().count() == 0) continue;
        }
    }
    /// So many calls a minute and no more, answered with a refusal that gives no hint; 0: no limit.
    void admit(int calls_per_minute) {
        if (!service->set_quota(calls_per_minute)) wire.calls_per_minute = calls_per_minute;
    }
    static LocalSeconds at(int day, int hour) { return SmallBusiness::at(day, hour); }
    void book(const std::string& id, LocalSeconds start) {
        Appointment wanted;
        wanted.id = {id};
        wanted.staff = {"anna"};
        wanted.start = start;
        wanted.end = start + 1h;
        wanted.zone = "Europe/Berlin";
        wanted.title = "Cut " + id;
        const auto result = calgate::write(store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, zones, clock.now(), "api", "test");
        });
        BOOST_REQUIRE(result.outcome == BookingOutcome::Created || result.outcome == BookingOutcome::Changed);
        engine->wake(result.targets);
    }
    void cancel(const std::string& id) {
        const auto result = calgate::write(store, [&](Writer& w) {
            return cancel_appointment(w, {id}, {}, zones, clock.now(), "api", "test");
        });
        engine->wake(result.targets);
    }
    Mirror mirror(const std::string& id) const {
        return calgate::read(store, [&](const Reader& r) { return *r.mirror({id}, calendar); });
    }
    Appointment appointment(const std::string& id) const {
        return calgate::read(store, [&](const Reader& r) { return *r.appointment({id}); });
    }
    std::int64_t waiting() const {
        return calgate::read(store, [&](const Reader& r) { return r.count_open_mirrors(calendar); });
    }
    int noted(const std::string& kind) const {
        return calgate::read(store, [&](const Reader& r) {
            int count = 0;
            for (const auto& change : r.changes(0, 10'000)) count += change.kind == kind ? 1 : 0;
            return count;
        });
    }

    /// The owner disconnects the calendar, as far as the engine does it.
    Disconnection disconnect(bool remove_copies = false) {
        return engine->disconnect(calendar, remove_copies, clock.steady() + 45s, "api");
    }
    /// And chooses it again.
    void connect() {
        store.write([&](Writer& writer) {
            Calendar row;
            row.id = calendar;
            row.account = {"acc"};
            row.staff = {"anna"};
            row.href = service->calendar();
            row.mirror = row.busy = true;
            row.copy_detail = CopyDetail::kFull;
            writer.put(row);
            add_target(writer, row, zones, clock.now());
        });
        engine->poll_now(calendar);
    }
    /// What the service has to say arrives. @return how many notifications were taken for ours.
    int deliver() {
        return service->deliver([&](const PushNote& note) { return engine->notified(note); });
    }

    // What the phone does.
    Context context() const { return {clock.steady() + 60s, {}}; }
    /// Everything in the calendar but the marker.
    std::vector<RemoteEvent> events() {
        std::vector<RemoteEvent> all;
        std::optional<SyncToken> token;
        for (bool more = true; more;) {
            auto page = phone->fetch_changes(context(), service->calendar(), token, {});
            BOOST_REQUIRE_MESSAGE(page.has_value(), (page ? "" : page.error().detail));
            for (auto& event : page->changed)
                if (event.event.master.title != "calgate marker") all.push_back(std::move(event));
            token = page->next;
            more = page->more;
        }
        return all;
    }
    void edit(const std::string& id, const std::function<void(EventInstance&)>& change) {
        auto held = phone->fetch_event(context(), *mirror(id).href);
        BOOST_REQUIRE(held.has_value());
        change(held->event.master);
        const auto done = phone->update_event(context(), held->href, *held->version, held->event);
        BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().detail));
    }
    void erase(const std::string& id) {
        const auto held = phone->fetch_event(context(), *mirror(id).href);
        BOOST_REQUIRE(held.has_value());
        BOOST_REQUIRE(phone->delete_event(context(), held->href, *held->version).has_value());
    }
    void block(const std::string& uid, LocalSeconds start, std::vector<std::string> rules = {}) {
        Event event;
        event.uid = {uid};
        event.master.start = {When::Kind::Zoned, start, "Europe/Berlin"};
        event.master.end = {When::Kind::Zoned, start + 1h, "Europe/Berlin"};
        event.master.title = "private";
        event.master.rules = std::move(rules);
        BOOST_REQUIRE(phone->create_event(context(), service->calendar(), event).has_value());
    }
    bool is_busy(LocalSeconds at) const {
        const Instant instant = zones.to_instant({When::Kind::Zoned, at, "Europe/Berlin"}, "Europe/Berlin");
        return !busy_within(*index.person({"anna"}), {instant, instant + 1min}).empty();
    }
    std::size_t busy_of_calendar() const {
        const auto person = index.person({"anna"});
        const auto found = person->by_source.find(calendar.value);
        return found == person->by_source.end() ? 0 : found->second->size();
    }

    HandClock clock{};
    SeededRandom random;
    Engine::Settings settings;
    ZoneResolver zones{};
    MapStore store{};
    AvailabilityIndex index{};
    Keys keys{std::string(32, 'm'), std::string(32, 'r')};
    std::unique_ptr<SimulatedService> service;
    Wire wire;
    CalendarId calendar{"anna"};
    std::unique_ptr<Engine> engine{};
    std::unique_ptr<Connector> phone{};
};

}  // namespace calgate::testing
