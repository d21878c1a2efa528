#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <future>

#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

HttpServer::Settings small() {
    HttpServer::Settings settings;
    settings.connections = 8;
    settings.request_timeout = std::chrono::seconds{1};
    return settings;
}

struct SmallStage : ApiStage {
    SmallStage() : ApiStage(small()) { add_staff("anna", 1000); }
    HeaderList key() const { return {{"Authorization", authorization()}}; }
    std::string put(const std::string& id) const {
        const Json body = booking("anna", "2027-03-01T09:00:00", "2027-03-01T10:00:00");
        return request_text("PUT", "/v1/appointments/" + id, body.dump(), key());
    }
    std::size_t stored() const { return call("GET", "/v1/appointments?limit=1000").json()["appointments"].size(); }
};

constexpr std::size_t kBounded =
    32u * 1024 * 1024;  ///< More than this was never taken in: what sockets hold, and a rest.

}  // namespace

BOOST_FIXTURE_TEST_SUITE(api_limits, SmallStage)

BOOST_AUTO_TEST_CASE(I26_a_body_announced_as_a_gigabyte_is_refused_with_a_sentence) {
    Wire wire(port());
    wire.send("PUT /v1/appointments/a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n");
    const std::string piece(64 * 1024, ' ');
    std::size_t sent = 0;
    while (sent < 2'000'000 && wire.send(piece)) sent += piece.size();
    const auto got = wire.read();
    BOOST_TEST(got.status == 413);
    BOOST_TEST(got.detail().find("262144 bytes") != std::string::npos);
    BOOST_TEST(got.header("connection") == "close");
}

