#include "tests/sim/google_sim_stand.hpp"

namespace calgate::testing {

namespace {

namespace data = boost::unit_test::data;

std::string repeated(const std::string& text, int times) {
    std::string out;
    while (times-- > 0) out += text;
    return out;
}

struct PushStand : GoogleStand {
    GoogleAnswer watch(const std::string& channel = "channel-1", const std::string& more = {}) {
        return ask(
            "POST",
            events() + "/watch",
            R"({"id":")" + channel + R"(","type":"web_hook","address":"https://cal.example.org/hooks/google")" + more +
                "}"
        );
    }
    /// Answers `status` to each notification and keeps what came.
    void listen(int status = 200) {
        sim.set_receiver([this, status](const GoogleNotification& one) {
            http::Response answer;
            answer.headers = one.headers;
            seen.push_back(
                answer.header("X-Goog-Resource-State").value_or("") + " " +
                answer.header("X-Goog-Message-Number").value_or("")
            );
            answer.status = status;
            return answer;
        });
    }
    std::vector<std::string> seen{};
};

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

struct Life {
    const char* parameters;
    int status;
    int hours;
};
std::ostream& operator<<(std::ostream& out, const Life& row) { return out << row.parameters; }
const Life kLives[] = {
    {"", 200, 168},
    {R"(,"params":{"ttl":"3600"})", 200, 1},
    {R"(,"params":{"ttl":3600})", 200, 1},
    {R"(,"params":{"ttl":"99999999999999999999"})", 200, 168},
    {R"(,"params":{"ttl":"soon"})", 400, 0},
    {R"(,"params":{"ttl":"-5"})", 400, 0},
    {R"(,"params":"ttl")", 200, 168},
};

BOOST_DATA_TEST_CASE(a_channel_lives_as_long_as_it_says_or_seven_days, kLives, row) {
    PushStand stand;
    const auto answer = stand.watch("c", row.parameters);
    BOOST_TEST(answer.status == row.status, answer.text);
    if (row.status != 200) return;
    const auto ends = stand.clock.now() + std::chrono::hours(row.hours);
    BOOST_TEST(answer.body["expiration"] == std::to_string(ends.time_since_epoch().count() * 1000));
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

BOOST_FIXTURE_TEST_CASE(a_notification_says_when_its_channel_ends, PushStand) {
    watch();
    http::Response posted;
    posted.headers = sim.take_notifications().at(0).headers;
    BOOST_TEST(posted.header("X-Goog-Channel-Expiration").value_or("") == "Sun, 08 Mar 2026 08:00:00 GMT");
    BOOST_TEST(posted.header("X-Goog-Resource-State").value_or("") == "sync");
}

BOOST_DATA_TEST_CASE(the_first_message_comes_before_the_answer_or_after_it_G14, data::make({true, false}), first) {
    PushStand stand;
    stand.listen();
    stand.sim.quirks().sync_message_first = first;
    BOOST_TEST(stand.watch().status == 200);
    BOOST_TEST(stand.seen.size() == (first ? 1u : 0u));
    BOOST_TEST(stand.sim.deliver() == (first ? 0 : 1));
    BOOST_TEST(stand.seen == std::vector<std::string>{"sync 1"}, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(a_notification_may_come_before_the_writes_own_answer_G13, data::make({true, false}), at_once) {
    PushStand stand;
    stand.watch();
    stand.sim.take_notifications();
    stand.listen();
    stand.sim.quirks().notifies_at_once = at_once;
    stand.insert();
    BOOST_TEST(stand.seen.size() == (at_once ? 1u : 0u));
    BOOST_TEST(stand.sim.deliver() == (at_once ? 0 : 1));
}

struct Retry {
    int status;
    bool again;
};
std::ostream& operator<<(std::ostream& out, const Retry& row) { return out << row.status; }
const Retry kRetries[] = {
    {500, true},
    {502, true},
    {503, true},
    {504, true},
    {404, false},
    {400, false},
    {301, false},
    {501, false},
    {429, false}};

BOOST_DATA_TEST_CASE(a_refused_notification_is_tried_again_after_some_statuses, kRetries, row) {
    PushStand stand;
    stand.watch();
    stand.listen(row.status);
    BOOST_TEST(stand.sim.deliver() == 0);
    BOOST_TEST(stand.seen.size() == 1u);
    BOOST_TEST(stand.sim.deliver() == 0);
    BOOST_TEST(stand.seen.size() == 1u);  // Not before its time.
    for (const int wait : {10, 20, 40, 80, 160, 320}) {
        stand.clock.advance(std::chrono::seconds(wait));
        stand.sim.deliver();
    }
    BOOST_TEST(stand.seen.size() == (row.again ? std::size_t{GoogleSim::kTries} : 1u));
    for (const std::string& one : stand.seen) BOOST_TEST(one == "sync 1");
}

BOOST_FIXTURE_TEST_CASE(nothing_is_delivered_after_a_channels_end, PushStand) {
    watch("short", R"(,"params":{"ttl":"60"})");
    listen(503);
    sim.deliver();
    clock.advance(std::chrono::seconds(61));
    listen();
    BOOST_TEST(sim.deliver() == 0);
    insert();
    BOOST_TEST(sim.deliver() == 0);
    BOOST_TEST(seen.size() == 1u);
}

struct Habit {
    const char* name;
    bool GoogleQuirks::*quirk;
    std::vector<std::string> seen;
};
std::ostream& operator<<(std::ostream& out, const Habit& row) { return out << row.name; }
const Habit kHabits[] = {
    {"double", &GoogleQuirks::double_notifications, {"exists 2", "exists 2", "exists 3", "exists 3"}},
    {"lost", &GoogleQuirks::lose_notifications, {}},
    {"shuffled", &GoogleQuirks::shuffles_notifications, {"exists 3", "exists 2"}},
    {"none", &GoogleQuirks::short_listing_token, {"exists 2", "exists 3"}},
};

BOOST_DATA_TEST_CASE(notifications_are_doubled_lost_and_shuffled_on_demand, kHabits, row) {
    PushStand stand;
    stand.watch();
    stand.sim.take_notifications();
    stand.listen();
    stand.sim.quirks().*row.quirk = true;
    stand.insert();
    stand.insert();
    stand.sim.deliver();
    BOOST_TEST(stand.seen == row.seen, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(a_stopped_channel_may_deliver_late_G17, data::make({false, true}), late) {
    PushStand stand;
    const auto channel = stand.watch();
    stand.sim.take_notifications();
    stand.sim.quirks().delivers_after_stop = late;
    const std::string stop = R"({"id":"channel-1","resourceId":)" + channel.body["resourceId"].dump() + "}";
    BOOST_TEST(stand.ask("POST", "channels/stop", stop).status == 204);
    BOOST_TEST(stand.ask("POST", "channels/stop", stop).status == 404);
    stand.insert();
    BOOST_TEST(stand.sim.take_notifications().size() == (late ? 1u : 0u));
}

BOOST_FIXTURE_TEST_CASE(the_list_of_calendars_can_be_watched, PushStand) {
    const std::string body = R"({"id":"l","type":"web_hook","address":"https://cal.example.org/hooks/google"})";
    BOOST_TEST(ask("POST", "users/me/calendarList/watch", body).status == 200);
    sim.take_notifications();
    insert();
    BOOST_TEST(sim.take_notifications().empty());
    sim.make_calendar("New");
    BOOST_TEST(sim.take_notifications().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
