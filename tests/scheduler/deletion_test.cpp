#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/scheduler/small_business.hpp"

namespace calgate {
namespace {

using namespace std::chrono_literals;
using testing::SmallBusiness;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deletions, SmallBusiness)

BOOST_AUTO_TEST_CASE(I12_one_deletion_by_staff_cancels_after_proof) {
    book("a", 10, 9);
    pass();
    service.erase(*mirror("a").href);
    pass();
    BOOST_TEST((appointment("a").state == AppointmentState::Cancelled));
    BOOST_TEST(!mirror("a").open());
}

BOOST_AUTO_TEST_CASE(I12_a_copy_deleted_before_it_was_ever_read_back_is_found_missing_and_cancels) {
    service.set_names_short_lived(false);
    book("kept", 10, 9);
    pass();
    pass();
    book("short", 11, 9);
    pass();
    BOOST_REQUIRE(service.erase(*mirror("short").href));
    pass();
    BOOST_TEST(mirror("short").missing_since.has_value());
    BOOST_TEST((appointment("short").state == AppointmentState::Confirmed));
    clock.advance(16min);
    pass();
    BOOST_TEST((appointment("short").state == AppointmentState::Cancelled));
    BOOST_TEST((appointment("kept").state == AppointmentState::Confirmed));
}

BOOST_AUTO_TEST_CASE(I11_without_the_marker_no_deletion_is_believed) {
    book("a", 10, 9);
    pass();
    service.erase(*mirror("a").href);
    service.erase(*row().marker);
    pass();
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST((row().state == CalendarState::Waiting));
}

BOOST_AUTO_TEST_CASE(I12_two_deletions_in_a_run_ask) {
    book("a", 10, 9);
    book("b", 11, 9);
    pass();
    service.erase(*mirror("a").href);
    service.erase(*mirror("b").href);
    pass();
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    const auto open = conflicts();
    BOOST_REQUIRE(open.size() == 2u);
    apply_resolution(store, zones, clock, open[0].id, Resolution::Ours, "cli");
    apply_resolution(store, zones, clock, open[1].id, Resolution::Theirs, "cli");
    BOOST_TEST_MESSAGE(
        static_cast<int>(mirror("a").state)
        << mirror("a").wanted << mirror("a").confirmed << mirror("a").generation << mirror("a").detail
        << mirror("a").href.has_value() << static_cast<int>(appointment("a").state)
    );
    pass();
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST((appointment("b").state == AppointmentState::Cancelled));
    BOOST_TEST(service.count(href) == 2u);
}

BOOST_AUTO_TEST_CASE(R2_I13_many_deletions_trip_the_brake_until_a_person_decides) {
    for (const bool approve : {false, true}) {
        SmallBusiness one;
        for (int i = 0; i < 8; ++i) one.book("a" + std::to_string(i), 10 + i, 9);
        one.pass();
        for (int i = 0; i < 7; ++i) one.service.erase(*one.mirror("a" + std::to_string(i)).href);
        one.pass();
        BOOST_TEST((one.row().state == CalendarState::Waiting));
        const auto open = one.conflicts();
        BOOST_REQUIRE(open.size() == 1u);
        BOOST_TEST((open[0].kind == ConflictKind::Brake));
        one.pass();
        BOOST_TEST(one.conflicts().size() == 1u);
        apply_resolution(
            one.store, one.zones, one.clock, open[0].id, approve ? Resolution::Theirs : Resolution::Ours, "cli"
        );
        one.pass();
        one.pass();
        BOOST_TEST((one.row().state == CalendarState::Active));
        BOOST_TEST(one.conflicts().size() == (approve ? 7u : 0u));
        BOOST_TEST(one.service.count(one.href) == (approve ? 2u : 9u));
    }
}

BOOST_AUTO_TEST_CASE(I12_a_rejected_brake_is_recorded_for_each_copy) {
    for (int i = 0; i < 8; ++i) book("a" + std::to_string(i), 10 + i, 9);
    pass();
    for (int i = 0; i < 8; ++i) service.erase(*mirror("a" + std::to_string(i)).href);
    pass();
    const auto open = conflicts();
    BOOST_REQUIRE(open.size() == 1u);
    apply_resolution(store, zones, clock, open[0].id, Resolution::Ours, "cli");
    pass();
    const auto feed = calgate::read(store, [](const Reader& r) { return r.changes(0, 1000); });
    BOOST_TEST(std::count_if(feed.begin(), feed.end(), [](const Change& c) { return c.kind == "copy.restored"; }) == 8);
}

const ErrorCode kErrors[] = {
    ErrorCode::Unauthorized,
    ErrorCode::Forbidden,
    ErrorCode::NotFound,
    ErrorCode::SyncTokenExpired,
    ErrorCode::RateLimited,
    ErrorCode::Unavailable,
    ErrorCode::Timeout,
    ErrorCode::InvalidResponse};

BOOST_AUTO_TEST_CASE(R1_no_failed_listing_plans_a_deletion) {
    for (const auto code : kErrors) {
        SmallBusiness one;
        for (int i = 0; i < 12; ++i) one.service.put(one.href, one.foreign("f" + std::to_string(i), 10 + i, 15));
        one.book("a", 10, 9);
        one.pass();
        BOOST_REQUIRE(one.cached() == 12u);
        one.store.write([&](Writer& writer) {
            auto row = *writer.calendar(one.calendar);
            row.full_listing.reset();
            writer.put(row);
        });
        one.service.fail_next({memory::Operation::Changes, Error{code, "Injected.", {}}, false, -1});
        const auto as_of = one.row().as_of;
        one.clock.advance(60s);
        const auto report = one.pass();
        BOOST_TEST(!report.completed);
        BOOST_TEST(one.cached() == 12u);
        BOOST_TEST(one.service.counters().erase == 0);
        BOOST_TEST((one.row().as_of == as_of));
        BOOST_TEST((one.appointment("a").state == AppointmentState::Confirmed));
    }
}

BOOST_AUTO_TEST_CASE(I18_an_emptied_listing_needs_two_before_anything_foreign_goes) {
    for (int i = 0; i < 3; ++i) service.put(href, foreign("f" + std::to_string(i), 10 + i, 15));
    pass();
    for (const auto& event : service.events(href)) service.erase(event.href);
    service.forget_tokens();
    BOOST_TEST(!pass().completed);
    BOOST_TEST(cached() == 3u);
    BOOST_TEST(pass().completed);
    BOOST_TEST(cached() == 0u);
}

BOOST_AUTO_TEST_CASE(I6_a_deletion_is_settled_only_when_the_name_was_looked_for) {
    book("a", 10, 9);
    pass();
    pass();
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"a"}, {}, zones, clock.now(), "api", "test");
    });
    service.fail_next({memory::Operation::Find, Error{ErrorCode::Unavailable, "Injected.", {}}, false, 1});
    pass();
    BOOST_TEST(mirror("a").open());
    clock.advance(10min);
    pass();
    BOOST_TEST(!mirror("a").open());
    BOOST_TEST(service.count(href) == 1u);
}

