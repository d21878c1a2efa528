#include <boost/test/unit_test.hpp>
#include <future>
#include <thread>

#include "tests/gateway/api_stage.hpp"
#include "tests/gateway/loopback_sim.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace std::chrono_literals;

namespace {

/// A gateway whose workers run, with anna's busy calendar at a simulated service, and ben, who has none.
struct RecheckStage {
    explicit RecheckStage(std::chrono::milliseconds recheck, StalePolicy stale = StalePolicy::Provisional) {
        Config config;
        config.name = "Salon";
        config.zone = "Europe/Berlin";
        config.stale = stale;
        made = init_gateway(folder.path() + "/data", config).value();
        gateway = Gateway::open(folder.path() + "/data").value();
        api = std::make_unique<Api>(ApiParts{
            *gateway->store,
            gateway->index,
            *gateway->engine,
            gateway->connectors,
            gateway->zones,
            gateway->clock,
            gateway->random,
            gateway->keys,
            "",
            true,
            {},
            {},
            "",
            recheck});
        gateway->engine->start();
        for (const char* name : {"anna", "ben"})
            BOOST_REQUIRE(
                call("PUT", std::string("/v1/staff/") + name, {{"name", name}, {"zone", "UTC"}}).status == 201
            );
        server.with([&](CaldavSim& sim) { home = sim.make_calendar("private"); });
        connect();
    }
    ~RecheckStage() { gateway->engine->stop(); }

