#include <algorithm>
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "scheduler/sync_pass.hpp"
#include "tests/scheduler/decided.hpp"

using namespace std::chrono_literals;
namespace bdata = boost::unit_test::data;

namespace calgate::testing {
namespace {
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

BOOST_DATA_TEST_CASE_F(
    Decided, I11_F11_our_own_deletion_that_reads_show_late_is_none_by_staff, bdata::make({false, true}), edited
) {
    if (edited) {
        service.edit(*mirror("a").href, [](Event& event) { event.master.title = "By hand"; });
        for (int i = 0; i < 2; ++i) pass();
        BOOST_REQUIRE(appointment("a").title == "By hand");
    }
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
    const auto told = calgate::read(store, [](const Reader& r) { return r.changes_about("a", 100); });
    BOOST_TEST(std::count_if(told.begin(), told.end(), [](const Change& change) {
                   return change.kind == "copy.restored";
               }) == (edited ? 1 : 0));
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

BOOST_AUTO_TEST_CASE(I1_what_we_wrote_ourselves_and_never_read_is_no_edit) {
    store.write([](Writer& writer) {
        auto business = *writer.business();
        business.concurrent_edits = ConcurrentEditPolicy::Calendar;
        writer.put(business);
    });
    const std::string name = mirror("a").uid.value + ".ics";
    const auto write_unread = [&](const std::string& title, const memory::Fault& fault) {
        retitle(title);
        service.fail_next({memory::Operation::Changes, {ErrorCode::InvalidResponse, "No calendar.", {}}});
        service.fail_next(fault);
        pass();
        service.clear_faults();
    };
    const memory::Fault none{memory::Operation::List, {ErrorCode::Unavailable, "", {}}};
    write_unread("First", none);
    const auto all = service.events(href);
    const auto first = std::find_if(all.begin(), all.end(), [&](const auto& e) { return e.href == *mirror("a").href; });
    BOOST_REQUIRE(first != all.end());
    write_unread("Second", none);
    service.put_text(href, name, first->event.source);
    pass();
    BOOST_TEST(appointment("a").title == "Second");
    settle();
    // Nor is what came through although its answer was lost.
    write_unread("Third", {memory::Operation::Update, {ErrorCode::Timeout, "No answer.", {}}, true});
    retitle("Fourth");
    pass();
    BOOST_TEST(appointment("a").title == "Fourth");
    settle();
    BOOST_TEST(conflicts().empty());
    BOOST_TEST(engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(I3_a_parked_copy_whose_edit_is_taken_over_while_it_is_tried_again_is_parked_no_more) {
    const auto fail_update = [&](ErrorCode code) {
        service.fail_next({memory::Operation::Update, {code, "Not now.", {}}});
    };
    retitle("Ours");
    fail_update(ErrorCode::QuotaExceeded);
    pass();
    BOOST_REQUIRE((mirror("a").state == MirrorState::Parked));
    clock.advance(61min);
    move_copy("a", 2);
    // Only the write meets the edit, and then the service is away.
    service.fail_next({memory::Operation::Changes, {ErrorCode::InvalidResponse, "No calendar.", {}}});
    fail_update(ErrorCode::VersionMismatch);
    fail_update(ErrorCode::Unavailable);
    pass();
    BOOST_REQUIRE((appointment("a").start == at(10, 11)));
    BOOST_TEST((mirror("a").state == MirrorState::Active));
    BOOST_TEST(!mirror("a").detail.empty());
    clock.advance(10min);
    settle();
    BOOST_TEST(!mirror("a").open());
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
