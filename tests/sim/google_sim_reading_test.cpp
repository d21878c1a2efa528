#include "tests/sim/google_sim_stand.hpp"

namespace calgate::testing {

namespace {

/// Of one calendar in a freeBusy answer.
nlohmann::json busy(GoogleStand& stand, const std::string& more = {}) {
    const auto answer = stand.ask(
        "POST",
        "freeBusy",
        R"({"timeMin":"2026-03-10T00:00:00Z","timeMax":"2026-03-11T00:00:00.000Z","items":[{"id":")" + stand.id +
            R"("}])" + more + "}"
    );
    BOOST_TEST(answer.status == 200, answer.text);
    return answer.body["calendars"][stand.id];
}

std::string own_answer(const std::string& calendar, const char* answer) {
    return R"("attendees":[{"email":")" + calendar + R"(","responseStatus":")" + answer +
           R"("},{"email":"guest@example.com","responseStatus":"declined"}])";
}

std::vector<std::string> listed(const GoogleAnswer& answer) {
    std::vector<std::string> out;
    for (const auto& item : answer.body["items"]) out.push_back(item["id"]);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(google_sim_reading)

struct Time {
    const char* query;
    int status;
    std::size_t events;  ///< Of one from 9 to 10 UTC on 10 March.
    const char* reason;
};
std::ostream& operator<<(std::ostream& out, const Time& row) { return out << row.query; }
const Time kTimes[] = {
    {"timeMin=2026-03-10T09:59:59Z", 200, 1, ""},
    {"timeMin=2026-03-10T10:00:00Z", 200, 0, ""},
    {"timeMin=2026-03-10T09:59:59.999Z", 200, 1, ""},
    {"timeMin=2026-03-10T10:00:00%2B01:00", 200, 1, ""},
    {"timeMin=2026-03-10T11:00:00%2B01:00", 200, 0, ""},
    {"timeMax=2026-03-10T10:00:00.5%2B01:00", 200, 0, ""},
    {"timeMax=2026-03-10T04:00:01-05:00", 200, 1, ""},
    {"timeMin=2026-03-10T09:00:00", 400, 0, "badRequest"},
    {"timeMin=2026-03-10T10:00:00+01:00", 400, 0, "badRequest"},  // The "+" is a blank.
    {"timeMin=2026-03-10T09:00:00.Z", 400, 0, "badRequest"},
    {"timeMin=2026-03-10", 400, 0, "badRequest"},
    {"timeMin=2026-03-10%2009:00:00Z", 400, 0, "badRequest"},
    {"timeMax=", 400, 0, "badRequest"},
    // As texts the other way round.
    {"timeMin=2026-03-10T09:00:00Z&timeMax=2026-03-10T05:00:00-05:00", 200, 1, ""},
    {"timeMin=2026-03-10T11:30:00%2B02:00&timeMax=2026-03-10T09:45:00Z", 200, 1, ""},
    {"timeMin=2026-03-10T09:00:00Z&timeMax=2026-03-10T10:00:00%2B01:00", 400, 0, "timeRangeEmpty"},
    {"updatedMin=2026-03-01T08:00:00Z", 200, 1, ""},
    {"updatedMin=2026-03-01T09:00:00%2B01:00", 200, 1, ""},
    {"updatedMin=2026-03-01T08:00:01Z", 200, 0, ""},
    {"maxResults=99999999999999999999", 400, 0, "invalid"},
    {"maxResults=ten", 400, 0, "invalid"},
    {"maxResults=4000", 200, 1, ""},
};

BOOST_DATA_TEST_CASE(times_are_instants_with_an_offset, kTimes, row) {
    GoogleStand stand;
    stand.insert();
    const auto answer = stand.ask("GET", stand.events() + "?" + row.query);
    BOOST_TEST(answer.status == row.status, answer.text);
    BOOST_TEST(answer.reason() == row.reason);
    if (row.status == 200) BOOST_TEST(listed(answer).size() == row.events);
}

const char* const kCounted[] = {"users/me/calendarList?maxResults=", "users/me/calendarList?pageToken="};

BOOST_DATA_TEST_CASE(a_number_beyond_all_bounds_is_refused, kCounted, path) {
    GoogleStand stand;
    BOOST_TEST(stand.ask("GET", path + std::string("99999999999999999999")).status == 400);
    BOOST_TEST(stand.ask("GET", path + std::string("1")).status == 200);
}

struct Reply {
    const char* own;
    std::size_t busy;
};
std::ostream& operator<<(std::ostream& out, const Reply& row) { return out << row.own; }
const Reply kReplies[] = {{"accepted", 1}, {"tentative", 1}, {"needsAction", 1}, {"declined", 0}};

BOOST_DATA_TEST_CASE(what_the_owner_declined_is_not_busy, kReplies, row) {
    GoogleStand stand;
    stand.sim.put(stand.id, "invited", GoogleStand::event(own_answer(stand.id, row.own)));
    BOOST_TEST(busy(stand)["busy"].size() == row.busy);
}

struct Zone {
    const char *more, *start;
};
std::ostream& operator<<(std::ostream& out, const Zone& row) { return out << row.more; }
const Zone kZones[] = {
    {"", "2026-03-10T09:00:00Z"},
    {R"(,"timeZone":"UTC")", "2026-03-10T09:00:00Z"},
    {R"(,"timeZone":"Europe/Berlin")", "2026-03-10T10:00:00+01:00"},
    {R"(,"timeZone":"America/New_York")", "2026-03-10T05:00:00-04:00"},
};

BOOST_DATA_TEST_CASE(busy_times_come_in_the_zone_that_was_asked_for, kZones, row) {
    GoogleStand stand;
    stand.insert();
    BOOST_TEST(busy(stand, row.more)["busy"][0]["start"] == row.start);
}

struct Question {
    const char *name, *body;
    const char* reason;
};
std::ostream& operator<<(std::ostream& out, const Question& row) { return out << row.name; }
const Question kQuestions[] = {
    {"unknown zone",
     R"({"timeMin":"2026-03-10T00:00:00Z","timeMax":"2026-03-11T00:00:00Z","timeZone":"Mars","items":[]})",
     "invalid"},
    {"no offset", R"({"timeMin":"2026-03-10T00:00:00","timeMax":"2026-03-11T00:00:00Z","items":[]})", "badRequest"},
    {"items that are none",
     R"({"timeMin":"2026-03-10T00:00:00Z","timeMax":"2026-03-11T00:00:00Z","items":7})",
     "badRequest"},
    {"no JSON", "x", "badRequest"},
    {"91 days",
     R"({"timeMin":"2026-03-01T00:00:00Z","timeMax":"2026-05-31T00:00:00Z","items":[]})",
     "timeRangeTooLong"},
    {"the wrong way round",
     R"({"timeMin":"2026-03-11T00:00:00Z","timeMax":"2026-03-10T00:00:00Z","items":[]})",
     "timeRangeEmpty"},
    {"more than is allowed",
     R"({"timeMin":"2026-03-10T00:00:00Z","timeMax":"2026-03-11T00:00:00Z","items":[],)"
     R"("calendarExpansionMax":51})",
     "invalid"},
};

BOOST_DATA_TEST_CASE(a_question_for_busy_times_that_cannot_be_understood_is_refused, kQuestions, row) {
    GoogleStand stand;
    const auto answer = stand.ask("POST", "freeBusy", row.body);
    BOOST_TEST(answer.status == 400);
    BOOST_TEST(answer.reason() == row.reason);
}

BOOST_DATA_TEST_CASE(fifty_calendars_are_answered_at_once_and_no_more, boost::unit_test::data::make({50, 51}), count) {
    GoogleStand stand;
    stand.insert();
    std::string others;
    for (int i = 1; i < count; ++i) others += R"(,{"id":"nobody)" + std::to_string(i) + R"("})";
    const auto answer = stand.ask(
        "POST",
        "freeBusy",
        R"({"timeMin":"2026-03-10T00:00:00Z","timeMax":"2026-03-11T00:00:00Z","items":[{"id":")" + stand.id + R"("})" +
            others + "]}"
    );
    BOOST_TEST(answer.status == 200);
    const auto& own = answer.body["calendars"][stand.id];
    BOOST_TEST(own.contains("errors") == (count > 50));
    if (count > 50) BOOST_TEST(own["errors"][0]["reason"] == "tooManyCalendarsRequested");
}

BOOST_FIXTURE_TEST_CASE(a_sync_token_ages_on_demand_F14, GoogleStand) {
    const std::string first = ask("GET", events()).body["nextSyncToken"];
    const auto after = [&](std::chrono::seconds time, const std::string& sync_token) {
        pass(time);
        return ask("GET", events() + "?syncToken=" + http::percent_encode(sync_token));
    };
    BOOST_TEST(after(std::chrono::days(60), first).status == 200);
    sim.quirks().token_life = std::chrono::days(7);
    const auto dead = after(std::chrono::seconds(0), first);
    BOOST_TEST(dead.status == 410);
    BOOST_TEST(dead.reason() == "fullSyncRequired");
    const std::string fresh = ask("GET", events()).body["nextSyncToken"];
    BOOST_TEST(after(std::chrono::days(7) - std::chrono::seconds(1), fresh).status == 200);
    BOOST_TEST(after(std::chrono::seconds(1), fresh).status == 410);
}

BOOST_FIXTURE_TEST_CASE(a_sync_token_dies_with_a_change_of_access_rights_F14, GoogleStand) {
    const std::string other = "calendars/primary/events";
    const std::string own = ask("GET", events()).body["nextSyncToken"],
                      untouched = ask("GET", other).body["nextSyncToken"];
    sim.set_role(id, "reader");
    BOOST_TEST(ask("GET", events() + "?syncToken=" + http::percent_encode(own)).reason() == "fullSyncRequired");
    BOOST_TEST(ask("GET", other + "?syncToken=" + http::percent_encode(untouched)).status == 200);
    BOOST_TEST(ask("GET", events()).body["accessRole"] == "reader");
    BOOST_TEST(ask("POST", events(), event()).status == 403);
}

BOOST_FIXTURE_TEST_CASE(the_list_of_calendars_has_sync_tokens_of_its_own, GoogleStand) {
    const std::string list = "users/me/calendarList";
    const std::string first = ask("GET", list).body["nextSyncToken"];
    const auto since = [&](const std::string& since_token) {
        return ask("GET", list + "?syncToken=" + http::percent_encode(since_token));
    };
    BOOST_TEST(since(first).body["items"].empty());
    const std::string second = sim.make_calendar("Second");
    sim.set_role(id, "reader");  // An access right alone is not named (page 3).
    const auto one = since(first);
    BOOST_TEST(listed(one) == std::vector<std::string>{second}, boost::test_tools::per_element());
    BOOST_TEST(one.body["nextSyncToken"] != first);
    const std::string entry = list + "/" + http::percent_encode(id);
    BOOST_TEST(ask("PATCH", entry, R"({"summaryOverride":"Ours"})").body["summaryOverride"] == "Ours");
    BOOST_TEST(ask("DELETE", entry).status == 204);
    BOOST_TEST(ask("GET", entry).status == 404);
    sim.remove_calendar(second);
    const auto gone = since(one.body["nextSyncToken"]);
    BOOST_TEST(gone.body["items"].size() == 2u);
    for (const auto& item : gone.body["items"]) BOOST_TEST(item["deleted"] == true);
    BOOST_TEST(
        listed(ask("GET", list)) == std::vector<std::string>{GoogleSim::owner()}, boost::test_tools::per_element()
    );
    BOOST_TEST(ask("POST", list, R"({"id":")" + id + R"("})").status == 200);
    BOOST_TEST(listed(ask("GET", list)).size() == 2u);
    sim.forget_tokens();
    BOOST_TEST(since(first).status == 410);
    BOOST_TEST(since("damaged").status == 400);
    BOOST_TEST(ask("GET", list + "?minAccessRole=reader&syncToken=x").status == 400);
}

BOOST_FIXTURE_TEST_CASE(instances_come_in_pages, GoogleStand) {
    sim.put(
        id,
        "series",
        R"({"start":{"dateTime":"2026-03-10T10:00:00","timeZone":"Europe/Berlin"},)"
        R"("end":{"dateTime":"2026-03-10T11:00:00","timeZone":"Europe/Berlin"},"recurrence":["RRULE:FREQ=DAILY;COUNT=5"]})"
    );
    std::vector<std::string> all;
    std::string page = events() + "/series/instances?maxResults=2";
    for (int pages = 1;; ++pages) {
        const auto answer = ask("GET", page);
        const auto more = listed(answer);
        BOOST_TEST(more.size() == (pages == 3 ? 1u : 2u));
        all.insert(all.end(), more.begin(), more.end());
        if (!answer.body.contains("nextPageToken")) break;
        page = events() + "/series/instances?maxResults=2&pageToken=" + answer.body["nextPageToken"].get<std::string>();
    }
    BOOST_TEST(all.size() == 5u);
    BOOST_TEST(all.back() == "series_20260314T090000Z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
