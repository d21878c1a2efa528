#include "tests/sim/google_sim_stand.hpp"

namespace calgate::testing {

namespace {

namespace data = boost::unit_test::data;

std::string repeated(const std::string& text, int times) {
    std::string out;
    while (times-- > 0) out += text;
    return out;
}

/// The names and statuses of a batch's answers, in their order.
std::string outcomes(const GoogleAnswer& answer) {
    std::string out;
    for (auto at = answer.text.find("--batch_answer\r\n"); at != std::string::npos;) {
        const auto next = answer.text.find("--batch_answer", at + 3);
        const std::string part = answer.text.substr(at, next - at);
        const auto name = part.find("Content-ID: ");
        const auto status = part.find("HTTP/1.1 ");
        if (name != std::string::npos) out += part.substr(name + 12, part.find('\r', name) - name - 12) + " ";
        out += part.substr(status + 9, 3) + "; ";
        at = answer.text.compare(next, 16, "--batch_answer--") == 0 ? std::string::npos : next;
    }
    return out;
}

GoogleAnswer batch(GoogleStand& stand, const std::string& body) {
    return stand.send(
        {"POST",
         "https://www.googleapis.com/batch/calendar/v3",
         {{"Content-Type", "multipart/mixed; boundary=\"b 1\""}, {"Authorization", "Bearer " + stand.token}},
         body,
         {}}
    );
}

}  // namespace

BOOST_AUTO_TEST_SUITE(google_sim)

struct OddBody {
    const char *name, *members;
    int status;
};
std::ostream& operator<<(std::ostream& out, const OddBody& row) { return out << row.name; }
const OddBody kOddBodies[] = {
    {"a guest that is no object", R"("attendees":["anna@example.com"])", 400},
    {"guests that are no list", R"("attendees":{"email":"anna@example.com"})", 400},
    {"no guests at all", R"("attendees":null)", 200},
    {"a guest whose self is text", R"("attendees":[{"email":"a@example.com","self":"yes"}])", 200},
    {"properties that are text", R"("extendedProperties":"x")", 400},
    {"properties of no kind", R"("extendedProperties":{"private":"x"})", 400},
    {"a recurrence of numbers", R"("recurrence":[5])", 400},
    {"a sequence that is text", R"("sequence":"x")", 200},
};

BOOST_DATA_TEST_CASE(a_body_with_odd_members_gets_an_answer, kOddBodies, row) {
    GoogleStand stand;
    const auto answer = stand.ask("POST", stand.events(), GoogleStand::event(row.members));
    BOOST_TEST(answer.status == row.status, answer.text);
    BOOST_TEST(stand.ask("GET", stand.events() + "?singleEvents=true").status == 200);
}

struct Value {
    const char* letter;
    int count, kept;
};
std::ostream& operator<<(std::ostream& out, const Value& row) { return out << row.count << " times " << row.letter; }
const Value kValues[] = {{"a", 1024, 1024}, {"a", 1025, 1024}, {"ä", 1024, 1024}, {"ä", 1025, 1024}, {"😀", 1030, 1024}};

BOOST_DATA_TEST_CASE(a_long_property_is_cut_between_two_letters, kValues, row) {
    GoogleStand stand;
    const std::string value = repeated(row.letter, row.count);
    const auto answer = stand.ask(
        "POST", stand.events(), GoogleStand::event(R"("extendedProperties":{"private":{"a":")" + value + R"("}})")
    );
    BOOST_TEST(answer.status == 200);
    BOOST_TEST((answer.body["extendedProperties"]["private"]["a"] == repeated(row.letter, row.kept)));
}

BOOST_AUTO_TEST_CASE(a_long_name_vanishes_by_its_letters) {
    GoogleStand stand;
    const std::string fits = repeated("ä", 44), long_one = repeated("ä", 45);
    const auto answer = stand.ask(
        "POST",
        stand.events(),
        GoogleStand::event(R"("extendedProperties":{"private":{")" + fits + R"(":"1",")" + long_one + R"(":"2"}})")
    );
    BOOST_TEST((answer.body["extendedProperties"]["private"] == nlohmann::json{{fits, "1"}}));
}

BOOST_DATA_TEST_CASE(a_calendar_takes_a_zone_that_there_is, data::make({"Mars/Base", "Europe/Rome"}), zone) {
    GoogleStand stand;
    const int status = std::string(zone) == "Europe/Rome" ? 200 : 400;
    const std::string body = R"({"summary":"New","timeZone":")" + std::string(zone) + R"("})";
    BOOST_TEST(stand.ask("POST", "calendars", body).status == status);
    BOOST_TEST(stand.ask("PATCH", "calendars/" + http::percent_encode(stand.id), body).status == status);
    BOOST_TEST(stand.ask("POST", stand.events(), GoogleStand::event()).status == 200);
}

struct Override {
    const char *method, *meant, *body;
    int status;
    const char* summary;  ///< Afterwards.
};
std::ostream& operator<<(std::ostream& out, const Override& row) { return out << row.method << " as " << row.meant; }
const Override kOverrides[] = {
    {"POST", "PATCH", R"({"summary":"New"})", 200, "New"},
    {"POST", "PUT", R"({"summary":"Put","start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}})", 200, "Put"},
    {"POST", "DELETE", "", 204, "Old"},
    {"POST", "GET", "fields=id", 200, "Old"},
    {"POST", "TRACE", "", 404, "Old"},
    {"PUT", "DELETE", R"({"summary":"Put","start":{"date":"2026-03-10"},"end":{"date":"2026-03-11"}})", 200, "Put"},
};

