#include "tests/bench/one_change.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "connectors/memory/memory_connector.hpp"
#include "core/forwarding_connector.hpp"
#include "gateway/system_clock.hpp"
#include "gateway/system_random.hpp"
#include "scheduler/engine.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/bench/business_calendar.hpp"
#include "tests/bench/process_cost.hpp"

namespace calgate::bench {
namespace {

constexpr int kRuns = 100;

/// Says at once what changed, so that its own search for it is in nobody's bill.
class News final : public ForwardingConnector {
public:
    News(Connector& inner, std::vector<Href>& changed, int& calls)
        : ForwardingConnector(inner), changed_(changed), calls_(calls) {}
    Result<ChangeSet> fetch_changes(
        const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        ++calls_;
        if (!read_) {
            auto first = inner_.fetch_changes(context, calendar, since, known);
            read_ = first && !first->more;
            return first;
        }
        ChangeSet page;
        for (const Href& href : std::exchange(changed_, {})) {
            auto event = inner_.fetch_event(context, href);
            if (!event) return event.error();
            page.changed.push_back(std::move(*event));
        }
        page.next = SyncToken{since->value.substr(0, since->value.find('+')) + "+" + std::to_string(calls_)};
        return page;
    }

private:
    std::vector<Href>& changed_;
    int& calls_;
    bool read_ = false;  ///< To the end, once.
};

struct Connectors final : ConnectorFactory {
    memory::MemoryConnector memory;
    std::vector<Href> changed{};
    int calls = 0;
    explicit Connectors(memory::MemoryService& service) : memory(service) {}
    Result<std::unique_ptr<Connector>> open(const Account&) override {
        return std::unique_ptr<Connector>(std::make_unique<News>(memory, changed, calls));
    }
};

double median_cost(const std::function<void(int)>& prepare, const std::function<void()>& run) {
    std::vector<double> costs;
    for (int i = 0; i < kRuns; ++i) {
        prepare(i);
        const double before = cpu_seconds();
        run();
        costs.push_back(cpu_seconds() - before);
    }
    std::nth_element(costs.begin(), costs.begin() + kRuns / 2, costs.end());
    return costs[kRuns / 2];
}

}  // namespace

RunCost cost_of_runs(std::size_t events, const char* folder) {
    const ZoneResolver zones;
    SystemClock clock;
    SystemRandom random;
    memory::MemoryService service(zones, clock);
    Connectors connectors(service);
    const Href href = service.add_calendar("Anna");
    std::vector<Href> places;
    for (const auto& text : business_calendar(events, 7))
        places.push_back(service.put_text(href, std::to_string(places.size()), text));
    const auto store = SqliteStore::open(std::string(folder) + "/" + std::to_string(events) + ".db");
    AvailabilityIndex index;
    const CalendarId calendar{"anna"};
    store->write([&](Writer& writer) {
        writer.put(Business{.id = "b1", .name = "Salon", .zone = "Europe/Berlin", .epoch = "e1"});
        writer.put(Staff{.id = {"anna"}, .name = "Anna", .zone = "Europe/Berlin"});
        writer.put(Account{.id = {"acc"}, .kind = "memory", .url = "memory://host"});
        Calendar row;
        row.id = calendar;
        row.account = {"acc"};
        row.staff = {"anna"};
        row.href = href;
        row.busy = true;
        writer.put(row);
    });
    Keys keys{mark_key_of(std::string(32, 'r')), std::string(32, 'r')};
    Engine engine{{*store, index, connectors, zones, clock, random, keys, [](const std::string&) {}}, {}};
    engine.load();
    const auto run = [&] {
        if (!engine.run_pass(calendar).completed) throw std::runtime_error("A run did not end well.");
    };
    run();
    RunCost out;
    int calls = connectors.calls;
    out.unchanged_s = median_cost([](int) {}, run);
    out.calls_unchanged = static_cast<double>(connectors.calls - calls) / kRuns;
    calls = connectors.calls;
    const auto edit = [&](int i) {
        connectors.changed.push_back(places[static_cast<std::size_t>(i) * 7 % places.size()]);
        service.edit(connectors.changed.back(), [&](Event& event) {
            event.master.title = "Changed " + std::to_string(i);
        });
    };
    out.changed_s = median_cost(edit, run);
    out.calls_changed = static_cast<double>(connectors.calls - calls) / kRuns;
    return out;
}

}  // namespace calgate::bench
