#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "tests/sim/sim_hall.hpp"

namespace calgate::testing {

namespace {

namespace data = boost::unit_test::data;
using nlohmann::json;
const std::string kMailbox = "https://graph.microsoft.com/v1.0/users/" + GraphSim::user_id();

/// Graph alone, asked by its application.
struct Office : Hall {
    Office() : Hall([](const Clock& time) { return std::vector{graph_site("plain", time, zones())}; }) {
        token = application();
    }

    http::Response call(const std::string& method, const std::string& below, const json& body = nullptr) {
        http::Headers headers{{"Prefer", "IdType=\"ImmutableId\""}};
        if (!body.is_null()) headers.emplace_back("Content-Type", "application/json");
        return ask(method, kMailbox + below, body.is_null() ? "" : body.dump(), std::move(headers));
    }
    std::string error(const std::string& below) {
        const json answer = json::parse(call("GET", below).body);
        return answer.contains("error") ? answer["error"]["code"].get<std::string>() : std::string();
    }
    void quirks(const json& body) { control("POST", "/graph/quirks", body.dump()); }
    http::Response subscription(const std::string& method, const std::string& below, const json& body = nullptr) {
        return ask(
            method,
            "https://graph.microsoft.com/v1.0/subscriptions" + (below.empty() ? "" : "/" + below),
            body.is_null() ? "" : body.dump()
        );
    }
    /// @return its id.
    std::string subscribe() {
        const auto answer = subscription(
            "POST",
            "",
            {{"changeType", "created,updated,deleted"},
             {"notificationUrl", "https://cal.example.org/hooks/graph"},
             {"lifecycleNotificationUrl", "https://cal.example.org/hooks/graph"},
             {"resource", "/users/" + GraphSim::user_id() + "/events"},
             {"expirationDateTime", format_instant(clock.now() + std::chrono::hours(48))},
             {"clientState", "secret"}}
        );
        BOOST_REQUIRE_MESSAGE(answer.status == 201, answer.body);
        return json::parse(answer.body)["id"];
    }
    /// @return the link of a round that is over.
    std::string delta_link() {
        const auto answer =
            call("GET", "/calendarView/delta?startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z");
        BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.body);
        return json::parse(answer.body)["@odata.deltaLink"];
    }
};

/// Takes notifications and answers handshakes.
class Receiver {
public:
    Receiver() {
        port_ = server_.listen_plain([this](http::Request&& request) { return take(request); });
        server_.start();
    }
    std::string origin() const { return "http://127.0.0.1:" + std::to_string(port_); }
    /// What came since the last time.
    std::vector<json> told() {
        std::vector<json> out;
        server_.run([&] { out = std::exchange(told_, {}); });
        return out;
    }

private:
    SimReply take(const http::Request& request) {
        SimReply reply;
        const std::string asked = "validationToken=";
        if (const auto at = request.url.find(asked); at != std::string::npos) {
            reply.response = {200, {{"Content-Type", "text/plain"}}, {}, {}};
            reply.response.body = http::percent_decode(request.url.substr(at + asked.size()));
            return reply;
        }
        reply.response.status = 202;
        const json body = json::parse(request.body);
        for (const json& one : body["value"]) told_.push_back(one);
        return reply;
    }

    SimServer server_{};
    std::uint16_t port_ = 0;
    std::vector<json> told_{};
};

json an_event(const std::string& subject) {
    return {
        {"subject", subject},
        {"start", {{"dateTime", "2026-03-10T09:00:00"}, {"timeZone", "UTC"}}},
        {"end", {{"dateTime", "2026-03-10T10:00:00"}, {"timeZone", "UTC"}}},
        {"transactionId", "same"}};
}

/// Answers of several callers, in the order in which they come; status 0 when none comes.
class Arrivals {
public:
    void add(http::Response response) {
        const std::lock_guard lock(mutex_);
        all_.push_back(std::move(response));
        arrived_.notify_all();
    }
    http::Response next() {
        std::unique_lock lock(mutex_);
        const bool came = arrived_.wait_for(lock, std::chrono::seconds(30), [&] { return !all_.empty(); });
        if (!came) return {};
        http::Response first = std::move(all_.front());
        all_.pop_front();
        return first;
    }

private:
    std::mutex mutex_{};
    std::condition_variable arrived_{};
    std::deque<http::Response> all_{};
};

/// So many calls at once, each over a connection of its own.
class Callers {
public:
    Callers(Office& office, int count) {
        for (int i = 0; i < count; ++i)
            threads_.emplace_back([this, &office, settings = office.world->client_settings()] {
                http::CurlTransport own(settings, office.clock);
                const http::Request request{
                    "GET", kMailbox + "/calendars", {{"Authorization", "Bearer " + office.token}}, {}, {}};
                auto answer = own.send(request, {office.clock.steady() + std::chrono::seconds(40), {}});
                arrivals_.add(answer ? std::move(*answer) : http::Response{});
            });
    }
    http::Response next() { return arrivals_.next(); }

private:
    Arrivals arrivals_{};
    std::vector<std::jthread> threads_{};  ///< Ended before what they fill.
};

}  // namespace

