#include "core/slots.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <random>

#include "core/busy.hpp"

using namespace calgate;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

Instant utc(const std::string& text) { return parse_instant(text).value(); }

/// Works every day at these hours.
PersonBusy person(const char* zone, std::vector<WorkingHours> hours = {}) {
    PersonBusy out;
    out.staff.id = {"anna"};
    out.staff.zone = zone;
    out.staff.week.fill(hours);
    return out;
}

std::shared_ptr<const PersonBusy> with_busy(PersonBusy person, std::vector<BusyInterval> busy) {
    person.external = std::make_shared<const BusyUnion>(BusyUnion{{}, merged(std::move(busy))});
    return std::make_shared<PersonBusy>(std::move(person));
}

BusyInterval busy(const std::string& from, const std::string& to) { return {utc(from), utc(to), BusyKind::Busy}; }

SlotQuestion question(std::shared_ptr<const PersonBusy> person, const std::string& from, const std::string& to) {
    SlotQuestion asked;
    asked.service.duration = 60min;
    asked.service.step = 30min;
    asked.window = {utc(from), utc(to)};
    asked.now = utc("2020-01-01T00:00:00Z");
    asked.people = {std::move(person)};
    return asked;
}

/// Starts as wall times of the first person, "02-29T09:00" and so on, then the number of all.
std::string starts(const SlotQuestion& asked) {
    std::string out;
    for (const Slot& slot : slots_for(asked, zones()))
        out += format_local(zones().to_local(slot.start, asked.people.front()->staff.zone)).substr(5, 11) + " ";
    return out;
}

struct ClockRow {
    const char* name;
    const char* zone;
    const char* from;  ///< UTC
    const char* to;
    int start_hour, end_hour;
    const char* wanted;
};
std::ostream& operator<<(std::ostream& out, const ClockRow& row) { return out << row.name; }

