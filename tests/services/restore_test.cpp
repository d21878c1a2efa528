#include "scheduler/restore.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "core/carrier.hpp"
#include "core/forwarding_connector.hpp"
#include "scheduler/listing.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/scheduler/small_business.hpp"
#include "tests/services/services.hpp"

/// How long a lost host takes to come back when every call takes its time and the service admits only what it really
/// admits. Time is simulated.
namespace calgate::testing {
namespace data = boost::unit_test::data;
using namespace std::chrono_literals;

namespace {

constexpr const char* kZone = "Europe/Berlin";
const Keys kKeys{mark_key_of(std::string(32, 'r')), std::string(32, 'r')};

/// What a service admits of one account, and how long a call takes with everything on the way. Google: 600 a minute and
/// user. Graph: 10,000 in ten minutes and mailbox. iCloud publishes nothing; what calgate keeps to. Exchange meters the
/// server's time, not calls, and somebody who makes one call at a time never uses it up.
struct Limits {
    const char* service;
    int calls_per_minute;
    std::chrono::milliseconds latency;
};
std::ostream& operator<<(std::ostream& out, const Limits& row) { return out << row.service; }
const Limits kLimits[] = {
    {"google", 600, 1000ms},
    {"graph", 1000, 1000ms},
    {"caldav", 600, 1000ms},
    {"icloud", 240, 1000ms},
    {"ews", 0, 500ms}};

/// Nothing is held back while the calendar is being filled.
class Hurried final : public ForwardingConnector {
public:
    explicit Hurried(std::unique_ptr<Connector> inner) : ForwardingConnector(*inner), owned_(std::move(inner)) {}
    Capabilities capabilities() const override {
        Capabilities offered = inner_.capabilities();
        offered.writes_per_second = 0;
        return offered;
    }

private:
    std::unique_ptr<Connector> owned_;
};

int appointments_to_restore() {
    const char* const is_long = std::getenv("CALGATE_LONG");  // NOLINT(concurrency-mt-unsafe): nobody sets it.
    return is_long ? 10'000 : 300;
}

/// Anna's calendar at a service, and one life of a gateway after the other.
struct Town {
    explicit Town(const Limits& given) : limits(given), service(service_named(given.service, clock, zones)) {
        wire.after = [this](const http::Request&) {
            if (!slow) return;
            passed += limits.latency;
            clock.advance(std::chrono::duration_cast<std::chrono::seconds>(passed));
            passed %= 1s;
        };
    }
    void set_slow() {
        clock.advance(120s);  // What was called while the calendar was filled counts no more.
        slow = true;
        wire.calls_per_minute = limits.calls_per_minute;
        wire.calls = wire.refused = 0;
    }

