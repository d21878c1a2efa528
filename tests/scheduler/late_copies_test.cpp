#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "scheduler/sync_pass.hpp"
#include "tests/scheduler/habitual_connector.hpp"
#include "tests/scheduler/refusing_store.hpp"

using namespace std::chrono_literals;

namespace calgate::testing {
namespace {

/// A creation that timed out is applied minutes later (F6). "a" has a copy that was read back.
struct LateCopies : SmallBusiness {
    LateCopies() {
        book("a", 10, 9);
        settle();
    }
    void settle() {
        for (int i = 0; i < 2; ++i, clock.advance(60s)) pass();
    }
    void cancel(const std::string& id) {
        calgate::write(store, [&](Writer& w) {
            return cancel_appointment(w, {id}, {}, zones, clock.now(), "api", "test");
        });
    }
    void retitle(const std::string& id, const std::string& title) {
        auto wanted = appointment(id);
        wanted.title = title;
        calgate::write(store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, zones, clock.now(), "api", "test");
        });
    }
    std::string name_of(const std::string& id) const { return mirror(id).uid.value + ".ics"; }
    static std::string by_hand(std::string text) {
        return text.replace(text.find("SUMMARY:Cut a"), 13, "SUMMARY:By hand");
    }
    /// A person's program gives the copy another place.
    void relocate(const std::string& text) {
        service.erase(*mirror("a").href);
        service.put_text(href, "moved.ics", text);
    }
    bool stands(const std::string& name) const {
        const auto all = service.events(href);
        return std::any_of(all.begin(), all.end(), [&](const RemoteEvent& event) {
            return event.href.value.ends_with("/" + name);
        });
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(late_copies, LateCopies)

BOOST_AUTO_TEST_CASE(F6_a_copy_that_was_created_late_goes_unless_somebody_edited_it) {
    const std::string name = name_of("a");
    const std::string before = mirror("a").remote_text;
    cancel("a");
    settle();
    book("a", 10, 9);
    settle();
    BOOST_REQUIRE(mirror("a").generation == 2);
    service.put_text(href, name, before);
    settle();
    BOOST_TEST(service.count(href) == 2u);  // The marker is the other one.
    BOOST_TEST(engine.verify(calendar).findings.empty());
    service.put_text(href, name, by_hand(before));
    settle();
    BOOST_TEST(service.count(href) == 3u);
}

BOOST_AUTO_TEST_CASE(R19_a_late_copy_goes_when_the_quota_lets_it) {
    const std::string name = name_of("a");
    const std::string before = mirror("a").remote_text;
    cancel("a");
    settle();
    book("a", 10, 9);
    settle();
    service.put_text(href, name, before);
    const EngineParts parts{store, index, factory, zones, clock, random, keys, [](const std::string&) {}};
    const Engine::Settings settings;
    memory::MemoryConnector connector(service);
    SyncPass::Options options;
    options.may_write = [] { return false; };
    SyncPass held(parts, settings, connector, calendar, options);
    BOOST_TEST(held.run().completed);
    BOOST_TEST(held.more());
    BOOST_TEST(service.count(href) == 3u);
    pass();
    BOOST_TEST(service.count(href) == 2u);
}

BOOST_AUTO_TEST_CASE(F6_a_creation_that_comes_late_at_the_copy_s_own_name_is_no_edit) {
    const Error timeout{ErrorCode::Timeout, "No answer came in time.", {}};
    service.fail_next({memory::Operation::Create, timeout, true, 1});
    book("b", 11, 9);
    pass();
    const Href place{href.value + name_of("b")};
    const auto all = service.events(href);
    const auto first = std::find_if(all.begin(), all.end(), [&](const RemoteEvent& e) { return e.href == place; });
    BOOST_REQUIRE(first != all.end());
    service.erase(place);
    retitle("b", "Longer");
    clock.advance(16min);
    settle();
    BOOST_REQUIRE(stands(name_of("b")));
    service.put_text(href, name_of("b"), first->event.source);
    settle();
    BOOST_TEST(appointment("b").title == "Longer");
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(I10_an_edit_of_a_copy_that_was_never_seen_is_kept_when_the_appointment_is_cancelled) {
    const Error timeout{ErrorCode::Timeout, "No answer came in time.", {}};
    service.fail_next({memory::Operation::Create, timeout, true, 1});
    book("b", 11, 9);
    pass();
    BOOST_REQUIRE(!mirror("b").href);
    const bool edited =
        service.edit(Href{href.value + name_of("b")}, [](Event& event) { event.master.title = "By hand"; });
    BOOST_REQUIRE(edited);
    cancel("b");
    const EngineParts parts{store, index, factory, zones, clock, random, keys, [](const std::string&) {}};
    const Engine::Settings settings;
    memory::MemoryConnector connector(service);
    SyncPass::Options only_writes;
    only_writes.pull = false;
    clock.advance(60s);
    SyncPass(parts, settings, connector, calendar, only_writes).run();
    settle();
    const auto kept = calgate::read(store, [](const Reader& r) { return r.conflicts(false); });
    BOOST_REQUIRE(kept.size() == 1u);
    BOOST_TEST(kept.front().theirs->title == "By hand");
    BOOST_TEST(service.count(href) == 2u);  // The copy of "a" and the marker.
}

BOOST_AUTO_TEST_CASE(F6_a_creation_that_comes_late_beside_a_copy_that_moved_goes_after_the_consistency_window) {
    const std::string name = name_of("a");
    const std::string first = mirror("a").remote_text;
    relocate(first);
    settle();
    BOOST_REQUIRE(mirror("a").href->value.ends_with("/moved.ics"));
    service.put_text(href, name, first);
    settle();
    BOOST_TEST(stands(name));  // Reads may lag: nothing is deleted yet.
    clock.advance(16min);
    pass();
    BOOST_TEST(!stands(name));
    BOOST_TEST(stands("moved.ics"));
    BOOST_TEST(cached() == 0u);
    BOOST_TEST(!mirror("a").twin);
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(F6_of_two_copies_of_one_name_the_one_that_is_not_followed_goes) {
    const std::string name = name_of("a");
    const std::string first = mirror("a").remote_text;
    service.put_text(href, "moved.ics", first);
    settle();
    clock.advance(16min);
    pass();
    BOOST_TEST(stands(name));
    BOOST_TEST(!stands("moved.ics"));
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
}

BOOST_AUTO_TEST_CASE(I8_a_second_copy_that_somebody_edited_stays) {
    service.put_text(href, "moved.ics", by_hand(mirror("a").remote_text));
    settle();
    clock.advance(16min);
    settle();
    BOOST_TEST(stands("moved.ics"));
    BOOST_TEST(stands(name_of("a")));
}

BOOST_AUTO_TEST_CASE(I11_while_the_followed_copy_is_not_seen_its_twin_stays) {
    const std::string name = name_of("a");
    service.put_text(href, "moved.ics", mirror("a").remote_text);
    settle();
    clock.advance(16min);
    service.erase(*mirror("a").href);
    const EngineParts parts{store, index, factory, zones, clock, random, keys, [](const std::string&) {}};
    const Engine::Settings settings;
    memory::MemoryConnector connector(service);
    SyncPass::Options only_writes;
    only_writes.pull = false;
    SyncPass(parts, settings, connector, calendar, only_writes).run();
    BOOST_TEST(stands("moved.ics"));
    for (int i = 0; i < 3; ++i, clock.advance(16min)) pass();
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST(mirror("a").href->value.ends_with("/moved.ics"));
}

BOOST_AUTO_TEST_CASE(F5_a_copy_that_was_found_by_asking_and_deleted_before_a_listing_is_missed) {
    service.set_names_short_lived(false);
    const Error timeout{ErrorCode::Timeout, "No answer came in time.", {}};
    service.fail_next({memory::Operation::Create, timeout, true, 1});
    book("b", 11, 9);
    const EngineParts parts{store, index, factory, zones, clock, random, keys, [](const std::string&) {}};
    const Engine::Settings settings;
    memory::MemoryConnector connector(service);
    SyncPass::Options only_writes;
    only_writes.pull = false;
    for (int i = 0; i < 2; ++i, clock.advance(60s)) SyncPass(parts, settings, connector, calendar, only_writes).run();
    BOOST_REQUIRE(mirror("b").href);
    service.erase(*mirror("b").href);
    for (int i = 0; i < 3; ++i, clock.advance(16min)) pass();
    BOOST_TEST((appointment("b").state == AppointmentState::Cancelled));
}

BOOST_DATA_TEST_CASE_F(
    LateCopies,
    F33_a_copy_deleted_after_a_pull_that_named_it_and_was_cut_off_is_missed,
    boost::unit_test::data::xrange(6),
    writes
) {
    service.set_names_short_lived(false);
    book("b", 11, 9);
    pass();
    BOOST_REQUIRE(mirror("b").unlisted);
    clock.advance(60s);
    RefusingStore refusing(store);
    refusing.refuse_after(writes);
    const EngineParts parts{refusing, index, factory, zones, clock, random, keys, [](const std::string&) {}};
    try {
        Engine cut_off(parts, {});
        cut_off.load();
        cut_off.run_pass(calendar);
    } catch (const StoreFailure&) {
    }
    service.erase(*mirror("b").href);
    Engine again({store, index, factory, zones, clock, random, keys, [](const std::string&) {}}, {});
    again.load();
    for (int i = 0; i < 3; ++i, clock.advance(16min)) again.run_pass(calendar);
    BOOST_TEST((appointment("b").state == AppointmentState::Cancelled));
}

BOOST_AUTO_TEST_CASE(F33_a_copy_that_was_made_and_not_written_down_goes_after_all) {
    Habits habits;
    HabitualFactory lagging(service, habits);
    const EngineParts parts{store, index, lagging, zones, clock, random, keys, [](const std::string&) {}};
    book("b", 11, 9);
    habits.dies_after_create = true;
    Engine dying(parts, {});
    dying.load();
    BOOST_CHECK_THROW(dying.run_pass(calendar), StoreFailure);
    BOOST_REQUIRE(stands(name_of("b")));
    habits = {.hidden = {mirror("b").uid}};
    cancel("b");
    clock.advance(1s);
    Engine again(parts, {});
    again.load();
    again.run_pass(calendar);
    habits = {};
    for (int i = 0; i < 2; ++i, clock.advance(16min)) again.run_pass(calendar);
    BOOST_TEST(!stands(name_of("b")));
}

BOOST_DATA_TEST_CASE(
    F29_a_copy_that_was_made_while_the_store_refused_goes_after_all, boost::unit_test::data::xrange(3), writes
) {
    Habits habits;
    HabitualFactory lagging(service, habits);
    RefusingStore refusing(store);
    Engine gateway({refusing, index, lagging, zones, clock, random, keys, [](const std::string&) {}}, {});
    gateway.load();
    for (int i = 0; i < 2; ++i, clock.advance(16min)) gateway.run_pass(calendar);
    book("b", 11, 9);
    refusing.refuse_after(writes);
    try {
        gateway.run_pass(calendar);
    } catch (const StoreFailure&) {
    }
    refusing.refuse_after(-1);
    habits = {.hidden = {mirror("b").uid}};
    cancel("b");
    gateway.run_pass(calendar);
    habits = {};
    for (int i = 0; i < 2; ++i, clock.advance(16min)) gateway.run_pass(calendar);
    BOOST_TEST(!stands(name_of("b")));
}

BOOST_DATA_TEST_CASE(
    I11_our_own_deletion_that_was_not_written_down_is_none_by_staff, boost::unit_test::data::xrange(1, 6), writes
) {
    service.edit(*mirror("a").href, [](Event& event) { event.master.title = "By hand"; });
    cancel("a");
    RefusingStore refusing(store);
    refusing.refuse_after(writes);
    Engine cut_off({refusing, index, factory, zones, clock, random, keys, [](const std::string&) {}}, {});
    cut_off.load();
    try {
        cut_off.run_pass(calendar);
    } catch (const StoreFailure&) {
    }
    for (const auto& conflict : read(store, [](const Reader& reader) { return reader.conflicts(true); }))
        apply_resolution(store, zones, clock, conflict.id, Resolution::Theirs, "cli");
    for (int i = 0; i < 3; ++i, clock.advance(16min)) pass();
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST(appointment("a").title == "By hand");
    BOOST_TEST(stands(name_of("a")));
}

BOOST_AUTO_TEST_CASE(what_was_booked_in_this_life_and_never_written_waits_for_nothing_when_cancelled) {
    Engine gateway({store, index, factory, zones, clock, random, keys, [](const std::string&) {}}, {});
    gateway.load();
    gateway.run_pass(calendar);
    book("b", 11, 9);
    cancel("b");
    gateway.run_pass(calendar);
    BOOST_TEST(!mirror("b").open());
}

BOOST_AUTO_TEST_CASE(I10_an_edit_kept_of_a_cancelled_appointment_outlives_the_deletion_of_its_next_copy) {
    store.write([](Writer& writer) {
        auto business = *writer.business();
        business.deletions = DeletionPolicy::Ask;
        writer.put(business);
    });
    service.edit(*mirror("a").href, [](Event& event) { event.master.title = "By hand"; });
    cancel("a");
    settle();
    auto again = appointment("a");
    again.state = AppointmentState::Confirmed;
    calgate::write(store, [&](Writer& w) {
        return place_appointment(w, again, {}, zones, clock.now(), "api", "test");
    });
    settle();
    service.edit(*mirror("a").href, [](Event& event) { event.master.status = EventStatus::Cancelled; });
    settle();
    service.erase(*mirror("a").href);
    for (int i = 0; i < 3; ++i, clock.advance(16min)) pass();
    const auto open = calgate::read(store, [](const Reader& reader) { return reader.conflicts(true); });
    BOOST_TEST_REQUIRE(open.size() == 2u);
    BOOST_TEST((open.front().kind == ConflictKind::DeletedAndEdited));
    BOOST_TEST(open.front().theirs.value_or(Shown{}).title == "By hand");
    BOOST_TEST(!open.front().theirs.value_or(Shown{}).cancelled);
}

BOOST_AUTO_TEST_CASE(a_calendar_is_disconnected_once_what_may_come_late_has_had_its_time) {
    book("b", 11, 9);
    service.fail_next({memory::Operation::Create, {ErrorCode::Timeout, "No answer.", {}}});
    pass();
    BOOST_REQUIRE(mirror("b").unknown_call);
    BOOST_TEST(!engine.disconnect(calendar, true, clock.steady() + 60s, "cli").done);
    clock.advance(16min);
    BOOST_TEST(engine.disconnect(calendar, true, clock.steady() + 60s, "cli").done);
    BOOST_TEST(service.count(href) == 0u);
}

BOOST_AUTO_TEST_CASE(F8_a_marker_whose_content_did_not_come_is_no_event_of_a_persons) {
    Habits habits;
    HabitualFactory habitual(service, habits);
    Engine gateway({store, index, habitual, zones, clock, random, keys, [](const std::string&) {}}, {});
    gateway.load();
    const Href marker = *read(store, [&](const Reader& reader) { return reader.calendar(calendar); })->marker;
    const auto cached = [&] {
        return read(store, [&](const Reader& reader) { return reader.cached_events(calendar); });
    };
    habits.without_content = {marker};
    service.forget_tokens();
    gateway.run_pass(calendar);
    BOOST_TEST(cached().empty());
    // As an earlier version took it.
    store.write([&](Writer& writer) {
        CachedEvent taken;
        taken.calendar = calendar;
        taken.href = marker;
        writer.put(taken);
    });
    habits = {};
    service.forget_tokens();
    gateway.run_pass(calendar);
    BOOST_TEST(cached().empty());
}

BOOST_AUTO_TEST_CASE(I11_I23_a_clock_that_was_set_ahead_while_nothing_ran_ends_no_waiting) {
    const std::string text = mirror("a").remote_text;
    const Href place = *mirror("a").href;
    service.erase(place);  // Reads that lag say so.
    service.forget_tokens();
    pass();
    BOOST_REQUIRE(mirror("a").missing_since.has_value());
    clock.jump(20min);
    Engine started_anew({store, index, factory, zones, clock, random, keys, [](const std::string&) {}}, {});
    started_anew.load();
    started_anew.run_pass(calendar);
    service.put_text(href, name_of("a"), text);
    for (int i = 0; i < 3; ++i, clock.advance(16min)) started_anew.run_pass(calendar);
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
}

BOOST_DATA_TEST_CASE(
    F20_a_copy_that_was_seen_at_its_new_place_before_it_left_the_old_one_is_followed,
    boost::unit_test::data::make({false, true}),
    edited
) {
    Habits habits;
    HabitualFactory habitual(service, habits);
    Engine gateway({store, index, habitual, zones, clock, random, keys, [](const std::string&) {}}, {});
    gateway.load();
    const std::string text = mirror("a").remote_text;
    service.put_text(href, "moved.ics", edited ? by_hand(text) : text);
    gateway.run_pass(calendar);
    clock.advance(10min);
    service.erase(*mirror("a").href);
    service.forget_tokens();            // So that the deletion is not named.
    habits.hidden = {mirror("a").uid};  // A service that looks for a name only where it first was.
    for (int i = 0; i < 5; ++i, clock.advance(6min)) gateway.run_pass(calendar);
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST(appointment("a").title == (edited ? "By hand" : "Cut a"));
    BOOST_TEST(mirror("a").href.value_or(Href{}).value.ends_with("/moved.ics"));
    BOOST_TEST(service.count(href) == 2u);  // With the marker.
}

BOOST_AUTO_TEST_CASE(a_copy_is_asked_for_until_a_listing_named_it_and_no_longer) {
    service.set_names_short_lived(false);
    book("b", 11, 9);
    pass();
    BOOST_TEST(mirror("b").unlisted);
    pass();
    BOOST_TEST(!mirror("b").unlisted);
    const auto fetched = service.counters().fetch;
    pass();
    BOOST_TEST(service.counters().fetch == fetched);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
