#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "core/busy.hpp"
#include "core/icalendar.hpp"
#include "tests/scheduler/small_business.hpp"
#include "tests/support/clock_changes.hpp"

namespace calgate {
namespace {

using namespace std::chrono_literals;
using testing::SmallBusiness;

std::string part(const std::string& lines) {
    return "BEGIN:VEVENT\r\nUID:series\r\nDTSTAMP:20260101T000000Z\r\n" + lines + "END:VEVENT\r\n";
}

std::string calendar_of(const std::string& parts) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Phone//EN\r\n" + parts + "END:VCALENDAR\r\n";
}

/// Weekly on Mondays over the spring change of Berlin (29 March 2026).
const std::string kWeekly =
    "DTSTART;TZID=Europe/Berlin:20260309T090000\r\nDTEND;TZID=Europe/"
    "Berlin:20260309T100000\r\nRRULE:FREQ=WEEKLY;COUNT=8"
    "\r\nSUMMARY:Choir\r\n";

std::string moved(
    const std::string& id, const std::string& start, const std::string& end, const std::string& more = {}
) {
    return part(
        "RECURRENCE-ID;" + more + "TZID=Europe/Berlin:" + id + "\r\nDTSTART;TZID=Europe/Berlin:" + start +
        "\r\nDTEND;TZID=Europe/Berlin:" + end + "\r\nSUMMARY:Choir\r\n"
    );
}

struct Series {
    const char* name;
    std::string parts;
    std::size_t busy;  ///< Intervals, counted by hand.
};
std::ostream& operator<<(std::ostream& out, const Series& row) { return out << row.name; }

// clang-format off
const Series kSeries[] = {
    {"plain", part(kWeekly), 8},
    {"one_moved", part(kWeekly) + moved("20260316T090000", "20260317T140000", "20260317T150000"), 8},
    {"one_moved_over_the_change", part(kWeekly) + moved("20260323T090000", "20260329T013000", "20260329T033000"), 8},
    {"one_cancelled_by_exdate", part(kWeekly + "EXDATE;TZID=Europe/Berlin:20260323T090000\r\n"), 7},
    {"one_cancelled_by_status", part(kWeekly) + part("RECURRENCE-ID;TZID=Europe/Berlin:20260323T090000\r\nDTSTART;TZID=Europe/Berlin:20260323T090000\r\nDTEND;TZID=Europe/Berlin:20260323T100000\r\nSTATUS:CANCELLED\r\n"), 7},
    {"one_free", part(kWeekly) + part("RECURRENCE-ID;TZID=Europe/Berlin:20260323T090000\r\nDTSTART;TZID=Europe/Berlin:20260323T090000\r\nDTEND;TZID=Europe/Berlin:20260323T100000\r\nTRANSP:TRANSPARENT\r\n"), 7},
    {"moved_and_cancelled", part(kWeekly + "EXDATE;TZID=Europe/Berlin:20260413T090000\r\n") + moved("20260316T090000", "20260318T090000", "20260318T093000"), 7},
    {"this_and_future_later", part(kWeekly) + moved("20260406T090000", "20260406T110000", "20260406T123000", "RANGE=THISANDFUTURE;"), 8},
    {"this_and_future_then_one_moved", part(kWeekly) + moved("20260406T090000", "20260406T110000", "20260406T123000", "RANGE=THISANDFUTURE;") + moved("20260420T090000", "20260421T080000", "20260421T090000"), 8},
    {"extra_date", part(kWeekly + "RDATE;TZID=Europe/Berlin:20260311T180000\r\n"), 9},
    {"in_the_gap", part("DTSTART;TZID=Europe/Berlin:20260327T023000\r\nDTEND;TZID=Europe/Berlin:20260327T024500\r\nRRULE:FREQ=DAILY;COUNT=5\r\n"), 5},
    {"exact_length_over_the_change", part("DTSTART;TZID=Europe/Berlin:20260327T230000\r\nDURATION:PT4H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"), 4},
    {"all_day", part("DTSTART;VALUE=DATE:20260328\r\nDTEND;VALUE=DATE:20260329\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEXDATE;VALUE=DATE:20260404\r\n"), 2},
    {"until_in_utc", part("DTSTART;TZID=Europe/Berlin:20260309T090000\r\nDTEND;TZID=Europe/Berlin:20260309T100000\r\nRRULE:FREQ=WEEKLY;UNTIL=20260406T070000Z\r\n"), 5},
    {"only_a_detached_one", moved("20260316T090000", "20260317T140000", "20260317T150000"), 1},
};
// clang-format on

const Interval kSpring{
    Instant{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}},
    Instant{std::chrono::sys_days{std::chrono::year{2026} / 7 / 1}}};

}  // namespace

