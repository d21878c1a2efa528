#include "core/time.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace calgate;
namespace data = boost::unit_test::data;

namespace {

struct Row {
    const char* name;
    const char* text;
    const char* wanted;  ///< Written again; empty when the text is refused.
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.name; }

const std::vector<Row> kLocal = {
    {"date", "2026-03-29", "2026-03-29T00:00:00"},
    {"seconds", "2026-03-29T09:05:07", "2026-03-29T09:05:07"},
    {"minutes", "2026-03-29T09:05", "2026-03-29T09:05:00"},
    {"leap_day", "2028-02-29T23:59:59", "2028-02-29T23:59:59"},
    {"first_year", "0001-01-01", "0001-01-01T00:00:00"},
    {"before_1970", "1969-12-31T23:59:59", "1969-12-31T23:59:59"},
    {"no_leap_day", "2026-02-29", ""},
    {"month_13", "2026-13-01", ""},
    {"hour_24", "2026-03-29T24:00:00", ""},
    {"minute_60", "2026-03-29T09:60:00", ""},
    {"year_zero", "0000-01-01", ""},
    {"zone", "2026-03-29T09:05:07Z", ""},
    {"fraction", "2026-03-29T09:05:07.5", ""},
    {"blank_for_T", "2026-03-29 09:05:07", ""},
    {"sign", "2026-+3-29", ""},
    {"empty", "", ""},
};
const std::vector<Row> kInstants = {
    {"utc", "2026-03-29T07:00:00Z", "2026-03-29T07:00:00Z"},
    {"east", "2026-03-29T07:00:00+02:00", "2026-03-29T05:00:00Z"},
    {"west_over_midnight", "2026-03-29T22:00:00-03:30", "2026-03-30T01:30:00Z"},
    {"no_zone", "2026-03-29T07:00:00", ""},
    {"short_offset", "2026-03-29T07:00:00+02", ""},
    {"offset_25", "2026-03-29T07:00:00+25:00", ""},
    {"date_only", "2026-03-29", ""},
    {"trailing", "2026-03-29T07:00:00Zx", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(time_text)

BOOST_DATA_TEST_CASE(local, data::make(kLocal), row) {
    const auto local = parse_local(row.text);
    BOOST_TEST((local ? format_local(*local) : "") == row.wanted);
}

BOOST_DATA_TEST_CASE(instant, data::make(kInstants), row) {
    const auto instant = parse_instant(row.text);
    BOOST_TEST((instant ? format_instant(*instant) : "") == row.wanted);
}

BOOST_AUTO_TEST_CASE(a_date_is_written_without_its_clock) {
    BOOST_TEST(format_date(*parse_local("2026-03-29T09:05")) == "2026-03-29");
}

BOOST_AUTO_TEST_SUITE_END()