BOOST_DATA_TEST_CASE(a_post_may_stand_for_another_method, kOverrides, row) {
    GoogleStand stand;
    const std::string event = stand.insert(R"("summary":"Old")");
    const auto answer =
        stand.ask(row.method, stand.events() + "/" + event, row.body, {{"X-HTTP-Method-Override", row.meant}});
    BOOST_TEST(answer.status == row.status, answer.text);
    const auto stored = nlohmann::json::parse(stand.sim.text(stand.id, event));
    BOOST_TEST(stored["summary"] == row.summary);
    BOOST_TEST((stored["status"] == "cancelled") == (answer.status == 204));
    if (std::string(row.meant) == "GET") BOOST_TEST(answer.body == nlohmann::json({{"id", event}}));
}

constexpr const char* kParts =
    "preamble --b 1 that is none\r\n"
    "--b 1\r\nContent-Type: application/http\r\nContent-ID: <one>\r\n\r\nGET /calendar/v3/calendars/primary "
    "HTTP/1.1\r\n\r\n\r\n"
    "--b 1\r\ncontent-type:application/http\r\ncontent-id:two\r\n\r\n"
    "GET https://www.googleapis.com/calendar/v3/calendars/nobody\r\n\r\n"
    "--b 1\r\nContent-Type: application/http\r\n\r\nPOST /calendar/v3/calendars\r\nContent-Type: "
    "application/json\r\n\r\n"
    "{\"summary\":\n\"New\"}\r\n"
    "--b 1\r\nContent-Type: application/http\r\n\r\nPOST /batch/calendar/v3\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    "--x\r\nContent-Type: application/http\r\n\r\nGET /calendar/v3/calendars/primary\r\n\r\n--x--\r\n"
    "--b 1\r\nContent-Type: application/http\r\n\r\nnonsense\r\n"
    "--b 1--\r\n";

BOOST_FIXTURE_TEST_CASE(a_batch_is_answered_part_by_part_in_order, GoogleStand) {
    BOOST_TEST(outcomes(batch(*this, kParts)) == "<response-one> 200; response-two 404; 200; 400; 400; ");
    sim.quirks().batch_reversed = true;
    BOOST_TEST(outcomes(batch(*this, kParts)) == "400; 400; 200; response-two 404; <response-one> 200; ");
}

BOOST_FIXTURE_TEST_CASE(a_batch_has_so_many_parts_at_most, GoogleStand) {
    const auto parts = [](int count) {
        return repeated(
                   "--b 1\r\nContent-Type: application/http\r\n\r\nGET /calendar/v3/calendars/primary\r\n\r\n", count
               ) +
               "--b 1--\r\n";
    };
    BOOST_TEST(batch(*this, parts(1000)).status == 200);
    BOOST_TEST(batch(*this, parts(1001)).status == 400);
    sim.quirks().batch_limit = 50;
    BOOST_TEST(batch(*this, parts(50)).status == 200);
    BOOST_TEST(batch(*this, parts(51)).status == 400);
    BOOST_TEST(batch(*this, "--b 1--\r\n").status == 400);
}

