#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <ostream>

#include "core/forwarding_connector.hpp"
#include "tests/scheduler/small_business.hpp"

using namespace calgate;
using namespace calgate::testing;
namespace bdata = boost::unit_test::data;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const Error kDown{ErrorCode::Unavailable, "The service is away.", {}};

/// How one account's calls fare.
struct Line {
    int percent = 0;  ///< Of the calls that fail.
    std::int64_t calls = 0, failed = 0;
    Instant read_at{};  ///< When the calendar was last read well.
};

/// Calls of one account over a line that lets some fail.
class UnsteadyConnector final : public ForwardingConnector {
public:
    UnsteadyConnector(std::unique_ptr<Connector> inner, Line& line, Random& random, const Clock& clock)
        : ForwardingConnector(*inner), owned_(std::move(inner)), line_(line), random_(random), clock_(clock) {}

    Result<std::vector<RemoteCalendar>> list_calendars(const Context& context) override {
        if (fails()) return kDown;
        return inner_.list_calendars(context);
    }
    Result<ChangeSet> fetch_changes(
        const Context& context, const Href& calendar, const std::optional<SyncToken>& since, const KnownVersion& known
    ) override {
        if (fails()) return kDown;
        auto page = inner_.fetch_changes(context, calendar, since, known);
        if (page && !page->more) line_.read_at = clock_.now();
        return page;
    }
    Result<RemoteEvent> fetch_event(const Context& context, const Href& event) override {
        if (fails()) return kDown;
        return inner_.fetch_event(context, event);
    }
    Result<RemoteEvent> find_event(const Context& context, const Href& calendar, const Uid& uid) override {
        if (fails()) return kDown;
        return inner_.find_event(context, calendar, uid);
    }
    Result<WriteReceipt> create_event(const Context& context, const Href& calendar, const Event& event) override {
        if (fails()) return kDown;
        return inner_.create_event(context, calendar, event);
    }
    Result<WriteReceipt> update_event(
        const Context& context, const Href& href, const Version& if_match, const Event& event
    ) override {
        if (fails()) return kDown;
        return inner_.update_event(context, href, if_match, event);
    }
    Status delete_event(const Context& context, const Href& href, const Version& if_match) override {
        if (fails()) return kDown;
        return inner_.delete_event(context, href, if_match);
    }
    BatchService* batch() override { return nullptr; }

private:
    bool fails() {
        ++line_.calls;
        const bool fails = line_.percent > 0 && random_.next() % 100 < static_cast<unsigned>(line_.percent);
        line_.failed += fails ? 1 : 0;
        return fails;
    }
    std::unique_ptr<Connector> owned_;
    Line& line_;
    Random& random_;
    const Clock& clock_;
};

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
        auto steady = std::make_unique<memory::MemoryConnector>(*services[at]);
        return std::unique_ptr<Connector>(
            std::make_unique<UnsteadyConnector>(std::move(steady), lines[at], random, clock)
        );
    }

    /// The engine works whenever something is due; `each_second` sees every second.
    void pass_time(seconds time, const std::function<void()>& each_second = {}) {
        for (seconds gone{0}; gone < time; ++gone) {
            if (each_second) each_second();
            for (int i = 0; i < 100; ++i)
                if (engine.run_due().count() > 0) break;
            clock.advance(seconds{1});
        }
    }

    BookingOutcome book(int person) {
        Appointment wanted;
        wanted.id.value = std::string(kNames[person]) + std::to_string(++booked[person]);
        wanted.staff.value = kNames[person];
        wanted.start = SmallBusiness::at(10, 8) + minutes{30 * booked[person]};
        wanted.end = wanted.start + minutes{30};
        wanted.zone = "UTC";  // One after the other, also over the clock change.
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
    Line lines[2];
    int booked[2] = {0, 0}, cancelled[2] = {0, 0}, changes[2] = {0, 0};
    Engine engine{{store, index, *this, zones, clock, random, keys, {}}, {}};
};