BOOST_AUTO_TEST_SUITE(series)

BOOST_DATA_TEST_CASE(R10_a_series_keeps_its_instances, boost::unit_test::data::make(kSeries), row) {
    SmallBusiness one;
    const auto read = read_icalendar(calendar_of(row.parts), {one.zones, "Europe/Berlin", {}});
    BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().detail));
    const auto instances = [&](const Event& event) {
        return busy_time(event, kSpring, one.zones, "Europe/Berlin", one.clock).intervals;
    };
    const auto wanted = instances(*read);
    BOOST_TEST(wanted.size() == row.busy);
    const auto cached = [&] {
        const auto person = one.index.person({"anna"});
        const auto found = person->by_source.find(one.calendar.value);
        return found == person->by_source.end() ? std::vector<BusyInterval>{} : found->second->all();
    };

    // As the service holds it, read by a pass.
    const Href place = one.service.put_text(one.href, "series", calendar_of(row.parts));
    BOOST_REQUIRE(one.pass().completed);
    BOOST_TEST((cached() == wanted));

    // Written by us as a new event, and read again.
    memory::MemoryConnector connector(one.service);
    const Context context{one.clock.steady() + 60s, {}};
    Event fresh = *read;
    fresh.uid = {"fresh"};
    fresh.source.clear();
    const auto receipt = connector.create_event(context, one.href, fresh);
    BOOST_REQUIRE_MESSAGE(receipt.has_value(), (receipt ? "" : receipt.error().detail));
    const auto again = connector.fetch_event(context, receipt->href);
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST((instances(again->event) == wanted));
    one.service.erase(receipt->href);

    // Edited: what was not touched stays.
    const auto before = connector.fetch_event(context, place);
    BOOST_REQUIRE(before.has_value());
    Event renamed = before->event;
    renamed.master.title = "Choir, renamed";
    if (before->version && renamed.has_master) {
        BOOST_REQUIRE(connector.update_event(context, place, *before->version, renamed).has_value());
        one.clock.advance(60s);
        BOOST_REQUIRE(one.pass().completed);
        BOOST_TEST((cached() == wanted));
    }
}

const char* const kZones[] = {
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Jerusalem",
    "Asia/Tehran",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "UTC",
};

