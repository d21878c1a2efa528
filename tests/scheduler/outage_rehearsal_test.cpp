#include "scheduler/outage_rehearsal.hpp"

#include <boost/test/unit_test.hpp>

#include "scheduler/lineage.hpp"
#include "tests/scheduler/small_business.hpp"

using namespace calgate;
using namespace calgate::testing;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

struct DrilledBusiness : SmallBusiness {
    DrilledBusiness() {
        for (int hour = 9; hour < 15; ++hour) book("a" + std::to_string(hour), 20, hour);
        service.put(href, foreign("private", 3, 10));
        pass();
        pass();
    }
    /// Nothing is left behind, and the service notices nothing at all.
    RehearsedOutage drill(const OutageToRehearse& plan) {
        const auto calls = service.counters().total();
        const auto last = calgate::read(store, [](const Reader& r) { return r.last_change(); });
        const EngineParts parts{store, index, factory, zones, clock, random, keys, {}};
        RehearsedOutage told = rehearse_outage(parts, calendar, plan).value();
        BOOST_TEST(service.counters().total() == calls);
        BOOST_TEST(calgate::read(store, [](const Reader& r) { return r.last_change(); }) == last);
        BOOST_TEST(calgate::read(store, [](const Reader& r) { return r.appointments({}, 1000).size(); }) == 6u);
        return told;
    }
    void add_target(const std::string& account) {
        store.write([&](Writer& writer) {
            if (account != "acc") writer.put(Account{.id = {account}, .kind = "memory", .url = "memory://other"});
            Calendar other = *writer.calendar(calendar);
            other.id.value = "other";
            other.account.value = account;
            other.href.value = "/other/";
            other.busy = false;
            writer.put(other);
        });
    }
    /// With a calendar in the same account.
    void add_colleague() {
        store.write([&](Writer& writer) {
            Calendar theirs = *writer.calendar(calendar);
            Staff colleague = *writer.staff(theirs.staff);
            colleague.id.value = "colleague";
            writer.put(colleague);
            theirs.id.value = "theirs";
            theirs.staff = colleague.id;
            theirs.href.value = "/theirs/";
            theirs.marker.reset();
            writer.put(theirs);
        });
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(outage_rehearsal)

BOOST_AUTO_TEST_CASE(I31_F2_18_hours_away_are_lived_through_on_a_simulated_clock) {
    DrilledBusiness business;
    const RehearsedOutage told = business.drill({100, hours{18}, 200});
    BOOST_TEST(told.good(), told.trouble);
    BOOST_TEST(told.changes == 200);
    BOOST_TEST(told.same == 120);  // 160 booked, 40 of them cancelled again.
    BOOST_TEST(told.most_waiting >= 120);
    BOOST_TEST(told.most_waiting <= 200);
    BOOST_TEST(told.calls <= 18 * 120 + 10);
    BOOST_TEST(told.calls >= 18 * 60);
    BOOST_TEST(told.oldest_answer.count() >= hours{18} / seconds{1});
    BOOST_TEST(told.oldest_answer.count() <= (hours{18} + minutes{6}) / seconds{1});
    BOOST_TEST(told.rpo.count() >= hours{17} / seconds{1});
    BOOST_TEST(told.rpo.count() <= hours{18} / seconds{1});
    BOOST_TEST(told.first_write.count() >= 0);
    BOOST_TEST(told.first_write.count() <= 60);
    BOOST_TEST(told.caught_up.count() <= told.most_waiting / 50 + 61);
    BOOST_REQUIRE(told.samples.size() > 1000u);
    BOOST_TEST(told.samples.back().waiting == 0);
    BOOST_TEST(told.samples.back().at.count() == (hours{18} + told.caught_up) / seconds{1});
}

BOOST_AUTO_TEST_CASE(L1_where_six_calls_of_ten_fail_nothing_is_lost_or_written_twice) {
    DrilledBusiness business;
    const RehearsedOutage told = business.drill({60, hours{6}, 100});
    BOOST_TEST_MESSAGE(
        told.refused << " refused, " << told.unanswered << " unanswered, caught up after " << told.caught_up.count()
                     << " s, " << told.lost << " lost, " << told.doubled << " doubled, " << told.different
                     << " different, " << told.calls << " calls"
    );
    BOOST_TEST(told.good(), told.trouble);
    BOOST_TEST(told.same == 60);
    BOOST_TEST(told.caught_up.count() <= told.most_waiting / 50 + 61);
    BOOST_TEST(told.oldest_answer.count() < hours{6} / seconds{1});
}

BOOST_AUTO_TEST_CASE(L1_all_calendars_of_the_account_are_away_and_catch_up_together) {
    DrilledBusiness business;
    business.add_target("acc");
    business.add_colleague();
    const RehearsedOutage told = business.drill({100, hours{6}, 60});
    BOOST_TEST(told.good(), told.trouble);
    BOOST_TEST(told.targets == 3);
    // Of 48 booked 12 were cancelled again; half of the others have two copies each, half one.
    BOOST_TEST(told.same == 18 * 2 + 18);
    BOOST_TEST(told.most_waiting >= told.same);
    BOOST_TEST(told.answers == 2 * static_cast<std::int64_t>(told.samples.size()));
    BOOST_TEST(told.rpo.count() >= hours{5} / seconds{1});
}

BOOST_AUTO_TEST_CASE(what_one_of_two_people_has_elsewhere_too_does_not_hide_what_the_other_would_lose) {
    DrilledBusiness business;
    business.add_target("elsewhere");
    business.add_colleague();
    const RehearsedOutage told = business.drill({100, hours{2}, 20});
    BOOST_TEST(told.good(), told.trouble);
    BOOST_TEST(told.targets == 2);
    BOOST_TEST(told.rpo.count() >= hours{1} / seconds{1});
    BOOST_TEST(told.rpo.count() <= hours{2} / seconds{1});
}

BOOST_AUTO_TEST_CASE(who_takes_no_appointment_stops_nothing) {
    DrilledBusiness business;
    business.add_colleague();
    business.store.write([&](Writer& writer) {
        Staff colleague = *writer.staff({"colleague"});
        colleague.capacity = 0;
        writer.put(colleague);
    });
    const RehearsedOutage told = business.drill({100, hours{2}, 20});
    BOOST_TEST(told.good(), told.trouble);
    BOOST_TEST(told.same == 12);
}

BOOST_AUTO_TEST_CASE(what_another_account_holds_would_not_be_lost) {
    DrilledBusiness business;
    business.add_target("elsewhere");
    const RehearsedOutage told = business.drill({100, hours{2}, 20});
    BOOST_TEST(told.good(), told.trouble);
    BOOST_TEST(told.rpo.count() == 0);
}

BOOST_AUTO_TEST_CASE(an_account_that_is_not_at_rest_is_told_with_a_sentence) {
    DrilledBusiness business;
    business.store.write([&](Writer& writer) { stand_still(writer, Lineage::Rival, business.clock.now()); });
    calgate::write(business.store, [&](Writer& w) {
        return cancel_appointment(w, {"a9"}, {}, business.zones, business.clock.now(), "api", "");
    });
    const EngineParts parts{
        business.store,
        business.index,
        business.factory,
        business.zones,
        business.clock,
        business.random,
        business.keys,
        {}};
    const RehearsedOutage told = rehearse_outage(parts, business.calendar, {100, hours{1}, 5}).value();
    BOOST_TEST(!told.good());
    BOOST_TEST(told.trouble.find("Another gateway writes") != std::string::npos, told.trouble);
    BOOST_TEST(told.changes == 0);
}

BOOST_AUTO_TEST_SUITE_END()
