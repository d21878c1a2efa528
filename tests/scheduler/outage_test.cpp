#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <ostream>

#include "tests/scheduler/small_business.hpp"

using namespace calgate;
using namespace calgate::testing;
namespace bdata = boost::unit_test::data;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const Error kDown{ErrorCode::Unavailable, "The service is away.", {}};

/// Two people at two services, an engine that works while simulated time passes.
class Office final : public ConnectorFactory {
public:
    Office() {
        store.write([&](Writer& writer) {
            writer.put(Business{.id = "b1", .name = "Salon", .zone = "Europe/Berlin", .epoch = "e1"});
            for (int i = 0; i < 2; ++i) {
                const std::string name = kNames[i];
                writer.put(Staff{.id = {name}, .name = name, .zone = "Europe/Berlin", .capacity = 1});
                writer.put(Account{.id = {name}, .kind = "memory", .url = "memory://" + name});
                Calendar row;
                row.id.value = name;
                row.account.value = name;
                row.staff.value = name;
                row.href = hrefs[i];
                row.mirror = row.busy = true;
                writer.put(row);
            }
        });
        engine.load();
        pass_time(minutes{5});
    }

    Result<std::unique_ptr<Connector>> open(const Account& account) override {
        const int at = account.id.value == kNames[0] ? 0 : 1;
        return std::unique_ptr<Connector>(std::make_unique<memory::MemoryConnector>(*services[at]));
    }

    /// The engine works whenever something is due; `each_second` sees every second.
    void pass_time(seconds time, const std::function<void()>& each_second = {}) {
        for (seconds gone{0}; gone < time; ++gone) {
            if (each_second) each_second();
            for (int i = 0; i < 100; ++i) {
                if (percent > 0 && random.next() % 100 < static_cast<unsigned>(percent))
                    services[0]->fail_next({memory::Operation::Any, kDown});
                if (engine.run_due().count() > 0) break;
            }
            services[0]->clear_faults();
            clock.advance(seconds{1});
        }
    }

    BookingOutcome book(int person) {
        Appointment wanted;
        wanted.id.value = std::string(kNames[person]) + std::to_string(++booked[person]);
        wanted.staff.value = kNames[person];
        wanted.start = SmallBusiness::at(10, 8) + minutes{30 * booked[person]};
        wanted.end = wanted.start + minutes{30};
        wanted.zone = "Europe/Berlin";
        const auto result = calgate::write(store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, zones, clock.now(), "api", "");
        });
        engine.wake(result.targets);
        return result.outcome;
    }

    /// The next of a mixture of bookings, moves and cancellations. @return whether it was accepted.
    bool change(int person) {
        const int number = changes[person]++;
        const int earlier = booked[person] / 2;
        const AppointmentId id{std::string(kNames[person]) + std::to_string(earlier)};
        const auto held = calgate::read(store, [&](const Reader& r) { return r.appointment(id); });
        const bool live = held && held->state != AppointmentState::Cancelled;
        if (!live || (number % 5 != 4 && number % 7 != 6)) return book(person) == BookingOutcome::Created;
        const auto result = calgate::write(store, [&](Writer& w) {
            if (number % 5 != 4) return cancel_appointment(w, id, {}, zones, clock.now(), "api", "");
            Appointment moved = *held;
            moved.start += std::chrono::days{400};
            moved.end += std::chrono::days{400};
            return place_appointment(w, moved, {}, zones, clock.now(), "api", "");
        });
        engine.wake(result.targets);
        cancelled[person] += number % 5 != 4 ? 1 : 0;
        return result.outcome == BookingOutcome::Changed;
    }

    std::int64_t waiting(int person) const {
        return calgate::read(store, [&](const Reader& r) { return r.count_open_mirrors({kNames[person]}); });
    }
    std::int64_t writes(int person) const {
        const auto counted = services[person]->counters();
        return counted.create + counted.update + counted.erase;
    }
    /// The age that an availability answer states; nothing when there is no answer.
    std::optional<seconds> age(int person) const {
        const auto known = index.person({kNames[person]});
        if (!known || !known->sources.contains(kNames[person])) return std::nullopt;
        const auto as_of = known->sources.at(kNames[person]).as_of;
        if (!as_of) return std::nullopt;
        return clock.now() - *as_of;
    }
    void expect_settled(int person) {
        const int live = booked[person] - cancelled[person];
        BOOST_TEST(services[person]->count(hrefs[person]) == static_cast<std::size_t>(live) + 1);
        const auto report = engine.verify({kNames[person]});
        BOOST_TEST(report.same == live);
        BOOST_TEST(report.findings.empty());
    }

    static constexpr const char* kNames[2] = {"anna", "ben"};
    HandClock clock{};
    SeededRandom random{11};
    ZoneResolver zones{};
    MapStore store{};
    AvailabilityIndex index{};
    Keys keys{mark_key_of(std::string(32, 'r')), std::string(32, 'r')};
    std::unique_ptr<memory::MemoryService> services[2] = {
        std::make_unique<memory::MemoryService>(zones, clock), std::make_unique<memory::MemoryService>(zones, clock)};
    Href hrefs[2] = {services[0]->add_calendar("a"), services[1]->add_calendar("b")};
    int booked[2] = {0, 0}, cancelled[2] = {0, 0}, changes[2] = {0, 0};
    int percent = 0;  ///< Of the jobs of the first service, how many meet a failing call.
    Engine engine{{store, index, *this, zones, clock, random, keys, {}}, {}};
};

