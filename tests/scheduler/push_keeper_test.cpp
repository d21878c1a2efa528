#include "scheduler/push_keeper.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>

#include "tests/scheduler/notifying_business.hpp"
#include "tests/scheduler/refusing_store.hpp"

namespace calgate {
namespace {

using namespace testing;
using namespace std::chrono_literals;
using News = PushNote::News;

struct Keeper : SmallBusiness {
    FakePush push{};
    std::function<void()> nothing{};
    NotifyingConnector connector{service, push, nothing};
    PushKeeper keeper{store, clock, random, "https://cal.example.org", {}};

    Keeper() { push.ends = clock.now() + kChannelLife; }
    bool keep(bool wanted = true) { return keeper.keep({}, connector, calendar, href, "google", wanted); }
    std::vector<ChannelRecord> kept() const {
        return calgate::read(store, [](const Reader& r) { return r.push_channels(); });
    }
    std::optional<CalendarId> accept(const std::string& channel, const std::string& secret, News news = News::Changed) {
        return keeper.accept({channel, secret, "resource", news});
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(push_keeper, Keeper)

BOOST_AUTO_TEST_CASE(a_channel_is_opened_once_and_its_secret_is_stored_nowhere_I25) {
    BOOST_TEST(keep());
    BOOST_TEST(!keep());
    BOOST_REQUIRE_EQUAL(push.opened.size(), 1u);
    const PushRequest& request = push.opened.front();
    BOOST_TEST(request.callback == "https://cal.example.org/hooks/google");
    BOOST_TEST(request.id.size() == 36u);
    BOOST_TEST(request.secret.size() >= 40u);
    BOOST_TEST(request.secret.size() <= 128u);
    BOOST_REQUIRE_EQUAL(kept().size(), 1u);
    BOOST_TEST((kept().front().state == ChannelState::Live));
    BOOST_TEST(kept().front().secret_hash == sha256_hex(request.secret));
    BOOST_TEST((accept(request.id, request.secret) == calendar));
}

BOOST_AUTO_TEST_CASE(only_the_right_channel_secret_and_resource_are_accepted_I24) {
    keep();
    const PushRequest request = push.opened.front();
    BOOST_TEST(!accept(request.id, request.secret + "x").has_value());
    BOOST_TEST(!accept(request.id, "").has_value());
    BOOST_TEST(!accept("other", request.secret).has_value());
    BOOST_TEST(!accept("", "").has_value());
    BOOST_TEST(!accept(request.id, kept().front().secret_hash).has_value());
    BOOST_TEST(!keeper.accept({request.id, request.secret, "other", News::Changed}).has_value());
}

BOOST_AUTO_TEST_CASE(a_notification_before_the_answer_to_opening_is_accepted) {
    push.chooses_ids = true;
    std::optional<CalendarId> early, forged;
    push.before_answer = [&](const PushRequest& request) {
        early = accept("theirs-1", request.secret);
        forged = accept("theirs-1", "guess");
    };
    keep();
    BOOST_TEST((early == calendar));
    BOOST_TEST(!forged.has_value());
    BOOST_TEST(!accept("theirs-2", push.opened.front().secret).has_value());
}

BOOST_AUTO_TEST_CASE(channels_survive_a_restart) {
    keep();
    PushKeeper again(store, clock, random, "https://cal.example.org", {});
    again.load();
    BOOST_TEST((again.accept({push.opened[0].id, push.opened[0].secret, "resource", News::Changed}) == calendar));
    BOOST_TEST(!again.has_work(calendar, true));
}

BOOST_AUTO_TEST_CASE(what_a_service_said_of_its_channel_survives_a_restart_F23) {
    keep();
    accept(push.opened[0].id, push.opened[0].secret, News::Removed);
    PushKeeper too_early(store, clock, random, "https://cal.example.org", {});
    too_early.load();
    BOOST_TEST(!too_early.has_work(calendar, true));
    keeper.save();
    PushKeeper again(store, clock, random, "https://cal.example.org", {});
    again.load();
    BOOST_TEST(again.has_work(calendar, true));
    BOOST_TEST(keep());
    keeper.save();
    BOOST_REQUIRE_EQUAL(kept().size(), 1u);
    BOOST_TEST((kept().front().state == ChannelState::Live));
}

BOOST_AUTO_TEST_CASE(a_channel_that_ended_is_forgotten_although_the_store_was_busy_at_first_F29) {
    RefusingStore refusing(store);
    PushKeeper hindered(refusing, clock, random, "https://cal.example.org", {});
    const auto keep_hindered = [&] { return hindered.keep({}, connector, calendar, href, "google", true); };
    BOOST_TEST(keep_hindered());
    hindered.accept({push.opened[0].id, push.opened[0].secret, "resource", News::Removed});
    refusing.refuse_after(0);
    BOOST_CHECK_THROW(keep_hindered(), StoreFailure);
    refusing.refuse_after(-1);
    BOOST_TEST(keep_hindered());
    BOOST_REQUIRE_EQUAL(push.opened.size(), 2u);
    BOOST_REQUIRE_EQUAL(kept().size(), 1u);
    BOOST_TEST((kept().front().key == push.opened[1].id && kept().front().state == ChannelState::Live));
}

BOOST_AUTO_TEST_CASE(a_channel_is_prolonged_in_time) {
    keep();
    clock.advance(kChannelLife * 80 / 100);
    BOOST_TEST(!keep());
    BOOST_TEST(push.renewed.size() == 1u);
    BOOST_TEST(push.opened.size() == 1u);
    BOOST_TEST((kept().front().channel.expires == clock.now() + kChannelLife));
}

BOOST_AUTO_TEST_CASE(where_nothing_is_prolonged_the_successor_overlaps) {
    push.renewal = Error{ErrorCode::Unsupported, "Open another.", {}};
    keep();
    clock.advance(kChannelLife * 80 / 100);
    push.ends = clock.now() + kChannelLife;
    keep();
    BOOST_TEST(keep());
    BOOST_TEST(push.opened.size() == 2u);
    BOOST_TEST((accept(push.opened[0].id, push.opened[0].secret) == calendar));
    BOOST_TEST((accept(push.opened[1].id, push.opened[1].secret) == calendar));
    clock.advance(kChannelOverlap);
    keep();
    BOOST_TEST((push.closed == std::vector{push.opened[0].id}));
    BOOST_TEST(!accept(push.opened[0].id, push.opened[0].secret).has_value());
}

BOOST_AUTO_TEST_CASE(a_subscription_that_is_gone_at_renewal_is_opened_anew) {
    push.renewal = Error{ErrorCode::NotFound, "Gone.", {}};
    keep();
    clock.advance(kChannelLife * 80 / 100);
    keep();
    push.ends = clock.now() + kChannelLife;
    BOOST_TEST(keep());
    BOOST_TEST(push.opened.size() == 2u);
    BOOST_TEST(kept().size() == 1u);
}

BOOST_AUTO_TEST_CASE(lifecycle_events_replace_or_renew_M28) {
    push.chooses_ids = true;
    keep();
    const std::string secret = push.opened.front().secret;
    BOOST_TEST((accept("theirs-1", secret, News::Missed) == calendar));
    BOOST_TEST(!keeper.has_work(calendar, true));
    BOOST_TEST((accept("theirs-1", secret, News::Reauthorize) == calendar));
    keep();
    BOOST_TEST((push.renewed == std::vector<std::string>{"theirs-1"}));
    BOOST_TEST(!accept("theirs-1", "guess", News::Removed).has_value());
    BOOST_TEST(!keeper.has_work(calendar, true));
    BOOST_TEST((accept("theirs-1", secret, News::Removed) == calendar));
    BOOST_TEST(keep());
    BOOST_TEST(push.opened.size() == 2u);
    BOOST_TEST(push.closed.empty());
}

BOOST_AUTO_TEST_CASE(a_refusal_is_tried_again_later_and_a_final_one_tomorrow) {
    push.refusal = Error{ErrorCode::Unavailable, "Away.", {}};
    BOOST_TEST(!keep());
    BOOST_TEST(!keep());
    BOOST_TEST(push.opened.size() == 1u);
    BOOST_TEST(kept().empty());
    clock.advance(5min);
    push.refusal = Error{ErrorCode::Rejected, "pushNotSupportedForRequestedResource", {}};
    keep();
    clock.advance(23h);
    keep();
    BOOST_TEST(push.opened.size() == 2u);
    clock.advance(1h);
    keep();
    BOOST_TEST(push.opened.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_channel_that_is_not_renewed_counts_as_late_until_it_is_G16_M26) {
    const auto late = [&] {
        return calgate::read(store, [&](const Reader& r) { return is_channel_late(r, calendar); });
    };
    keep();
    BOOST_TEST(!late());
    push.renewal = Error{ErrorCode::Forbidden, "No.", {}};
    clock.advance(kChannelLife * 80 / 100);
    keep();
    BOOST_TEST(late());
    push.refusal = Error{ErrorCode::Rejected, "The address is not ours.", {}};
    clock.advance(kChannelLife);  // Over, and no other one is opened.
    keep();
    BOOST_TEST(kept().empty());
    BOOST_TEST(late());
    clock.advance(25h);
    push.refusal.reset();
    push.ends = clock.now() + kChannelLife;
    BOOST_TEST(keep());
    BOOST_TEST(!late());
    push.renewal = Error{ErrorCode::Unavailable, "Away.", {}};
    clock.advance(kChannelLife * 80 / 100);
    keep();
    BOOST_TEST(late());
    BOOST_TEST(keeper.end({}, &connector, calendar).has_value());
    BOOST_TEST(!late());
}

BOOST_AUTO_TEST_CASE(a_service_that_cannot_notify_about_a_calendar_is_not_late) {
    push.refusal = Error{ErrorCode::Unsupported, "pushNotSupportedForRequestedResource", {}};
    keep();
    BOOST_TEST(!calgate::read(store, [&](const Reader& r) { return is_channel_late(r, calendar); }));
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_lost_may_still_notify_until_it_is_replaced) {
    push.refusal = Error{ErrorCode::Timeout, "No answer.", {}};
    keep();
    BOOST_TEST((accept(push.opened.front().id, push.opened.front().secret) == calendar));
    push.refusal.reset();
    clock.advance(kOpeningLost);
    BOOST_TEST(keep());
    BOOST_TEST(!accept(push.opened.front().id, push.opened.front().secret).has_value());
    BOOST_TEST(kept().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_calendar_that_is_read_no_more_has_its_channel_closed) {
    keep();
    BOOST_TEST(!keep(false));
    BOOST_TEST(push.closed.size() == 1u);
    BOOST_TEST(kept().empty());
}

BOOST_AUTO_TEST_CASE(without_an_address_nothing_is_asked_for) {
    PushKeeper silent(store, clock, random, "", {});
    silent.keep({}, connector, calendar, href, "google", true);
    BOOST_TEST(push.opened.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(notified)

BOOST_AUTO_TEST_CASE(a_notification_causes_one_more_read_and_nothing_else_L2_G18_M24) {
    NotifyingBusiness business;
    business.notified->start();
    BOOST_REQUIRE(business.wait_for_passes(2));  // The second closes the gap before the channel.
    const auto request = business.push.opened.at(0);
    BOOST_TEST(!business.notified->notified({request.id, "guess", "resource", News::Changed}));
    BOOST_TEST(business.notified->notified({request.id, request.secret, "resource", News::Opened}));
    BOOST_TEST(business.notified->notified({request.id, request.secret, "resource", News::Changed}));
    BOOST_TEST(business.wait_for_passes(3));
    business.notified->stop();
    BOOST_TEST(business.passes == 3);
    BOOST_TEST(business.push.opened.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_notification_in_the_middle_of_a_read_or_write_causes_another_read_R17_G13_M23) {
    NotifyingBusiness business;
    business.book("a1", 10, 9);
    std::atomic<int> left = 20;  // The next is sent by the read that the one before caused.
    business.in_the_middle = [&] {
        const auto channels = business.push.opened;
        if (channels.empty() || left-- <= 0) return;
        business.notified->notified({channels[0].id, channels[0].secret, "resource", News::Changed});
    };
    business.notified->start();
    BOOST_REQUIRE(business.wait_for_passes(2));
    business.book("a2", 11, 9);
    left = 20;
    business.notified->wake({business.calendar});
    // A pass is told of after it ended, so that how many were told of says nothing about the booking.
    BOOST_REQUIRE(business.wait_until([&] { return business.mirror("a2").confirmed == 1 && left <= 0; }));
    business.notified->stop();
    BOOST_TEST(business.service.count(business.href) == 3u);  // Two copies and the marker.
    BOOST_TEST(business.conflicts().empty());
    BOOST_TEST(business.appointment("a2").revision == 1);
    BOOST_TEST(business.mirror("a2").confirmed == 1);
}

BOOST_AUTO_TEST_CASE(that_a_channel_ended_is_written_down_while_its_service_is_away_F23) {
    NotifyingBusiness business;
    business.notified->run_pass(business.calendar);
    BOOST_REQUIRE_EQUAL(business.channels().size(), 1u);
    business.service.set_outage(Error{ErrorCode::Unavailable, "No connection.", {}});
    const auto request = business.push.opened.at(0);
    BOOST_TEST(business.notified->notified({request.id, request.secret, "resource", News::Removed}));
    business.clock.advance(6s);
    business.notified->run_due();
    BOOST_REQUIRE_EQUAL(business.channels().size(), 1u);
    BOOST_TEST((business.channels().front().state == ChannelState::Removed));
}

BOOST_AUTO_TEST_CASE(a_channel_of_a_calendar_that_is_read_no_more_is_closed_by_the_engine) {
    NotifyingBusiness business;
    business.notified->run_pass(business.calendar);
    BOOST_REQUIRE(business.channels().size() == 1u);
    business.store.write([&](Writer& writer) {
        auto row = *writer.calendar(business.calendar);
        row.mirror = row.busy = false;
        writer.put(row);
    });
    business.notified->start();
    BOOST_TEST(business.wait_until([&] {
        return !business.lines.empty() && business.lines.back().find("action=close") != std::string::npos;
    }));
    business.notified->stop();
    BOOST_TEST(business.channels().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
