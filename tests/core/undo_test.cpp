#include "core/undo.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <ostream>

#include "core/time.hpp"

using namespace calgate;
namespace bdata = boost::unit_test::data;

namespace {

LocalSeconds at(int hour) { return parse_local("2026-03-02T00:00:00").value() + std::chrono::hours{hour}; }

Appointment agreed() {
    Appointment a;
    a.id = {"a"};
    a.staff = {"anna"};
    a.start = at(9);
    a.end = at(10);
    a.zone = "Europe/Berlin";
    a.title = "Cut";
    a.place = "Room 1";
    a.notes = "quiet";
    a.revision = 4;
    return a;
}

using Edit = std::function<void(Appointment&)>;

struct Row {
    const char* name;
    Edit step;      ///< What the run made of it.
    Edit since;     ///< What happened afterwards.
    Edit expected;  ///< What undoing leaves, seen from what was agreed.
};

const Edit kNothing = [](Appointment&) {};
const Edit kMoved = [](Appointment& a) {
    a.start = at(11);
    a.end = at(12);
};
const Edit kLonger = [](Appointment& a) { a.end = at(13); };
const Edit kRetitled = [](Appointment& a) { a.title = "By hand"; };
const Edit kCancelled = [](Appointment& a) { a.state = AppointmentState::Cancelled; };
const Edit kNoted = [](Appointment& a) { a.notes = "since"; };
const Edit kOtherPlace = [](Appointment& a) { a.place = "Room 2"; };
const Edit kMovedAndRetitled = [](Appointment& a) {
    kMoved(a);
    kRetitled(a);
};

const Row kRows[] = {
    {"a move goes back", kMoved, kNothing, kNothing},
    {"a title goes back", kRetitled, kNothing, kNothing},
    {"a place goes back", kOtherPlace, kNothing, kNothing},
    {"notes go back", kNoted, kNothing, kNothing},
    {"a cancellation goes back", kCancelled, kNothing, kNothing},
    {"what was changed since stays", kMoved, kNoted, kNoted},
    {"the field changed since stays, the other goes back",
     kMovedAndRetitled,
     [](Appointment& a) { a.title = "New"; },
     [](Appointment& a) { a.title = "New"; }},
    {"start and end are one field",
     kMoved,
     kLonger,
     [](Appointment& a) {
         a.start = at(11);
         a.end = at(13);
     }},
    {"cancelled since stays cancelled", kMoved, kCancelled, kCancelled},
    {"a step that was undone by hand is nothing", kRetitled, [](Appointment& a) { a.title = "Cut"; }, kNothing},
};

std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

}  // namespace

BOOST_AUTO_TEST_SUITE(undo)

BOOST_DATA_TEST_CASE(R25_a_step_is_taken_back_field_by_field, bdata::make(kRows), row) {
    Appointment after = agreed();
    row.step(after);
    after.revision = 5;
    Appointment now = after;
    row.since(now);
    now.revision = 7;
    Appointment expected = agreed();
    row.expected(expected);
    expected.revision = 7;
    BOOST_TEST((undone(agreed(), after, now) == expected));
}

BOOST_AUTO_TEST_SUITE_END()