BOOST_AUTO_TEST_SUITE(graph_control)

const char* const kRefused[][2] = {
    {R"({"no_such":true})", "/graph/quirks"},
    {R"({"default_page":"many"})", "/graph/quirks"},
    {R"({"repeated":"error_418"})", "/graph/quirks"},
    {R"({"dead_token":""})", "/graph/quirks"},
    {R"({"name":"other"})", "/graph/quirks"},
    {R"({"event":"over"})", "/graph/lifecycle"},
    {R"({"email":"bot@example.com","public_key":"x"})", "/graph/service_accounts"},
};

BOOST_AUTO_TEST_CASE(what_graph_does_not_know_is_refused_and_changes_nothing) {
    Office office;
    for (const auto& [body, path] : kRefused)
        BOOST_TEST(!office.control("POST", path, body, 404)["detail"].get<std::string>().empty());
    BOOST_TEST(office.control("POST", "/graph/lifecycle", "{}", 400).contains("detail"));
    BOOST_TEST(office.call("GET", "/calendars").status == 200);
}

BOOST_AUTO_TEST_CASE(every_quirk_of_graph_has_a_name) {
    GraphQuirks quirks;
    const auto set = [&](const char* name, const char* value) { set_graph_quirk(quirks, name, value); };
    set("repeated", "existing_201");
    set("dead_token", "resync_required");
    set("delta_lag", "90");
    set("largest_page", "7");
    set("throttles_with_503", "true");
    set("schedule_error", "ErrorNoFreeBusyAccess");
    BOOST_TEST((quirks.repeated == RepeatedTransaction::Existing201));
    BOOST_TEST((quirks.dead_token == DeadToken::ResyncRequired));
    BOOST_TEST(quirks.delta_lag.count() == 90);
    BOOST_TEST(quirks.largest_page == 7u);
    BOOST_TEST(quirks.throttles_with_503);
    BOOST_TEST(quirks.schedule_error == "ErrorNoFreeBusyAccess");
}

BOOST_AUTO_TEST_CASE(a_dialect_is_switched_by_its_name) {
    Office office;
    BOOST_TEST(office.call("POST", "/events", an_event("Cut")).status == 201);
    BOOST_TEST(office.call("POST", "/events", an_event("Cut")).status == 400);
    office.quirks({{"repeated", "error_409"}});
    BOOST_TEST(office.call("POST", "/events", an_event("Cut")).status == 409);
    office.quirks({{"repeated", "existing_201"}, {"default_page", 1}});
    BOOST_TEST(office.call("POST", "/events", an_event("Cut")).status == 201);
}

BOOST_AUTO_TEST_CASE(tokens_of_delta_are_forgotten_and_say_so_in_the_dialect_that_is_on) {
    Office office;
    const std::string link = office.delta_link();
    BOOST_TEST(office.ask("GET", link).status == 200);
    office.control("POST", "/graph/forgotten");
    BOOST_TEST(office.ask("GET", link).status == 410);
    office.quirks({{"dead_token", "bad_request_400"}});
    BOOST_TEST(office.ask("GET", link).status == 400);
}

BOOST_AUTO_TEST_CASE(graphs_clock_goes_ahead) {
    Office office;
    BOOST_TEST(office.call("GET", "/calendars").status == 200);
    office.control("POST", "/graph/clock", R"({"advance_s":5500})");
    BOOST_TEST(office.error("/calendars") == "InvalidAuthenticationToken");
    office.token = office.application();
    BOOST_TEST(office.call("GET", "/calendars").status == 200);
}

BOOST_AUTO_TEST_CASE(a_mailbox_is_denied_and_let_in_again) {
    Office office;
    office.quirks({{"denies_mailbox", true}});
    BOOST_TEST(office.error("/calendars") == "ErrorAccessDenied");
    office.quirks({{"denies_mailbox", false}, {"lacks_mailbox", true}});
    BOOST_TEST(office.error("/calendars") == "MailboxNotEnabledForRESTAPI");
    office.quirks({{"lacks_mailbox", false}});
    BOOST_TEST(office.error("/calendars").empty());
}

