#include "gateway/import_ics.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdio>

#include "gateway/caller.hpp"
#include "gateway/commands.hpp"
#include "gateway/keys.hpp"
#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

std::string event(const std::string& uid, const std::string& lines) {
    return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\n" + lines + "END:VEVENT\r\n";
}

std::string calendar(const std::string& events) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Other//EN\r\n" + events + "END:VCALENDAR\r\n";
}

IcsBookings read(const std::string& text) {
    const auto got = read_ics(text, "anna", "Europe/Berlin", zones());
    BOOST_REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().detail));
    return *got;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(import_ics)

BOOST_AUTO_TEST_CASE(each_event_becomes_a_booking_at_its_wall_clock) {
    const auto got = read(calendar(
        event(
            "a",
            "DTSTART;TZID=America/New_York:20270301T090000\r\nDTEND;TZID=America/"
            "New_York:20270301T100000\r\nSUMMARY:A\r\n"
        ) +
        event("b", "DTSTART:20270302T090000Z\r\nDURATION:PT30M\r\nSUMMARY:B\r\n") +
        event("c", "DTSTART:20270303T090000\r\nDTEND:20270303T100000\r\nSUMMARY:C\r\n") +
        event("d", "DTSTART;VALUE=DATE:20270304\r\nDTEND;VALUE=DATE:20270305\r\nSUMMARY:D\r\nSTATUS:CANCELLED\r\n")
    ));
    BOOST_TEST(got.refused.empty());
    std::map<std::string, Json> by_title;
    for (const auto& booking : got.bookings) by_title[booking.fields["title"].get<std::string>()] = booking.fields;
    BOOST_REQUIRE(by_title.size() == 4u);
    BOOST_TEST(by_title["A"]["start"] == "2027-03-01T09:00:00");
    BOOST_TEST(by_title["A"]["zone"] == "America/New_York");
    BOOST_TEST(by_title["B"]["end"] == "2027-03-02T09:30:00");
    BOOST_TEST(by_title["B"]["zone"] == "UTC");
    BOOST_TEST(by_title["C"]["zone"] == "Europe/Berlin");
    BOOST_TEST(by_title["D"]["end"] == "2027-03-05T00:00:00");
    BOOST_TEST(by_title["D"]["state"] == "cancelled");
    BOOST_TEST(!by_title["A"].contains("state"));
}

BOOST_AUTO_TEST_CASE(what_repeats_is_refused_by_name_and_the_rest_is_taken) {
    const std::string hour = "DTSTART:20270302T090000Z\r\nDTEND:20270302T100000Z\r\n";
    const auto got = read(calendar(
        event("weekly", hour + "RRULE:FREQ=WEEKLY\r\nSUMMARY:Choir\r\n") +
        event("dates", hour + "RDATE:20270303T090000Z\r\nSUMMARY:Dates\r\n") +
        event("once", hour + "SUMMARY:Once\r\n") + event("odd", "SUMMARY:No start\r\n")
    ));
    BOOST_TEST(got.bookings.size() == 1u);
    BOOST_REQUIRE(got.refused.size() == 3u);
    bool named = false;
    for (const std::string& sentence : got.refused)
        named =
            named || (sentence.find("\"Choir\"") != std::string::npos && sentence.find("repeats") != std::string::npos);
    BOOST_TEST(named);
}

BOOST_AUTO_TEST_CASE(ids_come_from_the_uid) {
    const std::string hour = "DTSTART:20270302T090000Z\r\nDTEND:20270302T100000Z\r\n";
    const std::string text =
        calendar(event("booking-7@calgate", hour) + event("x y@calgate", hour) + event("other@host", hour));
    const auto first = read(text);
    const auto second = read(text);
    BOOST_REQUIRE(first.bookings.size() == 3u);
    int own = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        BOOST_TEST(first.bookings[i].id == second.bookings[i].id);
        own += first.bookings[i].id == "booking-7";
        BOOST_TEST((first.bookings[i].id == "booking-7" || first.bookings[i].id.starts_with("ics-")));
    }
    BOOST_TEST(own == 1);
}

BOOST_AUTO_TEST_CASE(what_is_no_calendar_is_refused) {
    for (const char* text : {"", "hello", "{\"format\":1}", "BEGIN:VCALENDAR\r\n"}) {
        const auto got = read_ics(text, "anna", "Europe/Berlin", zones());
        BOOST_TEST((!got || got->bookings.empty()));
    }
}

