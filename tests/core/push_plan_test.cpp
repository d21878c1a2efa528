#include "core/push_plan.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

namespace calgate {

static std::ostream& operator<<(std::ostream& out, const PushStep& step) {
    constexpr const char* kNames[] = {"open", "renew", "close", "forget"};
    return out << kNames[static_cast<int>(step.action)] << " " << step.key;
}

namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
constexpr std::chrono::seconds kWeek{7 * 24 * 3600};

ChannelRecord channel(const char* key, ChannelState state, std::chrono::seconds age, bool prolongable = true) {
    ChannelRecord record;
    record.key = key;
    record.state = state;
    record.opened = kNow - age;
    record.channel.expires = record.opened + kWeek;
    record.prolongable = prolongable;
    return record;
}

struct Row {
    const char* name;
    bool wanted;
    std::vector<ChannelRecord> channels;
    std::vector<PushStep> steps;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

const ChannelState kOpening = ChannelState::Opening, kLive = ChannelState::Live;
// clang-format off
const std::vector<Row> kRows{
    {"nothing_is_wanted_and_nothing_is_there", false, {}, {}},
    {"the_first_channel_is_opened", true, {}, {{PushAction::Open, ""}}},
    {"a_young_channel_stays", true, {channel("a", kLive, 1h)}, {}},
    {"a_channel_is_not_renewed_before_60_percent", true, {channel("a", kLive, kWeek * 59 / 100)}, {}},
    {"a_channel_is_renewed_by_80_percent", true, {channel("a", kLive, kWeek * 80 / 100)}, {{PushAction::Renew, "a"}}},
    {"what_cannot_be_prolonged_gets_a_successor", true, {channel("a", kLive, kWeek * 80 / 100, false)}, {{PushAction::Open, ""}}},
    {"the_successor_is_opened_once", true, {channel("a", kLive, kWeek * 80 / 100, false), channel("b", kOpening, 1s)}, {}},
    {"both_deliver_during_the_overlap", true, {channel("a", kLive, kWeek * 80 / 100, false), channel("b", kLive, 1s)}, {}},
    {"after_the_overlap_the_old_one_is_closed", true, {channel("a", kLive, kWeek * 80 / 100, false), channel("b", kLive, kChannelOverlap)}, {{PushAction::Close, "a"}}},
    {"a_channel_that_ended_is_forgotten_and_replaced", true, {channel("a", kLive, kWeek)}, {{PushAction::Forget, "a"}, {PushAction::Open, ""}}},
    {"a_removed_channel_is_replaced_at_once", true, {channel("a", ChannelState::Removed, 1h)}, {{PushAction::Forget, "a"}, {PushAction::Open, ""}}},
    {"reauthorization_renews_early", true, {channel("a", ChannelState::Reauthorize, 1h)}, {{PushAction::Renew, "a"}}},
    {"a_successor_of_the_same_second_is_the_newer_one", true, {channel("b", kLive, 0s), channel("a", ChannelState::Reauthorize, 0s, false)}, {}},
    {"and_in_the_other_order", true, {channel("a", ChannelState::Reauthorize, 0s, false), channel("b", kLive, 0s)}, {}},
    {"after_the_clock_was_set_back_the_successor_counts_I23", true, {channel("a", ChannelState::Reauthorize, -3h, false), channel("b", kLive, 0s)}, {}},
    {"and_what_is_from_the_time_before_is_closed", true, {channel("a", ChannelState::Reauthorize, -3h, false), channel("b", kLive, kChannelOverlap)}, {{PushAction::Close, "a"}}},
    {"an_opening_one_is_waited_for", true, {channel("a", kOpening, kOpeningLost - 1s)}, {}},
    {"an_opening_one_whose_answer_is_lost_is_replaced", true, {channel("a", kOpening, kOpeningLost)}, {{PushAction::Forget, "a"}, {PushAction::Open, ""}}},
    {"unwanted_channels_are_closed", false, {channel("a", kLive, 1h), channel("b", kLive, 2h)}, {{PushAction::Close, "a"}, {PushAction::Close, "b"}}},
    {"an_unwanted_channel_that_ended_is_forgotten", false, {channel("a", kLive, kWeek)}, {{PushAction::Forget, "a"}}},
    {"an_unwanted_opening_one_is_left_to_its_answer", false, {channel("a", kOpening, 1s)}, {}},
};
// clang-format on

BOOST_DATA_TEST_CASE(one_channel_notifies_without_a_gap_F23, boost::unit_test::data::make(kRows), row) {
    const auto steps = plan_push(row.wanted, row.channels, kNow);
    BOOST_CHECK_EQUAL_COLLECTIONS(steps.begin(), steps.end(), row.steps.begin(), row.steps.end());
}

BOOST_AUTO_TEST_CASE(channels_that_were_opened_together_are_renewed_apart) {
    const auto first = renewal_of(channel("6f1c", kLive, 0s));
    const auto second = renewal_of(channel("a07e", kLive, 0s));
    BOOST_TEST((first != second));
    for (const Instant at : {first, second}) {
        BOOST_TEST((at >= kNow + kWeek * 60 / 100));
        BOOST_TEST((at <= kNow + kWeek * 80 / 100));
    }
}

}  // namespace
}  // namespace calgate
