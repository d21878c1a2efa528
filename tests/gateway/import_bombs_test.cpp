#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "gateway/import_csv.hpp"
#include "gateway/import_ics.hpp"
#include "tests/support/bounded_run.hpp"

/// Files that somebody gives an operator to import.
namespace calgate {
namespace {

constexpr std::size_t kLarge = 8u * 1024 * 1024;

std::string repeated(const std::string& piece, std::size_t bytes = kLarge) {
    std::string out;
    out.reserve(bytes + piece.size());
    while (out.size() + piece.size() <= bytes) out += piece;
    return out;
}

struct File {
    const char* name;
    std::function<std::string()> make;
    const char* said;  ///< In the refusal.
};
std::ostream& operator<<(std::ostream& out, const File& file) { return out << file.name; }

const std::string kHead = "id,start,end\n", kRow = "a,2027-03-01T09:00,2027-03-01T10:00";

const std::vector<File>& tables() {
    static const std::vector<File> kTables = {
        {"commas", [] { return repeated(","); }, "Line 1 has more than 200 columns"},
        {"a later line of commas",
         [] { return kHead + kRow + "\n" + repeated(","); },
         "Line 3 has more than 200 columns"},
        {"cells", [] { return kHead + repeated(std::string(150, ',') + "\n"); }, "a million cells"},
        {"lines", [] { return kHead + repeated("\n"); }, "more than 20000 rows"},
        {"one row too many",
         [] { return kHead + repeated(kRow + "\n", 20'000 * (kRow.size() + 1)) + kRow; },
         "more than 20000 rows"},
        {"a quotation without end", [] { return kHead + "\"" + repeated("\"\""); }, "quotation that does not end"},
        {"quotations", [] { return kHead + repeated("\"\"\"\"\n"); }, "more than 20000 rows"},
        {"a head of one word", [] { return repeated("x"); }, "no column for start"},
        {"zeros", [] { return std::string(kLarge, '\0'); }, "no column for start"},
    };
    return kTables;
}

const std::vector<File>& calendars() {
    static const std::vector<File> kCalendars = {
        {"events", [] { return "BEGIN:VCALENDAR\r\n" + repeated("BEGIN:VEVENT\r\nEND:VEVENT\r\n"); }, ""},
        {"depth", [] { return repeated("BEGIN:VCALENDAR\r\n"); }, ""},
        {"one line", [] { return "BEGIN:VCALENDAR\r\nX:" + std::string(kLarge, 'x'); }, ""},
        {"parameters", [] { return "BEGIN:VCALENDAR\r\nX" + repeated(";A=B") + ":1\r\n"; }, ""},
        {"lines", [] { return "BEGIN:VCALENDAR\r\n" + repeated("X:1\r\n"); }, ""},
        {"zeros", [] { return std::string(kLarge, '\0'); }, ""},
    };
    return kCalendars;
}

void check_refused(const File& file, const std::function<std::string(const std::string&)>& refusal) {
    const std::string text = file.make();
    const testing::Spent spent = testing::spent_by([&] {
        const std::string said = refusal(text);
        return !said.empty() && said.find(file.said) != std::string::npos;
    });
    BOOST_TEST(spent.ended);
    BOOST_TEST(spent.good, "it is taken, or refused with other words");
    BOOST_TEST(spent.memory <= testing::kBombMemory, "it took " << spent.memory / 1024 / 1024 << " MiB");
    BOOST_TEST_MESSAGE(file.name << ": " << spent.memory / 1024 << " KiB, " << spent.cpu_ms << " ms");
}

const ZoneResolver& import_zones() {
    static const ZoneResolver kZones;
    return kZones;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(import_bombs)

BOOST_DATA_TEST_CASE(a_table_that_is_none_is_refused_within_bounds, boost::unit_test::data::make(tables()), table) {
    check_refused(table, [](const std::string& text) {
        const auto read = read_csv(text, {"anna", "UTC", "ymd", {}}, import_zones());
        return read ? std::string() : read.error().detail;
    });
}

BOOST_DATA_TEST_CASE(
    a_calendar_that_is_none_is_refused_within_bounds, boost::unit_test::data::make(calendars()), file
) {
    check_refused(file, [](const std::string& text) {
        const auto read = read_ics(text, "anna", "UTC", import_zones());
        return read ? std::string() : read.error().detail;
    });
}

BOOST_AUTO_TEST_CASE(twenty_thousand_rows_are_read) {
    const auto read =
        read_csv(kHead + repeated(kRow + "\n", 20'000 * (kRow.size() + 1)), {"anna", "UTC", "ymd", {}}, import_zones());
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->bookings.size() == 20'000u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
