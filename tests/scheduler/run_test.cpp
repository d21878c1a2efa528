#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <vector>

#include "scheduler/preview.hpp"
#include "scheduler/sync_pass.hpp"
#include "tests/scheduler/decided.hpp"

using namespace std::chrono_literals;

namespace calgate::testing {

BOOST_FIXTURE_TEST_SUITE(runs, Decided)

BOOST_AUTO_TEST_CASE(there_is_nothing_to_merge_in_a_stopped_run) {
    for (int day = 11; day < 20; ++day) book("b" + std::to_string(day), day, 9);
    settle();
    for (int day = 11; day < 20; ++day) move_copy("b" + std::to_string(day), 1);
    pass();
    BOOST_TEST((decide(ConflictAnswer(Resolution::Merged)).outcome == ResolutionResult::Outcome::Impossible));
    BOOST_TEST(conflicts().size() == 1u);
}

BOOST_AUTO_TEST_CASE(R25_a_run_is_undone_and_its_copies_follow) {
    book("b", 11, 9);
    settle();
    move_copy("a", 2);
    service.erase(*mirror("b").href);
    for (int i = 0; i < 3; ++i, clock.advance(16min)) pass();
    BOOST_REQUIRE((appointment("b").state == AppointmentState::Cancelled));
    BOOST_REQUIRE((appointment("a").start == at(10, 11)));
    BOOST_REQUIRE(!runs().empty());
    for (const Change& run : runs())
        for (const auto& one : undo(run.sequence).appointments) BOOST_TEST(one.undone, one.why);
    BOOST_TEST((appointment("a").start == at(10, 9)));
    BOOST_TEST((appointment("b").state == AppointmentState::Confirmed));
    settle();
    BOOST_TEST(service.count(href) == 3u);
    BOOST_TEST(engine.verify(calendar).findings.empty());
    BOOST_TEST(runs().size() <= 2u);
}

BOOST_AUTO_TEST_CASE(R25_undoing_twice_or_over_a_taken_time_changes_nothing) {
    move_copy("a", 2);
    settle();
    BOOST_REQUIRE(runs().size() == 1u);
    const auto run = runs()[0].sequence;
    BOOST_TEST(runs()[0].why == "1 change was taken over.");
    book("taker", 10, 9);
    auto report = undo(run);
    BOOST_REQUIRE(report.appointments.size() == 1u);
    BOOST_TEST(!report.appointments[0].undone);
    BOOST_TEST(report.appointments[0].why == "Its earlier time is taken by another appointment of the same person.");
    BOOST_TEST((appointment("a").start == at(10, 11)));
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"taker"}, {}, zones, clock.now(), "api", "test");
    });
    BOOST_TEST(undo(run).appointments[0].undone);
    BOOST_TEST(!undo(run).appointments[0].undone);
    BOOST_TEST((appointment("a").start == at(10, 9)));
}

BOOST_AUTO_TEST_CASE(a_preview_says_what_a_run_would_do_and_does_nothing) {
    book("gone", 12, 9);
    settle();
    move_copy("a", 2);
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"gone"}, {}, zones, clock.now(), "api", "test");
    });
    book("new", 11, 9);
    retitle("Ours");
    const auto before = calgate::read(store, [](const Reader& r) { return r.last_change(); });
    const auto copies = service.count(href);
    memory::MemoryConnector living(service);
    const auto plan = [&] {
        return preview_run({store, index, factory, zones, clock, random, keys, {}}, {}, living, calendar);
    };
    const Preview preview = plan();
    BOOST_TEST(preview.report.completed);
    std::map<std::string, PlannedWrite::Kind> writes;
    for (const auto& planned : preview.writes)
        if (planned.appointment) writes[planned.appointment->value] = planned.kind;
    BOOST_TEST(writes.size() == 3u);
    BOOST_TEST((writes.at("a") == PlannedWrite::Kind::Update));
    BOOST_TEST((writes.at("new") == PlannedWrite::Kind::Create));
    BOOST_TEST((writes.at("gone") == PlannedWrite::Kind::Delete));
    BOOST_REQUIRE(!preview.decisions.empty());
    BOOST_TEST(preview.decisions[0].subject == "a");
    BOOST_TEST(calgate::read(store, [](const Reader& r) { return r.last_change(); }) == before);
    BOOST_TEST(service.count(href) == copies);
    BOOST_TEST((appointment("a").start == at(10, 9)));
    settle();
    BOOST_TEST((appointment("a").start == at(10, 11)));
    BOOST_TEST(engine.verify(calendar).findings.empty());
    settle();
    BOOST_TEST(plan().writes.empty());
    BOOST_TEST(plan().decisions.empty());
}

