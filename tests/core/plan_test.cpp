#include "core/plan.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

namespace calgate {
namespace {

using namespace std::chrono_literals;

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

struct BrakeRow {
    const char* name;
    int copies;
    int changed;
    std::vector<std::chrono::seconds> moves;
    bool passes;
    int deleted = 0;
    int odd_nearby = 0;
};
std::ostream& operator<<(std::ostream& out, const BrakeRow& row) { return out << row.name; }

// clang-format off
const BrakeRow kBrake[]{
    {"nothing", 100, 0, {}, true},
    {"five of a small calendar", 5, 5, {}, true},
    {"six of a small calendar", 6, 6, {}, false},
    {"six of twenty-nine", 29, 6, {}, false},
    {"six of thirty", 30, 6, {}, true},
    {"a fifth of a hundred", 100, 20, {}, true},
    {"one more than a fifth", 100, 21, {}, false},
    {"four moved by an hour", 100, 4, {1h, 1h, 1h, 1h}, true},
    {"five moved by an hour R11", 100, 5, {1h, 1h, 1h, 1h, 1h}, false},
    {"five moved back by nine hours R11", 100, 5, {-9h, -9h, -9h, -9h, -9h}, false},
    {"five moved by different spans", 100, 5, {1h, 2h, -1h, 1h, 24h}, true},
    {"five alike among others R11", 100, 9, {1h, 30min, 1h, 2h, 1h, 1h, -1h, 1h}, false},
    {"a deletion while one more calendar is odd", 100, 1, {}, true, 1, 1},
    {"a deletion while two more calendars are odd", 100, 1, {}, false, 1, 2},
    {"a deletion among changes while many are odd", 100, 3, {1h, 2h}, false, 1, 9},
    {"a change while many calendars are odd", 100, 3, {1h, 2h, 3h}, true, 0, 9},
    {"an hour forth and back is not alike", 100, 8, {1h, -1h, 1h, -1h, 1h, -1h, 1h, -1h}, true},
};
// clang-format on

Shown shown(int day, int hour) {
    const std::chrono::local_days date{std::chrono::year{2026} / 3 / day};
    const When start{When::Kind::Zoned, date + std::chrono::hours{hour}, "Europe/Zurich"};
    const When end{When::Kind::Zoned, date + std::chrono::hours{hour + 1}, "Europe/Zurich"};
    return {start, end, "Cut", "", "", false};
}

FoundCopy present(const Shown& base, const Shown& theirs) {
    return {base, base, {}, Theirs{Theirs::Kind::Present, theirs, {}}};
}
FoundCopy gone(const Shown& base) { return {base, base, {}, Theirs{Theirs::Kind::Gone, {}, {}}}; }

FoundCopy with(FoundCopy copy, bool FoundCopy::*fact) {
    copy.*fact = true;
    return copy;
}
FoundCopy cancelled_here(FoundCopy copy) {
    copy.ours.cancelled = true;
    return copy;
}
FoundCopy without_base(FoundCopy copy) {
    copy.base.reset();
    return copy;
}
FoundCopy unseen(const Shown& base) { return {base, base, {}, std::nullopt}; }

struct CopyRow {
    const char* name;
    FoundCopy copy;
    StepKind step;
    int deletions = 0;
    std::optional<ConflictKind> conflict = std::nullopt;
};
std::ostream& operator<<(std::ostream& out, const CopyRow& row) { return out << row.name; }

const auto kAsked = &FoundCopy::asked, kHidden = &FoundCopy::hidden, kEarlier = &FoundCopy::of_earlier_booking;
const Shown kNine = shown(10, 9), kTen = shown(10, 10);
Shown struck() {
    Shown out = kNine;
    out.cancelled = true;
    return out;
}

// clang-format off
const CopyRow kCopies[]{
    {"unseen I11", unseen(kNine), StepKind::Nothing},
    {"unseen, ours cancelled I11", cancelled_here(unseen(kNine)), StepKind::Nothing},
    {"there as agreed", present(kNine, kNine), StepKind::Nothing},
    {"moved", present(kNine, kTen), StepKind::TakeTheirs},
    {"gone", gone(kNine), StepKind::CancelOurs, 1},
    {"cancelled there", present(kNine, struck()), StepKind::CancelOurs, 1},
    {"asked, gone: not again", with(gone(kNine), kAsked), StepKind::Nothing, 0},
    {"asked, still otherwise", with(present(kNine, kTen), kAsked), StepKind::Nothing},
    {"asked, as ours again", with(present(kNine, kNine), kAsked), StepKind::Nothing},
    {"asked, ours cancelled and gone there", cancelled_here(with(gone(kNine), kAsked)), StepKind::Settle, 0},
    {"asked, ours cancelled, nothing agreed", cancelled_here(with(without_base(present(kNine, kTen)), kAsked)), StepKind::DeleteCopy},
    {"asked, ours cancelled, edited there", cancelled_here(with(present(kNine, kTen), kAsked)), StepKind::Nothing},
    {"hidden, still away R5", with(gone(kNine), kHidden), StepKind::Settle, 1},
    {"hidden, still cancelled there R5", with(present(kNine, struck()), kHidden), StepKind::Settle, 1},
    {"hidden, put back", with(without_base(present(kNine, kNine)), kHidden), StepKind::Settle},
    {"hidden, put back, ours cancelled", cancelled_here(with(present(kNine, kNine), kHidden)), StepKind::DeleteCopy},
    {"an earlier booking's copy, as written", with(present(kNine, kNine), kEarlier), StepKind::WriteOurs},
    {"an earlier booking's copy, edited", with(present(kNine, kTen), kEarlier), StepKind::WriteOurs, 0, ConflictKind::DeletedAndEdited},
    {"an earlier booking's copy, what it held is unknown", with(without_base(present(kNine, kTen)), kEarlier), StepKind::WriteOurs},
    {"an earlier booking's copy, ours cancelled", cancelled_here(with(present(kNine, kNine), kEarlier)), StepKind::DeleteCopy},
};

const std::pair<StepKind, bool> kTakes[]{
    {StepKind::Nothing, false}, {StepKind::Settle, false}, {StepKind::WriteOurs, false}, {StepKind::DeleteCopy, false},
    {StepKind::TakeTheirs, true}, {StepKind::Merge, true}, {StepKind::CancelOurs, true}, {StepKind::RestoreCopy, true},
    {StepKind::HideCopy, true}, {StepKind::OpenConflict, true},
};
// clang-format on

}  // namespace

namespace bdata = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(plan)

BOOST_DATA_TEST_CASE(I13_what_is_odd_waits, bdata::make(kBrake), row) {
    const auto why = odd({row.changed, row.moves, row.deleted}, {.copies = row.copies, .odd_nearby = row.odd_nearby});
    BOOST_TEST(why.has_value() != row.passes);
    if (why) BOOST_TEST(why->ends_with("Nothing was taken over."));
}

BOOST_DATA_TEST_CASE(each_copy_gets_its_step, bdata::make(kCopies), row) {
    const Plan plan = plan_run({row.copy}, {}, {}, {}, zones());
    BOOST_REQUIRE(plan.steps.size() == 1u);
    BOOST_TEST(static_cast<int>(plan.steps[0].kind) == static_cast<int>(row.step));
    BOOST_TEST((plan.steps[0].conflict == row.conflict));
    BOOST_TEST(plan.deletions == row.deletions);
    BOOST_TEST(plan.taking.changed == (takes(row.step) || row.conflict ? 1 : 0));
    if (row.deletions == 0) BOOST_TEST(plan.taking.deleted == 0);
    BOOST_TEST(!plan.held);
}

BOOST_AUTO_TEST_CASE(which_steps_take_something_over) {
    for (const auto& [step, expected] : kTakes) BOOST_TEST(takes(step) == expected);
}

BOOST_AUTO_TEST_CASE(two_deletions_in_one_run_ask) {
    const Plan plan = plan_run({gone(kNine), gone(shown(11, 9))}, {}, {}, {}, zones());
    for (const auto& step : plan.steps) BOOST_TEST((step.kind == StepKind::OpenConflict));
    BOOST_TEST(plan.deletions == 2);
}

BOOST_AUTO_TEST_CASE(I13_edits_that_are_written_over_count) {
    const ReconcilePolicy gateway{.concurrent_edits = ConcurrentEditPolicy::Gateway};
    Shown retitled = kNine;
    retitled.title = "By hand";
    FoundCopy both = present(kNine, retitled);
    both.ours.title = "As booked";
    const Plan five = plan_run(std::vector(5, both), {}, gateway, {}, zones());
    for (const auto& step : five.steps) BOOST_TEST((step.kind == StepKind::WriteOurs && step.conflict));
    BOOST_TEST(!five.held);
    BOOST_TEST(plan_run(std::vector(6, both), {}, gateway, {}, zones()).held.has_value());
    const auto put_back = with(present(kNine, kTen), kEarlier);
    BOOST_TEST(plan_run(std::vector(6, put_back), {}, {}, {}, zones()).held.has_value());
    BOOST_TEST(!plan_run(std::vector(6, with(present(kNine, kNine), kEarlier)), {}, {}, {}, zones()).held);
}

BOOST_AUTO_TEST_CASE(what_was_found_before_in_the_run_counts) {
    RunSoFar before;
    before.deletions = 1;
    BOOST_TEST((plan_run({gone(kNine)}, before, {}, {}, zones()).steps[0].kind == StepKind::OpenConflict));
    before = {0, {5, {}, 0}};
    BOOST_TEST(plan_run({present(kNine, kTen)}, before, {}, {}, zones()).held.has_value());
    BOOST_TEST(!plan_run({present(kNine, kNine)}, before, {}, {}, zones()).held.has_value());
}

BOOST_AUTO_TEST_CASE(a_deletion_waits_while_other_calendars_of_its_service_are_odd) {
    const BrakeLimits nearby{.copies = 100, .odd_nearby = 2};
    BOOST_TEST(plan_run({gone(kNine)}, {}, {}, nearby, zones()).held.has_value());
    BOOST_TEST(!plan_run({present(kNine, kTen)}, {}, {}, nearby, zones()).held.has_value());
    BOOST_TEST(!plan_run({with(gone(kNine), kHidden)}, {}, {}, nearby, zones()).held.has_value());
}

BOOST_AUTO_TEST_CASE(R11_five_copies_an_hour_off_wait_for_a_person) {
    std::vector<FoundCopy> copies;
    for (int day = 10; day < 15; ++day) copies.push_back(present(shown(day, 9), shown(day, 10)));
    BOOST_TEST(plan_run(copies, {}, {}, {.copies = 200}, zones()).held.has_value());
    copies.back() = present(shown(14, 9), shown(14, 11));
    BOOST_TEST(!plan_run(copies, {}, {}, {.copies = 200}, zones()).held.has_value());
    // Renamed, not moved.
    for (auto& copy : copies) {
        copy.theirs->shown = copy.ours;
        copy.theirs->shown.title = "Colour";
    }
    BOOST_TEST(!plan_run(copies, {}, {}, {.copies = 200}, zones()).held.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