/// In 18 hours. CALGATE_LONG=1: 5,000.
int changes_meanwhile() {
    return std::getenv("CALGATE_LONG") ? 5000 : 400;  // NOLINT(concurrency-mt-unsafe): nobody sets it.
}

/// Changes go on while calls to one provider fail. @return the calls that its account made meanwhile.
std::int64_t be_away(Office& office, int person, seconds time, int percent = 100) {
    const int every = static_cast<int>(hours{18} / seconds{changes_meanwhile()});
    Line& line = office.lines[person];
    line.percent = percent;
    const auto before = line.calls;
    int second = 0, refused = 0, unanswered = 0, wrong_ages = 0;
    office.pass_time(time, [&] {
        if (++second % every == 0) refused += office.change(person) ? 0 : 1;
        const auto age = office.age(person);
        unanswered += age ? 0 : 1;
        wrong_ages += age && *age != office.clock.now() - line.read_at ? 1 : 0;
    });
    BOOST_TEST(refused == 0);
    BOOST_TEST(unanswered == 0);
    BOOST_TEST(wrong_ages == 0);
    line.percent = 0;
    return line.calls - before;
}

/// The provider is back: the first write within 60 s, everything within backlog / allowed rate + 60 s.
void come_back(Office& office, int person) {
    const auto backlog = office.waiting(person);
    BOOST_TEST(backlog > 0);
    const auto writes = office.writes(person);
    const auto calls = office.lines[person].calls;
    for (const CalendarHealth& health : office.engine.health())
        if (health.calendar.value == Office::kNames[person]) BOOST_TEST(health.catch_up.count() == (backlog + 49) / 50);
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
    // The marker of the calendar is written once as well, and what is polled in ten minutes comes on top.
    BOOST_TEST(office.writes(person) - writes <= backlog + backlog / 10 + 2);
    BOOST_TEST(office.lines[person].calls - calls <= backlog + backlog / 10 + 2 + 20);
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
        const hours time{changes_meanwhile() == 5000 ? 18 : 4};
        const auto calls = be_away(office, person, time);
        BOOST_TEST(calls <= time.count() * 3600 / 30 + 10);
        come_back(office, person);
    }
    office.expect_settled(0);
    office.expect_settled(1);
}

BOOST_AUTO_TEST_CASE(L1_sixty_percent_of_the_calls_fail_for_18_hours) {
    Office office;
    const auto calls = be_away(office, 0, hours{18}, 60);
    BOOST_TEST_MESSAGE(
        office.changes[0] << " changes, " << calls << " calls, " << office.lines[0].failed << " of them failed, "
                          << office.waiting(0) << " wait at the end"
    );
    if (office.waiting(0) > 0) come_back(office, 0);
    office.pass_time(minutes{10});
    office.expect_settled(0);
}

BOOST_AUTO_TEST_CASE(L5_what_failed_with_the_service_is_tried_again_within_a_minute) {
    SmallBusiness business;
    business.book("first", 20, 9);
    business.pass();  // The marker stands.
    business.book("a", 20, 10);
    const auto wait_after_failure = [&] {
        business.service.fail_next({memory::Operation::Create, kDown});
        business.pass();
        const auto mirror = business.mirror("a");
        BOOST_REQUIRE(mirror.not_before.has_value());
        const seconds wait = *mirror.not_before - business.clock.now();
        business.clock.advance(wait);
        return wait;
    };
    seconds longest{0};
    for (int tries = 0; tries < 20; ++tries) longest = std::max(longest, wait_after_failure());
    BOOST_TEST(longest.count() <= 45);
    BOOST_TEST(business.mirror("a").attempts == 20);
    // By now it is the copy that fails.
    for (int tries = 0; tries < 20; ++tries) longest = std::max(longest, wait_after_failure());
    BOOST_TEST(longest.count() > 45);
    BOOST_TEST(longest.count() <= 300);
    business.pass();
    BOOST_TEST(business.service.count(business.href) == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
