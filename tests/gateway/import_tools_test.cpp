#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "gateway/caller.hpp"
#include "gateway/commands.hpp"
#include "gateway/csv_moment.hpp"
#include "gateway/import_csv.hpp"
#include "gateway/keys.hpp"
#include "tests/gateway/api_stage.hpp"

namespace calgate {
namespace {

using namespace calgate::testing;

const CsvReading& reading() {
    static const CsvReading kHow{
        "",
        "",
        "dmy",
        {},
        {{"anna", {"anna", "Europe/Berlin"}}, {"anna berg", {"anna", "Europe/Berlin"}}},
        {{"cut", "cut"}, {"haircut", "cut"}}};
    return kHow;
}

/// A table as a tool exports it: its head, a row of it, and what becomes of that.
struct Tool {
    const char* name;
    const char* table;
    const char* id;
    Json fields;
};
std::ostream& operator<<(std::ostream& out, const Tool& tool) { return out << tool.name; }

const std::vector<Tool>& tools() {
    static const std::vector<Tool> kTools = {
        {"calendly",
         "User Name,Team,Invitee Name,Invitee First Name,Invitee Last Name,Invitee Email,Invitee Time Zone,Event Type "
         "Name,"
         "Start Date & Time,End Date & Time,Location,Event Created Date & Time,Canceled,Canceled By,Cancellation "
         "reason,Meeting Notes,"
         "User Email,Event UUID,Invitee UUID\n"
         "Anna Berg,,Ida Vogel,Ida,Vogel,ida@example.org,Eastern Time - US & Canada,Haircut,2027-03-01 09:30 "
         "am,2027-03-01 10:00 am,"
         "Room 7,2027-02-01 01:40 "
         "am,false,,,wet,anna@example.org,7b1f7c8e-0000-4000-8000-000000000001,7b1f7c8e-0000-4000-8000-000000000002\n",
         "7b1f7c8e-0000-4000-8000-000000000002",
         {{"staff", "anna"},
          {"start", "2027-03-01T09:30:00"},
          {"end", "2027-03-01T10:00:00"},
          {"zone", "Europe/Berlin"},
          {"customer", "Ida Vogel"},
          {"service", "cut"},
          {"title", "Haircut"},
          {"place", "Room 7"},
          {"notes", "wet"}}},
        {"calendly_cancelled",
         "User Name,Invitee Name,Event Type Name,Start Date & Time,End Date & Time,Canceled,Invitee UUID\n"
         "Anna Berg,Ida Vogel,Haircut,2027-03-01 01:30 pm,2027-03-01 02:00 pm,true,u-1\n",
         "u-1",
         {{"staff", "anna"},
          {"start", "2027-03-01T13:30:00"},
          {"end", "2027-03-01T14:00:00"},
          {"zone", "Europe/Berlin"},
          {"customer", "Ida Vogel"},
          {"service", "cut"},
          {"title", "Haircut"},
          {"state", "cancelled"}}},
        {"acuity",
         "\"Start Time\",\"End Time\",\"Timezone\",\"First Name\",\"Last "
         "Name\",\"Phone\",\"Email\",\"Type\",\"Calendar\",\"Appointment Price\","
         "\"Date Scheduled\",\"Appointment ID\"\n"
         "\"March 1, 2027 9:30 am\",\"March 1, 2027 10:15 "
         "am\",\"Europe/London\",\"Ida\",\"Vogel\",\"'+49301234\",\"ida@example.org\","
         "\"Haircut\",\"Anna Berg\",\"29.00\",\"2027-02-01\",\"881\"\n",
         "881",
         {{"staff", "anna"},
          {"start", "2027-03-01T09:30:00"},
          {"end", "2027-03-01T10:15:00"},
          {"zone", "Europe/London"},
          {"customer", "Ida Vogel"},
          {"service", "cut"},
          {"title", "Haircut"}}},
        {"bookings",
         "Date Time\tCustomer Name\tCustomer Email\tCustomer Phone\tCustomer Address\tStaff\tStaff Name\tStaff "
         "Email\tService\tLocation\t"
         "Duration (mins.)\tPricing Type\tPrice\tCurrency\tCc Attendees\tSigned Up Attendees Count\tText Notifications "
         "Enabled\t"
         " Custom Fields\tEvent Type\tBooking Id\tTracking Data\n"
         "01/03/2027 09:30\tIda Vogel\tida@example.org\t\t\tx\tAnna Berg\tanna@example.org\tHaircut\tRoom "
         "7\t45\t\t0\t\t\t1\tfalse\t{}\t1:1\tb-9\t\n",
         "b-9",
         {{"staff", "anna"},
          {"start", "2027-03-01T09:30:00"},
          {"end", "2027-03-01T10:15:00"},
          {"zone", "Europe/Berlin"},
          {"customer", "Ida Vogel"},
          {"service", "cut"},
          {"title", "Haircut"},
          {"place", "Room 7"}}},
        {"simplybook",
         "Code;Start date;Start time;End date;End time;Provider;Service;Client name;Status\n"
         "q1w2e3;01.03.2027;09:30;01.03.2027;10:00;Anna Berg;Beard;Ida Vogel;confirmed\n",
         "q1w2e3",
         {{"staff", "anna"},
          {"start", "2027-03-01T09:30:00"},
          {"end", "2027-03-01T10:00:00"},
          {"zone", "Europe/Berlin"},
          {"customer", "Ida Vogel"},
          {"title", "Beard"}}},
    };
    return kTools;
}

struct Wrong {
    const char* name;
    const char* table;
    const char* where;
    const char* why;
};
std::ostream& operator<<(std::ostream& out, const Wrong& row) { return out << row.name; }

// clang-format off
const Wrong kWrong[] = {
    {"nobody", "User Name,Start Date & Time,End Date & Time\nMia,2027-03-01 9:00 am,2027-03-01 9:30 am\n", "Row 2 (line 2, column \"User Name\") ", "--column staff= --staff ID"},
    {"no_start", "Calendar,Start Time,End Time\nanna,soon,later\n", "Row 2 (line 2, column \"Start Time\") ", "--dates"},
    {"no_end", "Staff,Date Time,Duration (mins.)\nanna,01/03/2027 09:00,long\n", "Row 2 (line 2, column \"Duration (mins.)\") ", "no end"},
    {"end_before_start", "Staff,Start date,Start time,End date,End time\nanna,1.3.2027,9:00,1.3.2027,8:00\n", "Row 2 (line 2, column \"End time\") ", "no end"},
    {"zone", "Calendar,Start Time,End Time,Timezone\nanna,\"March 1, 2027 9:00 am\",\"March 1, 2027 10:00 am\",Mars\n", "Row 2 (line 2, column \"Timezone\") ", "time zone"},
    {"lines_within_cells", "staff,start,notes,end\nanna,2027-03-01T09:00,\"one\ntwo\nthree\",2027-03-01T10:00\n\nanna,?,,\n", "Row 3 (line 6, column \"start\") ", "--dates"},
};

struct Moment {
    const char* cell;
    const char* expected;  ///< Empty: none.
};
std::ostream& operator<<(std::ostream& out, const Moment& row) { return out << row.cell; }

const Moment kMoments[] = {
    {"December 2, 2026 9:00 am", "2026-12-02T09:00:00"}, {"Dec 2, 2026 12:15 PM", "2026-12-02T12:15:00"},
    {"July 1, 2026", "2026-07-01T00:00:00"}, {"Smarch 1, 2026 9:00 am", ""}, {"February 30, 2026 9:00 am", ""},
    {"December 2 2026 9:00 am", ""}, {"December 2, 26 9:00 am", ""}, {"December", ""}, {"Decem\xc3\xa9", ""},
    {"2026-12-02 09:30 am", "2026-12-02T09:30:00"}, {"2026-12-02 12:00 am", "2026-12-02T00:00:00"},
};
// clang-format on

}  // namespace

BOOST_AUTO_TEST_SUITE(import_tools)

BOOST_DATA_TEST_CASE(a_table_is_read_as_its_tool_means_it, boost::unit_test::data::make(tools()), tool) {
    const auto got = read_csv(tool.table, reading(), ZoneResolver{});
    BOOST_REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().detail));
    BOOST_REQUIRE_MESSAGE(got->bookings.size() == 1u, (got->refused.empty() ? "" : got->refused[0]));
    BOOST_TEST(got->bookings[0].id == tool.id);
    BOOST_TEST(got->bookings[0].fields == tool.fields);
}

