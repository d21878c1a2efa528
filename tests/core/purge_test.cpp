#include "core/purge.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

using namespace calgate;

namespace {

const std::string kRecovery(32, 'r');
const Keys kKeys{mark_key_of(kRecovery), kRecovery};
const CalendarId kCalendar{"cal"};

struct Row {
    const char* what;
    const char* business;
    const char* named_for;  ///< The business of whose copy it has the name.
    int generation_of_name;
    bool other_key;
    bool unreadable;
    bool ours;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.what; }

const Row kRows[] = {
    {"our copy", "b1", "b1", 1, false, false, true},
    {"our copy, unreadable", "b1", "b1", 1, false, true, false},
    {"our mark under another name", "b1", "b1", 2, false, false, false},
    {"of another business with the same key", "b2", "b2", 1, false, false, false},
    {"our mark under another business's name", "b1", "b2", 1, false, false, false},
    {"marked under another key", "b1", "b1", 1, true, false, false},
};

RemoteEvent event_of(const Row& row) {
    const Keys other{mark_key_of(std::string(32, 'z')), std::string(32, 'z')};
    RemoteEvent event;
    event.href = {"/cal/a.ics"};
    event.event.uid = copy_name(row.named_for, {"a"}, kCalendar, row.generation_of_name);
    event.event.mark = write_mark({"e1", row.business, {"a"}, 1, 1}, row.other_key ? other : kKeys);
    if (row.unreadable) event.unreadable = "It is broken.";
    return event;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(purge)

BOOST_DATA_TEST_CASE(I8_only_what_mark_and_name_say_is_ours, boost::unit_test::data::make(kRows), row) {
    PurgePlan plan;
    plan.keys = kKeys;
    plan.business = "b1";
    plan.calendars = {kCalendar};
    BOOST_TEST(is_ours_to_purge(event_of(row), plan) == row.ours);
}

BOOST_AUTO_TEST_CASE(of_two_businesses_without_a_marker_nothing_is_taken) {
    const PurgeRequest request{kRecovery, {kCalendar}};
    BOOST_TEST(plan_purge({event_of(kRows[0])}, request).copies.size() == 1u);
    const PurgePlan both = plan_purge({event_of(kRows[0]), event_of(kRows[3])}, request);
    BOOST_TEST(both.copies.empty());
    BOOST_TEST(both.others == 2);
}

BOOST_AUTO_TEST_SUITE_END()
