#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "core/availability.hpp"
#include "core/busy.hpp"
#include "core/icalendar.hpp"
#include "tests/core/plain_calendar.hpp"
#include "tests/core/series_samples.hpp"
#include "tests/support/manual_clock.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace std::chrono_literals;
using std::chrono::days;

BOOST_AUTO_TEST_SUITE(busy_differential)

static const StaffId kPerson{"anna"};
static const Interval kHorizon{*parse_instant("2025-11-01T00:00:00Z"), *parse_instant("2028-04-01T00:00:00Z")};

/// As the gateway takes a calendar in: text, event, busy time over the horizon, index.
static void take_in(AvailabilityIndex& index, const std::vector<PlainEvent>& events, const std::string& owner_zone) {
    std::vector<BusyInterval> busy;
    for (const PlainEvent& plain : events) {
        const auto event = read_icalendar(plain.text(), {zones(), owner_zone, {}});
        BOOST_REQUIRE_MESSAGE(event, plain.text());
        const BusyExpansion expansion = busy_time(*event, kHorizon, zones(), owner_zone, ManualClock{});
        BOOST_REQUIRE_MESSAGE(!expansion.truncated, plain.text());
        BOOST_REQUIRE_MESSAGE(expansion.warnings.empty(), plain.text());
        // From 02:30, which a clock change leaves out, to 03:00 is such an event.
        for (const std::string& warning : event->warnings)
            BOOST_REQUIRE_EQUAL(warning, "The event ends before it starts; its end was ignored.");
        busy.insert(busy.end(), expansion.intervals.begin(), expansion.intervals.end());
    }
    index.set_source(kPerson, {"calendar", kHorizon.start, SourceState::Freshness::Live}, std::move(busy));
}

/// What the one has and the other has not.
static std::string only_in(const std::vector<BusyInterval>& one, const std::vector<BusyInterval>& other) {
    std::string out;
    for (const BusyInterval& i : one) {
        if (std::find(other.begin(), other.end(), i) != other.end()) continue;
        out += format_instant(i.start) + "/" + format_instant(i.end) +
               (i.kind == BusyKind::Busy ? " busy\n" : " tentative\n");
    }
    return out;
}

/// A day of the asker, a few weeks, or cut exactly at the edges of what is there.
static Interval random_window(SeededRandom& random, const std::vector<BusyInterval>& busy) {
    const std::string& asker = plain_zones()[static_cast<std::size_t>(random.between(0, 9))];
    const LocalSeconds day = *parse_local("2025-12-15") + days{random.between(0, 760)};
    const Interval days_of_asker{plain_instant(day, asker), plain_instant(day + days{random.between(1, 20)}, asker)};
    if (busy.empty() || random.one_in(2)) return days_of_asker;
    const BusyInterval& one = busy[static_cast<std::size_t>(random.between(0, static_cast<int>(busy.size()) - 1))];
    switch (random.between(0, 4)) {
        case 0:
            return {one.end, one.end + 24h};
        case 1:
            return {one.start - 24h, one.start};
        case 2:
            return {one.end - 1s, one.end + 1h};
        case 3:
            return {one.start - 1h, one.start + 1s};
        default:
            return {one.start, one.end};
    }
}

BOOST_AUTO_TEST_CASE(random_calendars_give_the_reference_s_answers_to_the_second) {
    const int calendars = std::getenv("CALGATE_LONG") ? 10'000 : 200;  // NOLINT(concurrency-mt-unsafe): nobody sets it.
    const LocalSeconds expand_to{(kHorizon.end + days{30}).time_since_epoch()};
    long intervals = 0, series_seen = 0, futures = 0, empty = 0;
    for (int number = 0; number < calendars; ++number) {
        SeededRandom random(20261129 + static_cast<std::uint64_t>(number));
        const std::string& owner = plain_zones()[static_cast<std::size_t>(random.between(0, 9))];
        std::vector<PlainEvent> events;
        for (int i = random.between(1, 6); i > 0; --i) events.push_back(random_event(random, i));
        const auto stretches = reference_stretches(events, owner, expand_to);
        AvailabilityIndex index;
        take_in(index, events, owner);
        const Interval most{kHorizon.start + days{40}, kHorizon.end - days{40}};
        const auto all = busy_within(*index.person(kPerson), most);
        for (int question = 0; question < 6; ++question) {
            const Interval window = question == 0 ? most : random_window(random, all);
            const auto got = busy_within(*index.person(kPerson), window);
            const auto wanted = reference_busy(stretches, window);
            std::string texts;
            if (got != wanted)
                for (const PlainEvent& event : events) texts += event.text();
            BOOST_REQUIRE_MESSAGE(
                got == wanted,
                "calendar " << number << " of " << owner << " in " << format_instant(window.start) << "/"
                            << format_instant(window.end) << "\ngot\n"
                            << only_in(got, wanted) << "wanted\n"
                            << only_in(wanted, got) << texts
            );
            intervals += static_cast<long>(got.size());
            empty += got.empty() ? 1 : 0;
        }
        for (const PlainEvent& event : events) {
            series_seen += event.rule ? 1 : 0;
            futures += event.future_from ? 1 : 0;
        }
    }
    BOOST_TEST(intervals > calendars * 50L);  // The comparison is not about empty lists.
    BOOST_TEST(series_seen > calendars);
    BOOST_TEST(futures > calendars / 10);
    BOOST_TEST(empty > calendars / 10);
    BOOST_TEST_MESSAGE(calendars << " calendars, " << intervals << " intervals, " << futures << " this-and-future");
}

BOOST_AUTO_TEST_SUITE_END()
