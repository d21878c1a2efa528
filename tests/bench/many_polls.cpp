#include "tests/bench/many_polls.hpp"

#include <string>

#include "connectors/memory/memory_connector.hpp"
#include "core/forwarding_connector.hpp"
#include "gateway/system_random.hpp"
#include "scheduler/engine.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/bench/process_cost.hpp"
#include "tests/bench/skipping_clock.hpp"

namespace calgate::bench {
namespace {

constexpr std::chrono::seconds kPollEvery{300};

/// Says after the first reading that nothing is new, as a service does that keeps count.
class Quiet final : public ForwardingConnector {
public:
    Quiet(Connector& inner, std::size_t& calls) : ForwardingConnector(inner), calls_(calls) {}
    Result<ChangeSet> fetch_changes(
        const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        ++calls_;
        if (!since) return inner_.fetch_changes(context, calendar, since, known);
        ChangeSet page;
        page.next = since;
        return page;
    }

private:
    std::size_t& calls_;
};

struct Connectors final : ConnectorFactory {
    memory::MemoryConnector memory;
    std::size_t calls = 0;
    explicit Connectors(memory::MemoryService& service) : memory(service) {}
    Result<std::unique_ptr<Connector>> open(const Account&) override {
        return std::unique_ptr<Connector>(std::make_unique<Quiet>(memory, calls));
    }
};

class Counting final : public Store {
public:
    explicit Counting(Store& inner) : inner_(inner) {}
    void write(const std::function<void(Writer&)>& work) override {
        ++writes;
        inner_.write(work);
    }
    void read(const std::function<void(const Reader&)>& work) const override { inner_.read(work); }
    bool writable() const override { return inner_.writable(); }
    std::unique_ptr<Store> scratch_copy() const override { return inner_.scratch_copy(); }
    void compact() override { inner_.compact(); }
    std::size_t writes = 0;

private:
    Store& inner_;
};

void connect(Store& store, memory::MemoryService& service, std::size_t calendars) {
    store.write([&](Writer& writer) {
        writer.put(Business{.id = "b1", .name = "Salon", .zone = "Europe/Berlin", .epoch = "e1"});
        for (std::size_t n = 0; n < calendars; ++n) {
            const std::string name = std::to_string(n);
            writer.put(Staff{.id = {"s" + name}, .name = "S", .zone = "Europe/Berlin"});
            writer.put(Account{.id = {"a" + name}, .kind = "memory", .url = "memory://host"});
            Calendar row;
            row.id = {"c" + name};
            row.account = {"a" + name};
            row.staff = {"s" + name};
            row.href = service.add_calendar(name);
            row.busy = true;
            writer.put(row);
        }
    });
}

}  // namespace

PollCost cost_of_polls(std::size_t calendars, const char* folder) {
    const ZoneResolver zones;
    SkippingClock clock;
    SystemRandom random;
    memory::MemoryService service(zones, clock);
    Connectors connectors(service);
    const auto file = SqliteStore::open(std::string(folder) + "/polls.db");
    Counting store(*file);
    connect(store, service, calendars);
    AvailabilityIndex index;
    Keys keys{mark_key_of(std::string(32, 'r')), std::string(32, 'r')};
    Engine::Settings settings;
    settings.poll_active = settings.poll_idle = kPollEvery;
    Engine engine{{store, index, connectors, zones, clock, random, keys, [](const std::string&) {}}, settings};
    engine.load();
    const auto go_on_for = [&](std::chrono::seconds span) {
        for (const auto end = clock.steady() + span; clock.steady() < end;) clock.skip(engine.run_due());
    };
    while (connectors.calls < calendars) clock.skip(engine.run_due());
    go_on_for(kPollEvery);  // From here on they come as they are due.
    PollCost out;
    const std::size_t calls = connectors.calls, writes = store.writes;
    const auto began = clock.steady();
    const double cpu = cpu_seconds();
    go_on_for(kPollEvery * 2);
    out.seconds = std::chrono::duration<double>(clock.steady() - began).count();
    out.share_of_core = (cpu_seconds() - cpu) / out.seconds;
    out.polls = connectors.calls - calls;
    out.calls = 1;
    out.writes = static_cast<double>(store.writes - writes) / static_cast<double>(out.polls);
    return out;
}

}  // namespace calgate::bench