BOOST_DATA_TEST_CASE(what_is_wrong_is_told_with_line_and_column, boost::unit_test::data::make(kWrong), row) {
    const auto got = read_csv(row.table, reading(), ZoneResolver{});
    BOOST_REQUIRE(got.has_value());
    BOOST_REQUIRE(got->refused.size() == 1u);
    BOOST_TEST(got->refused[0].starts_with(row.where), got->refused[0]);
    BOOST_TEST(got->refused[0].find(row.why) != std::string::npos, got->refused[0]);
}

BOOST_DATA_TEST_CASE(a_moment_with_the_name_of_its_month, boost::unit_test::data::make(kMoments), row) {
    const auto got = csv_moment(row.cell, "dmy");
    BOOST_TEST((got ? format_local(*got) : "") == row.expected);
}

BOOST_AUTO_TEST_CASE(one_person_takes_all_when_the_column_is_told_away) {
    CsvReading how = reading();
    how.staff = "anna";
    how.zone = "Europe/Vienna";
    how.columns["staff"] = "";
    const auto got = read_csv(
        "User Name,Start Date & Time,End Date & Time\nMia,2027-03-01 9:00 am,2027-03-01 9:30 am\n", how, ZoneResolver{}
    );
    BOOST_REQUIRE(got.has_value());
    BOOST_REQUIRE(got->bookings.size() == 1u);
    BOOST_TEST(got->bookings[0].fields["staff"] == "anna");
    BOOST_TEST(got->bookings[0].fields["zone"] == "Europe/Vienna");
}

