#include "core/policy.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "core/reconcile_table.hpp"

using namespace calgate;

namespace {

Calendar calendar(const char* id, const char* name) {
    Calendar out;
    out.id = {id};
    out.name = name;
    out.copy_detail = CopyDetail::kTitle;
    return out;
}

/// The business restores; the calendar "c1" asks, and all that are called "Bookings" hide.
Policies policies() {
    Policies out;
    out.moved_onto = MovedOntoPolicy::PutBack;
    out.calendars["c1"].deletions = DeletionPolicy::Ask;
    out.calendars["Bookings"].deletions = DeletionPolicy::Hide;
    out.calendars["Bookings"].moved_onto = MovedOntoPolicy::Ask;
    return out;
}

struct Row {
    const char* name;
    Calendar calendar;
    DeletionPolicy deletions;
    MovedOntoPolicy moved_onto;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

const Row kRows[] = {
    {"nothing of its own", calendar("c9", "Personal"), DeletionPolicy::Restore, MovedOntoPolicy::PutBack},
    {"by name", calendar("c2", "Bookings"), DeletionPolicy::Hide, MovedOntoPolicy::Ask},
    {"by id", calendar("c1", "Personal"), DeletionPolicy::Ask, MovedOntoPolicy::PutBack},
    {"the id goes before the name", calendar("c1", "Bookings"), DeletionPolicy::Ask, MovedOntoPolicy::PutBack},
};

struct MovedOntoRow {
    const char* name;
    MovedOntoPolicy policy;
    StepKind step;
};
std::ostream& operator<<(std::ostream& out, const MovedOntoRow& row) { return out << row.name; }

const MovedOntoRow kMovedOnto[] = {
    {"ask", MovedOntoPolicy::Ask, StepKind::OpenConflict},
    {"put back", MovedOntoPolicy::PutBack, StepKind::WriteOurs},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(policies_of_calendars)

BOOST_DATA_TEST_CASE(a_calendar_decides_otherwise_than_its_business, boost::unit_test::data::make(kRows), row) {
    Business business;
    business.deletions = DeletionPolicy::Restore;
    business.concurrent_edits = ConcurrentEditPolicy::Newest;
    const ReconcilePolicy policy = policy_of(business, row.calendar, policies());
    BOOST_TEST((policy.deletions == row.deletions));
    BOOST_TEST((policy.moved_onto == row.moved_onto));
    BOOST_TEST((policy.concurrent_edits == ConcurrentEditPolicy::Newest));
    BOOST_TEST((policy.copy_detail == CopyDetail::kTitle));
}

BOOST_AUTO_TEST_CASE(every_policy_can_be_decided_otherwise) {
    PolicyOverrides own;
    own.concurrent_edits = ConcurrentEditPolicy::Gateway;
    own.deletions = DeletionPolicy::Cancel;
    own.moved_onto = MovedOntoPolicy::PutBack;
    own.moved_away = MovedAwayPolicy::Hide;
    own.duplicates = DuplicatePolicy::Free;
    own.masked_edits = MaskedEditPolicy::PutBack;
    own.say_in_copy = true;
    Policies all;
    all.calendars["c1"] = own;
    const ReconcilePolicy expected{
        ConcurrentEditPolicy::Gateway,
        DeletionPolicy::Cancel,
        CopyDetail::kTitle,
        MovedOntoPolicy::PutBack,
        MovedAwayPolicy::Hide,
        DuplicatePolicy::Free,
        MaskedEditPolicy::PutBack,
        true};
    BOOST_TEST((policy_of({}, calendar("c1", "Bookings"), all) == expected));
    BOOST_TEST((policy_of({}, calendar("c2", "Bookings"), all) != expected));
}

BOOST_DATA_TEST_CASE(a_copy_moved_onto_another_appointment, boost::unit_test::data::make(kMovedOnto), row) {
    ReconcilePolicy policy;
    policy.moved_onto = row.policy;
    const Rule rule = rule_of(Happened::CopyMovedOnto, policy, 0);
    BOOST_TEST((rule.step == row.step));
    BOOST_TEST((rule.conflict == ConflictKind::MovedOntoAnother));
}

BOOST_AUTO_TEST_SUITE_END()