    HttpResponse call(const std::string& method, const std::string& path, const Json& body) {
        HttpRequest request;
        request.method = method;
        request.path = path;
        request.headers = {{"authorization", "Bearer " + made.api_key}};
        request.body = body.dump();
        return api->handle(request);
    }
    HttpResponse book(const std::string& id, const std::string& staff, int hour) {
        const auto at = [&](int h) {
            return "2027-03-01T" + std::string(h < 10 ? "0" : "") + std::to_string(h) + ":00:00";
        };
        return call(
            "PUT",
            "/v1/appointments/" + id,
            {{"staff", staff}, {"start", at(hour)}, {"end", at(hour + 1)}, {"zone", "UTC"}, {"title", id}}
        );
    }
    void connect() {
        const auto password = CaldavSim::credentials().password;
        const Json found = Json::parse(call("POST", "/v1/accounts", Json::parse(server.account(password))).body);
        const Json kept = Json::parse(call(
                                          "POST",
                                          "/v1/calendars",
                                          {{"account", found["id"]},
                                           {"href", found["calendars"][0]["href"]},
                                           {"staff", "anna"},
                                           {"name", "private"},
                                           {"mirror", false},
                                           {"busy", true}}
        ).body);
        calendar = CalendarId{kept["id"].get<std::string>()};
        const auto end = std::chrono::steady_clock::now() + 60s;
        while (!live() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        BOOST_REQUIRE(live());
    }
    bool live() const {
        const auto health = gateway->engine->health();
        return !health.empty() && health.front().live && health.front().as_of;
    }
    /// It was last read two hours ago.
    void make_stale() {
        const Instant then = gateway->clock.now() - 2h;
        gateway->index.set_state(StaffId{"anna"}, {calendar.value, then, SourceState::Freshness::Cached});
    }
    /// Something comes into the calendar, of which the gateway has not heard.
    void put_event(int hour) {
        const std::string day = "20270301T";
        server.with([&](CaldavSim& sim) {
            sim.put_text(
                home,
                "new",
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Phone//EN\r\nBEGIN:VEVENT\r\nUID:new\r\n"
                "DTSTAMP:20260101T000000Z\r\nDTSTART:" +
                    day + std::to_string(hour) + "0000Z\r\nDTEND:" + day + std::to_string(hour + 1) +
                    "0000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
            );
        });
    }

    ScratchFolder folder{};
    InitResult made{};
    SystemClock clock{};
    LoopbackSim server{clock};
    Href home{};
    CalendarId calendar{};
    std::unique_ptr<Gateway> gateway{};
    std::unique_ptr<Api> api{};
};

/// The service takes calls and answers none until the end of this.
class Hang {
public:
    explicit Hang(LoopbackSim& server) {
        std::promise<void> begun;
        const auto hung = begun.get_future();
        thread_ = std::jthread([&server, begun = std::move(begun), until = release_.get_future()]() mutable {
            server.with([&](CaldavSim&) {
                begun.set_value();
                until.wait();
            });
        });
        hung.wait();
    }
    ~Hang() { release_.set_value(); }
    Hang(const Hang&) = delete;
    Hang& operator=(const Hang&) = delete;

private:
    std::promise<void> release_{};
    std::jthread thread_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(recheck)

BOOST_AUTO_TEST_CASE(R12_a_confirmation_reads_a_stale_calendar_anew_and_sees_what_came_meanwhile) {
    RecheckStage stage(10s);
    stage.put_event(10);
    stage.make_stale();
    BOOST_TEST(stage.book("clash", "anna", 10).status == 409);
    const auto free = stage.book("free", "anna", 12);
    BOOST_REQUIRE(free.status == 201);
    BOOST_TEST(Json::parse(free.body)["provisional"] == false);
}

BOOST_AUTO_TEST_CASE(a_new_title_waits_for_no_calendar) {
    RecheckStage stage(10s);
    BOOST_REQUIRE(stage.book("one", "anna", 12).status == 201);
    stage.put_event(10);
    stage.make_stale();
    const Json renamed = {
        {"staff", "anna"},
        {"start", "2027-03-01T12:00:00"},
        {"end", "2027-03-01T13:00:00"},
        {"zone", "UTC"},
        {"title", "other"}};
    BOOST_TEST(stage.call("PUT", "/v1/appointments/one", renamed).status == 200);
    // Nothing was read for it.
    BOOST_TEST(stage.gateway->index.person(StaffId{"anna"})->by_source.at(stage.calendar.value)->empty());
}

BOOST_AUTO_TEST_CASE(R12_without_a_budget_the_stale_policy_decides) {
    RecheckStage offers(0ms);
    offers.make_stale();
    const auto booked = offers.book("one", "anna", 10);
    BOOST_REQUIRE(booked.status == 201);
    BOOST_TEST(Json::parse(booked.body)["provisional"] == true);
    RecheckStage refuses(0ms, StalePolicy::Refuse);
    refuses.make_stale();
    BOOST_TEST(refuses.book("one", "anna", 10).status == 409);
}

BOOST_AUTO_TEST_CASE(R12_R14_a_hung_service_costs_a_confirmation_its_budget_and_others_nothing) {
    RecheckStage stage(300ms);
    stage.make_stale();
    const Hang hang(stage.server);
    BOOST_TEST(stage.book("other", "ben", 10).status == 201);
    const auto booked = stage.book("one", "anna", 10);  // Comes back though the service hangs on.
    BOOST_REQUIRE(booked.status == 201);
    BOOST_TEST(Json::parse(booked.body)["provisional"] == true);
}

BOOST_AUTO_TEST_CASE(R14_only_a_few_confirmations_wait_at_once) {
    RecheckStage stage(10s);
    stage.make_stale();
    std::optional<Hang> hang(stage.server);
    std::vector<std::future<int>> running;
    for (int n = 0; n < 5; ++n)
        running.push_back(std::async(std::launch::async, [&stage, n] {
            return stage.book("a" + std::to_string(n), "anna", 10 + n).status;
        }));
    const auto done = [&] {
        return std::count_if(running.begin(), running.end(), [](auto& one) {
            return one.wait_for(10ms) == std::future_status::ready;
        });
    };
    const auto end = std::chrono::steady_clock::now() + 8s;
    while (done() == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    BOOST_TEST(done() == 1);  // Four wait; the fifth goes by the stale policy at once.
    hang.reset();
    for (auto& one : running) BOOST_TEST(one.get() == 201);
}

BOOST_AUTO_TEST_CASE(holds_of_several_are_rechecked_together) {
    RecheckStage stage(10s);
    BOOST_REQUIRE(stage.call("PUT", "/v1/services/cut", {{"name", "Cut"}, {"duration_min", 60}}).status == 201);
    const auto held = stage.call(
        "POST",
        "/v1/holds",
        {{"id", "g"}, {"service", "cut"}, {"start", "2027-03-01T10:00:00"}, {"zone", "UTC"}, {"all", {"ben", "anna"}}}
    );
    BOOST_REQUIRE_MESSAGE(held.status == 201, held.body);
    stage.put_event(10);
    stage.make_stale();
    BOOST_TEST(stage.call("POST", "/v1/confirmations", {{"appointments", {"g", "g.anna"}}}).status == 409);
}

BOOST_AUTO_TEST_SUITE_END()