BOOST_FIXTURE_TEST_CASE(the_command_knows_people_and_services_by_name, ApiStage) {
    for (const char* id : {"anna", "berta"})
        BOOST_REQUIRE(
            call(
                "PUT",
                std::string("/v1/staff/") + id,
                Json{{"name", id == std::string("anna") ? "Anna Berg" : "Mia"}, {"zone", "Europe/Berlin"}}
            ).status == 201
        );
    BOOST_REQUIRE(call("PUT", "/v1/staff/mia2", Json{{"name", "Mia"}, {"zone", "Europe/Berlin"}}).status == 201);
    BOOST_REQUIRE(
        call("PUT", "/v1/services/cut", Json{{"name", "Haircut"}, {"duration_min", 30}, {"staff", {"anna"}}}).status ==
        201
    );
    const ScratchFolder beside;
    const Json admin = {{"url", "http://127.0.0.1:" + std::to_string(port())}, {"token", authorization().substr(7)}};
    BOOST_REQUIRE(write_private_file(admin_file(beside.path()), admin.dump()));
    ImportOptions options;
    options.source = beside.file("BookingsReportingData.tsv");
    options.dates = "dmy";
    const std::string head = "Date Time\tCustomer Name\tStaff Name\tService\tDuration (mins.)\tBooking Id\n";
    BOOST_REQUIRE(
        write_private_file(options.source, head + "01/03/2027 09:30\tIda\tanna berg\thaircut\t30\tb-1\n").has_value()
    );
    BOOST_TEST(command_import(beside.path(), options) == 0);
    BOOST_TEST(call("GET", "/v1/appointments/b-1").status == 404);
    options.apply = true;
    BOOST_TEST(command_import(beside.path(), options) == 0);
    const Json made = call("GET", "/v1/appointments/b-1").json();
    BOOST_TEST(made["staff"] == "anna");
    BOOST_TEST(made["service"] == "cut");
    BOOST_TEST(made["customer"] == "Ida");
    // A name of two is nobody's.
    BOOST_REQUIRE(
        write_private_file(options.source, head + "01/03/2027 12:30\tIda\tMia\thaircut\t30\tb-2\n").has_value()
    );
    BOOST_TEST(command_import(beside.path(), options) == 1);
    BOOST_TEST(call("GET", "/v1/appointments/b-2").status == 404);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
