#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "core/forwarding_connector.hpp"
#include "gateway/system_clock.hpp"
#include "scheduler/engine.hpp"
#include "scheduler/listing.hpp"
#include "scheduler/restore.hpp"
#include "store/booking.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/conformance/rows.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::testing {

namespace {

constexpr int kUsual = 12, kMany = 10'000;
constexpr double kBackWithin = 120;  ///< Seconds for as many, when no service holds calls back.
constexpr const char* kZone = "Europe/Berlin";
const Keys kKeys{mark_key_of(std::string(32, 'r')), std::string(32, 'r')};

/// CALGATE_RESTORE_COUNT=10000 for the long run.
int appointments_to_restore() {
    const char* given = std::getenv("CALGATE_RESTORE_COUNT");  // NOLINT(concurrency-mt-unsafe): nobody sets it.
    return given ? std::atoi(given) : kUsual;
}

/// No time passes in which calls could be spread.
class Hurried final : public ForwardingConnector {
public:
    using ForwardingConnector::ForwardingConnector;
    Capabilities capabilities() const override {
        Capabilities offered = inner_.capabilities();
        offered.writes_per_second = 0;
        return offered;
    }
};

class Factory final : public ConnectorFactory {
public:
    explicit Factory(Connector& inner) : inner_(inner) {}
    Result<std::unique_ptr<Connector>> open(const Account&) override {
        return std::unique_ptr<Connector>(std::make_unique<Hurried>(inner_));
    }

private:
    Connector& inner_;
};

Engine::Settings unhurried() {
    Engine::Settings settings;
    settings.calls_per_second = 1e9;
    return settings;
}

/// One life of the gateway: its store, and an engine over the subject's calendar.
struct Life {
    const ZoneResolver& zones;
    const Clock& clock;
    SeededRandom random;
    AvailabilityIndex index{};
    Factory factory;
    std::unique_ptr<SqliteStore> store = SqliteStore::open(":memory:");
    Calendar row{};
    Engine engine;

    Life(Stage& stage, std::uint64_t seed)
        : zones(stage.zones),
          clock(stage.subject.clock()),
          random(seed),
          factory(stage.connector),
          engine({*store, index, factory, zones, clock, random, kKeys, {}}, unhurried()) {
        row.id.value = "target";
        row.account.value = "acc";
        row.href = stage.calendar;
        store->write([&](Writer& writer) {
            writer.put(Account{.id = row.account, .kind = "test", .url = "test://host"});
        });
    }
    void settle() {
        for (int i = 0; i < 20; ++i) {
            const PassReport report = engine.run_pass(row.id);
            CALGATE_EXPECT(!report.error);
            if (read(*store, [&](const Reader& r) { return r.count_open_mirrors(row.id); }) == 0) return;
        }
        throw Finding("The copies did not settle.");
    }
    std::vector<Appointment> appointments() const {
        return read(*store, [](const Reader& r) { return r.appointments({}, 100'000); });
    }
};

LocalSeconds slot(int number) {
    return parse_local("2026-06-01T08:00:00").value() + std::chrono::hours{24 * (number / 40)} +
           std::chrono::minutes{15 * (number % 40)};
}

void book(Life& life, int count) {
    life.store->write([&](Writer& writer) {
        writer.put(Business{.id = "b1", .name = "Salon", .zone = kZone, .epoch = "e1"});
        writer.put(Staff{.id = {"anna"}, .name = "Anna", .zone = kZone});
        writer.put(Service{.id = {"cut"}, .name = "Cut", .staff = {{"anna"}}});
        life.row.staff.value = "anna";
        life.row.mirror = true;
        writer.put(life.row);
    });
    for (int from = 0; from < count; from += 500) {
        life.store->write([&](Writer& writer) {
            for (int i = from; i < std::min(count, from + 500); ++i) {
                Appointment a;
                a.id.value = "booking-" + std::to_string(i);
                a.staff.value = "anna";
                a.service.value = "cut";
                a.start = slot(i);
                a.end = a.start + std::chrono::minutes{15};
                a.zone = kZone;
                a.title = "Cut " + std::to_string(i);
                a.customer = "M. Muster, +41 00 000 00 " + std::to_string(i);
                a.notes = "first line\nsecond \"quoted\"";
                a.place = "Room 1";
                (void)place_appointment(writer, a, {}, life.zones, life.clock.now(), "api", "");
            }
        });
    }
}

RestorePlan plan_of(Stage& stage) {
    const auto listed = list_calendar(stage.connector, stage.subject.clock(), stage.calendar, {});
    if (!listed) throw Finding("The listing failed: " + listed.error().detail);
    RestoreRequest request;
    request.recovery_key = kKeys.recovery_key;
    return plan_restore(*listed, request, stage.zones);
}

double seconds_since(SteadyInstant then) {
    return std::chrono::duration<double>(SystemClock{}.steady() - then).count();
}

void a_lost_store_is_rebuilt_from_masked_copies(Stage& stage) {
    const int count = appointments_to_restore();
    Life lost(stage, 1);
    book(lost, count);
    lost.settle();

    const SteadyInstant began = SystemClock{}.steady();
    const RestorePlan plan = plan_of(stage);
    const double read_s = seconds_since(began);
    if (plan.finding != RestoreFinding::Complete) throw Finding(plan.sentence);
    Life fresh(stage, 2);
    const RestoreParts parts{*fresh.store, stage.zones, fresh.clock, fresh.random};
    const RestoreReport done = fill_store(parts, plan, fresh.row);
    if (count > kUsual)
        std::printf("    %d restored: read in %.1f s, all in %.1f s\n", done.created, read_s, seconds_since(began));
    if (count >= kMany) CALGATE_EXPECT(seconds_since(began) <= kBackWithin);
    CALGATE_EXPECT(done.created == count && done.adopted == count && done.refused.empty());
    CALGATE_EXPECT(fresh.appointments() == lost.appointments());

    fresh.settle();
    fresh.settle();
    CALGATE_EXPECT(fresh.appointments() == lost.appointments());
    const VerifyReport verified = fresh.engine.verify(fresh.row.id);
    CALGATE_EXPECT(!verified.error && verified.same == count && verified.findings.empty() && verified.foreign == 0);
    CALGATE_EXPECT(stage.count() == static_cast<std::size_t>(count) + 1);
}

}  // namespace

std::vector<Row> restore_rows() {
    return {{"a_lost_store_is_rebuilt_from_masked_copies", nullptr, a_lost_store_is_rebuilt_from_masked_copies}};
}

}  // namespace calgate::testing
