#include "store/exposure.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/scheduler/small_business.hpp"

using namespace calgate;
using namespace calgate::testing;
using std::chrono::minutes;

BOOST_AUTO_TEST_SUITE(exposure)

BOOST_AUTO_TEST_CASE(what_no_calendar_holds_yet_is_counted_with_the_age_of_the_oldest) {
    SmallBusiness business;
    const auto exposed = [&] { return calgate::read(business.store, [](const Reader& r) { return r.exposure(); }); };
    business.store.write([&](Writer& writer) {  // A second target of the same person.
        Calendar other = *writer.calendar(business.calendar);
        other.id.value = "other";
        other.href = business.service.add_calendar("Other");
        other.busy = false;
        writer.put(other);
    });
    BOOST_TEST(exposed().appointments == 0);
    BOOST_TEST(!exposed().oldest.has_value());
    const Instant first = business.clock.now();
    business.book("a", 20, 9);
    business.clock.advance(minutes{10});
    business.book("b", 20, 11);
    BOOST_TEST(exposed().appointments == 2);
    BOOST_TEST((exposed().oldest == first));
    business.pass();  // One target is enough; the other still waits.
    BOOST_TEST(exposed().appointments == 0);
    business.clock.advance(minutes{10});
    const Instant cancelled = business.clock.now();
    calgate::write(business.store, [&](Writer& w) {
        return cancel_appointment(w, {"a"}, {}, business.zones, business.clock.now(), "api", "");
    });
    BOOST_TEST(exposed().appointments == 1);
    BOOST_TEST((exposed().oldest == cancelled));
    business.pass();
    BOOST_TEST(exposed().appointments == 0);
}

BOOST_AUTO_TEST_SUITE_END()
