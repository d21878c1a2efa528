#include "gateway/import_csv.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "gateway/caller.hpp"
#include "gateway/commands.hpp"
#include "gateway/keys.hpp"
#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver kZones;
    return kZones;
}

IcsBookings read(const std::string& text, CsvReading how = {"anna", "Europe/Berlin", "ymd", {}}) {
    auto got = read_csv(text, how, zones());
    if (!got) BOOST_FAIL(got.error().detail);
    return std::move(got).value();
}

struct Moment {
    const char* name;
    const char* order;
    const char* start;
    const char* expected;  ///< Empty: refused.
};
std::ostream& operator<<(std::ostream& out, const Moment& moment) { return out << moment.name; }

const Moment kMoments[] = {
    {"iso", "ymd", "2027-03-01T09:00", "2027-03-01T09:00:00"},
    {"iso_with_a_space_and_seconds", "mdy", "2027-03-01 09:00:30", "2027-03-01T09:00:30"},
    {"german", "dmy", "1.3.2027 9:00", "2027-03-01T09:00:00"},
    {"british", "dmy", "01/03/2027 09:00", "2027-03-01T09:00:00"},
    {"american", "mdy", "03/01/2027 1:30 PM", "2027-03-01T13:30:00"},
    {"noon", "mdy", "03/01/2027 12:00 PM", "2027-03-01T12:00:00"},
    {"midnight", "mdy", "03/01/2027 12:00 AM", "2027-03-01T00:00:00"},
    {"slashes_without_an_order", "ymd", "01/03/2027 09:00", ""},
    {"no_such_day", "dmy", "31/02/2027 09:00", ""},
    {"no_such_month", "mdy", "13/01/2027 09:00", ""},
    {"no_such_hour", "ymd", "2027-03-01 25:00", ""},
    {"thirteen_in_the_afternoon", "mdy", "03/01/2027 13:00 PM", ""},
    {"two_digits_of_a_year", "dmy", "01/03/27 09:00", ""},
    {"a_word", "ymd", "tomorrow", ""},
    {"nothing", "ymd", "", ""},
    {"many_digits", "ymd", "99999999999-01-01 09:00", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(import_csv)

BOOST_DATA_TEST_CASE(a_time_is_read_as_its_order_says, boost::unit_test::data::make(kMoments), moment) {
    const auto got =
        read(std::string("start,duration_min\n") + moment.start + ",30\n", {"anna", "Europe/Berlin", moment.order, {}});
    const std::string expected = moment.expected;
    BOOST_TEST(got.bookings.size() == (expected.empty() ? 0u : 1u));
    BOOST_TEST(got.refused.size() == (expected.empty() ? 1u : 0u));
    if (!expected.empty()) BOOST_TEST(got.bookings.at(0).fields["start"] == expected);
}

BOOST_AUTO_TEST_CASE(fields_by_their_own_names_come_over_whole) {
    const auto got = read(
        "\xef\xbb\xbfid,staff,start,end,zone,title,customer,notes\r\n"
        "b-1,ben,2027-03-01T09:00,2027-03-01T10:00,Europe/London,\"Cut, \"\"wet\"\"\",Zoë,\"one\ntwo\"\r\n\r\n"
        "not an id!,,2027-03-01T09:00,2027-03-01T10:00,,x,,\r\n"
    );
    BOOST_REQUIRE(got.bookings.size() == 2u);
    BOOST_TEST(got.bookings[0].id == "b-1");
    const Json expected = {
        {"staff", "ben"},
        {"start", "2027-03-01T09:00:00"},
        {"end", "2027-03-01T10:00:00"},
        {"zone", "Europe/London"},
        {"title", "Cut, \"wet\""},
        {"customer", "Zoë"},
        {"notes", "one\ntwo"}};
    BOOST_TEST(got.bookings[0].fields == expected);
    BOOST_TEST(got.bookings[1].id.starts_with("csv-"));
    BOOST_TEST(got.bookings[1].fields["staff"] == "anna");
    BOOST_TEST(got.bookings[1].fields["zone"] == "Europe/Berlin");
}

BOOST_AUTO_TEST_CASE(the_tables_of_google_and_outlook_are_known) {
    const auto got = read(
        "Subject,Start Date,Start Time,End Date,End Time,All Day Event,Description,Location,Private\n"
        "Cut,03/01/2027,9:00 AM,03/01/2027,9:30 AM,False,wet,Room 1,True\n",
        {"anna", "Europe/Berlin", "mdy", {}}
    );
    BOOST_REQUIRE(got.bookings.size() == 1u);
    const Json& fields = got.bookings[0].fields;
    BOOST_TEST(fields["title"] == "Cut");
    BOOST_TEST(fields["end"] == "2027-03-01T09:30:00");
    BOOST_TEST(fields["notes"] == "wet");
    BOOST_TEST(fields["place"] == "Room 1");
}

BOOST_AUTO_TEST_CASE(other_names_and_semicolons_are_told) {
    const CsvReading how{"anna", "Europe/Berlin", "dmy", {{"start", "Beginn"}, {"end", "Ende"}, {"title", "Termin"}}};
    const auto got = read("Termin;Beginn;Ende\nSchnitt;1.3.2027 09:00;1.3.2027 09:45\n", how);
    BOOST_REQUIRE(got.bookings.size() == 1u);
    BOOST_TEST(got.bookings[0].fields["title"] == "Schnitt");
    BOOST_TEST(
        got.bookings[0].id == read("Termin;Beginn;Ende\nSchnitt;1.3.2027 09:00;1.3.2027 09:45\n", how).bookings[0].id
    );
}

BOOST_AUTO_TEST_CASE(what_is_no_booking_is_refused_row_by_row) {
    const std::string head = "start,end,zone,duration_min\n";
    for (const char* row :
         {"2027-03-01T09:00,2027-03-01T09:00,,",
          "2027-03-01T09:00,,,",
          "2027-03-01T09:00,,Nowhere/Land,30",
          "2027-03-01T09:00,,,0",
          "2027-03-01T09:00,,,99999999",
          "2027-03-01T09:00,,,30x",
          "2027-03-01T09:00"}) {
        const auto got = read(head + "2027-03-01T09:00,,,30\n" + row + "\n");
        BOOST_TEST(got.bookings.size() == 1u, row);
        BOOST_REQUIRE(got.refused.size() == 1u);
        BOOST_TEST(got.refused[0].starts_with("Row 3 "), got.refused[0]);
    }
    BOOST_TEST(read(head + "2027-03-01T09:00,,,30\n", {"", "Europe/Berlin", "ymd", {}}).refused.size() == 1u);
}

BOOST_AUTO_TEST_CASE(I26_what_is_no_table_is_refused_with_a_sentence) {
    const CsvReading how{"anna", "Europe/Berlin", "ymd", {}};
    std::string rows = "start,duration_min\n";
    for (int i = 0; i < 20'001; ++i) rows += "2027-03-01T09:00,30\n";
    for (const std::string& text :
         {std::string(),
          std::string("\n\n"),
          std::string("a,b\n1,2\n"),
          std::string("start,end\n\"2027"),
          rows,
          std::string(1'000'000, ','),
          std::string(1'000'000, '"') + "\"",
          std::string(1000, '\0')}) {
        const auto got = read_csv(text, how, zones());
        BOOST_TEST(!got.has_value());
        if (!got) BOOST_TEST(!got.error().detail.empty());
    }
}

BOOST_FIXTURE_TEST_CASE(the_command_tries_first_and_then_books, ApiStage) {
    add_staff("anna");
    const ScratchFolder beside;
    const Json admin = {{"url", "http://127.0.0.1:" + std::to_string(port())}, {"token", authorization().substr(7)}};
    BOOST_REQUIRE(write_private_file(admin_file(beside.path()), admin.dump()));
    ImportOptions options;
    options.source = beside.file("table.csv");
    options.staff = "anna";
    options.columns = {"start=When"};
    BOOST_REQUIRE(write_private_file(options.source, "id,When,duration_min\nb1,2027-03-01T09:00,30\n").has_value());
    BOOST_TEST(command_import(beside.path(), options) == 0);
    BOOST_TEST(call("GET", "/v1/appointments/b1").status == 404);
    options.apply = true;
    for (int round = 0; round < 2; ++round) BOOST_TEST(command_import(beside.path(), options) == 0);
    const Json made = call("GET", "/v1/appointments/b1").json();
    BOOST_TEST(made["revision"] == 1);
    BOOST_TEST(made["zone"] == "Europe/Berlin");
    options.columns = {"When"};
    BOOST_TEST(command_import(beside.path(), options) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
