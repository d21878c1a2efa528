#include <boost/test/unit_test.hpp>

#include "tests/gateway/api_stage.hpp"
#include "tests/gateway/loopback_sim.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

std::string event(const std::string& uid, const std::string& lines) {
    return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Phone//EN\r\nBEGIN:VEVENT\r\nUID:" + uid +
           "\r\nDTSTAMP:20260101T000000Z\r\n" + lines + "END:VEVENT\r\nEND:VCALENDAR\r\n";
}

/// One hour of 1 March 2027 (UTC).
std::string at_hour(int hour, const std::string& lines = {}) {
    const std::string number = (hour < 10 ? "0" : "") + std::to_string(hour);
    return "DTSTART:20270301T" + number + "0000Z\r\nDTEND:20270301T" + number + "5900Z\r\nSUMMARY:x\r\n" + lines;
}

/// A gateway with one account at a simulated service.
struct SyncStage : ApiStage {
    SystemClock clock{};
    LoopbackSim server{clock};
    Href home{};
    std::string account{};

    SyncStage() { add_staff("anna"); }

    void make_calendar(const std::string& name) {
        server.with([&](CaldavSim& sim) { home = sim.make_calendar(name); });
    }
    void put(const std::string& name, const std::string& text) {
        server.with([&](CaldavSim& sim) { sim.put_text(home, name, text); });
    }
    Answer connect(const std::string& password = CaldavSim::credentials().password) {
        auto got = call("POST", "/v1/accounts", server.account(password));
        if (got.status == 200) account = got.json()["id"].get<std::string>();
        return got;
    }
    /// The first calendar of the account, used as said. @return its id.
    std::string use(bool mirror, bool busy) {
        const auto found = connect();
        BOOST_REQUIRE_MESSAGE(found.status == 200, found.body);
        BOOST_REQUIRE(!found.json()["calendars"].empty());
        const auto kept = call(
            "POST",
            "/v1/calendars",
            Json{
                {"account", account},
                {"href", found.json()["calendars"][0]["href"]},
                {"staff", "anna"},
                {"name", "Anna"},
                {"mirror", mirror},
                {"busy", busy}}
        );
        BOOST_REQUIRE_MESSAGE(kept.status == 200, kept.body);
        return kept.json()["id"].get<std::string>();
    }
    Answer sync(const std::string& calendar) { return call("POST", "/v1/calendars/" + calendar + "/sync"); }
    Json busy(const std::string& from = "2027-03-01T00:00:00Z", const std::string& to = "2027-03-02T00:00:00Z") {
        return call("GET", "/v1/availability?staff=anna&from=" + from + "&to=" + to).json()["staff"][0]["busy"];
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(api_sync, SyncStage)

BOOST_AUTO_TEST_CASE(R23_the_busy_table_is_what_availability_answers) {
    struct Row {
        int hour;
        const char* lines;
        const char* kind;  ///< Empty: free.
    };
    const Row rows[] = {
        {0, "", "busy"},
        {1, "TRANSP:OPAQUE\r\n", "busy"},
        {2, "TRANSP:TRANSPARENT\r\n", ""},
        {3, "STATUS:CONFIRMED\r\n", "busy"},
        {4, "STATUS:TENTATIVE\r\n", "tentative"},
        {5, "STATUS:CANCELLED\r\n", ""},
        {6, "CLASS:PRIVATE\r\n", "busy"},
        {7, "CLASS:CONFIDENTIAL\r\n", "busy"},
        {8, "X-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n", ""},
        {9, "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\r\n", "tentative"},
        {10, "X-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\n", "busy"},
        {11, "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n", "busy"},
        {12, "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\r\n", ""},
        {13, "STATUS:TENTATIVE\r\nTRANSP:TRANSPARENT\r\n", ""},
        {14, "STATUS:CANCELLED\r\nTRANSP:OPAQUE\r\n", ""},
    };
    make_calendar("private");
    for (const Row& row : rows)
        put("h" + std::to_string(row.hour), event("h" + std::to_string(row.hour), at_hour(row.hour, row.lines)));
    put("day", event("day", "DTSTART;VALUE=DATE:20270305\r\nDTEND;VALUE=DATE:20270306\r\n"));
    put("free-day", event("fd", "DTSTART;VALUE=DATE:20270308\r\nDTEND;VALUE=DATE:20270309\r\nTRANSP:TRANSPARENT\r\n"));
    put("point", event("point", "DTSTART:20270310T100000Z\r\nDTEND:20270310T100000Z\r\n"));
    const auto synced = sync(use(false, true));
    BOOST_REQUIRE_MESSAGE(synced.status == 200, synced.body);
    for (const Row& row : rows) {
        const std::string hour = (row.hour < 10 ? "0" : "") + std::to_string(row.hour);
        const Json got = busy("2027-03-01T" + hour + ":00:00Z", "2027-03-01T" + hour + ":59:00Z");
        BOOST_TEST_CONTEXT(row.hour << " " << row.lines) {
            BOOST_TEST(got.size() == (*row.kind == 0 ? 0u : 1u));
            if (!got.empty()) BOOST_TEST(got[0]["kind"] == row.kind);
        }
    }
    // All-day is a day of the person's own zone, half open at both ends.
    const Json day = busy("2027-03-04T00:00:00Z", "2027-03-07T00:00:00Z");
    BOOST_REQUIRE(day.size() == 1u);
    BOOST_TEST(day[0]["start"] == "2027-03-04T23:00:00Z");
    BOOST_TEST(day[0]["end"] == "2027-03-05T23:00:00Z");
    BOOST_TEST(busy("2027-03-04T22:00:00Z", "2027-03-04T23:00:00Z").empty());
    BOOST_TEST(busy("2027-03-05T23:00:00Z", "2027-03-06T01:00:00Z").empty());
    BOOST_TEST(busy("2027-03-08T00:00:00Z", "2027-03-09T00:00:00Z").empty());
    BOOST_TEST(busy("2027-03-10T00:00:00Z", "2027-03-11T00:00:00Z").empty());
    // And a booking may touch.
    BOOST_TEST(
        call("PUT", "/v1/appointments/in", booking("anna", "2027-03-01T00:59:59", "2027-03-01T01:00:01")).status == 409
    );
    BOOST_TEST(
        call("PUT", "/v1/appointments/to", booking("anna", "2027-03-01T00:30:00", "2027-03-01T01:00:00")).status == 201
    );
    BOOST_TEST(
        call("PUT", "/v1/appointments/at", booking("anna", "2027-03-01T01:59:00", "2027-03-01T02:00:00")).status == 201
    );
}

BOOST_AUTO_TEST_CASE(R20_odd_events_do_not_stop_the_rest) {
    make_calendar("private");
    const std::string odd[] = {
        "BEGIN:VCALENDAR\r\nnonsense",
        "",
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
        event("no-start", "SUMMARY:x\r\n"),
        event("backwards", "DTSTART:20270301T120000Z\r\nDTEND:20270301T110000Z\r\n"),
        event("no-such-day", "DTSTART:20270231T120000Z\r\nDTEND:20270231T130000Z\r\n"),
        event("bad-rule", at_hour(20, "RRULE:FREQ=SOMETIMES\r\n")),
        event("bad-bytes", at_hour(21, "DESCRIPTION:\xff\xfe\r\n")),
        event("bad-zone", "DTSTART;TZID=Mars/Base:20270301T220000\r\nDTEND;TZID=Mars/Base:20270301T230000\r\n"),
    };
    int number = 0;
    for (const std::string& text : odd) {
        put("a" + std::to_string(number), event("good" + std::to_string(number), at_hour(number)));
        put("b" + std::to_string(number++), text);
    }
    BOOST_REQUIRE(
        call("PUT", "/v1/appointments/a", booking("anna", "2027-03-03T09:00:00", "2027-03-03T10:00:00")).status == 201
    );
    const std::string calendar = use(true, true);
    const auto report = sync(calendar);
    BOOST_REQUIRE_MESSAGE(report.status == 200, report.body);
    BOOST_TEST(report.json()["created"] == 1);
    for (int hour = 0; hour < number; ++hour) {
        const std::string from = "2027-03-01T0" + std::to_string(hour) + ":00:00Z";
        BOOST_TEST(busy(from, "2027-03-01T0" + std::to_string(hour) + ":30:00Z").size() == 1u, hour);
    }
    BOOST_TEST(sync(calendar).json()["created"] == 0);
}

BOOST_AUTO_TEST_CASE(a_server_that_reads_every_event_before_it_tells_how_far_it_is_is_connected_at_once) {
    make_calendar("private");
    put("taken", event("taken", at_hour(9)));
    server.with([](CaldavSim& sim) { sim.quirks().state_reads_events = true; });
    const std::string calendar = use(false, true);
    BOOST_TEST(sync(calendar).status == 200);
    BOOST_TEST(busy().size() == 1u);
}

BOOST_AUTO_TEST_CASE(R20_what_is_not_understood_is_listed_with_its_reason_and_without_its_text) {
    make_calendar("private");
    put("good", event("good", at_hour(1)));
    put("broken", "BEGIN:VCALENDAR\r\nnonsense of Mrs Planted\r\n");
    put("odd", event("odd", "DTSTART;TZID=Mars/Base:20270301T220000\r\nDURATION:PT1H\r\nSUMMARY:Mrs Planted\r\n"));
    const std::string calendar = use(false, true);
    BOOST_REQUIRE(sync(calendar).status == 200);
    const auto answer = call("GET", "/v1/parked");
    BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.body);
    BOOST_TEST(answer.body.find("Planted") == std::string::npos);
    const Json listed = answer.json()["events"];
    BOOST_REQUIRE(listed.size() == 2u);
    const Json& broken = listed[0]["uid"] == "odd" ? listed[1] : listed[0];
    const Json& odd = listed[0]["uid"] == "odd" ? listed[0] : listed[1];
    BOOST_TEST(broken["calendar"] == calendar);
    BOOST_TEST(broken["href"].get<std::string>().ends_with("/broken"));
    BOOST_TEST(broken["why"].get<std::string>().ends_with("Open it in the calendar and save it again."));
    BOOST_TEST(broken["blocks_time"] == false);
    BOOST_TEST(odd["why"].get<std::string>().find("The zone Mars/Base is unknown") != std::string::npos);
    BOOST_TEST(odd["blocks_time"] == true);
    BOOST_TEST(answer.json()["more"] == false);
    put("broken", event("broken", at_hour(2)));
    BOOST_REQUIRE(sync(calendar).status == 200);
    BOOST_TEST(call("GET", "/v1/parked").json()["events"].size() == 1u);
}

BOOST_AUTO_TEST_CASE(R23_own_replies_count_for_a_sign_in_that_is_no_mail_address) {
    const std::string owner = CaldavSim::credentials().user;
    make_calendar("private");
    int hour = 1;
    for (const char* reply : {"DECLINED", "TENTATIVE", "ACCEPTED"}) {
        const std::string guests =
            "ORGANIZER:mailto:boss@elsewhere.example\r\nATTENDEE;PARTSTAT=" + std::string(reply) +
            ":mailto:anna@other.example\r\n";
        put(reply, event(reply, at_hour(hour++, guests)));
    }
    server.replace("mailto:" + owner, "mailto:anna@other.example");
    BOOST_REQUIRE(sync(use(false, true)).status == 200);
    BOOST_TEST(busy("2027-03-01T01:00:00Z", "2027-03-01T02:00:00Z").empty());
    BOOST_TEST(busy("2027-03-01T02:00:00Z", "2027-03-01T03:00:00Z")[0]["kind"] == "tentative");
    BOOST_TEST(busy("2027-03-01T03:00:00Z", "2027-03-01T04:00:00Z")[0]["kind"] == "busy");
}

BOOST_AUTO_TEST_CASE(I17_a_target_that_blocks_time_later_on_blocks_what_it_held_all_along) {
    make_calendar("private");
    put("taken", event("taken", at_hour(9)));
    const std::string calendar = use(true, false);
    BOOST_REQUIRE(sync(calendar).status == 200);
    BOOST_TEST(busy().empty());
    use(true, true);
    BOOST_REQUIRE(sync(calendar).status == 200);
    BOOST_TEST(busy("2027-03-01T09:00:00Z", "2027-03-01T09:30:00Z").size() == 1u);
}

BOOST_AUTO_TEST_CASE(I16_a_calendar_given_to_another_person_blocks_that_one_while_its_service_is_away) {
    make_calendar("private");
    put("taken", event("taken", at_hour(9)));
    const std::string calendar = use(false, true);
    BOOST_REQUIRE(sync(calendar).status == 200);
    add_staff("ben");
    server.with([](CaldavSim& sim) {
        SimFault away;
        away.kind = SimFault::Kind::NoConnection;
        away.times = -1;
        sim.fail_next(away);
    });
    const Json listed = call("GET", "/v1/calendars").json()["calendars"][0];
    const Json wish = {{"account", account}, {"href", listed["href"]}, {"staff", "ben"}, {"busy", true}};
    BOOST_REQUIRE(call("POST", "/v1/calendars", wish).status == 200);
    const std::string question = "/v1/availability?from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z&staff=";
    for (int pass = 0; pass < 2; ++pass) {
        BOOST_TEST(call("GET", question + "ben").json()["staff"][0]["busy"].size() == 1u, "pass " << pass);
        BOOST_TEST(busy().empty());
        BOOST_TEST(sync(calendar).status != 200);
    }
}

BOOST_AUTO_TEST_CASE(R11_whole_days_follow_a_person_to_another_zone) {
    make_calendar("private");
    put("day", event("day", "DTSTART;VALUE=DATE:20270305\r\nDTEND;VALUE=DATE:20270306\r\n"));
    const std::string calendar = use(false, true);
    BOOST_REQUIRE(sync(calendar).status == 200);
    BOOST_TEST(busy("2027-03-04T00:00:00Z", "2027-03-07T00:00:00Z")[0]["start"] == "2027-03-04T23:00:00Z");
    BOOST_REQUIRE(call("PUT", "/v1/staff/anna", Json{{"name", "Anna"}, {"zone", "America/New_York"}}).status == 200);
    BOOST_REQUIRE(sync(calendar).status == 200);
    BOOST_TEST(busy("2027-03-04T00:00:00Z", "2027-03-07T00:00:00Z")[0]["start"] == "2027-03-05T05:00:00Z");
}

BOOST_AUTO_TEST_CASE(I26_ten_million_occurrences_end_in_one_sentence_and_the_rest_is_read) {
    make_calendar("private");
    put("many",
        event("many", "DTSTART:20260101T000000Z\r\nDTEND:20260101T000001Z\r\nRRULE:FREQ=SECONDLY;COUNT=10000000\r\n"));
    put("never", event("never", at_hour(3, "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n")));
    put("good", event("good", at_hour(5)));
    const std::string calendar = use(false, true);
    const auto report = sync(calendar);
    BOOST_TEST(report.status == 200, report.body);
    BOOST_TEST(busy("2027-03-01T05:00:00Z", "2027-03-01T06:00:00Z").size() == 1u);
    BOOST_TEST(busy("2027-03-01T00:00:00Z", "2027-03-02T00:00:00Z").size() < 20u);
}

BOOST_AUTO_TEST_CASE(a_wrong_password_is_one_clear_sentence_and_keeps_nothing) {
    make_calendar("private");
    const auto got = connect("wrong-secret");
    BOOST_TEST(got.status == 422);
    const std::string detail = got.detail();
    BOOST_TEST(detail.find("password") != std::string::npos, detail);
    BOOST_TEST(detail.find("wrong-secret") == std::string::npos, detail);
    BOOST_TEST(call("GET", "/v1/accounts").json()["accounts"].empty());
}

BOOST_AUTO_TEST_CASE(a_new_wrong_password_does_not_replace_the_good_one) {
    make_calendar("private");
    put("good", event("good", at_hour(5)));
    const std::string calendar = use(false, true);
    BOOST_TEST(connect("wrong-secret").status == 422);
    BOOST_TEST(sync(calendar).status == 200);
    BOOST_TEST(call("GET", "/v1/accounts").json()["accounts"][0]["state"] == "active");
}

BOOST_AUTO_TEST_CASE(a_wrong_address_is_one_clear_sentence) {
    LoopbackSim other(clock);
    const HttpServer nothing_there(
        {},
        [](const HttpRequest&) { return Lane::Inline; },
        [](const HttpRequest&) {
            HttpResponse page;
            page.type = "text/html";
            page.body = "<html><body>It works!</body></html>";
            return page;
        }
    );
    const_cast<HttpServer&>(nothing_there).start();
    const auto got = call(
        "POST",
        "/v1/accounts",
        Json{
            {"url", "http://127.0.0.1:" + std::to_string(nothing_there.port()) + "/"}, {"user", "u"}, {"password", "p"}}
    );
    BOOST_TEST((got.status == 422 || got.status == 502), got.body);
    BOOST_TEST(got.detail().find("127.0.0.1") != std::string::npos, got.body);
    BOOST_TEST(call("GET", "/v1/accounts").json()["accounts"].empty());
}

BOOST_AUTO_TEST_CASE(a_read_only_calendar_says_so_and_keeps_what_waits) {
    make_calendar("private");
    const std::string calendar = use(true, false);
    BOOST_REQUIRE(
        call("PUT", "/v1/appointments/a", booking("anna", "2027-03-03T09:00:00", "2027-03-03T10:00:00")).status == 201
    );
    server.with([](CaldavSim& sim) {
        SimFault fault;
        fault.kind = SimFault::Kind::Refusal;
        fault.status = 403;
        fault.method = "PUT";
        fault.times = -1;
        sim.fail_next(fault);
    });
    const auto got = sync(calendar);
    BOOST_TEST_MESSAGE(got.body);
    const Json target = call("GET", "/v1/status").json()["targets"][0];
    BOOST_TEST(!target["trouble"].get<std::string>().empty(), target.dump());
    BOOST_TEST(call("GET", "/v1/appointments/a").json()["state"] == "confirmed");
    server.with([](CaldavSim& sim) { sim.clear_faults(); });
    BOOST_TEST(connect().status == 200);
    BOOST_TEST(
        call("PUT", "/v1/appointments/b", booking("anna", "2027-03-03T10:00:00", "2027-03-03T11:00:00")).status == 201
    );
}

BOOST_AUTO_TEST_CASE(F17_connecting_again_lets_a_calendar_that_refused_writes_be_written) {
    make_calendar("private");
    const std::string calendar = use(true, false);
    const auto state = [&] { return call("GET", "/v1/calendars").json()["calendars"][0]; };
    server.with([](CaldavSim& sim) {
        SimFault fault;
        fault.kind = SimFault::Kind::Refusal;
        fault.status = 403;
        fault.method = "PUT";
        fault.times = -1;
        sim.fail_next(fault);
    });
    BOOST_REQUIRE(
        call("PUT", "/v1/appointments/a", booking("anna", "2027-03-03T09:00:00", "2027-03-03T10:00:00")).status == 201
    );
    sync(calendar);
    BOOST_TEST(state()["state"] == "read-only");
    server.with([](CaldavSim& sim) { sim.clear_faults(); });
    sync(calendar);
    BOOST_TEST(state()["state"] == "read-only");  // It is tried once an hour by itself.
    BOOST_TEST(connect().status == 200);
    BOOST_TEST(state()["state"] == "active");
    BOOST_TEST(state()["detail"] == "");
    sync(calendar);
    const Json target = call("GET", "/v1/status").json()["targets"][0];
    BOOST_TEST(target["waiting"] == 0, target.dump());
    BOOST_TEST(target["trouble"] == "", target.dump());
}

BOOST_AUTO_TEST_CASE(R14_an_outage_keeps_the_answer_and_shows_its_age) {
    make_calendar("private");
    put("good", event("good", at_hour(5)));
    const std::string calendar = use(false, true);
    BOOST_REQUIRE(sync(calendar).status == 200);
    server.with([](CaldavSim& sim) { sim.set_down(true); });
    const auto failed = sync(calendar);
    BOOST_TEST(failed.status == 502);
    BOOST_TEST(!failed.detail().empty());
    BOOST_TEST(busy("2027-03-01T05:00:00Z", "2027-03-01T06:00:00Z").size() == 1u);
    const Json person =
        call("GET", "/v1/availability?staff=anna&from=2027-03-01T05:00:00Z&to=2027-03-01T06:00:00Z").json()["staff"][0];
    bool seen = false;
    for (const Json& source : person["sources"]) {
        if (source["source"] != calendar) continue;
        seen = true;
        BOOST_TEST(source["freshness"] == "cached");
        BOOST_TEST(!source["as_of"].is_null());
    }
    BOOST_TEST(seen);
    reopen();
    BOOST_TEST(busy("2027-03-01T05:00:00Z", "2027-03-01T06:00:00Z").size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
