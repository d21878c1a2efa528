#include "scheduler/rehearsal.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/scheduler/small_business.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

struct RehearsedBusiness : SmallBusiness {
    RehearsedBusiness() {
        for (int hour = 9; hour < 15; ++hour) book("a" + std::to_string(hour), 20, hour);
        service.put(href, foreign("private", 3, 10));
        pass();
        pass();
    }
    EngineParts parts() { return {store, index, factory, zones, clock, random, keys, {}}; }
    /// Everything that a drill must leave as it is.
    void expect_untouched(const std::function<void()>& drill) {
        const auto before = service.events(href);
        const auto counted = service.counters();
        const auto appointments = calgate::read(store, [](const Reader& r) { return r.appointments({}, 100); });
        const auto last = calgate::read(store, [](const Reader& r) { return r.last_change(); });
        drill();
        const auto after = service.counters();
        BOOST_TEST(after.create + after.update + after.erase == counted.create + counted.update + counted.erase);
        BOOST_TEST(service.events(href).size() == before.size());
        BOOST_TEST((calgate::read(store, [](const Reader& r) { return r.appointments({}, 100); }) == appointments));
        BOOST_TEST(calgate::read(store, [](const Reader& r) { return r.last_change(); }) == last);
    }
    memory::MemoryConnector connector{service};
};

bool all_good(const std::vector<RehearsalStep>& steps) {
    return std::all_of(steps.begin(), steps.end(), [](const RehearsalStep& step) {
        BOOST_TEST_MESSAGE(step.name << ": " << step.found);
        return step.good;
    });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rehearsal)

BOOST_AUTO_TEST_CASE(I31_R15_a_revoked_sign_in_is_rehearsed_without_a_trace) {
    RehearsedBusiness business;
    business.expect_untouched([&] {
        const auto steps = rehearse_revoked(business.parts(), business.connector, business.calendar);
        BOOST_TEST(steps.size() == 5u);
        BOOST_TEST(all_good(steps));
    });
    const auto account = calgate::read(business.store, [](const Reader& r) { return *r.account({"acc"}); });
    BOOST_TEST((account.state == AccountState::Active));
}

BOOST_AUTO_TEST_CASE(I31_F27_a_jumping_clock_is_rehearsed_without_a_trace) {
    RehearsedBusiness business;
    business.expect_untouched([&] {
        for (const auto jump : {std::chrono::hours{1}, std::chrono::hours{25}, std::chrono::hours{24 * 30}}) {
            const auto steps = rehearse_clock(business.parts(), business.connector, business.calendar, jump);
            BOOST_TEST(steps.size() == 5u);
            BOOST_TEST(all_good(steps));
        }
    });
}

BOOST_AUTO_TEST_CASE(a_calendar_that_cannot_be_read_fails_the_drill) {
    RehearsedBusiness business;
    business.service.set_outage(Error{ErrorCode::Unavailable, "Down.", {}});
    const auto clock = rehearse_clock(business.parts(), business.connector, business.calendar, std::chrono::hours{25});
    BOOST_TEST(!all_good(clock));
    const auto revoked = rehearse_revoked(business.parts(), business.connector, business.calendar);
    BOOST_TEST(!all_good(revoked));
    BOOST_TEST(revoked.back().found.find("Down.") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
