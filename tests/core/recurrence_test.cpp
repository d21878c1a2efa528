#include "core/recurrence.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "tests/core/series_samples.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

struct Example {
    std::string name{}, start{}, rule{}, exclude{}, window{};
    std::vector<std::string> dates{};
    bool refused = false;
};
std::ostream& operator<<(std::ostream& out, const Example& e) { return out << e.name; }

std::vector<Example> rfc_examples() {
    std::ifstream file(CALGATE_SOURCE_DIR "/fixtures/rrule/rfc5545.txt");
    std::vector<Example> out;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string key;
        words >> key;
        if (key == "name") out.emplace_back();
        if (out.empty() || key.empty() || key[0] == '#') continue;
        Example& e = out.back();
        if (key == "name") words >> e.name;
        if (key == "start") words >> e.start;
        if (key == "rule") words >> e.rule;
        if (key == "exclude") words >> e.exclude;
        if (key == "window") words >> e.window;
        if (key == "refused") e.refused = true;
        if (key == "dates") {
            for (std::string date; words >> date;) e.dates.push_back(date);
        }
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recurrence)

BOOST_AUTO_TEST_CASE(all_examples_of_the_standard_are_there) { BOOST_TEST(rfc_examples().size() == 42u); }

BOOST_DATA_TEST_CASE(example_of_the_standard, data::make(rfc_examples()), example) {
    const std::string zone = "@America/New_York";
    Event event = series(example.start + zone, {example.rule});
    if (!example.exclude.empty()) event.master.excluded_dates.push_back(when(example.exclude + zone));
    const auto expansion = expanded(event, example.start + zone, example.window + zone);
    std::vector<std::string> wanted;
    if (example.refused) wanted.push_back(format_instant(instant(example.start + zone)));
    for (const std::string& date : example.dates) wanted.push_back(format_instant(instant(date + zone)));
    BOOST_TEST(text_of(starts(expansion)) == text_of(wanted));
    BOOST_TEST(expansion.warnings.empty() == !example.refused);
    BOOST_TEST(!expansion.truncated);
}

struct Row {
    const char* name;
    const char* start;
    std::vector<std::string> rules;
    const char* from;
    const char* to;
    const char* wanted;  ///< UTC starts.
    const char* warning = "";
};
static std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

