#include "core/recurrence.hpp"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "core/recurrence_rule.hpp"
#include "tests/core/reference_expander.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

/// "19970902T090000", "…Z", "19970902", "19970902T090000@Europe/Berlin".
When when(const std::string& text) {
    const auto zone = text.find('@');
    const std::string t = text.substr(0, zone);
    std::string dashed = t.substr(0, 4) + "-" + t.substr(4, 2) + "-" + t.substr(6, 2);
    if (t.size() > 8) dashed += "T" + t.substr(9, 2) + ":" + t.substr(11, 2) + ":" + t.substr(13, 2);
    const auto local = parse_local(dashed);
    BOOST_REQUIRE_MESSAGE(local, text);
    if (t.size() == 8) return {When::Kind::Date, *local, {}};
    if (t.back() == 'Z') return {When::Kind::Utc, *local, {}};
    if (zone == std::string::npos) return {When::Kind::Floating, *local, {}};
    return {When::Kind::Zoned, *local, text.substr(zone + 1)};
}

Instant instant(const std::string& text) { return zones().to_instant(when(text), "UTC"); }

Event series(const std::string& start, std::vector<std::string> rules, std::chrono::seconds length = 1h) {
    Event event;
    event.uid = Uid{"series"};
    event.master.start = when(start);
    event.master.end = event.master.start;
    event.master.end.local += length;
    event.master.rules = std::move(rules);
    return event;
}

std::vector<std::string> starts(const Expansion& expansion) {
    std::vector<std::string> out;
    for (const Occurrence& o : expansion.occurrences) out.push_back(format_instant(o.start));
    return out;
}

Expansion expanded(
    const Event& event, const std::string& from, const std::string& to, const std::string& zone = "UTC"
) {
    return expand(event, {instant(from), instant(to)}, zones(), zone, ManualClock{});
}

std::string text_of(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& one : list) out += (out.empty() ? "" : " ") + one;
    return out;
}

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