    Limits limits;
    HandClock clock{};
    SeededRandom random{5};
    ZoneResolver zones{};
    std::unique_ptr<SimulatedService> service;
    Wire wire{service->site(), clock};
    bool slow = false;
    std::chrono::milliseconds passed{0};  ///< That the clock does not show yet; it knows whole seconds.
};

struct Life final : ConnectorFactory {
    Life(Town& given, bool hurried) : town(given), hurried_(hurried) {
        if (hurried) settings.calls_per_second = 1e9;
        engine = std::make_unique<Engine>(
            EngineParts{*store, index, *this, town.zones, town.clock, town.random, kKeys, {}}, settings
        );
        row.id.value = "target";
        row.account.value = "acc";
        row.href = town.service->calendar();
        store->write([&](Writer& writer) {
            writer.put(Account{.id = row.account, .kind = town.service->kind(), .url = "https://host"});
        });
    }
    Result<std::unique_ptr<Connector>> open(const Account&) override {
        auto connector = reading_notes(town.service->connect(town.wire));
        if (!hurried_) return connector;
        return std::unique_ptr<Connector>(std::make_unique<Hurried>(std::move(connector)));
    }
    std::int64_t waiting() const {
        return calgate::read(*store, [&](const Reader& r) { return r.count_open_mirrors(row.id); });
    }
    /// Passes until nothing waits and the whole calendar was read.
    void settle() {
        for (int i = 0; i < 5000; ++i) {
            const PassReport report = engine->run_pass(row.id);
            if (report.completed && waiting() == 0) return;
            town.clock.advance(1s);
        }
        BOOST_FAIL("The copies did not settle.");
    }
    std::vector<Appointment> appointments() const {
        return calgate::read(*store, [](const Reader& r) { return r.appointments({}, 100'000); });
    }

    Town& town;
    bool hurried_;
    Engine::Settings settings{};
    AvailabilityIndex index{};
    std::unique_ptr<SqliteStore> store = SqliteStore::open(":memory:");
    Calendar row{};
    std::unique_ptr<Engine> engine{};
};

void book(Life& life, int count) {
    life.store->write([&](Writer& writer) {
        writer.put(Business{.id = "b1", .name = "Salon", .zone = kZone, .epoch = "e1"});
        writer.put(Staff{.id = {"anna"}, .name = "Anna", .zone = kZone});
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
                a.start = SmallBusiness::at(2, 8) + std::chrono::days{i / 40} + 15min * (i % 40);
                a.end = a.start + 15min;
                a.zone = kZone;
                a.title = "Cut " + std::to_string(i);
                a.customer = "M. Muster, +41 00 000 00 " + std::to_string(i);
                a.notes = "first line\nsecond \"quoted\"";
                (void)place_appointment(writer, a, {}, life.town.zones, life.town.clock.now(), "api", "");
            }
        });
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(restore_at_real_limits)

BOOST_DATA_TEST_CASE(L6_a_lost_host_is_back_within_15_minutes_at_what_the_service_admits, data::make(kLimits), row) {
    const int count = appointments_to_restore();
    Town town(row);
    Life lost(town, true);
    book(lost, count);
    lost.settle();
    const auto before = lost.appointments();
    lost.engine.reset();

    town.set_slow();
    const Instant began = town.clock.now();
    const auto connector = reading_notes(town.service->connect(town.wire));
    ListingOptions options;
    options.wait = [&](const Error&, std::chrono::seconds wait) {
        town.clock.advance(wait);
        return true;
    };
    const auto listed = list_calendar(*connector, town.clock, town.service->calendar(), options);
    BOOST_REQUIRE_MESSAGE(listed.has_value(), (listed ? "" : listed.error().detail));
    RestoreRequest request;
    request.recovery_key = kKeys.recovery_key;
    const RestorePlan plan = plan_restore(*listed, request, town.zones);
    BOOST_REQUIRE_MESSAGE(plan.finding == RestoreFinding::Complete, plan.sentence);
    const auto read_after = town.clock.now() - began;
    Life fresh(town, false);
    const auto done = fill_store({*fresh.store, town.zones, town.clock, town.random}, plan, fresh.row);
    BOOST_TEST(done.created == count);
    BOOST_TEST(done.adopted == count);
    const int calls_before = town.wire.calls;
    fresh.settle();
    const auto back_after = town.clock.now() - began;
    BOOST_TEST_MESSAGE(
        row.service << ": " << count << " appointments read after " << read_after.count() << " s with " << calls_before
                    << " calls, everything attached after " << back_after.count() << " s with " << town.wire.calls
                    << " calls, " << town.wire.refused << " refused"
    );
    BOOST_TEST(back_after.count() <= 15 * 60);
    BOOST_TEST((fresh.appointments() == before));

    town.slow = false;
    town.wire.calls_per_minute = 0;
    const VerifyReport verified = fresh.engine->verify(fresh.row.id);
    BOOST_TEST(!verified.error);
    BOOST_TEST(verified.same == count);
    BOOST_TEST(verified.findings.empty());
    BOOST_TEST(verified.foreign == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