static const std::vector<Row> kRows = {
    {"daily_through_the_gap",
     "20260327T023000@Europe/Berlin",
     {"FREQ=DAILY;COUNT=4"},
     "20260301T000000Z",
     "20260501T000000Z",
     "2026-03-27T01:30:00Z 2026-03-28T01:30:00Z 2026-03-29T01:30:00Z 2026-03-30T00:30:00Z"},
    {"weekly_through_the_gap",
     "20260322T023000@Europe/Berlin",
     {"FREQ=WEEKLY;COUNT=3"},
     "20260301T000000Z",
     "20260501T000000Z",
     "2026-03-22T01:30:00Z 2026-03-29T01:30:00Z 2026-04-05T00:30:00Z"},
    {"daily_through_the_overlap",
     "20261024T023000@Europe/Berlin",
     {"FREQ=DAILY;COUNT=3"},
     "20261001T000000Z",
     "20261101T000000Z",
     "2026-10-24T00:30:00Z 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z"},
    {"until_in_utc_keeps_the_last",
     "20260601T090000@Europe/Berlin",
     {"FREQ=DAILY;UNTIL=20260603T070000Z"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T07:00:00Z 2026-06-02T07:00:00Z 2026-06-03T07:00:00Z"},
    {"until_as_date_includes_that_day",
     "20260601T090000Z",
     {"FREQ=DAILY;UNTIL=20260602"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z 2026-06-02T09:00:00Z"},
    {"until_in_utc_with_a_date_start",
     "20260601",
     {"FREQ=DAILY;UNTIL=20260602T235959Z"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T00:00:00Z 2026-06-02T00:00:00Z"},
    {"until_wins_over_count",
     "20260601T090000Z",
     {"FREQ=DAILY;COUNT=9;UNTIL=20260602T090000Z"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z 2026-06-02T09:00:00Z"},
    {"start_out_of_step_is_an_occurrence",
     "20260602T090000Z",
     {"FREQ=WEEKLY;BYDAY=MO;COUNT=2"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-02T09:00:00Z 2026-06-08T09:00:00Z 2026-06-15T09:00:00Z"},
    {"daily_from_the_month_end",
     "20260630T090000Z",
     {"FREQ=DAILY;BYMONTHDAY=-1"},
     "20260601T000000Z",
     "20260901T000000Z",
     "2026-06-30T09:00:00Z 2026-07-31T09:00:00Z 2026-08-31T09:00:00Z"},
    {"clock_parts_of_a_date_rule_are_dropped",
     "20260601",
     {"FREQ=DAILY;COUNT=2;BYHOUR=0,6,12,18"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T00:00:00Z 2026-06-02T00:00:00Z"},
    {"repeated_values_count_once",
     "20260601T090000Z",
     {"FREQ=WEEKLY;BYDAY=MO,MO,MO;COUNT=2"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z 2026-06-08T09:00:00Z"},
    {"two_rules_are_a_union",
     "20260601T090000Z",
     {"FREQ=DAILY;COUNT=2", "FREQ=WEEKLY;COUNT=2"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z 2026-06-02T09:00:00Z 2026-06-08T09:00:00Z"},
    {"hourly",
     "20260601T090000Z",
     {"FREQ=HOURLY;INTERVAL=6"},
     "20260615T000000Z",
     "20260615T120000Z",
     "2026-06-15T03:00:00Z 2026-06-15T09:00:00Z"},
    {"far_from_its_start",
     "19700101T090000Z",
     {"FREQ=YEARLY;INTERVAL=2"},
     "20990101T000000Z",
     "21010101T000000Z",
     "2100-01-01T09:00:00Z"},
    {"overlapping_the_window_start",
     "20260601T233000Z",
     {"FREQ=DAILY"},
     "20260603T000000Z",
     "20260603T120000Z",
     "2026-06-02T23:30:00Z"},
    {"secondly",
     "20260601T090000Z",
     {"FREQ=SECONDLY"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "more often than hourly"},
    {"minutely",
     "20260601T090000Z",
     {"FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "more often than hourly"},
    {"ten_million",
     "20260601T090000Z",
     {"FREQ=DAILY;COUNT=10000000"},
     "20260601T000000Z",
     "20260603T000000Z",
     "2026-06-01T09:00:00Z 2026-06-02T09:00:00Z",
     "more than 20000 occurrences"},
    {"count_of_more_than_64_bits",
     "20260601T090000Z",
     {"FREQ=DAILY;COUNT=99999999999999999999999"},
     "20260601T000000Z",
     "20260603T000000Z",
     "2026-06-01T09:00:00Z 2026-06-02T09:00:00Z",
     "more than 20000 occurrences"},
    {"count_beyond_32_bits",
     "20260601T090000Z",
     {"FREQ=DAILY;COUNT=4294967297"},
     "20260601T000000Z",
     "20260603T000000Z",
     "2026-06-01T09:00:00Z 2026-06-02T09:00:00Z",
     "more than 20000 occurrences"},
    {"february_30",
     "20260601T090000Z",
     {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
     "20260501T000000Z",
     "20300701T000000Z",
     "2026-06-01T09:00:00Z",
     "no month has"},
    {"position_that_never_exists",
     "20260601T090000Z",
     {"FREQ=MONTHLY;BYDAY=1TH;BYSETPOS=2"},
     "20260501T000000Z",
     "20300701T000000Z",
     "2026-06-01T09:00:00Z",
     "never exists"},
    {"fifth_monday_on_the_first",
     "20260601T090000Z",
     {"FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1"},
     "20260501T000000Z",
     "20300701T000000Z",
     "2026-06-01T09:00:00Z"},
    {"count_zero",
     "20260601T090000Z",
     {"FREQ=DAILY;COUNT=0"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "count"},
    {"interval_zero",
     "20260601T090000Z",
     {"FREQ=DAILY;INTERVAL=0"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "interval"},
    {"interval_too_large",
     "20260601T090000Z",
     {"FREQ=DAILY;INTERVAL=99999"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "interval"},
    {"largest_interval_ends_with_the_calendar",
     "20260601T090000Z",
     {"FREQ=YEARLY;INTERVAL=32767"},
     "20260501T000000Z",
     "22000701T000000Z",
     "2026-06-01T09:00:00Z"},
    {"hourly_with_conditions",
     "20260601T090000Z",
     {"FREQ=HOURLY;BYMONTH=2"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "hourly"},
    {"week_numbers",
     "20260601T090000Z",
     {"FREQ=YEARLY;BYWEEKNO=53"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "week numbers"},
    {"other_calendar",
     "20260601T090000Z",
     {"RSCALE=CHINESE;FREQ=YEARLY"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "another calendar"},
    {"unknown_part",
     "20260601T090000Z",
     {"FREQ=DAILY;X-FOO=1"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "unknown part"},
    {"nth_weekday_weekly",
     "20260601T090000Z",
     {"FREQ=WEEKLY;BYDAY=1MO"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "weekdays"},
    {"no_rule_at_all",
     "20260601T090000Z",
     {"NONSENSE"},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "without a value"},
    {"empty_rule",
     "20260601T090000Z",
     {""},
     "20260501T000000Z",
     "20260701T000000Z",
     "2026-06-01T09:00:00Z",
     "no known frequency"},
};

BOOST_DATA_TEST_CASE(rule, data::make(kRows), row) {
    const auto expansion = expanded(series(row.start, row.rules), row.from, row.to);
    BOOST_TEST(text_of(starts(expansion)) == row.wanted);
    const std::string warnings = text_of(expansion.warnings);
    if (*row.warning == '\0')
        BOOST_TEST(warnings == "");
    else
        BOOST_TEST(warnings.find(row.warning) != std::string::npos, warnings);
}

BOOST_AUTO_TEST_CASE(excluded_dates_match_by_instant_and_by_day) {
    Event event = series("20260601T090000@Europe/Berlin", {"FREQ=DAILY;COUNT=5"});
    event.master.excluded_dates = {
        when("20260602T070000Z"), when("20260603"), when("20260604T030000@America/New_York")};
    BOOST_TEST(
        text_of(starts(expanded(event, "20260501T000000Z", "20260701T000000Z"))) ==
        "2026-06-01T07:00:00Z 2026-06-05T07:00:00Z"
    );
}

BOOST_AUTO_TEST_CASE(exclusion_rules_are_subtracted) {
    Event event = series("20260601T090000Z", {"FREQ=DAILY;COUNT=4"});
    event.master.exclusion_rules = {"FREQ=DAILY;INTERVAL=2;COUNT=2"};
    BOOST_TEST(
        text_of(starts(expanded(event, "20260501T000000Z", "20260701T000000Z"))) ==
        "2026-06-02T09:00:00Z 2026-06-04T09:00:00Z"
    );
}

BOOST_AUTO_TEST_CASE(added_dates_may_have_an_end_of_their_own) {
    Event event = series("20260601T090000@Europe/Berlin", {});
    event.master.extra_dates = {
        {when("20260610T120000Z"), when("20260610T150000Z")}, {when("20260611T090000@Europe/Berlin"), {}}};
    const auto expansion = expanded(event, "20260501T000000Z", "20260701T000000Z");
    BOOST_TEST(text_of(starts(expansion)) == "2026-06-01T07:00:00Z 2026-06-10T12:00:00Z 2026-06-11T07:00:00Z");
    BOOST_TEST((expansion.occurrences[1].end - expansion.occurrences[1].start == 3h));
    BOOST_TEST((expansion.occurrences[2].end - expansion.occurrences[2].start == 1h));
}

BOOST_AUTO_TEST_CASE(a_nominal_day_follows_the_clock_and_an_exact_one_does_not) {
    Event nominal = series("20260328T120000@Europe/Berlin", {}, 24h);
    BOOST_TEST(
        format_instant(expanded(nominal, "20260301T000000Z", "20260401T000000Z").occurrences.at(0).end) ==
        "2026-03-29T10:00:00Z"
    );
    nominal.master.exact_duration = 24h;
    BOOST_TEST(
        format_instant(expanded(nominal, "20260301T000000Z", "20260401T000000Z").occurrences.at(0).end) ==
        "2026-03-29T11:00:00Z"
    );
    nominal.master.exact_duration = 2h;
    nominal.master.nominal_days = std::chrono::days{1};
    BOOST_TEST(
        format_instant(expanded(nominal, "20260301T000000Z", "20260401T000000Z").occurrences.at(0).end) ==
        "2026-03-29T12:00:00Z"
    );
}

BOOST_AUTO_TEST_CASE(all_day_is_a_day_of_the_calendars_zone) {
    const auto expansion = expanded(
        series("20260328", {"FREQ=DAILY;COUNT=3"}, 24h), "20260301T000000Z", "20260501T000000Z", "Europe/Berlin"
    );
    BOOST_TEST(text_of(starts(expansion)) == "2026-03-27T23:00:00Z 2026-03-28T23:00:00Z 2026-03-29T22:00:00Z");
    BOOST_TEST(format_instant(expansion.occurrences.at(1).end) == "2026-03-29T22:00:00Z");
    BOOST_TEST(expansion.occurrences.at(0).all_day);
}

BOOST_AUTO_TEST_SUITE_END()