BOOST_AUTO_TEST_CASE(I6_a_copy_put_back_after_its_deletion_is_the_copy_when_it_is_booked_again) {
    book("a", 10, 9);
    pass();
    pass();
    std::string text;
    for (const auto& event : service.events(href))
        if (event.href == *mirror("a").href) text = event.event.source;
    const std::string name = mirror("a").uid.value + ".ics";
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"a"}, {}, zones, clock.now(), "api", "test");
    });
    pass();
    BOOST_REQUIRE(service.count(href) == 1u);
    service.put_text(href, name, text);
    book("a", 12, 9);
    BOOST_TEST(mirror("a").generation == 2);
    for (int i = 0; i < 3; ++i) {
        pass();
        clock.advance(20min);
    }
    BOOST_TEST(service.count(href) == 2u);
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(I10_an_edit_that_a_rejected_brake_writes_over_is_kept) {
    for (int i = 0; i < 8; ++i) book("a" + std::to_string(i), 10 + i, 9);
    pass();
    for (int i = 0; i < 8; ++i)
        service.edit(*mirror("a" + std::to_string(i)).href, [&](Event& event) {
            event.master.title = "By hand " + std::to_string(i);
        });
    pass();
    BOOST_REQUIRE((row().state == CalendarState::Waiting));
    apply_resolution(store, zones, clock, conflicts().front().id, Resolution::Ours, "cli");
    pass();
    BOOST_TEST(conflicts().empty());
    const auto all = calgate::read(store, [](const Reader& r) { return r.conflicts(false); });
    for (int i = 0; i < 8; ++i) {
        BOOST_TEST(std::any_of(all.begin(), all.end(), [&](const Conflict& conflict) {
            return conflict.state == ConflictState::ResolvedOurs && conflict.theirs &&
                   conflict.theirs->title == "By hand " + std::to_string(i);
        }));
    }
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(I12_deletions_that_wait_for_an_answer_hold_no_later_one_up) {
    for (int i = 0; i < 12; ++i) book("a" + std::to_string(i + 10), 3 + i, 9);
    pass();
    const auto erase = [&](int from, int to) {
        for (int i = from; i < to; ++i) service.erase(*mirror("a" + std::to_string(i + 10)).href);
        service.forget_tokens();
        for (int i = 0; i < 3; ++i) {
            pass();
            clock.advance(16min);
        }
    };
    erase(0, 5);
    BOOST_TEST(conflicts().size() == 5u);
    erase(5, 8);
    BOOST_TEST(conflicts().size() == 8u);
}

BOOST_AUTO_TEST_CASE(I6_a_deletion_let_stand_after_a_new_booking_takes_the_new_copy_away) {
    book("a", 10, 9);
    book("b", 11, 9);
    pass();
    pass();
    service.erase(*mirror("a").href);
    service.erase(*mirror("b").href);
    for (int i = 0; i < 2; ++i, clock.advance(16min)) pass();
    BOOST_REQUIRE(conflicts().size() == 2u);
    const auto decide = [&](const std::string& appointment, Resolution resolution) {
        for (const auto& conflict : conflicts())
            if (conflict.appointment.value == appointment)
                apply_resolution(store, zones, clock, conflict.id, resolution, "cli");
    };
    decide("b", Resolution::Ours);
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"a"}, {}, zones, clock.now(), "api", "test");
    });
    for (int i = 0; i < 3; ++i, clock.advance(24h)) pass();
    book("a", 10, 9);
    for (int i = 0; i < 4; ++i, clock.advance(60s)) pass();
    BOOST_REQUIRE(service.count(href) == 3u);
    decide("a", Resolution::Theirs);
    pass();
    BOOST_TEST((appointment("a").state == AppointmentState::Cancelled));
    BOOST_TEST(service.count(href) == 2u);
    BOOST_TEST(!mirror("a").open());
}