BOOST_DATA_TEST_CASE(consent_is_taken_back, data::make({"google", "graph"}), site) {
    Hall hall([](const Clock& time) {
        return std::vector{google_site(time, Hall::zones()), graph_site("plain", time, Hall::zones())};
    });
    const bool is_google = site == std::string("google");
    if (!is_google) hall.token = hall.application();
    const std::string url =
        is_google ? "https://www.googleapis.com/calendar/v3/calendars/primary" : kMailbox + "/calendars";
    BOOST_TEST(hall.ask("GET", url).status == 200);
    hall.control("POST", std::string("/") + site + "/revoked");
    BOOST_TEST(hall.ask("GET", url).status == 401);
}

BOOST_AUTO_TEST_CASE(messages_of_life_reach_every_subscription) {
    Office office;
    Receiver receiver;
    office.control("POST", "/graph/receiver", json{{"origin", receiver.origin()}}.dump());
    const std::string id = office.subscribe();
    for (const char* event : {"missed", "reauthorizationRequired", "subscriptionRemoved"}) {
        office.control("POST", "/graph/lifecycle", json{{"event", event}}.dump());
        const json told = receiver.told().at(0);
        BOOST_TEST(told["lifecycleEvent"] == event);
        BOOST_TEST(told["subscriptionId"] == id);
    }
    BOOST_TEST(office.subscription("GET", id).status == 404);  // Removed ones are gone.
}

BOOST_AUTO_TEST_CASE(reauthorizing_keeps_a_subscription_alive) {
    Office office;
    Receiver receiver;
    office.control("POST", "/graph/receiver", json{{"origin", receiver.origin()}}.dump());
    const std::string id = office.subscribe();
    office.control("POST", "/graph/lifecycle", R"({"event":"reauthorizationRequired"})");
    BOOST_TEST(office.subscription("POST", id + "/reauthorize").status == 204);
    office.control("POST", "/graph/clock", R"({"advance_s":900})");
    BOOST_TEST(office.call("POST", "/events", an_event("Kept")).status == 201);
    BOOST_TEST(office.control("POST", "/graph/notifications")["delivered"] == 1);
    office.control("POST", "/graph/lifecycle", R"({"event":"reauthorizationRequired"})");
    office.control("POST", "/graph/clock", R"({"advance_s":900})");
    json other = an_event("Unheard");
    other["transactionId"] = "other";
    BOOST_TEST(office.call("POST", "/events", other).status == 201);
    BOOST_TEST(office.control("POST", "/graph/notifications")["delivered"] == 0);
}

struct TooMany {
    const char* name;
    json quirks;
    int status;
    bool hint;
};
std::ostream& operator<<(std::ostream& out, const TooMany& row) { return out << row.name; }
const TooMany kTooMany[] = {
    {"with a hint", json::object(), 429, true},
    {"without a hint", {{"tells_retry_after", false}}, 429, false},
};

BOOST_DATA_TEST_CASE(four_calls_of_ten_at_once_pass, kTooMany, row) {
    Office office;
    office.quirks(row.quirks);
    office.control("POST", "/graph/faults", R"({"hold":true,"path":"/v1.0/users"})");
    Callers callers(office, 10);
    for (int refused = 0; refused < 6; ++refused) {
        const auto answer = callers.next();
        BOOST_TEST(answer.status == row.status);
        BOOST_TEST(answer.header("Retry-After").has_value() == row.hint);
        BOOST_TEST(answer.body.find("MailboxConcurrency") != std::string::npos);
    }
    BOOST_TEST(office.control("GET", "/")["sites"][0]["held"] == 4);
    office.control("POST", "/graph/faults", "{}");
    for (int passed = 0; passed < 4; ++passed) BOOST_TEST(callers.next().status == 200);
    BOOST_TEST(office.call("GET", "/calendars").status == 200);
}

BOOST_AUTO_TEST_CASE(other_calls_of_graph_are_no_calls_to_the_mailbox) {
    Office office;
    office.control("POST", "/graph/faults", R"({"hold":true,"path":"/v1.0/users"})");
    Callers callers(office, 5);
    BOOST_TEST(callers.next().status == 429);
    BOOST_TEST(!office.application().empty());
    office.control("POST", "/graph/faults", "{}");
    for (int passed = 0; passed < 4; ++passed) BOOST_TEST(callers.next().status == 200);
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_held_was_done_before) {
    Office office;
    office.control("POST", "/graph/faults", R"({"delay_ms":1,"method":"POST"})");
    BOOST_TEST(office.call("POST", "/events", an_event("Slow")).status == 201);
    BOOST_TEST(office.control("POST", "/graph/faults", R"({"delay_ms":-1})", 400).contains("detail"));
    BOOST_TEST(office.control("POST", "/graph/faults", R"({"delay_ms":60001})", 400).contains("detail"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