BOOST_AUTO_TEST_CASE(overrides_without_a_master_stand_alone) {
    Event event = series("20260601T090000Z", {"FREQ=DAILY"});
    event.has_master = false;
    event.overrides = {changed("20260602T090000Z", "20260603T100000Z")};
    BOOST_TEST(text_of(starts(expanded(event, "20260601T000000Z", "20260610T000000Z"))) == "2026-06-03T10:00:00Z");
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

BOOST_AUTO_TEST_CASE(the_window_is_half_open) {
    const Event event = series("20260601T090000Z", {});
    BOOST_TEST(expanded(event, "20260601T100000Z", "20260601T110000Z").occurrences.empty());
    BOOST_TEST(expanded(event, "20260601T080000Z", "20260601T090000Z").occurrences.empty());
    BOOST_TEST(expanded(event, "20260601T095959Z", "20260601T110000Z").occurrences.size() == 1u);
    const Event instantaneous = series("20260601T090000Z", {}, 0s);
    BOOST_TEST(expanded(instantaneous, "20260601T090000Z", "20260601T110000Z").occurrences.size() == 1u);
    BOOST_TEST(expanded(instantaneous, "20260601T080000Z", "20260601T090000Z").occurrences.empty());
}

BOOST_AUTO_TEST_CASE(too_many_occurrences_end_with_a_warning) {
    ExpansionBudget budget;
    budget.occurrences = 10;
    const auto expansion = expand(
        series("20260601T090000Z", {"FREQ=DAILY"}),
        {instant("20260601T000000Z"), instant("20270601T000000Z")},
        zones(),
        "UTC",
        ManualClock{},
        budget
    );
    BOOST_TEST(expansion.occurrences.size() == 10u);
    BOOST_TEST(expansion.truncated);
    BOOST_TEST(expansion.warnings.size() == 1u);
}

/// Every reading costs ten milliseconds.
class SlowClock final : public Clock {
public:
    Instant now() const override { return {}; }
    SteadyInstant steady() const override { return SteadyInstant{std::chrono::milliseconds{10 * ++reads_}}; }

private:
    mutable std::int64_t reads_ = 0;
};

BOOST_AUTO_TEST_CASE(time_spent_is_bounded_by_the_clock) {
    const auto expansion = expand(
        series("19700101T090000Z", {"FREQ=DAILY;COUNT=20000"}),
        {instant("20200101T000000Z"), instant("20200201T000000Z")},
        zones(),
        "UTC",
        SlowClock{}
    );
    BOOST_TEST(expansion.truncated);
    BOOST_TEST(text_of(expansion.warnings).find("more occurrences than are looked at") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(steps_are_bounded_when_the_clock_stands_still) {
    ExpansionBudget budget;
    budget.steps = 100;
    const auto expansion = expand(
        series("19700101T090000Z", {"FREQ=DAILY;COUNT=20000"}),
        {instant("20200101T000000Z"), instant("20200201T000000Z")},
        zones(),
        "UTC",
        ManualClock{},
        budget
    );
    BOOST_TEST(expansion.truncated);
    BOOST_TEST(expansion.occurrences.empty());
}

static std::vector<int> some(SeededRandom& random, int most, int low, int high) {
    std::vector<int> out;
    for (int i = random.between(1, most); i > 0; --i) {
        const int value = random.between(low, high);
        if (value != 0 && std::find(out.begin(), out.end(), value) == out.end()) out.push_back(value);
    }
    return out;
}

static PlainRule random_rule(SeededRandom& random) {
    PlainRule rule;
    static const std::vector<std::string> kFrequencies = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
    rule.frequency = kFrequencies[static_cast<std::size_t>(random.between(0, 3))];
    const bool monthly_or_longer = rule.frequency == "MONTHLY" || rule.frequency == "YEARLY";
    if (random.one_in(2)) rule.interval = random.between(1, rule.frequency == "YEARLY" ? 3 : 9);
    if (random.one_in(4)) rule.count = random.between(1, 60);
    if (random.one_in(3)) rule.months = some(random, 4, 1, 12);
    if (rule.frequency != "WEEKLY" && random.one_in(3)) rule.month_days = some(random, 4, -31, 31);
    if (random.one_in(2)) {
        for (int i = random.between(1, 4); i > 0; --i) {
            const int most = rule.frequency == "YEARLY" && rule.months.empty() ? 53 : 5;
            const int ordinal = monthly_or_longer && random.one_in(2) ? random.between(-most, most) : 0;
            const std::pair<int, int> day{ordinal, random.between(0, 6)};
            if (std::find(rule.days.begin(), rule.days.end(), day) == rule.days.end()) rule.days.push_back(day);
        }
    }
    if (random.one_in(4) && !(rule.days.empty() && rule.month_days.empty())) rule.positions = some(random, 3, -4, 4);
    if (random.one_in(3)) rule.week_start = random.between(0, 6);
    return rule;
}

BOOST_AUTO_TEST_CASE(random_rules_agree_with_the_reference) {
    SeededRandom random(20260329);
    int compared = 0;
    int refused = 0;
    long occurrences = 0;
    for (int round = 0; compared < 4000; ++round) {
        BOOST_REQUIRE_LT(round, 8000);
        PlainRule rule = random_rule(random);
        const LocalSeconds start = *parse_local("1996-01-01") + std::chrono::days{random.between(0, 12000)} +
                                   std::chrono::hours{random.between(0, 23)};
        if (!rule.count && random.one_in(4)) rule.until = start + std::chrono::days{random.between(0, 2000)};
        if (!read_recurrence_rule(rule.text(), false)) {
            ++refused;
            continue;
        }
        ++compared;
        const LocalSeconds from = start + std::chrono::days{random.between(-100, 3000)};
        const LocalSeconds to = from + std::chrono::days{random.between(1, 1500)};
        Event event = series("20260101T000000Z", {rule.text()});
        event.master.start.local = start;
        event.master.end.local = start + 1h;
        const auto found = expand(
            event, {Instant{from.time_since_epoch()}, Instant{to.time_since_epoch()}}, zones(), "UTC", ManualClock{}
        );
        std::string wanted;
        for (const LocalSeconds local : reference_expand(rule, start, to)) {
            if (local + 1h > from && local < to) wanted += format_local(local) + "Z ";
        }
        std::string got;
        for (const Occurrence& o : found.occurrences) got += format_instant(o.start) + " ";
        occurrences += static_cast<long>(found.occurrences.size());
        BOOST_REQUIRE_MESSAGE(
            got == wanted,
            rule.text() << " from " << format_local(start) << " in " << format_local(from) << "/" << format_local(to)
                        << "\n got " << got << "\n wanted " << wanted
        );
        BOOST_REQUIRE_MESSAGE(!found.truncated, rule.text());
    }
    BOOST_TEST(occurrences > 40'000);  // The comparison is not about empty lists.
    BOOST_TEST_MESSAGE(compared << " rules, " << occurrences << " occurrences, " << refused << " refused");
}

BOOST_AUTO_TEST_SUITE_END()