BOOST_AUTO_TEST_CASE(I12_deletions_of_copies_that_were_to_go_hide_no_other_from_a_person) {
    for (int i = 1; i <= 3; ++i) book("a" + std::to_string(i), 9 + i, 9);
    for (int i = 1; i <= 4; ++i) book("b" + std::to_string(i), 14 + i, 9);
    pass();
    pass();
    for (int i = 1; i <= 3; ++i) {
        calgate::write(store, [&](Writer& w) {
            return cancel_appointment(w, {"a" + std::to_string(i)}, {}, zones, clock.now(), "api", "test");
        });
        service.erase(*mirror("a" + std::to_string(i)).href);
    }
    for (int i = 1; i <= 4; ++i) service.erase(*mirror("b" + std::to_string(i)).href);
    for (int i = 0; i < 2; ++i, clock.advance(60s)) pass();
    BOOST_TEST(conflicts().size() == 4u);
}

BOOST_AUTO_TEST_CASE(I11_I23_F27_a_wall_clock_that_jumps_ahead_proves_no_deletion) {
    const auto state = [&] {
        return calgate::read(store, [](const Reader& r) { return r.appointment({"a"})->state; });
    };
    service.set_names_short_lived(false);
    book("a", 10, 9);
    pass();
    service.erase(*mirror("a").href);
    pass();
    BOOST_REQUIRE(mirror("a").missing_since.has_value());
    for (int i = 0; i < 3; ++i) {
        clock.jump(20min);
        clock.advance(60s);
        pass();
        BOOST_TEST((state() == AppointmentState::Confirmed));
    }
    clock.advance(15min);
    pass();
    BOOST_TEST((state() == AppointmentState::Cancelled));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
