/// What the simulated CalDAV server answers to other people's clients (RFC 4918 9.1, RFC 4791 9.7).
#include "tests/sim/caldav_sim.hpp"

#include <boost/test/unit_test.hpp>

#include "core/zone.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

namespace {

struct Asked {
    ManualClock clock{};
    CaldavSim sim{clock, quirks_of("rfc")};
    std::string calendar = sim.make_calendar("work").value;

    http::Response send(
        const std::string& method, const std::string& url, const std::string& depth, const std::string& body
    ) {
        http::Request request;
        request.method = method;
        request.url = url;
        request.credentials = CaldavSim::credentials();
        request.headers = {{"Depth", depth}};
        request.body = body;
        auto answer = sim.send(request, {clock.steady() + std::chrono::minutes{1}, {}});
        BOOST_REQUIRE(answer);
        return *answer;
    }
    std::string put(const std::string& name, const std::string& lines) {
        const std::string url = calendar + name + ".ics";
        const std::string text =
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:" + name +
            "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260310T090000Z\r\nDTEND:20260310T100000Z\r\n" + lines +
            "END:VEVENT\r\nEND:VCALENDAR\r\n";
        BOOST_REQUIRE(send("PUT", url, "0", text).status == 201);
        return url;
    }
    std::string propfind(const std::string& url, const std::string& properties) {
        const auto answer = send(
            "PROPFIND",
            url,
            "0",
            "<d:propfind xmlns:d=\"DAV:\" xmlns:a=\"http://apple.com/ns/ical/\"><d:prop>" + properties +
                "</d:prop></d:propfind>"
        );
        BOOST_TEST(answer.status == 207);
        return answer.body;
    }
    std::string query(const std::string& filters) {
        const auto answer = send(
            "REPORT",
            calendar,
            "1",
            "<c:calendar-query xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:prop><d:getetag/></d:prop>"
            "<c:filter><c:comp-filter name=\"VCALENDAR\"><c:comp-filter name=\"VEVENT\">" +
                filters + "</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"
        );
        BOOST_TEST(answer.status == 207);
        std::string found;
        for (const char* name : {"anna", "bert", "cleo"})
            if (answer.body.find(std::string(name) + ".ics") != std::string::npos) found += name[0];
        return found;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(caldav_sim, Asked)

BOOST_AUTO_TEST_CASE(an_object_tells_its_properties_and_which_it_has_not) {
    const std::string url = put("anna", "");
    const std::string body = propfind(url, "<d:getetag/><d:getcontenttype/><a:calendar-color/>");
    BOOST_TEST(body.find("getetag>&quot;e") != std::string::npos, body);
    BOOST_TEST(body.find("component=vevent") != std::string::npos);
    const auto missing = body.find("calendar-color");
    BOOST_REQUIRE(missing != std::string::npos);
    BOOST_TEST(body.find("404", missing) != std::string::npos);
    BOOST_TEST(body.find("http://apple.com/ns/ical/") != std::string::npos);
    BOOST_TEST(send("PROPFIND", calendar + "nobody.ics", "0", "").status == 404);
}

BOOST_AUTO_TEST_CASE(a_calendar_tells_which_properties_it_has_not) {
    const std::string body = propfind(calendar, "<d:displayname/><a:calendar-color/><d:owner/>");
    BOOST_TEST(body.find("404") != std::string::npos);
    BOOST_TEST(body.find("x:owner") != std::string::npos);
    BOOST_TEST(body.find("x:displayname") == std::string::npos);
    BOOST_TEST(propfind(calendar, "<d:displayname/>").find("404") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_query_filters_by_properties_of_events) {
    put("anna", "SUMMARY:Haircut\r\nLOCATION:Room 7\r\n");
    put("bert", "SUMMARY:haircut and colour\r\n");
    put("cleo", "SUMMARY:Holiday\r\n");
    const auto filter = [](const char* name, const std::string& inside) {
        return "<c:prop-filter name=\"" + std::string(name) + "\">" + inside + "</c:prop-filter>";
    };
    BOOST_TEST(query("") == "abc");
    BOOST_TEST(query(filter("SUMMARY", "<c:text-match>Haircut</c:text-match>")) == "ab");
    BOOST_TEST(query(filter("SUMMARY", "<c:text-match negate-condition=\"yes\">Haircut</c:text-match>")) == "c");
    BOOST_TEST(query(filter("LOCATION", "")) == "a");
    BOOST_TEST(query(filter("LOCATION", "<c:is-not-defined/>")) == "bc");
    BOOST_TEST(query(filter("UID", "<c:text-match>cleo</c:text-match>")) == "c");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