BOOST_AUTO_TEST_CASE(R11_a_uniform_shift_of_many_copies_waits_for_a_person) {
    for (int day = 11; day < 21; ++day) book("b" + std::to_string(day), day, 9);
    for (int day = 11; day < 31; ++day) book("c" + std::to_string(day), day, 15);
    settle();
    for (int day = 11; day < 16; ++day) move_copy("b" + std::to_string(day), 1);
    pass();
    BOOST_REQUIRE(conflicts().size() == 1u);
    BOOST_TEST((conflicts()[0].kind == ConflictKind::Brake));
    BOOST_TEST(conflicts()[0].why.starts_with("5 copies were moved by the same span"));
    BOOST_TEST((appointment("b11").start == at(11, 9)));
    BOOST_TEST((decide(Resolution::Theirs).outcome == ResolutionResult::Outcome::Resolved));
    settle();
    BOOST_TEST((appointment("b11").start == at(11, 10)));
    BOOST_TEST(conflicts().empty());
}

BOOST_AUTO_TEST_CASE(I13_a_deletion_waits_while_two_calendars_of_its_service_are_odd) {
    for (const char* other : {"bert", "carla"}) {
        Calendar odd = row();
        odd.id = {other};
        odd.href = service.add_calendar(other);
        odd.mirror = false;
        odd.state = CalendarState::Waiting;
        store.write([&](Writer& writer) { writer.put(odd); });
    }
    service.erase(*mirror("a").href);
    for (int i = 0; i < 2; ++i, clock.advance(16min)) pass();
    BOOST_REQUIRE(conflicts().size() == 1u);
    BOOST_TEST((conflicts()[0].kind == ConflictKind::Brake));
    BOOST_TEST(conflicts()[0].why.starts_with("Copies were deleted while 2 other calendars"));
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST((decide(Resolution::Theirs).outcome == ResolutionResult::Outcome::Resolved));
    settle();
    BOOST_TEST((appointment("a").state == AppointmentState::Cancelled));
}

BOOST_AUTO_TEST_CASE(I13_what_a_service_deletes_in_several_calendars_waits_from_the_third_on) {
    std::vector<CalendarId> calendars{calendar};
    store.write([&](Writer& writer) {
        auto business = *writer.business();
        business.deletions = DeletionPolicy::Cancel;
        writer.put(business);
        for (const char* other : {"bert", "carla"}) {
            Calendar more = *writer.calendar(calendar);
            more.id = {other};
            more.href = service.add_calendar(other);
            more.marker.reset();
            more.sync_token.reset();
            writer.put(more);
            calendars.push_back(more.id);
        }
    });
    for (int i = 0; i < 30; ++i) book("b" + std::to_string(i), 10 + i % 15, 10 + i / 15);
    const auto all = [&] {
        for (const auto& id : calendars) engine.run_pass(id);
    };
    for (int i = 0; i < 3; ++i, clock.advance(60s)) all();
    for (int i = 0; i < 15; ++i) {
        const auto copy = calgate::read(store, [&](const Reader& r) {
            return r.mirror({"b" + std::to_string(i)}, calendars[static_cast<std::size_t>(i / 5)]);
        });
        service.erase(*copy->href);
    }
    all();
    for (int i = 0; i < 15; ++i) {
        const bool cancelled = appointment("b" + std::to_string(i)).state == AppointmentState::Cancelled;
        BOOST_TEST(cancelled == (i < 10), i);
    }
    BOOST_REQUIRE(conflicts().size() == 1u);
    BOOST_TEST(conflicts()[0].why.starts_with("Copies were deleted while 2 other calendars"));
}