BOOST_DATA_TEST_CASE(the_project_has_a_limit_of_its_own, data::make({false, true}), as_429) {
    GoogleStand stand;
    stand.sim.quirks().calls_per_minute = 3;
    stand.sim.quirks().project_calls_per_minute = 2;
    stand.sim.quirks().limit_is_429 = as_429;
    for (int i = 0; i < 2; ++i) BOOST_TEST(stand.ask("GET", stand.events()).status == 200);
    const auto refused = stand.ask("GET", stand.events());
    BOOST_TEST(refused.status == (as_429 ? 429 : 403));
    BOOST_TEST(refused.body["error"]["errors"][0]["reason"] == "rateLimitExceeded");
    stand.clock.advance(std::chrono::minutes(1));
    BOOST_TEST(stand.ask("GET", stand.events()).status == 200);
}

BOOST_AUTO_TEST_CASE(the_date_of_an_answer_is_skewed) {
    GoogleStand stand;
    const auto date = [&] {
        for (const auto& [name, value] : stand.ask("GET", stand.events()).headers)
            if (name == "Date") return value;
        return std::string();
    };
    stand.clock.set_now(std::chrono::sys_days{std::chrono::year{2026} / 3 / 17} + std::chrono::hours(6));
    BOOST_TEST(date() == "Tue, 17 Mar 2026 06:00:00 GMT");
    stand.sim.quirks().date_ahead = std::chrono::minutes(5);
    BOOST_TEST(date() == "Tue, 17 Mar 2026 06:05:00 GMT");
    stand.sim.quirks().date_ahead = std::chrono::seconds(0);
    stand.sim.quirks().date_behind = std::chrono::hours(24);
    BOOST_TEST(date() == "Mon, 16 Mar 2026 06:00:00 GMT");
}

BOOST_DATA_TEST_CASE(a_limit_is_refused_in_either_way_R19, data::make({false, true}), as_429) {
    GoogleStand stand;
    stand.sim.quirks().calls_per_minute = 4;
    stand.sim.quirks().limit_is_429 = as_429;
    const std::string event = stand.insert();
    BOOST_TEST(stand.ask("PATCH", stand.events() + "/" + event, "{}").status == 200);  // Costs three.
    const auto refused = stand.ask("GET", stand.events());
    BOOST_TEST(refused.status == (as_429 ? 429 : 403));
    BOOST_TEST(refused.reason() == (as_429 ? "rateLimitExceeded" : "userRateLimitExceeded"));
    stand.clock.advance(std::chrono::minutes(1));
    BOOST_TEST(stand.ask("GET", stand.events()).status == 200);
}

BOOST_FIXTURE_TEST_CASE(many_invitations_stop_writing_for_hours_G33, GoogleStand) {
    sim.quirks().most_invitations = 2;
    const std::string guest = R"("attendees":[{"email":"guest@example.com"}])";
    insert(guest);
    insert(guest);
    BOOST_TEST(ask("POST", events(), event(guest)).reason() == "quotaExceeded");
    pass(std::chrono::hours(1));
    BOOST_TEST(ask("POST", events(), event(guest)).reason() == "quotaExceeded");
    BOOST_TEST(ask("POST", events() + "?sendUpdates=none", event(guest)).status == 200);
    insert();
    pass(std::chrono::hours(5));
    insert(guest);
}

struct Change {
    const char *name, *patch;
    int sequence;  ///< Of an event that had 3.
    bool updated_moves;
    int status = 200;
};
std::ostream& operator<<(std::ostream& out, const Change& row) { return out << row.name; }
const Change kChanges[] = {
    {"title", R"({"summary":"New"})", 3, true},
    {"start", R"({"start":{"dateTime":"2026-03-10T09:30:00+01:00"}})", 4, true},
    {"the same start in another offset", R"({"start":{"dateTime":"2026-03-10T09:00:00Z"}})", 3, true},
    {"end", R"({"end":{"dateTime":"2026-03-10T12:00:00+01:00"}})", 4, true},
    {"recurrence",
     R"({)"
     R"("recurrence":["RRULE:FREQ=DAILY;COUNT=2"]})",
     4,
     true},
    {"a higher sequence", R"({"sequence":9})", 9, true},
    {"the same sequence", R"({"sequence":3})", 3, true},
    {"a lower sequence", R"({"sequence":2,"summary":"New"})", 3, false, 400},
    {"reminders", R"({"reminders":{"useDefault":false}})", 3, false},
    {"reminders and title", R"({"reminders":{"useDefault":false},"summary":"New"})", 3, true},
};

