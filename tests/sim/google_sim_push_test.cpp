#include "tests/sim/google_sim_stand.hpp"

namespace calgate::testing {

namespace {

namespace data = boost::unit_test::data;

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

}  // namespace

BOOST_AUTO_TEST_SUITE(google_sim_push)

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
