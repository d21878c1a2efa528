// Where the changed occurrences of a series stand (Graph: originalStart, originalStartTimeZone).
#include <boost/test/data/test_case.hpp>
#include <ostream>

#include "connectors/graph/graph_wire.hpp"
#include "tests/connectors/graph_stage.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace calgate::testing::graph_stage;
namespace data = boost::unit_test::data;

namespace {

struct Slot {
    const char* name;
    const char* original_start;
    const char* zone;
    const char* series_zone;
    const char* expected;
    bool whole_days = true;
};
std::ostream& operator<<(std::ostream& out, const Slot& row) { return out << row.name; }
// clang-format off
const Slot kSlots[] = {
    {"utc",                   "2026-12-12T00:00:00Z",         "UTC",                        "",                          "2026-12-12T00:00:00Z"},
    {"berlin",                "2026-12-11T23:00:00Z",         "W. Europe Standard Time",    "",                          "2026-12-12T00:00:00Z"},
    {"los_angeles",           "2026-12-12T08:00:00Z",         "Pacific Standard Time",      "",                          "2026-12-12T00:00:00Z"},
    {"hawaii",                "2026-12-12T10:00:00Z",         "Hawaiian Standard Time",     "",                          "2026-12-12T00:00:00Z"},
    {"auckland_in_summer",    "2026-12-11T11:00:00Z",         "New Zealand Standard Time",  "",                          "2026-12-12T00:00:00Z"},
    {"auckland_in_winter",    "2026-07-11T12:00:00.0000000Z", "New Zealand Standard Time",  "",                          "2026-07-12T00:00:00Z"},
    {"auckland_by_iana",      "2026-12-11T11:00:00Z",         "Pacific/Auckland",           "",                          "2026-12-12T00:00:00Z"},
    {"tonga",                 "2026-12-11T11:00:00Z",         "Tonga Standard Time",        "",                          "2026-12-12T00:00:00Z"},
    {"kiribati",              "2026-12-11T10:00:00Z",         "Line Islands Standard Time", "",                          "2026-12-12T00:00:00Z"},
    {"chatham",               "2026-12-11T10:15:00Z",         "Chatham Islands Standard Time", "",                       "2026-12-12T00:00:00Z"},
    {"changed_in_utc",        "2026-12-11T11:00:00Z",         "UTC",                        "New Zealand Standard Time", "2026-12-12T00:00:00Z"},
    {"custom_in_a_known_one", "2026-12-11T11:00:00Z",         "tzone://Microsoft/Custom",   "New Zealand Standard Time", "2026-12-12T00:00:00Z"},
    {"custom",                "2026-12-11T23:00:00Z",         "tzone://Microsoft/Custom",   "",                          "2026-12-12T00:00:00Z"},
    {"unsaid",                "2026-12-12T05:00:00Z",         "",                           "",                          "2026-12-12T00:00:00Z"},
    {"of_times",              "2026-12-11T11:00:00Z",         "New Zealand Standard Time",  "",                          "2026-12-11T11:00:00Z", false},
};
// clang-format on

}  // namespace

BOOST_DATA_TEST_CASE(an_exception_of_whole_days_stands_on_its_own_date, data::make(kSlots), row) {
    graph::Item item;
    item.slot = graph::parse_graph_instant(row.original_start);
    item.slot_zone = row.zone;
    BOOST_REQUIRE(item.slot.has_value());
    const auto slot = graph::exception_slot(item, row.whole_days, row.series_zone, zones());
    BOOST_REQUIRE(slot.has_value());
    BOOST_TEST(format_instant(*slot) == row.expected);
}

BOOST_AUTO_TEST_CASE(a_changed_day_of_a_series_east_of_the_date_line_is_that_day) {
    Office office;
    const std::string id = office.sim.put_event(
        office.calendar_id,
        R"({"subject":"Holidays","isAllDay":true,)"
        R"("start":{"dateTime":"2026-12-10T00:00:00","timeZone":"New Zealand Standard Time"},)"
        R"("end":{"dateTime":"2026-12-11T00:00:00","timeZone":"New Zealand Standard Time"},)"
        R"("recurrence":{"pattern":{"type":"daily","interval":1},"range":{"type":"numbered",)"
        R"("startDate":"2026-12-10","numberOfOccurrences":5}}})"
    );
    office.sim.patch_event(id + "OCC2026-12-12", R"({"subject":"Party"})");
    office.sim.erase_event(id + "OCC2026-12-13");
    const auto date = [](const char* text) { return When{When::Kind::Date, *parse_local(text), {}}; };
    const auto check = [&](const Event& event, const std::string& title) {
        BOOST_TEST(!event.partial);
        BOOST_REQUIRE(event.overrides.size() == 1u);
        BOOST_TEST((event.overrides[0].recurrence_id == date("2026-12-12")));
        BOOST_TEST(event.overrides[0].title == title);
        BOOST_TEST((event.master.excluded_dates == std::vector<When>{date("2026-12-13")}));
    };
    RemoteEvent read = office.fetch(office.href(id));
    check(read.event, "Party");
    read.event.overrides[0].title = "Big party";
    const auto written = office.connector.update_event(office.context(), read.href, *read.version, read.event);
    BOOST_REQUIRE_MESSAGE(written.has_value(), why(written));
    check(office.fetch(read.href).event, "Big party");
}
