#include "scheduler/provisional.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "tests/scheduler/small_business.hpp"

using namespace calgate;
using namespace calgate::testing;
namespace bdata = boost::unit_test::data;

namespace {

struct Case {
    const char* name;
    int foreign_hour;  ///< Of the event that stands in the calendar; 0: none.
    bool clash;
    Resolution decision;
    AppointmentState after;
};
std::ostream& operator<<(std::ostream& out, const Case& row) { return out << row.name; }

const Case kCases[] = {
    {"free after all", 0, false, Resolution::Ours, AppointmentState::Confirmed},
    {"busy beside it", 10, false, Resolution::Ours, AppointmentState::Confirmed},
    {"busy, and it stays", 9, true, Resolution::Ours, AppointmentState::Confirmed},
    {"busy, and it goes", 9, true, Resolution::Theirs, AppointmentState::Cancelled},
};

void book_provisionally(SmallBusiness& business, int day, int hour) {
    Appointment wanted;
    wanted.id.value = "p";
    wanted.staff.value = "anna";
    wanted.start = SmallBusiness::at(day, hour);
    wanted.end = SmallBusiness::at(day, hour + 1);
    wanted.zone = "Europe/Berlin";
    wanted.provisional = true;
    calgate::write(business.store, [&](Writer& w) {
        return place_appointment(w, wanted, {}, business.zones, business.clock.now(), "api", "");
    });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(provisional)

BOOST_DATA_TEST_CASE(I17_a_provisional_booking_is_looked_at_when_its_source_is_back, bdata::make(kCases), row) {
    SmallBusiness business;
    business.pass();
    business.service.set_outage(Error{ErrorCode::Unavailable, "Down.", {}});
    business.clock.advance(std::chrono::hours{2});
    book_provisionally(business, 3, 9);
    if (row.foreign_hour > 0) business.service.put(business.href, business.foreign("f", 3, row.foreign_hour));
    business.pass();
    BOOST_TEST(business.appointment("p").provisional);  // Nothing was read yet.
    business.service.set_outage({});
    business.pass();
    BOOST_TEST(!business.appointment("p").provisional);
    const auto open = business.conflicts();
    BOOST_REQUIRE(open.size() == (row.clash ? 1u : 0u));
    if (!row.clash) return;
    BOOST_TEST((open[0].kind == ConflictKind::ProvisionalClash));
    BOOST_TEST(open[0].why.find("2026-03-03T08:00:00Z") != std::string::npos);
    apply_resolution(business.store, business.zones, business.clock, open[0].id, row.decision, "api");
    business.pass();
    business.pass();
    BOOST_TEST((business.appointment("p").state == row.after));
    const bool there = business.mirror("p").href.has_value();
    BOOST_TEST(there == (row.after == AppointmentState::Confirmed));
    BOOST_TEST(business.conflicts().empty());
}

BOOST_AUTO_TEST_CASE(a_provisional_booking_waits_for_all_sources) {
    SmallBusiness business;
    business.store.write([&](Writer& writer) {
        Calendar other = *writer.calendar(business.calendar);
        other.id.value = "other";
        other.mirror = false;
        writer.put(other);
    });
    business.pass();
    book_provisionally(business, 3, 9);
    business.pass();
    BOOST_TEST(business.appointment("p").provisional);
    business.engine.run_pass({"other"});
    BOOST_TEST(!business.appointment("p").provisional);
}

BOOST_AUTO_TEST_SUITE_END()