BOOST_AUTO_TEST_CASE(copies_that_make_room_for_each_other_are_moved_in_one_run_and_back) {
    for (int hour = 10; hour < 13; ++hour) book("b" + std::to_string(hour), 10, hour);
    settle();
    for (const char* id : {"a", "b10", "b11", "b12"}) move_copy(id, 1);
    pass();
    BOOST_TEST(conflicts().empty());
    BOOST_TEST((appointment("a").start == at(10, 10)));
    BOOST_TEST((appointment("b12").start == at(10, 13)));
    BOOST_REQUIRE(!runs().empty());
    for (const auto& one : undo(runs().back().sequence).appointments) BOOST_TEST(one.undone, one.why);
    BOOST_TEST((appointment("a").start == at(10, 9)));
    BOOST_TEST((appointment("b12").start == at(10, 12)));
}

BOOST_AUTO_TEST_CASE(R25_undoing_over_a_taken_time_takes_the_rest_back) {
    move_copy("a", 2);
    service.edit(*mirror("a").href, [](Event& event) { event.master.title = "Theirs"; });
    pass();
    BOOST_REQUIRE(appointment("a").title == "Theirs");
    book("other", 10, 9);
    const auto report = undo(runs().back().sequence);
    BOOST_REQUIRE(report.appointments.size() == 1u);
    BOOST_TEST(report.appointments[0].undone);
    BOOST_TEST(report.appointments[0].why.find("its time") != std::string::npos);
    BOOST_TEST(appointment("a").title == "Cut a");
    BOOST_TEST((appointment("a").start == at(10, 11)));
}

BOOST_AUTO_TEST_CASE(I13_what_is_approved_is_what_was_asked) {
    for (int day = 11; day < 20; ++day) book("b" + std::to_string(day), day, 9);
    settle();
    for (int day = 11; day < 20; ++day) move_copy("b" + std::to_string(day), day - 10);
    pass();
    BOOST_REQUIRE(conflicts().size() == 1u);
    BOOST_TEST((decide(Resolution::Theirs).outcome == ResolutionResult::Outcome::Resolved));
    // Before the approved run comes, the calendar is emptied.
    for (const auto& event : service.events(href)) service.erase(event.href);
    for (int i = 0; i < 4; ++i, clock.advance(16min)) pass();
    BOOST_REQUIRE(conflicts().size() == 1u);
    BOOST_TEST(conflicts()[0].why.find("emptied or replaced") != std::string::npos);
    for (int day = 11; day < 20; ++day)
        BOOST_TEST((appointment("b" + std::to_string(day)).state == AppointmentState::Confirmed));
}

BOOST_AUTO_TEST_CASE(a_preview_keeps_to_the_policies_and_shows_what_approving_would_do) {
    Policies policies;
    policies.calendars[calendar.value].deletions = DeletionPolicy::Restore;
    memory::MemoryConnector living(service);
    const auto plan = [&] {
        return preview_run({store, index, factory, zones, clock, random, keys, {}}, policies, living, calendar);
    };
    service.erase(*mirror("a").href);
    const Preview preview = plan();
    BOOST_TEST(!preview.waits);
    BOOST_REQUIRE(!preview.decisions.empty());
    BOOST_TEST(preview.decisions[0].kind == "copy.restored");

    for (int day = 11; day < 20; ++day) book("b" + std::to_string(day), day, 9);
    settle();
    for (int day = 11; day < 20; ++day) move_copy("b" + std::to_string(day), day - 10);
    pass();
    BOOST_REQUIRE((row().state == CalendarState::Waiting));
    const Preview waiting = plan();
    BOOST_TEST(waiting.waits);
    const auto taken = std::count_if(waiting.decisions.begin(), waiting.decisions.end(), [](const Change& c) {
        return c.kind == "appointment.changed";
    });
    BOOST_TEST(taken == 9);
    BOOST_TEST((row().state == CalendarState::Waiting));
}

BOOST_AUTO_TEST_CASE(what_is_no_run_is_not_undone) {
    BOOST_TEST(!undo(1).found);
    BOOST_TEST(!undo(0).found);
    BOOST_TEST(!undo(1'000'000).found);
}

BOOST_AUTO_TEST_CASE(a_run_that_takes_nothing_over_has_no_number) {
    settle();
    retitle("Ours");
    settle();
    BOOST_TEST(runs().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
