#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "core/recurrence.hpp"
#include "tests/core/series_samples.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

BOOST_AUTO_TEST_SUITE(recurrence_overrides)

static EventInstance changed(const std::string& id, const std::string& start, std::chrono::seconds length = 1h) {
    EventInstance out;
    out.recurrence_id = when(id);
    out.start = when(start);
    out.end = out.start;
    out.end.local += length;
    out.title = "changed";
    return out;
}

struct OverrideRow {
    const char* name;
    const char* id;
    const char* start;
    const char* wanted;
    bool future = false;
};
static std::ostream& operator<<(std::ostream& out, const OverrideRow& row) { return out << row.name; }

// The series: 09:00 in Berlin on 1, 2, 3 June 2026, seen from 1 to 10 June.
static const std::vector<OverrideRow> kOverrides = {
    {"moved",
     "20260602T090000@Europe/Berlin",
     "20260602T150000@Europe/Berlin",
     "2026-06-01T07:00:00Z 2026-06-02T13:00:00Z 2026-06-03T07:00:00Z"},
    {"named_in_utc",
     "20260602T070000Z",
     "20260602T150000@Europe/Berlin",
     "2026-06-01T07:00:00Z 2026-06-02T13:00:00Z 2026-06-03T07:00:00Z"},
    {"named_by_its_day",
     "20260602",
     "20260602T150000@Europe/Berlin",
     "2026-06-01T07:00:00Z 2026-06-02T13:00:00Z 2026-06-03T07:00:00Z"},
    {"moved_out_of_the_window",
     "20260602T090000@Europe/Berlin",
     "20260702T090000@Europe/Berlin",
     "2026-06-01T07:00:00Z 2026-06-03T07:00:00Z"},
    {"matching_nothing_is_one_more",
     "20260605T090000@Europe/Berlin",
     "20260606T090000@Europe/Berlin",
     "2026-06-01T07:00:00Z 2026-06-02T07:00:00Z 2026-06-03T07:00:00Z 2026-06-06T07:00:00Z"},
    {"this_and_later",
     "20260602T090000@Europe/Berlin",
     "20260602T150000@Europe/Berlin",
     "2026-06-01T07:00:00Z 2026-06-02T13:00:00Z 2026-06-03T13:00:00Z",
     true},
    {"this_and_later_named_in_utc",
     "20260602T070000Z",
     "20260602T150000@Europe/Berlin",
     "2026-06-01T07:00:00Z 2026-06-02T13:00:00Z 2026-06-03T13:00:00Z",
     true},
    {"this_and_later_by_days",
     "20260602T090000@Europe/Berlin",
     "20260607T090000@Europe/Berlin",
     "2026-06-01T07:00:00Z 2026-06-07T07:00:00Z 2026-06-08T07:00:00Z",
     true},
};

BOOST_DATA_TEST_CASE(override_, data::make(kOverrides), row) {
    Event event = series("20260601T090000@Europe/Berlin", {"FREQ=DAILY;COUNT=3"});
    event.overrides.push_back(changed(row.id, row.start));
    event.overrides.back().this_and_future = row.future;
    BOOST_TEST(text_of(starts(expanded(event, "20260601T000000Z", "20260610T000000Z"))) == row.wanted);
}

BOOST_AUTO_TEST_CASE(a_change_of_all_later_ones_reaches_into_a_far_window) {
    Event event = series("20260601T090000Z", {"FREQ=WEEKLY"});
    event.overrides.push_back(changed("20260608T090000Z", "20260618T090000Z"));
    event.overrides.back().this_and_future = true;
    BOOST_TEST(text_of(starts(expanded(event, "20260807T000000Z", "20260814T000000Z"))) == "2026-08-13T09:00:00Z");
}

BOOST_AUTO_TEST_CASE(a_change_of_all_later_ones_keeps_its_wall_time_where_the_clocks_left_the_old_one_out) {
    // 02:30 daily, later on 05:00; on 29 March 2026 there is no 02:30 in Berlin, but there is a 05:00.
    Event event = series("20260327T023000@Europe/Berlin", {"FREQ=DAILY;COUNT=4"});
    event.overrides = {changed("20260328T023000@Europe/Berlin", "20260328T050000@Europe/Berlin")};
    event.overrides.back().this_and_future = true;
    BOOST_TEST(
        text_of(starts(expanded(event, "20260327", "20260401"))) ==
        "2026-03-27T01:30:00Z 2026-03-28T04:00:00Z 2026-03-29T03:00:00Z 2026-03-30T03:00:00Z"
    );
}

BOOST_AUTO_TEST_CASE(overrides_without_a_master_stand_alone) {
    Event event = series("20260601T090000Z", {"FREQ=DAILY"});
    event.has_master = false;
    event.overrides = {changed("20260602T090000Z", "20260603T100000Z")};
    BOOST_TEST(text_of(starts(expanded(event, "20260601T000000Z", "20260610T000000Z"))) == "2026-06-03T10:00:00Z");
}

BOOST_AUTO_TEST_SUITE_END()