BOOST_AUTO_TEST_CASE(I26_a_body_without_end_is_cut_off) {
    Wire wire(port());
    wire.send("PUT /v1/appointments/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string piece = "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
    std::size_t sent = 0;
    while (sent < 1'000'000'000 && wire.send(piece)) sent += piece.size();
    BOOST_TEST(sent < kBounded);
    BOOST_TEST(call("GET", "/live").status == 200);
}

BOOST_AUTO_TEST_CASE(I26_headers_beyond_their_limit_are_refused_with_a_sentence) {
    for (const std::string& head :
         {"GET /live HTTP/1.1\r\nX-Long: " + std::string(20'000, 'x') + "\r\n\r\n",
          "GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n",
          [] {
              std::string many = "GET /live HTTP/1.1\r\n";
              for (int i = 0; i < 5000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
              return many + "\r\n";
          }()}) {
        Wire wire(port());
        wire.send(head);
        const auto got = wire.read();
        BOOST_TEST(got.status == 431);
        BOOST_TEST(!got.detail().empty());
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_http_is_refused_with_a_sentence) {
    for (const std::string& text :
         {std::string("hello\r\n\r\n"),
          std::string("GET /live HTTP/9.9\r\n\r\n"),
          std::string("GET http://elsewhere/live HTTP/1.1\r\nHost: h\r\n\r\n"),
          std::string("GET /live HTTP/1.1\r\nbroken header\r\n\r\n"),
          std::string("PUT /v1/staff/a HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n"),
          std::string("PUT /v1/staff/a HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
          std::string("PUT /v1/staff/a HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
          std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(500, '\0')}) {
        Wire wire(port());
        wire.send(text);
        const auto got = wire.read();
        BOOST_TEST(got.status == 400, text);
        BOOST_TEST(!got.detail().empty());
    }
}

BOOST_AUTO_TEST_CASE(slow_clients_are_left_and_delay_nobody) {
    std::vector<std::unique_ptr<Wire>> slow;
    for (const char* start :
         {"", "GET /li", "GET /live HTTP/1.1\r\nHost:", "PUT /v1/staff/b HTTP/1.1\r\nContent-Length: 50\r\n\r\n{"}) {
        slow.push_back(std::make_unique<Wire>(port()));
        slow.back()->send(start);
    }
    for (int i = 0; i < 20; ++i) BOOST_TEST(call("GET", "/live").status == 200);
    for (auto& wire : slow) BOOST_TEST(wire->closed());
    BOOST_TEST(call("GET", "/v1/staff/b").status == 404);
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order_and_none_is_lost) {
    Wire wire(port());
    std::string all;
    for (int i = 0; i < 40; ++i) {
        all += put("p" + std::to_string(100 + i));
        all += request_text(i % 2 == 0 ? "GET" : "HEAD", "/live");
        all += request_text("GET", "/v1/appointments/p" + std::to_string(100 + i), {}, key());
    }
    std::size_t answers = 0;
    BOOST_REQUIRE(wire.send(all));
    for (int i = 0; i < 40; ++i) {
        const auto made = wire.read();
        BOOST_TEST(made.status == 201);
        BOOST_TEST(made.json()["id"] == "p" + std::to_string(100 + i));
        BOOST_TEST(wire.read(i % 2 != 0).status == 200);
        BOOST_TEST(wire.read().body == made.body);
        answers += 3;
    }
    BOOST_TEST(answers == 120u);
    BOOST_TEST(stored() == 40u);
}

BOOST_AUTO_TEST_CASE(answers_that_the_client_does_not_take_at_once_arrive_whole) {
    const std::string whole = call("GET", "/v1/openapi.json").body;
    Wire wire(port());
    std::string all;
    for (int i = 0; i < 300; ++i) all += request_text("GET", i % 2 == 0 ? "/v1/openapi.json" : "/live");
    BOOST_REQUIRE(wire.send(all));  // Their answers are more than a connection holds.
    for (int i = 0; i < 300; ++i) {
        const auto got = wire.read();
        BOOST_REQUIRE(got.status == 200);
        if (i % 2 == 0) BOOST_REQUIRE(got.body == whole);
    }
    BOOST_TEST(call("GET", "/live").status == 200);
}

BOOST_AUTO_TEST_CASE(a_connection_is_kept_unless_the_client_wants_it_closed) {
    Wire wire(port());
    for (int i = 0; i < 20; ++i) {
        wire.send(request_text("GET", i % 3 == 0 ? "/v2/none" : "/live"));
        BOOST_TEST(wire.read().status == (i % 3 == 0 ? 404 : 200));
    }
    wire.send(request_text("GET", "/live", {}, {{"Connection", "close"}}));
    BOOST_TEST(wire.read().status == 200);
    BOOST_TEST(wire.closed());
    Wire old(port());
    old.send("GET /live HTTP/1.0\r\n\r\n");
    BOOST_TEST(old.read().status == 200);
    BOOST_TEST(old.closed());
}

BOOST_AUTO_TEST_CASE(a_half_closed_connection_still_gets_its_answer) {
    Wire wire(port());
    wire.send(put("half"));
    wire.end_sending();
    BOOST_TEST(wire.read().status == 201);
    BOOST_TEST(wire.closed());
    Wire cut(port());
    const std::string text = put("cut");
    cut.send(text.substr(0, text.size() - 5));
    cut.end_sending();
    BOOST_TEST(cut.closed());
    BOOST_TEST(stored() == 1u);
}

BOOST_AUTO_TEST_CASE(more_connections_than_allowed_are_told_to_come_back) {
    std::vector<std::unique_ptr<Wire>> held;
    for (int i = 0; i < 8; ++i) {
        held.push_back(std::make_unique<Wire>(port()));
        held.back()->send(put("c" + std::to_string(i)));
        BOOST_REQUIRE(held.back()->read().status == 201);
    }
    Wire refused(port());
    const auto told = refused.read();
    BOOST_TEST(told.status == 503);
    BOOST_TEST(told.header("retry-after") == "1");
    BOOST_TEST(told.detail().find("connections") != std::string::npos);
    std::vector<std::unique_ptr<Wire>> flood;
    for (int i = 0; i < 200; ++i) flood.push_back(std::make_unique<Wire>(port()));
    for (auto& wire : held) {
        wire->send(request_text("GET", "/live"));
        BOOST_TEST(wire->read().status == 200);
    }
    flood.clear();
    held.pop_back();
    int status = 503;
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (status == 503 && std::chrono::steady_clock::now() < patience) {
        Wire next(port());
        next.send(request_text("GET", "/live"));
        try {
            status = next.read().status;
        } catch (const std::runtime_error&) {  // More than it tells: closed.
        }
    }
    BOOST_TEST(status == 200);
    held.clear();
}

BOOST_AUTO_TEST_CASE(an_idle_client_that_begins_slowly_has_no_longer_than_a_new_one) {
    Wire wire(port());
    wire.send(request_text("GET", "/live"));
    BOOST_TEST(wire.read().status == 200);
    wire.send("GET /live HTTP/1.1\r\nX-Slow:");
    const auto begin = std::chrono::steady_clock::now();
    BOOST_TEST(wire.closed());
    BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds{10}));
}

BOOST_AUTO_TEST_CASE(no_page_of_another_site_may_read_an_answer) {
    const HeaderList origin = {
        {"Origin", "https://elsewhere.example"},
        {"Access-Control-Request-Method", "GET"},
        {"Access-Control-Request-Headers", "authorization"}};
    for (const char* method : {"OPTIONS", "GET", "POST"}) {
        for (const char* target : {"/v1/appointments", "/live", "/hooks/google", "/none"}) {
            const auto got = call(method, target, std::string{}, origin);
            for (const auto& [name, value] : got.headers) BOOST_TEST(!name.starts_with("access-control-"), name);
            BOOST_TEST(got.header("x-content-type-options") == "nosniff");
            if (std::string(method) == "OPTIONS") BOOST_TEST(got.status >= 400);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(api_connections)

BOOST_AUTO_TEST_CASE(clients_that_send_nothing_make_room_for_those_that_ask) {
    HttpServer::Settings settings = small();
    settings.request_timeout = std::chrono::seconds{60};
    const ApiStage stage(settings);
    Wire served(stage.port());
    served.send(request_text("GET", "/live"));
    BOOST_TEST(served.read().status == 200);
    std::vector<std::unique_ptr<Wire>> silent;
    for (int i = 0; i < 200; ++i) {
        silent.push_back(std::make_unique<Wire>(stage.port()));
        if (i % 2 == 0) silent.back()->send("GET /live HTTP/1.1\r\nX-Slow: ");
    }
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) BOOST_TEST(stage.call("GET", "/v1/staff").status == 200);
    served.send(request_text("GET", "/live"));
    BOOST_TEST(served.read().status == 200);
    BOOST_TEST((std::chrono::steady_clock::now() - begin < std::chrono::seconds{20}));
}

BOOST_AUTO_TEST_CASE(one_address_gets_its_share_of_the_connections) {
    HttpServer::Settings settings = small();
    settings.connections_per_address = 3;
    const ApiStage stage(settings);
    std::vector<std::unique_ptr<Wire>> held;
    const auto ask = [&](const char* from) {
        held.push_back(std::make_unique<Wire>(stage.port(), from));
        held.back()->send(request_text("GET", "/live"));
        return held.back()->read();
    };
    for (int i = 0; i < 3; ++i) BOOST_TEST(ask("127.0.0.1").status == 200);
    const auto refused = ask("127.0.0.1");
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(refused.detail().find("your address") != std::string::npos);
    BOOST_TEST(ask("127.0.0.2").status == 200);
    held.clear();
    int status = 429;
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (status != 200 && std::chrono::steady_clock::now() < patience) {
        status = ask("127.0.0.1").status;
        held.clear();
    }
    BOOST_TEST(status == 200);
}

BOOST_AUTO_TEST_CASE(behind_a_proxy_the_proxys_connections_are_not_one_clients) {
    HttpServer::Settings settings = small();
    settings.connections_per_address = 1;
    settings.behind_proxy = true;
    const ApiStage stage(settings);
    Wire first(stage.port()), second(stage.port());
    for (Wire* wire : {&first, &second}) {
        wire->send(request_text("GET", "/live"));
        BOOST_TEST(wire->read().status == 200);
    }
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// Accepts connections and never says a word, until it goes.
class SilentServer {
public:
    SilentServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        BOOST_REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
        BOOST_REQUIRE(::listen(fd_, 16) == 0);
        BOOST_REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    ~SilentServer() { go(); }
    SilentServer(const SilentServer&) = delete;
    SilentServer& operator=(const SilentServer&) = delete;

    int port() const { return port_; }
    void wait_for_a_caller() const {
        pollfd called{fd_, POLLIN, 0};
        BOOST_REQUIRE(::poll(&called, 1, 20'000) == 1);
    }
    void go() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

private:
    int fd_ = -1;
    int port_ = 0;
};

Config with_google_at(int port) {
    Config config;
    config.google.client_id = "client-g";
    config.connect_to = {"oauth2.googleapis.com:443:127.0.0.1:" + std::to_string(port)};
    return config;
}

}  // namespace

BOOST_AUTO_TEST_CASE(I19_sign_ins_that_hang_leave_room_for_other_work_with_providers) {
    SilentServer google;
    const ApiStage stage({}, with_google_at(google.port()));
    std::vector<std::future<int>> hung;
    for (int i = 0; i < 4; ++i) {
        const Json begun = stage
                               .call(
                                   "POST",
                                   "/v1/accounts/sign-in",
                                   Json{{"provider", "google"}, {"redirect_uri", "http://127.0.0.1:1/oauth/callback"}}
                               )
                               .json();
        const Json code = {{"state", begun["state"]}, {"code", "c"}};
        hung.push_back(std::async(std::launch::async, [&stage, begun, code] {
            return stage.call("POST", "/v1/accounts/sign-in/" + begun["id"].get<std::string>(), code).status;
        }));
        if (i == 0) google.wait_for_a_caller();
    }
    // It waits for providers too, and gets its turn at once.
    BOOST_TEST(stage.call("POST", "/v1/calendars/none/verify").status == 404);
    BOOST_TEST((hung[0].wait_for(std::chrono::seconds{0}) == std::future_status::timeout));
    for (std::size_t i = 1; i < hung.size(); ++i) BOOST_TEST(hung[i].get() == 503);
    google.go();
    BOOST_TEST(hung[0].get() == 502);
}
