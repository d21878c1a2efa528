#include <boost/test/unit_test.hpp>
#include <random>
#include <vector>

#include "tests/core/sides.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

/// Draws worlds from few values, so that fields often agree and often clash.
class Worlds {
public:
    explicit Worlds(unsigned seed) : engine_(seed) {}

    int pick(int count) { return static_cast<int>(engine_() % static_cast<unsigned>(count)); }

    Shown shown() {
        static const std::vector<std::pair<When, When>> times{
            {zoned("2026-03-10T09:00:00"), zoned("2026-03-10T10:00:00")},
            {utc("2026-03-10T08:00:00"), utc("2026-03-10T09:00:00")},
            {zoned("2026-03-10T14:00:00"), zoned("2026-03-10T15:00:00")},
            {date("2026-03-10"), date("2026-03-11")},
        };
        static const std::vector<std::string> texts{"", "a", "a ", "b", "c\r\nd", "c\nd"};
        const auto& [start, end] = times[static_cast<std::size_t>(pick(4))];
        const auto text = [&] { return texts[static_cast<std::size_t>(pick(6))]; };
        return {start, end, text(), text(), text(), pick(6) == 0};
    }

    Theirs theirs() {
        if (pick(5) == 0) return gone();
        Theirs out{Theirs::Kind::Present, shown(), std::nullopt};
        if (pick(2) == 0) out.last_modified = kOursChanged + std::chrono::seconds{pick(3) - 1};
        return out;
    }

    ReconcilePolicy policy() {
        return {static_cast<Edits>(pick(4)), static_cast<Deletions>(pick(5)), *copy_detail_of(pick(3))};
    }

private:
    std::mt19937 engine_;
};

constexpr int kWorlds = 20'000;

/// Does what a step orders, as a service and a store would.
void carry_out(const Step& step, std::optional<Shown>& base, Shown& ours, Theirs& theirs) {
    switch (step.kind) {
        case StepKind::Nothing:
        case StepKind::OpenConflict:
            return;
        case StepKind::Settle:
            base = ours;
            return;
        case StepKind::TakeTheirs:
            ours = step.result.value();
            base = theirs.shown;
            return;
        case StepKind::Merge:
            ours = step.result.value();
            [[fallthrough]];
        case StepKind::WriteOurs:
        case StepKind::RestoreCopy:
            theirs = {Theirs::Kind::Present, ours, std::nullopt};
            base = ours;
            return;
        case StepKind::CancelOurs:
        case StepKind::HideCopy:
            // Where it is hidden it is wanted no more, as if it had been cancelled for this calendar.
            ours.cancelled = true;
            return;
        case StepKind::DeleteCopy:
            theirs = gone();
            return;
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reconcile_properties)

BOOST_AUTO_TEST_CASE(our_own_echo_is_nothing) {
    Worlds worlds(1);
    for (int i = 0; i < kWorlds; ++i) {
        Shown x = worlds.shown();
        x.cancelled = false;
        const Theirs echo{Theirs::Kind::Present, x, std::nullopt};
        const Step step = reconcile(x, x, kOursChanged, echo, 1, worlds.policy(), zones());
        BOOST_REQUIRE_MESSAGE(step.kind == StepKind::Nothing, "world " << i << ": " << step.why);
    }
}

BOOST_AUTO_TEST_CASE(what_was_carried_out_needs_nothing_more) {
    Worlds worlds(2);
    int carried = 0;
    for (int i = 0; i < kWorlds; ++i) {
        std::optional<Shown> base = worlds.pick(5) == 0 ? std::nullopt : std::optional(worlds.shown());
        Shown ours = worlds.shown();
        Theirs theirs = worlds.theirs();
        const ReconcilePolicy chosen = worlds.policy();
        const auto decide = [&] { return reconcile(base, ours, kOursChanged, theirs, 1, chosen, zones()); };
        Step step = decide();
        if (step.kind == StepKind::OpenConflict) {
            BOOST_REQUIRE((decide() == step));
            continue;
        }
        carry_out(step, base, ours, theirs);
        if ((step.kind == StepKind::CancelOurs || step.kind == StepKind::HideCopy) &&
            theirs.kind == Theirs::Kind::Present) {
            step = decide();
            BOOST_REQUIRE(static_cast<int>(step.kind) == static_cast<int>(StepKind::DeleteCopy));
            carry_out(step, base, ours, theirs);
        }
        const bool both_gone = ours.cancelled && theirs.kind == Theirs::Kind::Gone;
        const Step second = decide();
        BOOST_REQUIRE_MESSAGE(
            second.kind == (both_gone ? StepKind::Settle : StepKind::Nothing),
            "world " << i << ": after \"" << step.why << "\" came \"" << second.why << '"'
        );
        ++carried;
    }
    BOOST_TEST(carried > kWorlds / 2);
}

BOOST_AUTO_TEST_CASE(without_a_proven_deletion_nothing_is_cancelled_or_restored) {
    Worlds worlds(3);
    for (int i = 0; i < kWorlds; ++i) {
        Theirs theirs{Theirs::Kind::Present, worlds.shown(), std::nullopt};
        theirs.shown.cancelled = false;
        const std::optional<Shown> base = worlds.pick(5) == 0 ? std::nullopt : std::optional(worlds.shown());
        const Step step = reconcile(base, worlds.shown(), kOursChanged, theirs, 9, worlds.policy(), zones());
        const bool deletes = step.kind == StepKind::CancelOurs || step.kind == StepKind::HideCopy ||
                             step.kind == StepKind::RestoreCopy || step.conflict == ConflictKind::Deletion ||
                             (step.result && step.result->cancelled);
        BOOST_REQUIRE_MESSAGE(!deletes, "world " << i << ": " << step.why);
    }
}

BOOST_AUTO_TEST_CASE(a_field_that_the_copy_hides_never_flows_back) {
    Worlds worlds(4);
    for (int i = 0; i < kWorlds; ++i) {
        const Shown ours = worlds.shown();
        ReconcilePolicy chosen = worlds.policy();
        chosen.copy_detail = worlds.pick(2) == 0 ? CopyDetail::kBusy : CopyDetail::kTitle;
        const Step step = reconcile(worlds.shown(), ours, kOursChanged, worlds.theirs(), 1, chosen, zones());
        if (!step.result) continue;
        BOOST_REQUIRE(step.result->place == ours.place);
        BOOST_REQUIRE(step.result->notes == ours.notes);
        if (chosen.copy_detail == CopyDetail::kBusy) BOOST_REQUIRE(step.result->title == ours.title);
    }
}

BOOST_AUTO_TEST_CASE(a_cancelled_appointment_never_comes_back) {
    Worlds worlds(5);
    for (int i = 0; i < kWorlds; ++i) {
        Shown ours = worlds.shown();
        ours.cancelled = true;
        const std::optional<Shown> base = worlds.pick(5) == 0 ? std::nullopt : std::optional(worlds.shown());
        const Theirs theirs = worlds.theirs();
        const Step step = reconcile(base, ours, kOursChanged, theirs, 1, worlds.policy(), zones());
        const auto wanted = theirs.kind == Theirs::Kind::Gone ? StepKind::Settle : StepKind::DeleteCopy;
        BOOST_REQUIRE_MESSAGE(step.kind == wanted, "world " << i << ": " << step.why);
    }
}

BOOST_AUTO_TEST_SUITE_END()
