#include <atomic>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "core/identity.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"

using namespace calgate;
using namespace calgate::testing;

BOOST_TEST_DONT_PRINT_LOG_VALUE(BookingOutcome)

namespace {

struct InMemory {
    std::unique_ptr<SqliteStore> store = SqliteStore::open(":memory:");
    explicit InMemory(int capacity = 1) {
        store->write([&](Writer& writer) { set_up(writer, capacity); });
    }
    BookingResult place(const Appointment& wanted, std::optional<std::int64_t> if_match = {}) {
        return write(*store, [&](Writer& writer) { return book(writer, wanted, if_match); });
    }
    BookingResult drop(const std::string& id) {
        return write(*store, [&](Writer& writer) { return cancel(writer, id); });
    }
    Mirror mirror(const std::string& id, const std::string& calendar = "cal-ann") {
        return read(*store, [&](const Reader& reader) { return reader.mirror({id}, {calendar}).value(); });
    }
    void done(const std::string& id, const std::string& calendar = "cal-ann") {
        store->write([&](Writer& writer) { confirm(writer, id, calendar); });
    }
};

struct OverlapRow {
    const char* name;
    int capacity;
    std::vector<std::pair<int, int>> taken;  ///< Minutes after midnight.
    std::pair<int, int> wanted;
    BookingOutcome outcome;
};
std::ostream& operator<<(std::ostream& out, const OverlapRow& row) { return out << row.name; }

const std::vector<OverlapRow> kOverlaps = {
    {"nothing_taken", 1, {}, {60, 120}, BookingOutcome::Created},
    {"same_hour", 1, {{60, 120}}, {60, 120}, BookingOutcome::Overlap},
    {"touching_after", 1, {{0, 60}}, {60, 120}, BookingOutcome::Created},
    {"touching_before", 1, {{120, 180}}, {60, 120}, BookingOutcome::Created},
    {"inside_another", 1, {{0, 300}}, {60, 120}, BookingOutcome::Overlap},
    {"around_another", 1, {{80, 90}}, {60, 120}, BookingOutcome::Overlap},
    {"second_of_two", 2, {{60, 120}}, {60, 120}, BookingOutcome::Created},
    {"third_of_two", 2, {{60, 120}, {60, 120}}, {60, 120}, BookingOutcome::Overlap},
    {"two_that_follow_each_other", 2, {{60, 90}, {90, 120}}, {60, 120}, BookingOutcome::Created},
    {"two_that_meet_late", 2, {{60, 110}, {100, 120}}, {60, 120}, BookingOutcome::Overlap},
    {"two_that_meet_outside", 2, {{0, 70}, {0, 60}, {110, 200}}, {60, 120}, BookingOutcome::Created},
};

Appointment minutes_of(const std::string& id, std::pair<int, int> span) {
    Appointment appointment = hour_of(id, 0);
    appointment.end = appointment.start + std::chrono::minutes{span.second};
    appointment.start += std::chrono::minutes{span.first};
    return appointment;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(booking)

BOOST_DATA_TEST_CASE(overlap, kOverlaps, row) {
    InMemory in(row.capacity);
    int number = 0;
    for (const auto& span : row.taken) {
        BOOST_TEST_REQUIRE(
            (in.place(minutes_of("taken" + std::to_string(number++), span)).outcome == BookingOutcome::Created)
        );
    }
    BOOST_TEST((in.place(minutes_of("wanted", row.wanted)).outcome == row.outcome));
}

/// The same rows past the booking code: the database alone must agree (I15).
BOOST_DATA_TEST_CASE(database_refuses_overlap_by_itself, kOverlaps, row) {
    InMemory in(row.capacity);
    const auto put = [&](const std::string& id, std::pair<int, int> span, bool cancelled = false) {
        Appointment appointment = minutes_of(id, span);
        if (cancelled) appointment.state = AppointmentState::Cancelled;
        in.store->write([&](Writer& writer) { writer.put(appointment, interval_of(appointment, zones())); });
    };
    int number = 0;
    for (const auto& span : row.taken) put("taken" + std::to_string(number++), span);
    put("moved", {5000, 5010});
    put("revived", row.wanted, true);
    if (row.outcome == BookingOutcome::Overlap) {
        for (const char* id : {"moved", "revived", "wanted"}) BOOST_CHECK_THROW(put(id, row.wanted), StoreFailure);
    } else {
        put("wanted", row.wanted);
    }
    BOOST_TEST(in.store->writable());
    const auto kept = read(*in.store, [](const Reader& reader) { return reader.appointment({"wanted"}).has_value(); });
    BOOST_TEST(kept == (row.outcome == BookingOutcome::Created));
}

BOOST_AUTO_TEST_CASE(database_refuses_a_move_onto_another) {
    InMemory in;
    in.place(hour_of("a", 1));
    in.place(hour_of("b", 2));
    const Appointment moved = hour_of("b", 1);
    BOOST_CHECK_THROW(
        in.store->write([&](Writer& writer) { writer.put(moved, interval_of(moved, zones())); }), StoreFailure
    );
}

BOOST_AUTO_TEST_CASE(an_appointment_does_not_overlap_itself) {
    InMemory in;
    in.place(hour_of("a", 1));
    Appointment later = hour_of("a", 1);
    later.start += std::chrono::minutes{30};
    later.end += std::chrono::minutes{30};
    const auto result = in.place(later);
    BOOST_TEST((result.outcome == BookingOutcome::Changed));
    BOOST_TEST(result.appointment->revision == 2);
    BOOST_TEST((result.before->start == instant("2026-04-01T01:00:00Z")));
    BOOST_TEST((result.after->start == instant("2026-04-01T01:30:00Z")));
}

BOOST_AUTO_TEST_CASE(the_same_again_changes_nothing) {
    InMemory in;
    in.place(hour_of("a", 1));
    const auto again = in.place(hour_of("a", 1));
    BOOST_TEST((again.outcome == BookingOutcome::Unchanged));
    BOOST_TEST(again.appointment->revision == 1);
    BOOST_TEST(read(*in.store, [](const Reader& reader) { return reader.last_change(); }) == 1);
}

BOOST_AUTO_TEST_CASE(refusals) {
    InMemory in;
    in.place(hour_of("a", 1));
    BOOST_TEST((in.place(hour_of("a", 5), 7).outcome == BookingOutcome::RevisionMismatch));
    BOOST_TEST((in.place(hour_of("new", 5), 1).outcome == BookingOutcome::RevisionMismatch));
    BOOST_TEST((in.place(hour_of("b", 5, "nobody")).outcome == BookingOutcome::UnknownStaff));
    Appointment odd = hour_of("c", 5);
    odd.service = {"nothing"};
    BOOST_TEST((in.place(odd).outcome == BookingOutcome::UnknownService));
    BOOST_TEST((in.drop("missing").outcome == BookingOutcome::NotFound));
}

BOOST_AUTO_TEST_CASE(a_new_appointment_opens_a_mirror_on_each_target_of_its_person) {
    InMemory in;
    const auto result = in.place(hour_of("a", 1));
    BOOST_TEST((result.targets == std::vector<CalendarId>{{"cal-ann"}}));
    const Mirror mirror = in.mirror("a");
    BOOST_TEST(mirror.open());
    BOOST_TEST(mirror.wanted == 1);
    BOOST_TEST(!mirror.wanted_gone);
    BOOST_TEST((mirror.uid == copy_name("biz", {"a"}, {"cal-ann"}, 1)));
    BOOST_TEST((mirror.starts_at == instant("2026-04-01T01:00:00Z")));
}

BOOST_AUTO_TEST_CASE(cancelling_wants_the_copy_gone_and_frees_the_time) {
    InMemory in;
    in.place(hour_of("a", 1));
    in.done("a");
    const auto result = in.drop("a");
    BOOST_TEST((result.appointment->state == AppointmentState::Cancelled));
    BOOST_TEST(!result.after);
    BOOST_TEST(in.mirror("a").wanted_gone);
    BOOST_TEST(in.mirror("a").wanted == 2);
    BOOST_TEST((in.drop("a").outcome == BookingOutcome::Unchanged));
    BOOST_TEST((in.place(hour_of("b", 1)).outcome == BookingOutcome::Created));
}

BOOST_AUTO_TEST_CASE(placing_it_cancelled_is_cancelling) {
    InMemory in;
    in.place(hour_of("a", 1));
    Appointment cancelled = hour_of("a", 1);
    cancelled.state = AppointmentState::Cancelled;
    in.place(cancelled);
    BOOST_TEST(in.mirror("a").wanted_gone);
    const auto feed = read(*in.store, [](const Reader& reader) { return reader.changes(0, 10); });
    BOOST_TEST_REQUIRE(feed.size() == 2u);
    BOOST_TEST(feed.at(1).kind == "appointment.cancelled");
}

BOOST_AUTO_TEST_CASE(confirming_again_after_the_copy_is_gone_takes_a_new_name) {
    InMemory in;
    in.place(hour_of("a", 1));
    in.done("a");
    in.drop("a");
    in.done("a");
    in.place(hour_of("a", 1));
    BOOST_TEST(in.mirror("a").generation == 2);
    BOOST_TEST((in.mirror("a").uid == copy_name("biz", {"a"}, {"cal-ann"}, 2)));
    BOOST_TEST(!in.mirror("a").wanted_gone);
    BOOST_TEST(in.mirror("a").open());
}

BOOST_AUTO_TEST_CASE(confirming_again_before_the_copy_is_gone_keeps_its_name) {
    InMemory in;
    in.place(hour_of("a", 1));
    in.done("a");
    in.drop("a");
    in.place(hour_of("a", 1));
    BOOST_TEST(in.mirror("a").generation == 1);
    BOOST_TEST(!in.mirror("a").wanted_gone);
}

BOOST_AUTO_TEST_CASE(another_person_moves_the_copy) {
    InMemory in;
    in.place(hour_of("a", 1));
    in.done("a");
    const auto result = in.place(hour_of("a", 1, "bob"));
    BOOST_TEST((result.staff_before == StaffId{"ann"}));
    BOOST_TEST(in.mirror("a", "cal-ann").wanted_gone);
    BOOST_TEST(!in.mirror("a", "cal-bob").wanted_gone);
    in.done("a", "cal-ann");
    in.place(hour_of("a", 3, "bob"));
    BOOST_TEST(!in.mirror("a", "cal-ann").open(), "a copy that is gone is not deleted again");
}

BOOST_AUTO_TEST_CASE(a_change_unparks_but_leaves_a_conflict_alone) {
    InMemory in;
    for (const auto& [id, state] : {std::pair("a", MirrorState::Parked), std::pair("b", MirrorState::Conflict)}) {
        in.place(hour_of(id, id[0] - 'a'));
        Mirror mirror = in.mirror(id);
        mirror.state = state;
        mirror.attempts = 5;
        mirror.not_before = kNow + std::chrono::hours{9};
        in.store->write([&](Writer& writer) { writer.put(mirror); });
        in.place(hour_of(id, 10 + id[0] - 'a'));
    }
    BOOST_TEST((in.mirror("a").state == MirrorState::Active));
    BOOST_TEST(in.mirror("a").attempts == 0);
    BOOST_TEST(!in.mirror("a").not_before);
    BOOST_TEST((in.mirror("b").state == MirrorState::Conflict));
}

BOOST_AUTO_TEST_CASE(a_new_target_gets_the_future_and_what_it_lost) {
    InMemory in;
    in.place(hour_of("a", 1));
    in.place(hour_of("past", -2000));
    in.drop("a");
    in.done("a");
    in.store->write([](Writer& writer) {
        Appointment back = hour_of("a", 1);
        back.revision = 3;
        writer.put(back, interval_of(back, zones()));  // Live again while its calendar was no target.
        writer.erase_mirror({"past"}, {"cal-ann"});
        const auto calendar = writer.calendar({"cal-ann"}).value();
        BOOST_TEST(add_target(writer, calendar, zones(), kNow) == 1);
        BOOST_TEST(add_target(writer, calendar, zones(), kNow) == 0);
    });
    BOOST_TEST(in.mirror("a").open());
    BOOST_TEST(in.mirror("a").generation == 2);
}

BOOST_AUTO_TEST_CASE(a_start_inside_a_gap_keeps_its_length) {
    Appointment appointment = hour_of("gap", 0);
    appointment.zone = "Europe/Berlin";
    appointment.start = parse_local("2026-03-29T02:45:00").value();
    appointment.end = parse_local("2026-03-29T03:15:00").value();
    const Interval when = interval_of(appointment, zones());
    BOOST_TEST((when.start == instant("2026-03-29T01:45:00Z")));
    BOOST_TEST((when.end == instant("2026-03-29T02:15:00Z")));
}

BOOST_AUTO_TEST_CASE(a_race_fills_exactly_the_capacity) {
    constexpr int kCapacity = 3;
    InMemory in(kCapacity);
    std::atomic<int> won{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&, i] {
            if (in.place(hour_of("racer" + std::to_string(i), 1)).outcome == BookingOutcome::Created) ++won;
        });
    }
    threads.clear();
    BOOST_TEST(won == kCapacity);
}

BOOST_AUTO_TEST_SUITE_END()