// Working hours on the wall clock; slots of an hour, every half hour.
const std::vector<ClockRow> kClock = {
    {"a plain day",
     "Europe/Berlin",
     "2027-06-01T00:00:00Z",
     "2027-06-02T00:00:00Z",
     9,
     11,
     "06-01T09:00 06-01T09:30 06-01T10:00 "},
    {"clocks go forward: 02:00 and 02:30 do not exist",
     "Europe/Berlin",
     "2027-03-27T23:00:00Z",
     "2027-03-28T22:00:00Z",
     1,
     5,
     "03-28T01:00 03-28T01:30 03-28T03:00 03-28T03:30 03-28T04:00 "},
    {"clocks go back: 02:00 and 02:30 come twice, the first counts",
     "Europe/Berlin",
     "2027-10-30T22:00:00Z",
     "2027-10-31T23:00:00Z",
     1,
     4,
     "10-31T01:00 10-31T01:30 10-31T02:00 10-31T02:30 10-31T03:00 "},
    {"29 February", "Europe/Berlin", "2028-02-28T23:00:00Z", "2028-02-29T23:00:00Z", 9, 10, "02-29T09:00 "},
    {"over New Year", "Europe/Berlin", "2027-12-31T12:00:00Z", "2028-01-01T12:00:00Z", 9, 10, "01-01T09:00 "},
    {"half an hour from UTC", "Asia/Kolkata", "2027-06-01T00:00:00Z", "2027-06-02T00:00:00Z", 9, 10, "06-01T09:00 "},
    {"three quarters of an hour from UTC",
     "Asia/Kathmandu",
     "2027-06-01T00:00:00Z",
     "2027-06-02T00:00:00Z",
     9,
     10,
     "06-01T09:00 "},
    {"Lord Howe goes forward by half an hour",
     "Australia/Lord_Howe",
     "2027-10-02T13:00:00Z",
     "2027-10-03T13:00:00Z",
     1,
     4,
     "10-03T01:00 10-03T01:30 10-03T02:30 10-03T03:00 "},
    {"Lord Howe goes back by half an hour",
     "Australia/Lord_Howe",
     "2027-04-03T13:00:00Z",
     "2027-04-04T13:00:00Z",
     1,
     3,
     "04-04T01:00 04-04T01:30 04-04T02:00 "},
    {"midnight is left out", "Asia/Beirut", "2027-03-27T00:00:00Z", "2027-03-28T12:00:00Z", 0, 2, "03-28T01:00 "},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(slots)

BOOST_DATA_TEST_CASE(clocks, data::make(kClock), row) {
    const auto who = with_busy(person(row.zone, {{row.start_hour * 60, row.end_hour * 60}}), {});
    BOOST_TEST(starts(question(who, row.from, row.to)) == row.wanted);
}

BOOST_DATA_TEST_CASE(clocks_of_all_at_once, data::make(kClock), row) {
    // A room in a zone with other minutes and other clock changes is open all day: it takes nothing away.
    for (const char* room_zone : {"UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"}) {
        const auto who = with_busy(person(row.zone, {{row.start_hour * 60, row.end_hour * 60}}), {});
        auto asked = question(who, row.from, row.to);
        asked.people.push_back(with_busy(person(room_zone), {}));
        asked.all = 0b11;
        BOOST_TEST(starts(asked) == row.wanted, room_zone);
        // Booked for all of the time that is asked for, it takes everything.
        asked.people[1] = with_busy(person(room_zone), {{utc(row.from) - 24h, utc(row.to) + 24h, BusyKind::Busy}});
        BOOST_TEST(starts(asked).empty(), room_zone);
    }
}

struct AllRow {
    const char* name;
    std::uint64_t all;
    const char* wanted;  ///< Starts with the bits of who is free.
};
std::ostream& operator<<(std::ostream& out, const AllRow& row) { return out << row.name; }

// Of three people who work from 9 to 12: the first is busy at 9, the second at 10, the third never.
const std::vector<AllRow> kAll = {
    {"any of them", 0b000, "09:00=6 10:00=5 11:00=7 "},
    {"the first, with any of the others", 0b001, "10:00=5 11:00=7 "},
    {"the third, with any of the others", 0b100, "09:00=6 10:00=5 11:00=7 "},
    {"the first two, with the third", 0b011, "11:00=7 "},
    {"the first and the third, with the second", 0b101, "11:00=7 "},
    {"all", 0b111, "11:00=7 "},
};

BOOST_DATA_TEST_CASE(all_and_any, data::make(kAll), row) {
    const auto works = person("UTC", {{9 * 60, 12 * 60}});
    auto asked = question(
        with_busy(works, {busy("2027-06-01T09:00:00Z", "2027-06-01T10:00:00Z")}),
        "2027-06-01T00:00:00Z",
        "2027-06-02T00:00:00Z"
    );
    asked.people.push_back(with_busy(works, {busy("2027-06-01T10:00:00Z", "2027-06-01T11:00:00Z")}));
    asked.people.push_back(with_busy(works, {}));
    asked.service.step = 60min;
    asked.all = row.all;
    std::string got;
    for (const Slot& slot : slots_for(asked, zones()))
        got += format_instant(slot.start).substr(11, 5) + "=" + std::to_string(slot.people) + " ";
    BOOST_TEST(got == row.wanted);
}

BOOST_AUTO_TEST_CASE(a_slot_ends_where_busy_time_begins_and_begins_where_it_ends) {
    const auto who =
        with_busy(person("UTC", {{9 * 60, 13 * 60}}), {busy("2027-06-01T10:00:00Z", "2027-06-01T11:00:00Z")});
    BOOST_TEST(
        starts(question(who, "2027-06-01T00:00:00Z", "2027-06-02T00:00:00Z")) ==
        "06-01T09:00 06-01T11:00 06-01T11:30 06-01T12:00 "
    );
}

BOOST_AUTO_TEST_CASE(buffers_keep_clear_of_busy_time_but_may_lie_outside_working_hours) {
    const auto who =
        with_busy(person("UTC", {{9 * 60, 13 * 60}}), {busy("2027-06-01T11:00:00Z", "2027-06-01T11:30:00Z")});
    auto asked = question(who, "2027-06-01T00:00:00Z", "2027-06-02T00:00:00Z");
    asked.service.buffer_before = 15min;
    asked.service.buffer_after = 30min;
    BOOST_TEST(starts(asked) == "06-01T09:00 06-01T09:30 06-01T12:00 ");
}

BOOST_AUTO_TEST_CASE(notice_and_horizon_bound_the_start) {
    const auto who = with_busy(person("UTC", {{9 * 60, 11 * 60}}), {});
    auto asked = question(who, "2027-06-01T00:00:00Z", "2027-06-10T00:00:00Z");
    asked.now = utc("2027-06-01T09:01:00Z");
    asked.service.notice = 24h;
    asked.service.horizon = std::chrono::days{2};
    BOOST_TEST(starts(asked) == "06-02T09:30 06-02T10:00 06-03T09:00 ");
}

BOOST_AUTO_TEST_CASE(an_exception_stands_for_the_weeks_hours) {
    auto anna = person("Europe/Berlin", {{9 * 60, 10 * 60}});
    using namespace std::chrono;
    anna.staff.exceptions = {
        {local_days{2027y / 6 / 2}, {}}, {local_days{2027y / 6 / 3}, {{12 * 60, 13 * 60}, {15 * 60, 16 * 60}}}};
    BOOST_TEST(
        starts(question(with_busy(anna, {}), "2027-06-01T00:00:00Z", "2027-06-05T00:00:00Z")) ==
        "06-01T09:00 06-03T12:00 06-03T15:00 06-04T09:00 "
    );
}

BOOST_AUTO_TEST_CASE(a_day_off_of_somebody_without_hours_is_a_day_off) {
    auto anna = person("UTC");
    anna.staff.exceptions = {{std::chrono::local_days{std::chrono::year{2027} / 6 / 2}, {}}};
    auto asked = question(with_busy(anna, {}), "2027-06-01T22:30:00Z", "2027-06-03T00:30:00Z");
    BOOST_TEST(starts(asked) == "06-01T22:30 06-01T23:00 06-03T00:00 ");
}

BOOST_AUTO_TEST_CASE(of_several_people_each_slot_names_who_is_free) {
    auto ben = person("UTC", {{10 * 60, 12 * 60}});
    ben.staff.id = {"ben"};
    auto asked = question(
        with_busy(person("UTC", {{9 * 60, 11 * 60}}), {busy("2027-06-01T10:00:00Z", "2027-06-01T10:15:00Z")}),
        "2027-06-01T00:00:00Z",
        "2027-06-02T00:00:00Z"
    );
    asked.people.push_back(with_busy(ben, {}));
    asked.service.step = 60min;
    const auto found = slots_for(asked, zones());
    BOOST_REQUIRE(found.size() == 3u);
    BOOST_TEST((found[0] == Slot{utc("2027-06-01T09:00:00Z"), utc("2027-06-01T10:00:00Z"), 0b01}));
    BOOST_TEST((found[1] == Slot{utc("2027-06-01T10:00:00Z"), utc("2027-06-01T11:00:00Z"), 0b10}));
    BOOST_TEST((found[2] == Slot{utc("2027-06-01T11:00:00Z"), utc("2027-06-01T12:00:00Z"), 0b10}));
}

BOOST_AUTO_TEST_CASE(a_window_that_ends_within_a_slot_counts_its_start) {
    const auto who = with_busy(person("UTC", {{9 * 60, 12 * 60}}), {});
    BOOST_TEST(starts(question(who, "2027-06-01T09:30:00Z", "2027-06-01T10:00:00Z")) == "06-01T09:30 ");
}

/// The same by asking of every minute whether a slot may begin there.
std::string minute_by_minute(const SlotQuestion& asked) {
    std::string out;
    const PersonBusy& who = *asked.people.front();
    const Service& service = asked.service;
    for (Instant at = asked.window.start; at < asked.window.end; at += 1min) {
        const LocalSeconds local = zones().to_local(at, who.staff.zone);
        const auto midnight = std::chrono::floor<std::chrono::days>(local);
        if ((local - midnight) % service.step != 0s || zones().to_instant(local, who.staff.zone) != at) continue;
        const Interval span{at, at + service.duration};
        const auto open = working_time({span.start - 48h, span.end + 48h}, who.staff, zones());
        const bool works = std::any_of(open.begin(), open.end(), [&](const Interval& o) {
            return o.start <= span.start && span.end <= o.end;
        });
        const auto external = who.external->all();
        const bool taken = std::any_of(external.begin(), external.end(), [&](const BusyInterval& b) {
            return b.start < span.end + service.buffer_after && span.start - service.buffer_before < b.end;
        });
        if (works && !taken) out += format_local(local).substr(5, 11) + " ";
    }
    return out;
}

BOOST_AUTO_TEST_CASE(random_weeks_agree_with_asking_every_minute) {
    std::mt19937_64 random{20261128};
    const auto some = [&](int low, int high) { return std::uniform_int_distribution<int>{low, high}(random); };
    const std::vector<const char*> places = {
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"};
    for (int round = 0; round < 300; ++round) {
        const char* place = places[static_cast<std::size_t>(some(0, 3))];
        auto who = person(place, {{some(0, 8) * 60, some(9, 13) * 60}, {some(14, 18) * 60, some(19, 24) * 60}});
        const Instant from = utc("2027-01-01T00:00:00Z") + std::chrono::hours{some(0, 24 * 360)};
        std::vector<BusyInterval> taken;
        for (int n = some(0, 8); n > 0; --n) {
            const Instant start = from + std::chrono::minutes{some(-60, 3000)};
            taken.push_back({start, start + std::chrono::minutes{some(1, 300)}, BusyKind::Busy});
        }
        auto asked = question(with_busy(who, taken), "2027-01-01T00:00:00Z", "2027-01-02T00:00:00Z");
        asked.window = {from, from + 48h};
        asked.service.duration = std::chrono::minutes{some(1, 180)};
        asked.service.step = std::chrono::minutes{some(1, 24) * 5};
        asked.service.buffer_before = std::chrono::minutes{some(0, 3) * 10};
        asked.service.buffer_after = std::chrono::minutes{some(0, 3) * 10};
        const std::string wanted = minute_by_minute(asked);
        BOOST_REQUIRE_MESSAGE(
            starts(asked) == wanted,
            place << " from " << format_instant(from) << ": " << starts(asked) << "\n"
                  << wanted
        );
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fair_choice)

struct ChoiceRow {
    const char* name;
    std::vector<Load> free;
    const char* wanted;
};
std::ostream& operator<<(std::ostream& out, const ChoiceRow& row) { return out << row.name; }

const std::vector<ChoiceRow> kChoices = {
    {"alone", {{{"ben"}, 5, 9}}, "ben is the only one who is free."},
    {"fewest that day",
     {{{"anna"}, 2, 2}, {{"ben"}, 1, 9}},
     "ben has 1 appointment that day, the fewest of 2 who are free."},
    {"fewest around it",
     {{{"anna"}, 2, 7}, {{"ben"}, 2, 6}, {{"carla"}, 3, 3}},
     "ben has 6 appointments in the days around it, the fewest of 3 who are free."},
    {"nothing between them",
     {{{"ben"}, 0, 0}, {{"anna"}, 0, 0}},
     "anna has as few as the others and comes first by name, of 2 who are free."},
};

BOOST_DATA_TEST_CASE(choice, data::make(kChoices), row) {
    BOOST_TEST(why_chosen(fairest_first(row.free)) == row.wanted);
}

BOOST_AUTO_TEST_CASE(load_is_counted_on_the_persons_own_day) {
    PersonBusy anna = person("America/New_York");
    std::vector<BusyInterval> appointments;
    // 1 June there is 04:00 UTC to 04:00 UTC.
    for (const char* start :
         {"2027-06-01T03:59:00Z",
          "2027-06-01T04:00:00Z",
          "2027-06-02T03:59:00Z",
          "2027-06-02T04:00:00Z",
          "2027-06-05T04:00:00Z"})
        appointments.push_back({utc(start), utc(start) + 30min, BusyKind::Busy});
    anna.by_source["appointments"] = std::make_shared<const BusySource>(appointments);
    const Load load = load_of(anna, utc("2027-06-01T12:00:00Z"), zones());
    BOOST_TEST(load.that_day == 2);
    BOOST_TEST(load.that_week == 4);
}

BOOST_AUTO_TEST_SUITE_END()
