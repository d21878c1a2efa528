#include "core/availability.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <random>
#include <thread>

#include "core/busy.hpp"
#include "core/zone.hpp"

using namespace calgate;
using namespace std::chrono_literals;

namespace {

const StaffId kAnna{"anna"};

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

Instant utc(const char* text) { return parse_instant(text).value(); }
/// Minutes after an arbitrary start.
Instant at(int minute) { return utc("2026-03-10T00:00:00Z") + std::chrono::minutes{minute}; }
Interval span_of(int from, int to) { return {at(from), at(to)}; }
BusyInterval busy(int from, int to, BusyKind kind = BusyKind::Busy) { return {at(from), at(to), kind}; }
SourceState live(const char* source) { return {source, at(0), SourceState::Freshness::Live}; }

using Busy = std::vector<BusyInterval>;
using Free = std::vector<Interval>;

Busy all_of(const AvailabilityIndex& index, const StaffId& id = kAnna) {
    return busy_within(*index.person(id), {Instant{}, kFarFuture});
}

std::shared_ptr<const BusyUnion> disjoint(Busy intervals) {
    return std::make_shared<const BusyUnion>(BusyUnion{{}, std::move(intervals)});
}
Staff person(const char* zone) {
    Staff staff;
    staff.id = kAnna;
    staff.zone = zone;
    return staff;
}

Staff with_capacity(int capacity) {
    Staff staff = person("UTC");
    staff.capacity = capacity;
    return staff;
}

Staff with_hours(const char* zone, std::vector<WorkingHours> every_day) {
    Staff staff = person(zone);
    staff.week.fill(every_day);
    return staff;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(availability_index)

BOOST_AUTO_TEST_CASE(an_unnamed_person_is_null) {
    const AvailabilityIndex index;
    BOOST_TEST(!index.person(kAnna));
}

BOOST_AUTO_TEST_CASE(sources_are_united_and_keep_their_state_G38_M44) {
    AvailabilityIndex index;
    index.set_source(kAnna, live("work"), {busy(60, 120), busy(0, 30)});
    index.set_source(kAnna, live("home"), {busy(100, 150), busy(30, 40, BusyKind::Tentative)});
    BOOST_TEST((all_of(index) == Busy{busy(0, 30), busy(30, 40, BusyKind::Tentative), busy(60, 150)}));
    BOOST_TEST(index.person(kAnna)->sources.size() == 2u);
    BOOST_TEST((index.person(kAnna)->sources.at("work") == live("work")));
}

BOOST_AUTO_TEST_CASE(a_source_is_replaced_whole_and_removed_whole) {
    AvailabilityIndex index;
    index.set_source(kAnna, live("work"), {busy(0, 30)});
    index.set_source(kAnna, live("home"), {busy(10, 60)});
    index.set_source(kAnna, live("work"), {busy(200, 210)});
    BOOST_TEST((all_of(index) == Busy{busy(10, 60), busy(200, 210)}));
    index.remove_source(kAnna, "home");
    BOOST_TEST((all_of(index) == Busy{busy(200, 210)}));
    BOOST_TEST(!index.person(kAnna)->sources.contains("home"));
}

BOOST_AUTO_TEST_CASE(a_source_that_went_stale_keeps_its_busy_time) {
    AvailabilityIndex index;
    index.set_source(kAnna, live("work"), {busy(0, 30)});
    index.set_state(kAnna, {"work", at(0), SourceState::Freshness::Cached});
    BOOST_TEST((all_of(index) == Busy{busy(0, 30)}));
    BOOST_TEST((index.person(kAnna)->sources.at("work").freshness == SourceState::Freshness::Cached));
}

BOOST_AUTO_TEST_CASE(a_snapshot_once_taken_does_not_change) {
    AvailabilityIndex index;
    index.set_source(kAnna, live("work"), {busy(0, 30)});
    const auto before = index.person(kAnna);
    index.set_source(kAnna, live("work"), {});
    index.remove_person(kAnna);
    BOOST_TEST((busy_within(*before, span_of(0, 60)) == Busy{busy(0, 30)}));
    BOOST_TEST(!index.person(kAnna));
    index.remove_person(kAnna);
}

BOOST_AUTO_TEST_CASE(people_do_not_share_time) {
    AvailabilityIndex index;
    index.set_source(kAnna, live("work"), {busy(0, 30)});
    index.change_appointment({"ben"}, std::nullopt, span_of(5, 10));
    BOOST_TEST((all_of(index) == Busy{busy(0, 30)}));
    BOOST_TEST((all_of(index, {"ben"}) == Busy{busy(5, 10)}));
}

BOOST_AUTO_TEST_CASE(an_appointment_comes_moves_and_goes) {
    AvailabilityIndex index;
    index.set_source(kAnna, live("work"), {busy(0, 30)});
    index.change_appointment(kAnna, std::nullopt, span_of(60, 90));
    BOOST_TEST((all_of(index) == Busy{busy(0, 30), busy(60, 90)}));
    index.change_appointment(kAnna, span_of(60, 90), span_of(20, 45));
    BOOST_TEST((all_of(index) == Busy{busy(0, 45)}));
    index.change_appointment(kAnna, span_of(20, 45), std::nullopt);
    BOOST_TEST((all_of(index) == Busy{busy(0, 30)}));
    index.change_appointment(kAnna, span_of(20, 45), std::nullopt);
    BOOST_TEST((all_of(index) == Busy{busy(0, 30)}));
}

BOOST_AUTO_TEST_CASE(of_two_equal_appointments_one_goes) {
    AvailabilityIndex index;
    index.set_person(with_capacity(2));
    index.change_appointment(kAnna, std::nullopt, span_of(0, 30));
    index.change_appointment(kAnna, std::nullopt, span_of(0, 30));
    BOOST_TEST((all_of(index) == Busy{busy(0, 30)}));
    index.change_appointment(kAnna, span_of(0, 30), std::nullopt);
    BOOST_TEST(all_of(index).empty());
    BOOST_TEST(index.person(kAnna)->by_source.at("appointments")->size() == 1u);
}

BOOST_AUTO_TEST_CASE(appointments_block_where_as_many_overlap_as_there_is_room) {
    AvailabilityIndex index;
    index.set_source(
        kAnna, live("appointments"), {busy(0, 60), busy(30, 90), busy(45, 50), busy(90, 120), busy(100, 130)}
    );
    BOOST_TEST((all_of(index) == Busy{busy(0, 130)}));
    index.set_person(with_capacity(2));
    BOOST_TEST((all_of(index) == Busy{busy(30, 60), busy(100, 120)}));
    index.set_person(with_capacity(3));
    BOOST_TEST((all_of(index) == Busy{busy(45, 50)}));
    index.set_person(with_capacity(4));
    BOOST_TEST(all_of(index).empty());
}

BOOST_AUTO_TEST_CASE(foreign_events_block_whatever_the_capacity) {
    AvailabilityIndex index;
    index.set_person(with_capacity(5));
    index.set_source(kAnna, live("home"), {busy(0, 30)});
    index.change_appointment(kAnna, std::nullopt, span_of(60, 90));
    BOOST_TEST((all_of(index) == Busy{busy(0, 30)}));
}

BOOST_AUTO_TEST_CASE(back_to_back_pairs_leave_no_gap_and_no_overlap) {
    AvailabilityIndex index;
    index.set_person(with_capacity(2));
    index.set_source(kAnna, live("appointments"), {busy(0, 30), busy(0, 30), busy(30, 60), busy(30, 60)});
    BOOST_TEST((all_of(index) == Busy{busy(0, 60)}));
    index.set_source(kAnna, live("appointments"), {busy(0, 30), busy(30, 60)});
    BOOST_TEST(all_of(index).empty());
}

BOOST_AUTO_TEST_CASE(changes_one_by_one_give_what_a_count_per_minute_gives) {
    std::mt19937 random(11);
    for (int capacity = 1; capacity <= 3; ++capacity) {
        AvailabilityIndex index;
        index.set_person(with_capacity(capacity));
        std::vector<std::pair<int, int>> booked;
        for (int i = 0; i < 120; ++i) {
            const int from = static_cast<int>(random() % 200);
            const int to = from + 1 + static_cast<int>(random() % 30);
            if (!booked.empty() && random() % 3 == 0) {
                const auto [old_from, old_to] = booked.back();
                booked.back() = {from, to};
                index.change_appointment(kAnna, span_of(old_from, old_to), span_of(from, to));
            } else {
                booked.emplace_back(from, to);
                index.change_appointment(kAnna, std::nullopt, span_of(from, to));
            }
            if (booked.size() > 12) {
                index.change_appointment(kAnna, span_of(booked.front().first, booked.front().second), std::nullopt);
                booked.erase(booked.begin());
            }
            const auto snapshot = index.person(kAnna);
            for (int minute = 0; minute < 240; ++minute) {
                const auto here = std::count_if(booked.begin(), booked.end(), [&](const auto& b) {
                    return b.first <= minute && minute < b.second;
                });
                const bool taken = !busy_within(*snapshot, span_of(minute, minute + 1)).empty();
                BOOST_REQUIRE_MESSAGE(
                    taken == (here >= capacity), "capacity " << capacity << ", change " << i << ", minute " << minute
                );
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(availability_windows)

BOOST_AUTO_TEST_CASE(busy_time_is_clipped_and_half_open) {
    PersonBusy snapshot;
    snapshot.external = disjoint({busy(0, 30), busy(60, 90, BusyKind::Tentative), busy(120, 150)});
    BOOST_TEST((
        busy_within(snapshot, span_of(10, 130)) == Busy{busy(10, 30), busy(60, 90, BusyKind::Tentative), busy(120, 130)}
    ));
    BOOST_TEST(busy_within(snapshot, span_of(30, 60)).empty());
    BOOST_TEST((busy_within(snapshot, span_of(70, 71)) == Busy{busy(70, 71, BusyKind::Tentative)}));
    BOOST_TEST(busy_within(snapshot, span_of(150, 500)).empty());
    BOOST_TEST(busy_within(snapshot, span_of(20, 20)).empty());
    BOOST_TEST(busy_within(snapshot, span_of(30, 20)).empty());
}

BOOST_AUTO_TEST_CASE(without_hours_the_whole_window_counts) {
    PersonBusy snapshot;
    snapshot.external = disjoint({busy(10, 20), busy(20, 30, BusyKind::Tentative), busy(50, 99)});
    BOOST_TEST((
        free_within(snapshot, span_of(0, 60), person("Europe/Zurich"), zones()) == Free{span_of(0, 10), span_of(30, 50)}
    ));
    BOOST_TEST((free_within({}, span_of(0, 60), person("Europe/Zurich"), zones()) == Free{span_of(0, 60)}));
    BOOST_TEST(free_within({}, span_of(60, 60), person("Europe/Zurich"), zones()).empty());
    BOOST_TEST(free_within({}, span_of(60, 0), person("Europe/Zurich"), zones()).empty());
}

BOOST_AUTO_TEST_CASE(hours_follow_the_wall_clock_over_both_changes_of_the_year) {
    const Staff staff = with_hours("Europe/Zurich", {{9 * 60, 17 * 60}});
    const Interval spring{utc("2026-03-28T00:00:00Z"), utc("2026-03-30T00:00:00Z")};
    BOOST_TEST(
        (free_within({}, spring, staff, zones()) ==
         Free{
             {utc("2026-03-28T08:00:00Z"), utc("2026-03-28T16:00:00Z")},
             {utc("2026-03-29T07:00:00Z"), utc("2026-03-29T15:00:00Z")}})
    );
    const Interval autumn{utc("2026-10-24T00:00:00Z"), utc("2026-10-26T00:00:00Z")};
    BOOST_TEST(
        (free_within({}, autumn, staff, zones()) ==
         Free{
             {utc("2026-10-24T07:00:00Z"), utc("2026-10-24T15:00:00Z")},
             {utc("2026-10-25T08:00:00Z"), utc("2026-10-25T16:00:00Z")}})
    );
}

BOOST_AUTO_TEST_CASE(a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn) {
    const Staff staff = with_hours("Europe/Zurich", {{0, 6 * 60}});
    const Interval spring{utc("2026-03-28T20:00:00Z"), utc("2026-03-29T20:00:00Z")};
    BOOST_TEST(
        (free_within({}, spring, staff, zones()) == Free{{utc("2026-03-28T23:00:00Z"), utc("2026-03-29T04:00:00Z")}})
    );
    const Interval autumn{utc("2026-10-24T20:00:00Z"), utc("2026-10-25T20:00:00Z")};
    BOOST_TEST(
        (free_within({}, autumn, staff, zones()) == Free{{utc("2026-10-24T22:00:00Z"), utc("2026-10-25T05:00:00Z")}})
    );
}

BOOST_AUTO_TEST_CASE(weekdays_are_those_of_the_person_not_of_utc) {
    Staff staff = person("Pacific/Auckland");
    staff.week[0] = {{8 * 60, 10 * 60}};
    // Monday 8:00 in Auckland (UTC+13) is Sunday evening in UTC; the next Monday lies outside.
    const Interval window{utc("2026-02-28T00:00:00Z"), utc("2026-03-04T00:00:00Z")};
    BOOST_TEST(
        (free_within({}, window, staff, zones()) == Free{{utc("2026-03-01T19:00:00Z"), utc("2026-03-01T21:00:00Z")}})
    );
}

BOOST_AUTO_TEST_CASE(shifts_that_touch_or_overlap_are_one_free_time) {
    const Staff staff = with_hours("UTC", {{13 * 60, 17 * 60}, {9 * 60, 12 * 60}, {11 * 60, 13 * 60}});
    const Interval window{utc("2026-03-10T00:00:00Z"), utc("2026-03-11T00:00:00Z")};
    BOOST_TEST((free_within({}, window, staff, zones()) == Free{span_of(9 * 60, 17 * 60)}));
    const Staff always = with_hours("UTC", {{0, 24 * 60}});
    const Interval days{utc("2026-03-10T00:00:00Z"), utc("2026-03-14T00:00:00Z")};
    BOOST_TEST((free_within({}, days, always, zones()) == Free{days}));
}

BOOST_AUTO_TEST_CASE(hours_that_end_before_they_start_open_nothing) {
    const Staff staff = with_hours("UTC", {{17 * 60, 9 * 60}, {600, 600}});
    BOOST_TEST(free_within({}, span_of(0, 24 * 60), staff, zones()).empty());
}

BOOST_AUTO_TEST_CASE(busy_time_is_taken_out_of_the_hours) {
    PersonBusy snapshot;
    snapshot.external = disjoint({busy(8 * 60, 9 * 60 + 30), busy(12 * 60, 13 * 60), busy(16 * 60, 20 * 60)});
    const Staff staff = with_hours("UTC", {{9 * 60, 17 * 60}});
    const Free expected{span_of(9 * 60 + 30, 12 * 60), span_of(13 * 60, 16 * 60)};
    BOOST_TEST((free_within(snapshot, span_of(0, 24 * 60), staff, zones()) == expected));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(availability_threads)

BOOST_AUTO_TEST_CASE(readers_see_whole_snapshots_while_writers_work) {
    // Two writers move an appointment each and two readers look: a move is never seen half done.
    AvailabilityIndex index;
    constexpr int kMoves = 2'000;
    const std::array<StaffId, 2> people{kAnna, StaffId{"ben"}};
    for (const StaffId& id : people) index.change_appointment(id, std::nullopt, span_of(0, 10));
    std::atomic<int> working{2};
    std::atomic<int> torn{0};
    const auto write = [&](const StaffId& own, const StaffId& other) {
        for (int i = 0; i < kMoves; ++i) {
            index.change_appointment(own, span_of(i * 20, i * 20 + 10), span_of(i * 20 + 20, i * 20 + 30));
            if (i % 50 == 0) index.set_state(other, live("work"));
            if (i % 100 == 0) index.set_source({"visitor"}, live("work"), {busy(i, i + 1)});
            if (i % 100 == 50) index.remove_person({"visitor"});
        }
        --working;
    };
    const auto read = [&] {
        do {
            for (const StaffId& id : people) {
                const auto snapshot = index.person(id);
                const auto found = busy_within(*snapshot, span_of(0, kMoves * 20 + 100));
                if (found.size() != 1 || found[0].end - found[0].start != 10min) ++torn;
            }
            if (const auto visitor = index.person({"visitor"}); visitor && visitor->external->all().size() != 1) ++torn;
        } while (working > 0);
    };
    {
        const std::jthread first_writer(write, people[0], people[1]), second_writer(write, people[1], people[0]);
        const std::jthread first_reader(read), second_reader(read);
    }
    BOOST_TEST(torn == 0);
    for (const StaffId& id : people) BOOST_TEST((all_of(index, id) == Busy{busy(kMoves * 20, kMoves * 20 + 10)}));
}

BOOST_AUTO_TEST_CASE(writers_of_one_person_lose_nothing) {
    AvailabilityIndex index;
    constexpr int kEach = 300;
    {
        std::vector<std::jthread> writers;
        for (int writer = 0; writer < 4; ++writer) {
            writers.emplace_back([&index, writer] {
                for (int i = 0; i < kEach; ++i) {
                    const int from = (i * 4 + writer) * 10;
                    index.change_appointment(kAnna, std::nullopt, span_of(from, from + 5));
                }
            });
        }
    }
    BOOST_TEST(all_of(index).size() == 4u * kEach);
}

BOOST_AUTO_TEST_SUITE_END()
