#include "scheduler/restore.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "scheduler/listing.hpp"
#include "tests/scheduler/small_business.hpp"

using namespace calgate;
using namespace calgate::testing;
namespace bdata = boost::unit_test::data;

namespace {

const std::string kRecovery(32, 'r');

/// The host is gone: a store with nothing but an account, an engine over the calendar that is still there.
struct FreshHost {
    SmallBusiness& lost;
    MapStore store{};
    AvailabilityIndex index{};
    Calendar row{};
    Engine engine{{store, index, lost.factory, lost.zones, lost.clock, lost.random, lost.keys, {}}, {}};

    explicit FreshHost(SmallBusiness& business) : lost(business) {
        row.id = lost.calendar;
        row.account.value = "acc";
        row.href = lost.href;
        store.write([&](Writer& writer) {
            writer.put(Business{.id = "from-init", .name = "New", .zone = "UTC", .epoch = "x"});
            writer.put(Account{.id = {"acc"}, .kind = "memory", .url = "memory://host"});
        });
    }
    RestorePlan plan() {
        memory::MemoryConnector connector(lost.service);
        const auto listed = list_calendar(connector, lost.clock, lost.href, {});
        BOOST_REQUIRE(listed.has_value());
        const auto request = calgate::read(store, [](const Reader& r) { return restore_request(r, kRecovery); });
        BOOST_REQUIRE(request.has_value());
        return plan_restore(*listed, *request, lost.zones);
    }
    RestoreReport fill(const RestorePlan& plan, const std::function<bool(std::size_t)>& go_on = {}) {
        return fill_store({store, lost.zones, lost.clock, lost.random}, plan, row, go_on);
    }
    void settle() {
        for (int i = 0; i < 4; ++i) {
            lost.clock.advance(std::chrono::seconds{1000});
            engine.run_pass(row.id);
        }
    }
    std::vector<Appointment> appointments() const {
        return calgate::read(store, [](const Reader& r) { return r.appointments({}, 10'000); });
    }
    std::vector<Mirror> mirrors() const {
        return calgate::read(store, [&](const Reader& r) { return r.mirrors_on(row.id); });
    }
    /// Everything that must come out the same on every way there.
    void expect_equal(const FreshHost& other) const {
        BOOST_TEST((appointments() == other.appointments()));
        BOOST_TEST((mirrors() == other.mirrors()));
    }
};

struct Interruption : std::runtime_error {
    Interruption() : std::runtime_error("The process ends here.") {}
};

/// The time is asked for with every appointment that is restored: there the process can end, within a transaction.
class StoppingClock final : public Clock {
public:
    /// @param after so many answers; -1: never.
    StoppingClock(const Clock& real, int after) : real_(real), after_(after) {}
    Instant now() const override {
        if (asked++ == after_) throw Interruption();
        return real_.now();
    }
    SteadyInstant steady() const override { return real_.steady(); }
    mutable int asked = 0;

private:
    const Clock& real_;
    int after_;
};

/// `days` appointments a day apart, all written. @param masked copies show nothing.
void fill(SmallBusiness& business, int days, bool masked) {
    if (masked) {
        business.store.write([&](Writer& writer) {
            auto row = *writer.calendar(business.calendar);
            row.copy_detail = CopyDetail::kBusy;
            writer.put(row);
        });
    }
    for (int i = 0; i < days; ++i) business.book("a" + std::to_string(i), 1 + i / 8, 8 + i % 8);
    while (business.store.writable()) {
        business.pass();
        if (calgate::read(business.store, [&](const Reader& r) { return r.count_open_mirrors(business.calendar); }) ==
            0)
            break;
        business.clock.advance(std::chrono::seconds{2});
    }
}

void edit(SmallBusiness& business, const std::string& id, int hours) {
    BOOST_REQUIRE(business.service.edit(*business.mirror(id).href, [&](Event& event) {
        event.master.start.local += std::chrono::hours{hours};
        event.master.end.local += std::chrono::hours{hours};
    }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(restore)

BOOST_DATA_TEST_CASE(L6_a_store_comes_back_from_one_target, bdata::make({false, true}), masked) {
    SmallBusiness business;
    fill(business, 40, masked);
    const auto before = calgate::read(business.store, [](const Reader& r) { return r.appointments({}, 1000); });
    const auto events = business.service.count(business.href);
    FreshHost fresh(business);
    const RestorePlan plan = fresh.plan();
    BOOST_TEST(static_cast<int>(plan.finding) == static_cast<int>(RestoreFinding::Complete), plan.sentence);
    const auto done = fresh.fill(plan);
    BOOST_TEST(done.created == 40);
    BOOST_TEST(done.adopted == 40);
    BOOST_TEST((fresh.appointments() == before));
    const auto writes = business.service.counters();
    fresh.settle();
    BOOST_TEST((fresh.appointments() == before));
    BOOST_TEST(business.service.count(business.href) == events);
    BOOST_TEST(business.service.counters().create == writes.create);
    const auto verified = fresh.engine.verify(fresh.row.id);
    BOOST_TEST(verified.same == 40);
    BOOST_TEST(verified.findings.empty());
    const auto epochs = calgate::read(fresh.store, [](const Reader& r) { return epochs_before(r); });
    BOOST_TEST((epochs == std::vector<std::string>{"e1"}));
}

BOOST_AUTO_TEST_CASE(R8_restored_twice_changes_nothing) {
    SmallBusiness business;
    fill(business, 30, true);
    edit(business, "a3", 9);
    FreshHost once(business), twice(business);
    once.fill(once.plan());
    twice.fill(twice.plan());
    const auto again = twice.fill(twice.plan());
    BOOST_TEST(again.created + again.changed + again.adopted == 0);
    BOOST_TEST(again.kept == 30);
    twice.expect_equal(once);
}

BOOST_AUTO_TEST_CASE(R8_interrupted_at_any_batch_and_resumed) {
    SmallBusiness business;
    fill(business, 410, false);
    FreshHost whole(business);
    whole.fill(whole.plan());
    for (const int batch : {0, 1, 2}) {
        FreshHost broken(business);
        int seen = 0;
        const auto first = broken.fill(broken.plan(), [&](std::size_t) { return seen++ != batch; });
        BOOST_TEST(first.stopped == (batch < 2));
        broken.fill(broken.plan());
        broken.expect_equal(whole);
    }
}

BOOST_AUTO_TEST_CASE(R8_interrupted_at_50_random_points_and_resumed) {
    SmallBusiness business;
    fill(business, 410, true);
    edit(business, "a7", 9);
    FreshHost whole(business);
    const RestorePlan plan = whole.plan();
    StoppingClock counting(business.clock, -1);
    fill_store({whole.store, business.zones, counting, business.random}, plan, whole.row);
    BOOST_REQUIRE(counting.asked > 400);  // At every appointment.
    int stopped_within = 0;
    for (int point = 0; point < 50; ++point) {
        FreshHost broken(business);
        const int first = static_cast<int>(business.random.next() % static_cast<std::uint64_t>(counting.asked));
        for (const int after : {first, 0}) {  // The second run ends at its first appointment.
            StoppingClock stopping(business.clock, after);
            BOOST_CHECK_THROW(
                fill_store({broken.store, business.zones, stopping, business.random}, plan, broken.row), Interruption
            );
        }
        stopped_within += broken.appointments().size() < 410 ? 1 : 0;
        broken.fill(point % 10 == 0 ? broken.plan() : plan);
        broken.expect_equal(whole);
    }
    BOOST_TEST(stopped_within == 50);
}

BOOST_AUTO_TEST_CASE(R8_staff_edit_while_it_is_restored) {
    SmallBusiness business;
    fill(business, 30, false);
    edit(business, "a1", 9);  // Never read by the lost host.
    FreshHost fresh(business);
    const RestorePlan plan = fresh.plan();
    edit(business, "a2", 9);  // Between the listing and the writing.
    fresh.fill(plan);
    edit(business, "a4", 9);  // Before the new host reads.
    fresh.settle();
    for (const char* id : {"a1", "a2", "a4"}) {
        const auto now = calgate::read(fresh.store, [&](const Reader& r) { return *r.appointment({id}); });
        BOOST_TEST((now.start == business.appointment(id).start + std::chrono::hours{9}), id);
    }
    const auto verified = fresh.engine.verify(fresh.row.id);
    BOOST_TEST(verified.same == 30);
    BOOST_TEST(business.service.count(business.href) == 31u);
}

BOOST_AUTO_TEST_CASE(I6_an_adopted_copy_of_a_cancelled_appointment_goes) {
    SmallBusiness business;
    fill(business, 10, false);
    FreshHost fresh(business);
    fresh.fill(fresh.plan());
    calgate::write(fresh.store, [&](Writer& w) {
        return cancel_appointment(w, {"a5"}, {}, business.zones, business.clock.now(), "api", "");
    });
    fresh.settle();
    BOOST_TEST(business.service.count(business.href) == 10u);
    fresh.fill(fresh.plan());
    const auto now = calgate::read(fresh.store, [](const Reader& r) { return *r.appointment({"a5"}); });
    BOOST_TEST((now.state == AppointmentState::Cancelled));
}

BOOST_AUTO_TEST_CASE(I15_two_copies_at_one_time_leave_the_newer_one) {
    SmallBusiness business;
    fill(business, 3, false);
    edit(business, "a0", 1);  // Onto a1.
    FreshHost fresh(business);
    const auto done = fresh.fill(fresh.plan());
    BOOST_TEST(done.created == 3);
    BOOST_TEST(done.refused.empty());
    fresh.settle();
    const auto open = calgate::read(fresh.store, [](const Reader& r) { return r.conflicts(true); });
    BOOST_REQUIRE(open.size() == 1u);
    BOOST_TEST((open[0].kind == ConflictKind::MovedOntoAnother));
}

BOOST_AUTO_TEST_CASE(a_store_with_appointments_is_not_filled) {
    SmallBusiness business;
    fill(business, 3, false);
    const auto asked = calgate::read(business.store, [](const Reader& r) { return restore_request(r, kRecovery); });
    BOOST_REQUIRE(!asked);
    BOOST_TEST(asked.error().detail.find("new folder") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(F3_a_listing_goes_on_where_the_rate_limit_stopped_it) {
    SmallBusiness business;
    fill(business, 30, false);
    business.service.set_page_size(7);
    memory::MemoryConnector connector(business.service);
    ListingOptions options;
    std::vector<std::chrono::seconds> waits;
    options.wait = [&](const Error&, std::chrono::seconds wait) {
        waits.push_back(wait);
        return true;
    };
    options.progress = [&](std::size_t events) {
        if (events == 14) {
            business.service.fail_next(
                {memory::Operation::Changes, {ErrorCode::RateLimited, "Slow down.", std::chrono::seconds{40}}}
            );
        }
    };
    const auto before = business.service.counters().changes;
    const auto listed = list_calendar(connector, business.clock, business.href, options);
    BOOST_REQUIRE(listed.has_value());
    BOOST_TEST(listed->size() == 31u);
    BOOST_REQUIRE(waits.size() == 1u);
    BOOST_TEST(waits[0].count() == 40);
    BOOST_TEST(business.service.counters().changes - before == 6);
    options.wait = {};
    business.service.fail_next({memory::Operation::Changes, {ErrorCode::RateLimited, "Slow down.", {}}});
    BOOST_TEST(!list_calendar(connector, business.clock, business.href, options));
}

BOOST_AUTO_TEST_SUITE_END()