BOOST_DATA_TEST_CASE(R11_a_copy_keeps_the_wall_clock_over_every_change, boost::unit_test::data::make(kZones), zone) {
    const std::string name = zone;
    SmallBusiness one;
    one.store.write([&](Writer& writer) {
        auto person = *writer.staff(StaffId{"anna"});
        person.capacity = 1000;
        writer.put(person);
    });
    auto days = testing::clock_changes(one.zones, name);
    BOOST_TEST(days.empty() == (name == "UTC" || name == "Asia/Kolkata"));
    days.push_back(SmallBusiness::at(10, 0));
    int booked = 0;
    for (const LocalSeconds change : days) {
        for (const auto start :
             {-14h + 0min, 0h + 0min, 0h + 30min, 2h + 30min, 3h + 0min, 9h + 0min, 23h + 30min, 26h + 15min}) {
            Appointment wanted;
            wanted.id = {"z" + std::to_string(booked++)};
            wanted.staff = {"anna"};
            wanted.start = change + start;
            wanted.end = wanted.start + 45min;
            wanted.zone = name;
            wanted.title = "Cut";
            one.store.write([&](Writer& w) {
                BOOST_REQUIRE(
                    (place_appointment(w, wanted, {}, one.zones, one.clock.now(), "api", "").outcome ==
                     BookingOutcome::Created)
                );
            });
        }
    }
    for (int round = 0; round < 50; ++round) {
        const auto report = one.pass();
        BOOST_REQUIRE(report.completed);
        if (report.created == 0) break;
        one.clock.advance(60s);
    }
    int compared = 0;
    const auto copies = calgate::read(one.store, [&](const Reader& r) { return r.mirrors_on(one.calendar); });
    for (const RemoteEvent& remote : one.service.events(one.href)) {
        const auto mirror =
            std::find_if(copies.begin(), copies.end(), [&](const Mirror& m) { return m.href == remote.href; });
        if (mirror == copies.end()) continue;
        const Appointment booked_as = one.appointment(mirror->appointment.value);
        const EventInstance& copy = remote.event.master;
        // Whatever label the copy has, a wall clock in the appointment's zone shows the agreed time.
        BOOST_TEST((one.zones.to_instant(copy.start, name) == one.zones.to_instant(booked_as.start, name)));
        if (copy.start.kind == When::Kind::Zoned) BOOST_TEST((copy.start.local == booked_as.start));
        if (copy.end.kind == When::Kind::Zoned) BOOST_TEST((copy.end.local == effective_end(booked_as, one.zones)));
        ++compared;
    }
    BOOST_TEST(compared == booked);
    const auto before = one.service.counters();
    one.service.forget_tokens();
    BOOST_TEST(one.pass().taken == 0);
    const auto after = one.service.counters();
    BOOST_TEST(after.update + after.create + after.erase == before.update + before.create + before.erase);
}

const char* const kLabels[] = {
    "Europe/Vienna",
    "W. Europe Standard Time",
    "/mozilla.org/20050126_1/Europe/Berlin",
    "CET",
};

BOOST_DATA_TEST_CASE(
    R11_another_label_for_the_same_time_rewrites_nothing, boost::unit_test::data::make(kLabels), label
) {
    SmallBusiness one;
    for (int i = 0; i < 6; ++i) one.book("a" + std::to_string(i), 24 + i, 9);
    one.pass();
    for (int i = 0; i < 6; ++i) {
        const auto mirror = one.mirror("a" + std::to_string(i));
        std::string text;
        for (const RemoteEvent& remote : one.service.events(one.href))
            if (remote.href == *mirror.href) text = remote.event.source;
        const std::string from = "TZID=Europe/Berlin";
        BOOST_REQUIRE(text.find(from) != std::string::npos);
        const std::string quoted =
            std::string(label).find_first_of(":;,") == std::string::npos ? label : "\"" + std::string(label) + "\"";
        for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += 5)
            text.replace(at, from.size(), "TZID=" + quoted);
        const std::string name = mirror.href->value.substr(mirror.href->value.rfind('/') + 1);
        BOOST_REQUIRE(one.service.put_text(one.href, name, text) == *mirror.href);
    }
    const auto before = one.service.counters();
    for (int round = 0; round < 3; ++round) {
        const auto report = one.pass();
        BOOST_TEST(report.completed);
        BOOST_TEST(report.taken == 0);
        one.clock.advance(60s);
    }
    const auto after = one.service.counters();
    BOOST_TEST(after.update + after.create + after.erase == before.update + before.create + before.erase);
    for (int i = 0; i < 6; ++i) {
        BOOST_TEST(one.appointment("a" + std::to_string(i)).zone == "Europe/Berlin");
        BOOST_TEST((one.appointment("a" + std::to_string(i)).start == SmallBusiness::at(24 + i, 9)));
        BOOST_TEST(one.appointment("a" + std::to_string(i)).revision == 1);
    }
    BOOST_TEST(one.conflicts().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