BOOST_DATA_TEST_CASE(what_matters_to_guests_raises_the_sequence, kChanges, row) {
    GoogleStand stand;
    const std::string event = stand.insert(R"("sequence":3)");
    const auto before = nlohmann::json::parse(stand.sim.text(stand.id, event));
    stand.clock.advance(std::chrono::minutes(5));
    const auto answer = stand.ask("PATCH", stand.events() + "/" + event, row.patch);
    BOOST_TEST(answer.status == row.status, answer.text);
    if (row.status != 200) BOOST_TEST(answer.text.find("Invalid sequence value") != std::string::npos);
    const auto after = nlohmann::json::parse(stand.sim.text(stand.id, event));
    BOOST_TEST(after["sequence"] == row.sequence);
    BOOST_TEST((after["updated"] != before["updated"]) == row.updated_moves);
    BOOST_TEST((after["etag"] != before["etag"]) == (row.status == 200));
}

struct Fixed {
    const char *name, *members, *patch, *reason;
};
std::ostream& operator<<(std::ostream& out, const Fixed& row) { return out << row.name; }
const Fixed kFixed[] = {
    {"locked, its title", R"("locked":true)", R"({"summary":"New"})", "forbidden"},
    {"locked, its reminders", R"("locked":true)", R"({"reminders":{"useDefault":false}})", ""},
    {"of others, its end",
     R"("organizer":{"email":"boss@example.com"})",
     R"({"end":{"dateTime":"2026-03-10T12:00:00+01:00"}})",
     "forbiddenForNonOrganizer"},
    {"of others, the own answer",
     R"("organizer":{"email":"boss@example.com"})",
     R"({"attendees":[{"email":"shop@example.com","responseStatus":"accepted"}]})",
     ""},
    {"of others, for guests to change",
     R"("organizer":{"email":"boss@example.com"},"guestsCanModify":true)",
     R"({"summary":"New"})",
     ""},
};

BOOST_DATA_TEST_CASE(what_a_person_may_not_change_is_refused, kFixed, row) {
    GoogleStand stand;
    stand.sim.put(stand.id, "fixed", GoogleStand::event(row.members));
    BOOST_TEST(stand.ask("PATCH", stand.events() + "/fixed", row.patch).reason() == row.reason);
}

BOOST_DATA_TEST_CASE(a_deleted_event_comes_back_where_the_service_allows_it, data::make({false, true}), restores) {
    GoogleStand stand;
    const std::string event = stand.insert();
    stand.sim.quirks().restores_deleted = restores;
    BOOST_TEST(stand.ask("DELETE", stand.events() + "/" + event).status == 204);
    const int status = restores ? 200 : 403;
    BOOST_TEST(stand.ask("PATCH", stand.events() + "/" + event, R"({"status":"confirmed"})").status == status);
    BOOST_TEST(stand.sim.ids(stand.id).size() == (restores ? 1u : 0u));
}

BOOST_FIXTURE_TEST_CASE(an_event_moves_to_another_calendar, GoogleStand) {
    const std::string other = sim.make_calendar("Other"), moved = insert(R"("summary":"Cut")");
    const std::string to = "?destination=" + http::percent_encode(other);
    const auto answer = ask("POST", events() + "/" + moved + "/move" + to);
    BOOST_TEST(answer.status == 200, answer.text);
    BOOST_TEST(answer.body["organizer"]["email"] == other);
    BOOST_TEST(sim.ids(other) == std::vector<std::string>{moved}, boost::test_tools::per_element());
    BOOST_TEST(sim.ids(id).empty());
    BOOST_TEST(ask("POST", events() + "/" + moved + "/move" + to).status == 404);
    sim.set_role(other, "reader");
    BOOST_TEST(ask("POST", events() + "/" + insert() + "/move" + to).status == 403);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
