#include <boost/test/unit_test.hpp>

#include "tests/scheduler/small_business.hpp"

namespace calgate {
namespace {

using namespace std::chrono_literals;
using testing::SmallBusiness;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sync_pass, SmallBusiness)

BOOST_AUTO_TEST_CASE(R3_a_second_pass_on_unchanged_state_writes_nothing) {
    book("a", 10, 9);
    book("b", 11, 9);
    const auto first = pass();
    BOOST_TEST(first.completed);
    BOOST_TEST(first.created == 2);
    BOOST_TEST(service.count(href) == 3u);  // two copies and the marker
    for (int round = 0; round < 3; ++round) {
        clock.advance(60s);
        const auto before = service.counters();
        const auto again = pass();
        const auto after = service.counters();
        BOOST_TEST(again.completed);
        BOOST_TEST(after.create + after.update + after.erase == before.create + before.update + before.erase);
    }
    BOOST_TEST(!mirror("a").open());
}

BOOST_AUTO_TEST_CASE(R4_a_move_by_staff_moves_the_appointment) {
    book("a", 10, 9);
    pass();
    clock.advance(60s);
    service.edit(*mirror("a").href, [&](Event& event) {
        event.master.start.local = at(12, 14);
        event.master.end.local = at(12, 15);
    });
    const auto report = pass();
    BOOST_TEST(report.taken == 1);
    BOOST_TEST((appointment("a").start == at(12, 14)));
    BOOST_TEST(pass().taken == 0);
    BOOST_TEST(!mirror("a").open());
}

BOOST_AUTO_TEST_CASE(a_copy_read_back_once_is_not_asked_for_again) {
    book("kept", 10, 9);
    pass();
    pass();
    const auto before = service.counters();
    pass();
    BOOST_TEST(service.counters().fetch == before.fetch);
    BOOST_TEST(service.counters().total() == before.total() + 1);
}

BOOST_AUTO_TEST_CASE(R7_dropping_the_mapping_makes_no_duplicates) {
    for (int i = 0; i < 8; ++i) book("a" + std::to_string(i), 10 + i, 9);
    pass();
    store.write([&](Writer& writer) {
        for (auto& mirror : writer.mirrors_on(calendar)) {
            mirror.href.reset();
            mirror.version.reset();
            mirror.base.reset();
            mirror.remote_text.clear();
            mirror.confirmed = 0;
            writer.put(mirror);
        }
        auto row = *writer.calendar(calendar);
        row.sync_token.reset();
        row.full_listing.reset();
        row.marker.reset();
        writer.put(row);
    });
    const auto report = pass();
    BOOST_TEST(report.adopted == 8);
    BOOST_TEST(report.created == 0);
    BOOST_TEST(service.count(href) == 9u);
    BOOST_TEST(!mirror("a0").open());
}

BOOST_AUTO_TEST_CASE(R6_a_create_that_timed_out_after_it_was_applied_leaves_one_copy) {
    for (int cut = 0; cut < 500; ++cut) {
        SmallBusiness one;
        one.random = testing::SeededRandom(static_cast<std::uint64_t>(cut));
        for (int i = 0; i < 3; ++i) one.book("a" + std::to_string(i), 10 + i, 9);
        const int faults = 1 + static_cast<int>(one.random.next() % 4);
        for (int i = 0; i < faults; ++i) {
            const auto operation = one.random.next() % 2 == 0 ? memory::Operation::Create : memory::Operation::Any;
            one.service.fail_next({operation, Error{ErrorCode::Timeout, "Injected.", {}}, one.random.next() % 2 == 0, 1}
            );
        }
        for (int round = 0; round < 12; ++round) {
            one.pass();
            one.clock.advance(600s);
        }
        BOOST_REQUIRE_EQUAL(one.service.count(one.href), 4u);
        BOOST_REQUIRE(!one.mirror("a0").open() && !one.mirror("a1").open() && !one.mirror("a2").open());
    }
}

BOOST_AUTO_TEST_CASE(L1_a_write_that_failed_once_is_tried_again_when_its_back_off_ends_and_not_at_the_next_poll) {
    const auto run_for = [&](std::chrono::seconds time) {
        for (const auto end = clock.now() + time; clock.now() < end; clock.advance(1s))
            while (engine.run_due().count() == 0) continue;
    };
    run_for(5s);
    for (int i = 0; i < 5; ++i) book("a" + std::to_string(i), 10 + i, 9);
    engine.wake({calendar});
    service.fail_next({memory::Operation::Create, Error{ErrorCode::Unavailable, "Injected.", {}}, false, 4});
    run_for(40s);
    for (int i = 0; i < 5; ++i) BOOST_TEST(!mirror("a" + std::to_string(i)).open());
}

BOOST_AUTO_TEST_CASE(I7_F11_a_created_copy_that_reads_do_not_show_yet_gets_no_second_name) {
    book("a", 10, 9);
    service.fail_next({memory::Operation::Create, Error{ErrorCode::Timeout, "Injected.", {}}, true, 1});
    pass();  // the marker
    clock.advance(60s);
    service.fail_next({memory::Operation::Create, Error{ErrorCode::Timeout, "Injected.", {}}, true, 1});
    pass();
    clock.advance(60s);
    service.fail_next({memory::Operation::Changes, Error{ErrorCode::InvalidResponse, "Injected.", {}}, false, 1});
    service.fail_next({memory::Operation::Find, Error{ErrorCode::NotFound, "Injected.", {}}, false, 2});
    pass();
    BOOST_TEST(mirror("a").generation == 1);
    service.clear_faults();
    clock.advance(1h);
    pass();
    BOOST_TEST(service.count(href) == 2u);
    BOOST_TEST(!mirror("a").open());
}

BOOST_AUTO_TEST_CASE(R15_lost_access_raises_one_alarm_and_writes_go_on_after_it) {
    book("a", 10, 9);
    service.set_outage(Error{ErrorCode::Unauthorized, "The password was refused.", {}});
    for (int i = 0; i < 3; ++i) pass();
    const auto alarms = calgate::read(store, [](const Reader& r) {
        int count = 0;
        for (const auto& change : r.changes(0, 1000)) count += change.kind == "account.attention";
        return count;
    });
    BOOST_TEST(alarms == 1);
    BOOST_TEST(service.counters().total() == 1);
    service.set_outage(std::nullopt);
    store.write([](Writer& writer) {
        auto account = *writer.account({"acc"});
        account.state = AccountState::Active;
        writer.put(account);
    });
    BOOST_TEST(pass().created == 1);
}

BOOST_AUTO_TEST_CASE(R20_an_unreadable_event_is_parked_and_all_others_sync) {
    service.put_text(href, "bad", "BEGIN:VCALENDAR\r\nnonsense");
    service.put(href, foreign("f", 10, 15));
    book("a", 10, 9);
    const auto report = pass();
    BOOST_TEST(report.completed);
    BOOST_TEST(report.created == 1);
    BOOST_TEST(cached() == 2u);
}

BOOST_AUTO_TEST_CASE(R20_a_task_in_the_calendar_is_no_trouble_and_blocks_no_time) {
    service.put_text(
        href,
        "task",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:t\r\nSUMMARY:Buy\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
    );
    service.put_text(href, "bad", "BEGIN:VCALENDAR\r\nnonsense");
    BOOST_TEST(pass().completed);
    const auto troubles = calgate::read(store, [&](const Reader& r) {
        std::map<std::string, std::string> out;
        for (const auto& event : r.cached_events(calendar)) out[event.href.value] = event.trouble;
        return out;
    });
    BOOST_REQUIRE_EQUAL(troubles.size(), 2u);
    for (const auto& [at, trouble] : troubles)
        BOOST_TEST(trouble.empty() == at.ends_with("task"), at << ": " << trouble);
}

BOOST_AUTO_TEST_CASE(I8_a_duplicate_by_a_person_is_never_swept) {
    book("a", 10, 9);
    pass();
    Event twin = service.events(href).front().event;
    for (const auto& event : service.events(href)) {
        if (event.href == *mirror("a").href) twin = event.event;
    }
    twin.uid = {"copied-by-hand"};
    twin.source.clear();
    service.put(href, twin);
    for (int i = 0; i < 3; ++i) {
        pass();
        clock.advance(3600s);
    }
    BOOST_TEST(service.count(href) == 3u);
    BOOST_TEST(cached() == 1u);
}

BOOST_AUTO_TEST_CASE(a_copy_moved_onto_another_appointment_becomes_a_conflict) {
    book("a", 10, 9);
    book("b", 11, 9);
    pass();
    service.edit(*mirror("a").href, [&](Event& event) {
        event.master.start.local = at(11, 9);
        event.master.end.local = at(11, 10);
    });
    pass();
    BOOST_TEST((appointment("a").start == at(10, 9)));
    BOOST_REQUIRE(conflicts().size() == 1u);
    BOOST_TEST((conflicts()[0].kind == ConflictKind::MovedOntoAnother));
    apply_resolution(store, zones, clock, conflicts()[0].id, Resolution::Ours, "cli");
    BOOST_TEST(pass().updated == 1);
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(I17_when_a_service_goes_down_its_other_calendars_are_no_longer_called_live) {
    const Href other = service.add_calendar("Ben");
    store.write([&](Writer& writer) {
        writer.put(Staff{.id = {"ben"}, .name = "Ben", .zone = "Europe/Berlin"});
        writer.put(Account{.id = {"acc-ben"}, .kind = "memory", .url = "memory://host"});
        Calendar second = *writer.calendar(calendar);
        second.id = {"ben"};
        second.account = {"acc-ben"};
        second.staff = {"ben"};
        second.href = other;
        writer.put(second);
    });
    engine.load();
    const auto freshness = [&](const char* person) { return index.person({person})->sources.at(person).freshness; };
    while (engine.run_due().count() == 0) {
    }
    BOOST_REQUIRE((freshness("anna") == SourceState::Freshness::Live));
    BOOST_REQUIRE((freshness("ben") == SourceState::Freshness::Live));
    service.set_outage(Error{ErrorCode::Unavailable, "The service is away.", {}});
    for (int failure = 0; failure < 5; ++failure) {
        clock.advance(20s);
        engine.poll_now(calendar);
        while (engine.run_due().count() == 0) {
        }
    }
    BOOST_TEST((freshness("anna") == SourceState::Freshness::Cached));
    BOOST_TEST((freshness("ben") == SourceState::Freshness::Cached));
}

BOOST_AUTO_TEST_CASE(F11_a_copy_that_is_not_seen_fails_no_run) {
    book("a", 10, 9);
    pass();
    pass();
    service.set_names_short_lived(false);
    service.erase(*mirror("a").href);
    book("a", 11, 9);
    service.fail_next({memory::Operation::Changes, Error{ErrorCode::InvalidResponse, "Injected.", {}}, false, 1});
    pass();
    BOOST_TEST(mirror("a").missing_since.has_value());
    for (int i = 0; i < 2; ++i) {
        clock.advance(60s);
        BOOST_TEST(pass().completed);
    }
}

BOOST_AUTO_TEST_CASE(F14_a_dead_token_answered_with_everything_is_no_news) {
    book("a", 10, 9);
    book("b", 11, 9);
    pass();
    clock.advance(60s);
    pass();
    clock.advance(60s);
    service.set_lists_on_dead_tokens(true);
    service.erase(*mirror("a").href);
    service.forget_tokens();
    for (int i = 0; i < 3; ++i) {
        pass();
        clock.advance(16min);
    }
    BOOST_TEST((appointment("a").state == AppointmentState::Cancelled));
    BOOST_TEST((appointment("b").state == AppointmentState::Confirmed));
}

BOOST_AUTO_TEST_CASE(F14_listing_everything_after_a_dead_token_may_fail_and_is_not_asked_for_ever_G2_T9) {
    book("a", 10, 9);
    pass();
    clock.advance(60s);
    pass();
    service.forget_tokens();
    const Error dead{ErrorCode::SyncTokenExpired, "Injected.", {}};
    const Error away{ErrorCode::Unavailable, "Injected.", {}};
    for (int i = 0; i < 2; ++i) {
        clock.advance(60s);
        service.fail_next({memory::Operation::Changes, dead, false, 1});
        service.fail_next({memory::Operation::Changes, away, false, 1});
        BOOST_TEST(!pass().completed);
    }
    clock.advance(60s);
    BOOST_TEST(pass().completed);
    clock.advance(60s);
    const auto after = pass();
    BOOST_TEST(after.completed);
    BOOST_TEST(after.pages == 1);
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST(service.count(href) == 2u);
}

BOOST_AUTO_TEST_CASE(I6_an_edit_chosen_after_its_copy_has_gone_is_written_anew) {
    book("a", 10, 9);
    pass();
    pass();
    service.edit(*mirror("a").href, [](Event& event) { event.master.title = "By hand"; });
    auto renamed = appointment("a");
    renamed.title = "Renamed";
    calgate::write(store, [&](Writer& w) {
        return place_appointment(w, renamed, {}, zones, clock.now(), "api", "test");
    });
    pass();
    BOOST_REQUIRE(conflicts().size() == 1u);
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"a"}, {}, zones, clock.now(), "api", "test");
    });
    service.erase(*mirror("a").href);
    pass();
    BOOST_REQUIRE(conflicts().size() == 1u);
    apply_resolution(store, zones, clock, conflicts().front().id, Resolution::Theirs, "cli");
    pass();
    BOOST_TEST(service.count(href) == 2u);
    BOOST_TEST(appointment("a").title == "By hand");
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(I6_F11_a_cancelled_copy_that_reads_do_not_show_yet_goes_when_they_do) {
    book("a", 10, 9);
    pass();
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"a"}, {}, zones, clock.now(), "api", "test");
    });
    service.fail_next({memory::Operation::Changes, Error{ErrorCode::InvalidResponse, "Injected.", {}}, false, 1});
    service.fail_next({memory::Operation::Fetch, Error{ErrorCode::NotFound, "Injected.", {}}, false, 1});
    pass();
    BOOST_TEST(mirror("a").open());
    clock.advance(20min);
    pass();
    BOOST_TEST(service.count(href) == 1u);
    BOOST_TEST(!mirror("a").open());
}

BOOST_AUTO_TEST_CASE(I23_F27_the_marker_counts_on_after_the_wall_clock_was_set_back) {
    const auto counted = [&] {
        return calgate::read(store, [](const Reader& r) { return r.setting("marker.anna").value_or(""); });
    };
    book("a", 10, 9);
    for (int i = 0; i < 3; ++i, clock.advance(11min)) pass();
    BOOST_REQUIRE(counted().starts_with("copies=1 "));
    clock.jump(-3h);
    book("b", 11, 9);
    for (int i = 0; i < 3; ++i, clock.advance(11min)) pass();
    BOOST_TEST(counted().starts_with("copies=2 "), counted());
}

BOOST_AUTO_TEST_CASE(I23_F27_the_daily_listing_comes_in_time_after_the_wall_clock_was_set_back) {
    book("a", 10, 9);
    for (int i = 0; i < 3; ++i, clock.advance(60s)) pass();
    const auto listed = [&] {
        return calgate::read(store, [&](const Reader& r) { return r.calendar(calendar)->full_listing; });
    };
    BOOST_REQUIRE(listed().has_value());
    clock.jump(-6h);
    pass();
    BOOST_REQUIRE(listed().has_value());
    BOOST_TEST((*listed() <= clock.now()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
