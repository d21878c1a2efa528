#include <rapidcheck.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>

#include "tests/core/plan_world.hpp"

/// How many cases a property has is said by RC_PARAMS; CTest sets it, with a fixed seed.
namespace calgate::testing {
namespace {

constexpr int kMostRounds = 20;

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

Choices drawn(std::size_t numbers) {
    const auto number = rc::gen::inRange<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max());
    return Choices(*rc::gen::container<std::vector<std::uint64_t>>(numbers, number));
}

template <class T>
void shuffle(std::vector<T>& items, Choices& choices) {
    for (std::size_t i = items.size(); i > 1; --i)
        std::swap(items[i - 1], items[static_cast<std::size_t>(choices.pick(static_cast<int>(i)))]);
}

/// Carries out what a run over that calendar plans, in any order; some steps may not come through.
/// @return whether something was to do.
bool run_over(PlanWorld& world, int calendar, Choices& choices, bool all_come_through) {
    const Plan plan = world.plan(calendar);
    if (plan.held) return true;
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) order.push_back(i);
    shuffle(order, choices);
    bool busy = false;
    for (const std::size_t i : order) {
        busy = busy || !idle(plan.steps[i]);
        if (all_come_through || !choices.one_in(4)) world.carry_out(i, calendar, plan.steps[i]);
    }
    return busy;
}

bool round(PlanWorld& world, Choices& choices, bool all_come_through) {
    std::vector<int> order;
    for (int c = 0; c < world.calendars(); ++c) order.push_back(c);
    shuffle(order, choices);
    bool busy = false;
    for (const int calendar : order) busy = run_over(world, calendar, choices, all_come_through) || busy;
    return busy;
}

bool is_deletion(const Step& step) {
    return step.kind == StepKind::CancelOurs || step.kind == StepKind::HideCopy || step.kind == StepKind::RestoreCopy ||
           step.kind == StepKind::DeleteCopy || step.conflict == ConflictKind::Deletion;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plan_properties)

BOOST_AUTO_TEST_CASE(the_plan_of_a_settled_state_is_empty) {
    BOOST_TEST(rc::check([] {
        auto choices = drawn(2);
        const PlanWorld world(choices, 3);
        for (int c = 0; c < world.calendars(); ++c) {
            const Plan plan = world.plan(c);
            RC_ASSERT(!plan.held);
            RC_ASSERT(plan.taking.changed == 0);
            for (std::size_t i = 0; i < plan.steps.size(); ++i) {
                const bool live = !world.bookings[i].ours.cancelled;
                RC_ASSERT(plan.steps[i].kind == (live ? StepKind::Nothing : StepKind::Settle));
            }
        }
    }));
}

BOOST_AUTO_TEST_CASE(planned_and_carried_out_in_any_order_it_converges) {
    BOOST_TEST(rc::check([] {
        auto choices = drawn(8);
        PlanWorld world(choices, 1 + choices.pick(3));
        world.scramble(choices);
        bool rests = false;
        for (int i = 0; i < kMostRounds && !rests; ++i) {
            const bool busy = round(world, choices, i >= kMostRounds / 2);
            const bool answered = world.answer(choices);
            rests = !busy && !answered;
        }
        RC_ASSERT(rests);
        for (const auto& booking : world.bookings) {
            for (const auto& copy : booking.copies) {
                if (copy.hidden) continue;
                RC_ASSERT(copy.there.has_value() == !booking.ours.cancelled);
            }
        }
    }));
}

BOOST_AUTO_TEST_CASE(R9_a_ring_of_three_calendars_comes_to_rest_in_two_rounds) {
    BOOST_TEST(rc::check([] {
        auto choices = drawn(6);
        PlanWorld world(choices, 3);
        world.limits.minimum = 100;
        world.edit(choices, 5);
        for (int i = 0; i < 2; ++i) round(world, choices, true);
        RC_ASSERT(!round(world, choices, true));
    }));
}

BOOST_AUTO_TEST_CASE(I11_not_seeing_is_no_deletion_and_changes_nothing_for_others) {
    BOOST_TEST(rc::check([] {
        auto choices = drawn(6);
        PlanWorld world(choices, 1);
        world.scramble(choices);
        auto copies = world.found(0);
        std::vector<FoundCopy> seen;
        for (auto& copy : copies) {
            if (choices.pick(2) == 0) copy.theirs.reset();
            if (copy.theirs) seen.push_back(copy);
        }
        const Plan all = plan_run(copies, {}, world.policy, world.limits, zones());
        const Plan without = plan_run(seen, {}, world.policy, world.limits, zones());
        RC_ASSERT(all.deletions == without.deletions);
        RC_ASSERT(all.held == without.held);
        auto next = without.steps.begin();
        for (std::size_t i = 0; i < copies.size(); ++i) {
            if (copies[i].theirs)
                RC_ASSERT(all.steps[i] == *next++);
            else
                RC_ASSERT(all.steps[i].kind == StepKind::Nothing && !is_deletion(all.steps[i]));
        }
    }));
}

BOOST_AUTO_TEST_CASE(I13_no_more_than_the_limit_is_taken_over_unasked) {
    BOOST_TEST(rc::check([] {
        auto choices = drawn(6);
        PlanWorld world(choices, 1);
        world.limits = {choices.pick(30), 1 + choices.pick(4), 0.2};
        world.scramble(choices);
        const Plan plan = world.plan(0);
        const auto taken =
            std::count_if(plan.steps.begin(), plan.steps.end(), [](const Step& step) { return decides(step); });
        RC_ASSERT(plan.taking.changed == taken);
        if (taken > world.limits.most()) RC_ASSERT(plan.held.has_value());
        if (taken == 0) RC_ASSERT(!plan.held.has_value());
    }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