BOOST_FIXTURE_TEST_CASE(I29_the_calendar_of_an_export_round_trips, ApiStage) {
    add_staff("anna", 2);
    Json rich = booking("anna", "2027-03-28T01:30:00", "2027-03-28T03:30:00");
    rich.update({{"notes", "one\ntwo, three; four\\five"}, {"place", "Room, 1"}, {"title", "Zoë – cut"}});
    BOOST_REQUIRE(call("PUT", "/v1/appointments/a", rich).status == 201);
    BOOST_REQUIRE(
        call("PUT", "/v1/appointments/b", booking("anna", "2027-10-31T02:30:00", "2027-10-31T03:30:00")).status == 201
    );
    call("DELETE", "/v1/appointments/b");
    const auto got = read(call("GET", "/v1/export").json()["icalendar"].get<std::string>());
    BOOST_TEST(got.refused.empty());
    BOOST_REQUIRE(got.bookings.size() == 2u);
    for (const auto& taken : got.bookings) {
        const Json kept = call("GET", "/v1/appointments/" + taken.id).json();
        for (const auto& [name, value] : taken.fields.items()) BOOST_TEST(kept.at(name) == value, name);
        BOOST_TEST(call("PUT", "/v1/appointments/" + taken.id, taken.fields).json()["revision"] == kept["revision"]);
    }
}

/// The command line beside a gateway that serves: it has no data of its own, only the address and the token.
struct Serving : ApiStage {
    Serving() {
        const Json admin = {
            {"url", "http://127.0.0.1:" + std::to_string(port())}, {"token", authorization().substr(7)}};
        BOOST_REQUIRE(write_private_file(admin_file(beside_.path()), admin.dump()));
    }

    /// @return the exit code of `calgate import`.
    int import(const Json& document, bool apply) {
        const std::string file = beside_.path() + "/calgate.json";
        BOOST_REQUIRE(write_private_file(file, document.dump()));
        ImportOptions options;
        options.source = file;
        options.apply = apply;
        return command_import(beside_.path(), options);
    }

private:
    ScratchFolder beside_{};
};

/// One after the other, five hours a day, twenty days a month.
Json many_bookings(int count) {
    Json list = Json::array();
    for (int i = 0; i < count; ++i) {
        char hour[32];
        const auto at = [&](int minute) {
            std::snprintf(
                hour, sizeof hour, "2027-%02d-%02dT%02d:%02d:00", 1 + i / 100, 1 + i % 100 / 5, 8 + i % 5, minute
            );
            return std::string(hour);
        };
        Json one = booking("anna", at(0), at(50));
        one.update({{"id", "n" + std::to_string(10'000 + i)}, {"notes", std::string(400, 'x')}});
        list.push_back(one);
    }
    return list;
}

BOOST_FIXTURE_TEST_CASE(an_export_beyond_the_body_limit_is_taken_in_while_the_gateway_serves, Serving) {
    const Json anna = {{"id", "anna"}, {"name", "Anna"}, {"zone", "Europe/Berlin"}};
    const Json document = {{"format", 1}, {"staff", {anna}}, {"appointments", many_bookings(1'000)}};
    BOOST_TEST(document.dump().size() > 256u * 1024);
    BOOST_TEST(import(document, false) == 0);
    BOOST_TEST(call("GET", "/v1/staff/anna").status == 404);
    for (int round = 0; round < 2; ++round) {
        BOOST_TEST(import(document, true) == 0);
        BOOST_TEST(call("GET", "/v1/appointments/n10000").json()["revision"] == 1);
        BOOST_TEST(call("GET", "/v1/appointments/n10999").json()["revision"] == 1);
    }
}

BOOST_FIXTURE_TEST_CASE(one_damaged_record_of_a_long_export_and_nothing_is_taken_in, Serving) {
    add_staff("anna");
    Json document = {{"format", 1}, {"appointments", many_bookings(1'000)}};
    document["appointments"].back()["zone"] = "Nowhere/Land";
    BOOST_TEST(import(document, true) == 1);
    BOOST_TEST(call("GET", "/v1/appointments/n10000").status == 404);
    BOOST_TEST(import({{"format", 3}, {"appointments", many_bookings(1)}}, true) == 1);
    BOOST_TEST(import({{"format", 1}, {"appointments", 5}}, true) == 1);
    BOOST_TEST(call("GET", "/v1/appointments/n10000").status == 404);
}

BOOST_AUTO_TEST_SUITE_END()