/// In 18 hours. CALGATE_LONG=1: 5,000.
int changes_meanwhile() {
    return std::getenv("CALGATE_LONG") ? 5000 : 400;  // NOLINT(concurrency-mt-unsafe): nobody sets it.
}

/// One provider is away while changes go on. @return the calls that its account made meanwhile.
std::int64_t be_away(Office& office, int person, seconds time) {
    const int every = static_cast<int>(hours{18} / seconds{changes_meanwhile()});
    office.services[person]->set_outage(kDown);
    const auto before = office.services[person]->counters().total();
    const Instant last_read = office.clock.now() - office.age(person).value();
    int second = 0, refused = 0, unanswered = 0, wrong_ages = 0;
    office.pass_time(time, [&] {
        if (++second % every == 0) refused += office.change(person) ? 0 : 1;
        const auto age = office.age(person);
        unanswered += age ? 0 : 1;
        wrong_ages += age && *age != office.clock.now() - last_read ? 1 : 0;
    });
    BOOST_TEST(refused == 0);
    BOOST_TEST(unanswered == 0);
    BOOST_TEST(wrong_ages == 0);
    office.services[person]->set_outage({});
    return office.services[person]->counters().total() - before;
}

/// The provider is back: the first write within 60 s, everything within backlog / allowed rate + 60 s.
void come_back(Office& office, int person) {
    const auto backlog = office.waiting(person);
    BOOST_TEST(backlog > 0);
    const auto writes = office.writes(person);
    seconds first{-1}, all{-1}, gone{0};
    office.pass_time(minutes{10}, [&] {
        if (first < seconds{0} && office.writes(person) > writes) first = gone;
        if (all < seconds{0} && office.waiting(person) == 0) all = gone;
        ++gone;
    });
    BOOST_TEST(first.count() >= 0);
    BOOST_TEST(first.count() <= 60);
    BOOST_TEST(all.count() >= 0);
    BOOST_TEST(all.count() <= backlog / 50 + 61);
    // The marker of the calendar is written once as well.
    BOOST_TEST(office.writes(person) - writes <= backlog + backlog / 10 + 2);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(outage)

BOOST_AUTO_TEST_CASE(R14_L3_L5_F2_a_provider_is_away_for_18_hours) {
    Office office;
    const auto calls = be_away(office, 0, hours{18});
    BOOST_TEST(calls <= 18 * 3600 / 30 + 10);
    BOOST_TEST(calls >= 18 * 3600 / 30 / 2);  // It is tried all the time.
    come_back(office, 0);
    office.expect_settled(0);
}

BOOST_AUTO_TEST_CASE(I19_the_other_provider_is_not_disturbed) {
    Office office;
    office.services[0]->set_outage(kDown);
    seconds oldest{0};
    int second = 0;
    office.pass_time(hours{2}, [&] {
        if (++second % 60 == 0) office.book(1);
        oldest = std::max(oldest, office.age(1).value());
    });
    office.pass_time(seconds{5});
    BOOST_TEST(oldest <= minutes{7});
    BOOST_TEST(office.waiting(1) == 0);
    office.expect_settled(1);
}

BOOST_AUTO_TEST_CASE(R14_two_providers_are_away_in_turn) {
    Office office;
    for (const int person : {0, 1}) {
        const auto calls = be_away(office, person, hours{4});
        BOOST_TEST(calls <= 4 * 3600 / 30 + 10);
        come_back(office, person);
    }
    office.expect_settled(0);
    office.expect_settled(1);
}

BOOST_AUTO_TEST_CASE(L1_sixty_percent_of_the_calls_fail_for_3_hours) {
    Office office;
    office.percent = 60;
    int second = 0, refused = 0;
    office.pass_time(hours{3}, [&] {
        if (++second % 120 == 0) refused += office.book(0) == BookingOutcome::Created ? 0 : 1;
    });
    BOOST_TEST(refused == 0);
    office.percent = 0;
    office.pass_time(minutes{10});
    BOOST_TEST(office.waiting(0) == 0);
    office.expect_settled(0);
}

BOOST_AUTO_TEST_SUITE_END()
