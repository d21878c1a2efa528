#include "gateway/feeds.hpp"

#include <boost/test/unit_test.hpp>

#include "core/busy.hpp"
#include "core/icalendar.hpp"
#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

/// Anna with an appointment that has names in it, and a busy calendar.
struct FeedStage : ApiStage {
    FeedStage() {
        add_staff("anna");
        Json wanted = booking("anna", day(3) + "T09:00:00", day(3) + "T10:00:00");
        wanted["title"] = "Haircut Mueller";
        wanted["customer"] = "Erika Mueller";
        wanted["notes"] = "telephone 555";
        wanted["place"] = "Room 7";
        BOOST_REQUIRE(call("PUT", "/v1/appointments/one", wanted).status == 201);
        const Instant now = gateway().clock.now();
        gateway().index.set_source(
            StaffId{"anna"},
            {"cal-private", now, SourceState::Freshness::Live},
            {{now + std::chrono::hours{100}, now + std::chrono::hours{101}, BusyKind::Tentative}}
        );
    }
    std::string day(int ahead) {
        return format_instant(gateway().clock.now() + std::chrono::days{ahead}).substr(0, 10);
    }
    Json make(const std::string& detail) {
        const auto made = call("POST", "/v1/feeds", Json{{"staff", "anna"}, {"detail", detail}, {"label", "Anna B"}});
        BOOST_REQUIRE_MESSAGE(made.status == 201, made.body);
        return made.json();
    }
    /// As a phone asks: without a key.
    Answer get(const std::string& path, const HeaderList& headers = {}) const {
        Wire wire(port());
        wire.send(request_text("GET", path, {}, headers));
        return wire.read();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(feeds, FeedStage)

BOOST_AUTO_TEST_CASE(a_busy_feed_shows_when_and_no_name_of_anybody) {
    const auto got = get(make("busy")["path"].get<std::string>());
    BOOST_REQUIRE(got.status == 200);
    BOOST_TEST(got.header("content-type") == "text/calendar; charset=utf-8");
    for (const char* name :
         {"Mueller", "Erika", "Haircut", "telephone", "Room", "anna", "Anna", "cal-private", "one@", "UTC+", "Berlin"})
        BOOST_TEST(got.body.find(name) == std::string::npos, name << " in\n" << got.body);
    const auto events = read_icalendar_stream(got.body, {gateway().zones, "UTC", {}});
    BOOST_REQUIRE(events);
    BOOST_REQUIRE(events->size() == 2u);
    BOOST_TEST((*events)[0].master.title == "Busy");
    BOOST_TEST(got.body.find("X-CALGATE-AS-OF:20") != std::string::npos);
    BOOST_TEST(got.header("x-calgate-as-of").starts_with("20"));
}

BOOST_AUTO_TEST_CASE(a_full_feed_shows_what_is_booked_and_never_the_customer) {
    const auto got = get(make("full")["path"].get<std::string>());
    BOOST_REQUIRE(got.status == 200);
    BOOST_TEST(got.body.find("SUMMARY:Haircut Mueller") != std::string::npos);
    BOOST_TEST(got.body.find("Room 7") != std::string::npos);
    BOOST_TEST(got.body.find("NAME:Anna B") != std::string::npos);
    BOOST_TEST(got.body.find("Erika") == std::string::npos);
    BOOST_TEST(got.body.find("SUMMARY:Busy") != std::string::npos);  // The private calendar.
}

BOOST_AUTO_TEST_CASE(an_unchanged_feed_costs_no_body_and_still_says_its_age) {
    const std::string path = make("full")["path"];
    const std::string tag = get(path).header("etag");
    BOOST_TEST(tag.starts_with("W/\""));
    const auto same = get(path, {{"If-None-Match", tag}});
    BOOST_TEST(same.status == 304);
    BOOST_TEST(same.body.empty());
    BOOST_TEST(same.header("x-calgate-as-of").starts_with("20"));
    call("PUT", "/v1/appointments/two", booking("anna", day(4) + "T09:00:00", day(4) + "T10:00:00"));
    const auto changed = get(path, {{"If-None-Match", tag}});
    BOOST_TEST(changed.status == 200);
    BOOST_TEST(changed.header("etag") != tag);
}

BOOST_AUTO_TEST_CASE(a_feed_says_that_a_calendar_was_never_read) {
    const std::string path = make("busy")["path"];
    const std::string tag = get(path).header("etag");
    gateway().index.set_state(StaffId{"anna"}, {"cal-new", std::nullopt, SourceState::Freshness::Unknown});
    const auto got = get(path, {{"If-None-Match", tag}});
    BOOST_TEST(got.status == 200);
    BOOST_TEST(got.body.find("X-CALGATE-AS-OF:unknown") != std::string::npos);
    BOOST_TEST(got.body.find("DESCRIPTION:Incomplete") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_revoked_feed_and_a_wrong_token_are_the_same_404_also_after_a_restart) {
    const Json made = make("busy");
    const std::string path = made["path"];
    BOOST_TEST(get(path.substr(0, path.size() - 5) + "x.ics").status == 404);
    BOOST_TEST(get("/feeds/x").status == 404);
    reopen();
    BOOST_TEST(get(path).status == 200);
    BOOST_TEST(call("DELETE", "/v1/feeds/" + made["id"].get<std::string>()).status == 200);
    const auto revoked = get(path);
    BOOST_TEST(revoked.status == 404);
    BOOST_TEST(revoked.body == get("/feeds/0123.ics").body);
    reopen();
    BOOST_TEST(get(path).status == 404);
    BOOST_TEST(call("DELETE", "/v1/feeds/" + made["id"].get<std::string>()).status == 404);
}

BOOST_AUTO_TEST_CASE(I25_a_token_is_kept_hashed_only) {
    const Json made = make("busy");
    const std::string path = made["path"];
    const std::string token = path.substr(7, path.size() - 11);
    const auto setting = read(*gateway().store, [](const Reader& r) { return r.setting(kFeeds); });
    BOOST_REQUIRE(setting);
    BOOST_TEST(setting->find(token) == std::string::npos);
    BOOST_TEST(call("GET", "/v1/feeds").body.find(token) == std::string::npos);
    BOOST_TEST(call("GET", "/v1/changes").body.find(token) == std::string::npos);
    BOOST_TEST(call("GET", "/v1/export").body.find(token) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_feed_is_made_of_is_checked) {
    BOOST_TEST(call("POST", "/v1/feeds", Json{{"staff", "nobody"}}).status == 422);
    BOOST_TEST(call("POST", "/v1/feeds", Json{{"staff", "anna"}, {"detail", "all"}}).status == 400);
    BOOST_TEST(call("POST", "/v1/feeds", Json{{"staff", "anna"}, {"label", "a\r\nX-EVIL:1"}}).status == 400);
    BOOST_TEST(get("/v1/feeds").status == 401);
}

BOOST_AUTO_TEST_CASE(free_and_busy_time_comes_as_vfreebusy) {
    call(
        "PUT",
        "/v1/staff/ben",
        Json{{"id", "ben"}, {"name", "Ben"}, {"zone", "UTC"}, {"working_hours", {{"mon", {"09:00-17:00"}}}}}
    );
    call(
        "PUT",
        "/v1/appointments/b",
        Json{
            {"staff", "ben"},
            {"start", "2027-03-01T10:00:00"},
            {"end", "2027-03-01T11:00:00"},
            {"zone", "UTC"},
            {"title", "Secret"}}
    );
    const std::string ask = "/v1/availability?staff=ben&from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z";
    for (const auto& got :
         {call("GET", ask + "&format=ics"), call("GET", ask, std::string{}, {{"Accept", "text/calendar"}})}) {
        BOOST_REQUIRE(got.status == 200);
        BOOST_TEST(got.header("content-type") == "text/calendar; charset=utf-8");
        for (const char* line :
             {"UID:ben\r\n",
              "DTSTART:20270301T000000Z\r\n",
              "FREEBUSY;FBTYPE=BUSY:20270301T100000Z/20270301T110000Z\r\n",
              "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270301T000000Z/20270301T090000Z\r\n",
              "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270301T170000Z/20270302T000000Z\r\n",
              "COMMENT:appointments as of "})
            BOOST_TEST(got.body.find(line) != std::string::npos, line << " in\n" << got.body);
        BOOST_TEST(got.body.find("Secret") == std::string::npos);
    }
    BOOST_TEST(call("GET", ask + "&format=xml").status == 400);
    BOOST_TEST(call("GET", ask, std::string{}, {{"Accept", "application/json"}}).json()["staff"][0]["id"] == "ben");
}

BOOST_AUTO_TEST_CASE(time_that_is_not_known_is_never_shown_as_free_in_vfreebusy) {
    Config config;
    config.stale = StalePolicy::Refuse;
    ApiStage strict(HttpServer::Settings{}, config);
    strict.add_staff("anna");
    strict.gateway().index.set_state(StaffId{"anna"}, {"cal-new", std::nullopt, SourceState::Freshness::Unknown});
    const auto got =
        strict.call("GET", "/v1/availability?staff=anna&from=2027-03-01T00:00:00Z&to=2027-03-02T00:00:00Z&format=ics");
    BOOST_TEST(
        got.body.find("FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20270301T000000Z/20270302T000000Z") != std::string::npos
    );
    BOOST_TEST(got.body.find("COMMENT:cal-new was never read") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
