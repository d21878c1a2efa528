#include <algorithm>
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <ostream>

#include "scheduler/preview.hpp"
#include "scheduler/sync_pass.hpp"
#include "scheduler/undo.hpp"
#include "tests/scheduler/small_business.hpp"

using namespace std::chrono_literals;
namespace bdata = boost::unit_test::data;

namespace calgate::testing {
namespace {

/// A business whose one calendar has a copy of "a" that was read back.
struct Decided : SmallBusiness {
    Decided() {
        book("a", 10, 9);
        settle();
    }
    void settle() {
        for (int i = 0; i < 2; ++i, clock.advance(60s)) pass();
    }
    void move_copy(const std::string& id, int hours) {
        service.edit(*mirror(id).href, [&](Event& event) {
            event.master.start.local += std::chrono::hours{hours};
            event.master.end.local += std::chrono::hours{hours};
        });
    }
    void retitle(const std::string& title) {
        auto wanted = appointment("a");
        wanted.title = title;
        calgate::write(store, [&](Writer& w) {
            return place_appointment(w, wanted, {}, zones, clock.now(), "api", "test");
        });
    }
    std::vector<Change> runs() const {
        return calgate::read(store, [&](const Reader& r) {
            auto all = r.changes_about(calendar.value, 100);
            std::erase_if(all, [](const Change& c) { return c.kind != "run.decided"; });
            return all;
        });
    }
    UndoReport undo(std::int64_t run) { return undo_run(store, zones, clock, run, "cli"); }
    ResolutionResult decide(const ConflictAnswer& answer) {
        BOOST_REQUIRE(conflicts().size() == 1u);
        return apply_resolution(store, zones, clock, conflicts().front().id, answer, "cli");
    }
    /// The calendar moves the copy two hours on and retitles it; the booking system gives the title "Ours".
    void both_edit() {
        move_copy("a", 2);
        service.edit(*mirror("a").href, [](Event& event) { event.master.title = "Theirs"; });
        retitle("Ours");
        pass();
    }
};

/// What a person wants of the conflict that `both_edit` makes, and what the appointment is then.
struct MergeRow {
    const char* name;
    Wish wish;
    ResolutionResult::Outcome outcome;
    int start, end;
    const char* title;
};

const auto kAt = &SmallBusiness::at;
const MergeRow kMerges[] = {
    {"their time, our title", {}, ResolutionResult::Outcome::Resolved, 11, 12, "Ours"},
    {"a new title", {.title = "Both"}, ResolutionResult::Outcome::Resolved, 11, 12, "Both"},
    {"a new time keeps the length", {.start = kAt(10, 15)}, ResolutionResult::Outcome::Resolved, 15, 16, "Ours"},
    {"a new time and end",
     {.start = kAt(10, 15), .end = kAt(10, 18)},
     ResolutionResult::Outcome::Resolved,
     15,
     18,
     "Ours"},
    {"an end before the start", {.end = kAt(10, 8)}, ResolutionResult::Outcome::Impossible, 9, 10, "Ours"},
    {"a taken time", {.start = kAt(10, 20)}, ResolutionResult::Outcome::Overlap, 9, 10, "Ours"},
};

std::ostream& operator<<(std::ostream& out, const MergeRow& row) { return out << row.name; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(decisions, Decided)

BOOST_DATA_TEST_CASE_F(Decided, I10_a_person_merges_both_sides, bdata::make(kMerges), row) {
    book("other", 10, 20);
    settle();
    both_edit();
    BOOST_TEST((decide(ConflictAnswer(Resolution::Merged, row.wish)).outcome == row.outcome));
    BOOST_TEST((appointment("a").start == at(10, row.start)));
    BOOST_TEST((appointment("a").end == at(10, row.end)));
    BOOST_TEST(appointment("a").title == row.title);
    BOOST_TEST(conflicts().empty() == (row.outcome == ResolutionResult::Outcome::Resolved));
    settle();
    if (conflicts().empty()) BOOST_TEST(engine.verify(calendar).findings.empty());
}

constexpr std::array kNotOurs{"theirs", "merged"};

Resolution resolution_of(const std::string& name) { return name == "theirs" ? Resolution::Theirs : Resolution::Merged; }

BOOST_DATA_TEST_CASE_F(Decided, I1_deciding_keeps_what_was_booked_since_it_was_asked, bdata::make(kNotOurs), name) {
    const Resolution resolution = resolution_of(name);
    service.edit(*mirror("a").href, [](Event& event) { event.master.title = "Theirs"; });
    retitle("Ours");
    pass();
    auto later = appointment("a");
    later.start = at(10, 15);
    later.end = at(10, 16);
    later.place = "Room 2";
    calgate::write(store, [&](Writer& w) {
        return place_appointment(w, later, {}, zones, clock.now(), "api", "test");
    });
    BOOST_TEST((decide(resolution).outcome == ResolutionResult::Outcome::Resolved));
    BOOST_TEST(appointment("a").title == (resolution == Resolution::Theirs ? "Theirs" : "Ours"));
    BOOST_TEST((appointment("a").start == at(10, 15)));
    BOOST_TEST(appointment("a").place == "Room 2");
    settle();
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_DATA_TEST_CASE_F(Decided, I27_deciding_takes_no_word_out_of_a_masked_copy, bdata::make(kNotOurs), name) {
    const Resolution resolution = resolution_of(name);
    book("other", 10, 12);
    store.write([&](Writer& writer) {
        auto masked = *writer.calendar(calendar);
        masked.copy_detail = CopyDetail::kBusy;
        writer.put(masked);
    });
    retitle("Ours");
    settle();
    service.edit(*mirror("a").href, [](Event& event) {
        event.master.title = "Lunch with Jo";
        event.master.place = "Café";
    });
    move_copy("a", 3);
    pass();
    auto elsewhere = appointment("other");
    elsewhere.start = at(11, 12);
    elsewhere.end = at(11, 13);
    calgate::write(store, [&](Writer& w) {
        return place_appointment(w, elsewhere, {}, zones, clock.now(), "api", "test");
    });
    BOOST_TEST((decide(resolution).outcome == ResolutionResult::Outcome::Resolved));
    BOOST_TEST(appointment("a").title == "Ours");
    BOOST_TEST(appointment("a").place == "");
    BOOST_TEST((appointment("a").start == at(10, 12)));
}

BOOST_AUTO_TEST_CASE(a_new_start_keeps_the_length_that_the_calendar_gave) {
    service.edit(*mirror("a").href, [](Event& event) {
        event.master.end.local += std::chrono::hours{2};
        event.master.title = "Theirs";
    });
    retitle("Ours");
    pass();
    BOOST_TEST((
        decide(ConflictAnswer(Resolution::Merged, {.start = at(10, 15)})).outcome == ResolutionResult::Outcome::Resolved
    ));
    BOOST_TEST((appointment("a").end == at(10, 18)));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_placed_is_not_decided) {
    both_edit();
    store.write([&](Writer& writer) {
        auto lost = *writer.appointment({"a"});
        lost.staff = {"nobody"};
        writer.put(lost, {zones.to_instant(lost.start, lost.zone), zones.to_instant(lost.end, lost.zone)});
    });
    const auto result = decide(Resolution::Theirs);
    BOOST_TEST((result.outcome == ResolutionResult::Outcome::Impossible));
    BOOST_TEST(result.why.find("Give it a person") != std::string::npos);
    BOOST_TEST(conflicts().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_deleted_copy_comes_back_at_the_time_that_a_person_names) {
    book("b", 11, 9);
    settle();
    for (const char* id : {"a", "b"}) service.erase(*mirror(id).href);
    for (int i = 0; i < 2; ++i, clock.advance(16min)) pass();
    BOOST_REQUIRE(conflicts().size() == 2u);
    for (const auto& conflict : conflicts()) {
        Wish wish;
        if (conflict.appointment.value == "a") wish.start = at(12, 14);
        apply_resolution(store, zones, clock, conflict.id, ConflictAnswer(Resolution::Merged, wish), "cli");
    }
    settle();
    BOOST_TEST((appointment("a").start == at(12, 14)));
    BOOST_TEST((appointment("b").start == at(11, 9)));
    BOOST_TEST(service.count(href) == 3u);
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(I6_a_time_that_the_clock_change_leaves_out_is_written_as_it_counts) {
    service.edit(*mirror("a").href, [&](Event& event) {
        event.master.start.local = at(29, 2);
        event.master.end.local = at(29, 3);
    });
    auto wanted = appointment("a");
    wanted.start = at(11, 9);
    wanted.end = at(11, 10);
    calgate::write(store, [&](Writer& w) {
        return place_appointment(w, wanted, {}, zones, clock.now(), "api", "test");
    });
    pass();
    BOOST_TEST((decide(Resolution::Theirs).outcome == ResolutionResult::Outcome::Resolved));
    settle();
    BOOST_TEST((appointment("a").start >= at(29, 2)));
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(I6_a_copy_moved_into_the_hour_that_the_clock_change_leaves_out_shows_what_counts) {
    service.edit(*mirror("a").href, [&](Event& event) {
        event.master.start.local = at(29, 2);
        event.master.end.local = at(29, 3);
    });
    settle();
    BOOST_TEST((appointment("a").start >= at(29, 2)));
    BOOST_TEST(engine.verify(calendar).findings.empty());
    BOOST_TEST(!mirror("a").open());
    BOOST_TEST(conflicts().empty());
}

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

BOOST_AUTO_TEST_CASE(I11_F11_our_own_deletion_that_reads_show_late_is_none_by_staff) {
    std::string text;
    for (const auto& event : service.events(href))
        if (event.href == *mirror("a").href) text = event.event.source;
    const std::string name = mirror("a").uid.value + ".ics";
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"a"}, {}, zones, clock.now(), "api", "test");
    });
    pass();
    BOOST_REQUIRE(service.count(href) == 1u);
    // Lagging reads go on to show it, and writing into it fails.
    const Href shown = service.put_text(href, name, text);
    const Error timeout{ErrorCode::Timeout, "No answer came in time.", {}};
    service.fail_next({memory::Operation::Update, timeout, false, -1});
    book("a", 10, 9);
    for (int i = 0; i < 4; ++i, clock.advance(60s)) pass();
    service.erase(shown);
    service.clear_faults();
    for (int i = 0; i < 4; ++i, clock.advance(16min)) pass();
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST(service.count(href) == 2u);
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(R5_a_deleted_copy_stays_hidden_while_its_appointment_goes_on) {
    calgate::write(store, [](Writer& w) {
        auto business = *w.business();
        business.deletions = DeletionPolicy::Hide;
        w.put(business);
        return 0;
    });
    const Href copy = *mirror("a").href;
    std::string text;
    for (const auto& event : service.events(href))
        if (event.href == copy) text = event.event.source;
    const std::string name = mirror("a").uid.value + ".ics";
    service.erase(copy);
    for (int i = 0; i < 10; ++i, clock.advance(16min)) pass();
    BOOST_TEST((appointment("a").state == AppointmentState::Confirmed));
    BOOST_TEST((mirror("a").state == MirrorState::Removed));
    BOOST_TEST(service.count(href) == 1u);
    BOOST_TEST(engine.verify(calendar).findings.empty());
    retitle("Longer");
    for (int i = 0; i < 3; ++i, clock.advance(16min)) pass();
    BOOST_TEST(service.count(href) == 1u);
    // Its owner puts it back: from then on it is the copy again.
    service.put_text(href, name, text);
    for (int i = 0; i < 3; ++i, clock.advance(60s)) pass();
    BOOST_TEST((mirror("a").state == MirrorState::Active));
    BOOST_TEST(engine.verify(calendar).findings.empty());
    service.erase(*mirror("a").href);
    for (int i = 0; i < 2; ++i, clock.advance(16min)) pass();
    BOOST_REQUIRE((mirror("a").state == MirrorState::Removed));
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"a"}, {}, zones, clock.now(), "api", "test");
    });
    pass();
    book("a", 12, 9);
    settle();
    BOOST_TEST(service.count(href) == 2u);
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(F11_what_we_wrote_over_is_no_edit_when_reads_still_show_it) {
    const std::string name = mirror("a").uid.value + ".ics";
    const std::string before = mirror("a").remote_text;
    BOOST_REQUIRE(!before.empty());
    retitle("Longer");
    pass();
    service.put_text(href, name, before);
    pass();
    BOOST_TEST(appointment("a").title == "Longer");
    settle();
    BOOST_TEST(engine.verify(calendar).findings.empty());
    // What a person writes into the old text counts.
    retitle("Longer still");
    pass();
    std::string edited = before;
    edited.replace(edited.find("SUMMARY:Cut a"), 13, "SUMMARY:By hand");
    service.put_text(href, name, edited);
    settle();
    BOOST_TEST(appointment("a").title == "By hand");
    BOOST_TEST(engine.verify(calendar).findings.empty());
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
    // Asked about that, a person can let it pass.
    BOOST_TEST((decide(Resolution::Theirs).outcome == ResolutionResult::Outcome::Resolved));
    for (int i = 0; i < 4; ++i, clock.advance(16min)) pass();
    BOOST_TEST((row().state == CalendarState::Active), row().detail);
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
