#include <sys/socket.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <future>

#include "gateway/change_stream.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/gateway/api_stage.hpp"
#include "tests/support/manual_clock.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace std::chrono_literals;

namespace {

/// Reads on until `wanted` was there; gives up with what came when the other side closes or 20 s pass.
std::string read_until(const Wire& wire, const std::string& wanted) {
    const timeval patience{1, 0};
    ::setsockopt(wire.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto end = std::chrono::steady_clock::now() + 20s;
    std::string all;
    char bytes[4096];
    while (all.find(wanted) == std::string::npos && std::chrono::steady_clock::now() < end) {
        const auto got = ::recv(wire.fd(), bytes, sizeof bytes, 0);
        if (got < 0 && errno == EAGAIN) continue;
        if (got <= 0) return all;
        all.append(bytes, static_cast<std::size_t>(got));
    }
    return all;
}

/// Whatever comes until the other side closes.
std::string read_all(const Wire& wire) { return read_until(wire, std::string("\0never", 6)); }

/// A piece for ever, or none ever; tells when it ends.
struct Endless final : BodyStream {
    Endless(std::string says, std::promise<void> when_over) : text(std::move(says)), over(std::move(when_over)) {}
    ~Endless() override { over.set_value(); }
    std::optional<std::string> next() override { return text; }
    std::string text;
    std::promise<void> over;
};

/// A server whose every answer but /live is a stream of the text.
struct StreamingServer {
    explicit StreamingServer(std::string text, HttpServer::Settings settings = {})
        : server(
              (settings.request_timeout = 1s, settings.store_threads = 2, settings.stream_pause = 5ms, settings),
              [](const HttpRequest&) { return Lane::Store; },
              [this, says = std::move(text)](const HttpRequest& request) {
                  HttpResponse response;
                  if (request.path == "/live") return response;
                  std::promise<void> when_over;
                  over = when_over.get_future();
                  response.stream = std::make_shared<Endless>(says, std::move(when_over));
                  return response;
              }
          ) {
        server.start();
    }
    std::future<void> over{};
    HttpServer server;
};

Change change(const std::string& subject) { return {0, Instant{}, "appointment.created", subject, "api", "", 1}; }

struct StreamStage : ApiStage {
    StreamStage()
        : ApiStage(HttpServer::Settings{}, [] {
              Config config;
              config.streams_per_key = 2;
              return config;
          }()) {}
    std::unique_ptr<Wire> listen(const std::string& target, HeaderList headers = {}) const {
        auto wire = std::make_unique<Wire>(port());
        headers.emplace_back("Authorization", authorization());
        headers.emplace_back("Accept", "text/event-stream");
        wire->send(request_text("GET", target, {}, headers));
        return wire;
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(streams)

BOOST_AUTO_TEST_CASE(a_reader_that_takes_nothing_is_cut_and_delays_nobody) {
    StreamingServer streaming(std::string(256 * 1024, 'x'));
    Wire slow(streaming.server.port());
    slow.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    read_until(slow, "\r\n\r\n");
    for (int i = 0; i < 5; ++i) {
        Wire other(streaming.server.port());
        other.send("GET /live HTTP/1.1\r\nHost: h\r\n\r\n");
        BOOST_TEST(other.read().status == 200);
    }
    BOOST_TEST((streaming.over.wait_for(15s) == std::future_status::ready));
}

BOOST_AUTO_TEST_CASE(open_streams_hold_no_thread) {
    StreamingServer streaming("");
    std::vector<std::unique_ptr<Wire>> many;
    for (int i = 0; i < 40; ++i) {  // Twenty times the threads there are.
        many.push_back(std::make_unique<Wire>(streaming.server.port()));
        many.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        BOOST_REQUIRE(read_until(*many.back(), "\r\n\r\n").starts_with("HTTP/1.1 200"));
    }
    Wire other(streaming.server.port());
    other.send("GET /live HTTP/1.1\r\nHost: h\r\n\r\n");
    BOOST_TEST(other.read().status == 200);
}

BOOST_AUTO_TEST_CASE(a_stop_ends_streams_whole) {
    StreamingServer streaming("");
    Wire wire(streaming.server.port());
    wire.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    BOOST_REQUIRE(read_until(wire, "\r\n\r\n").find("chunked") != std::string::npos);
    streaming.server.stop();
    BOOST_TEST(read_all(wire).ends_with("0\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_is_noticed) {
    StreamingServer streaming("");
    {
        Wire wire(streaming.server.port());
        wire.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        read_until(wire, "\r\n\r\n");
    }
    BOOST_TEST((streaming.over.wait_for(15s) == std::future_status::ready));
}

BOOST_AUTO_TEST_CASE(each_change_comes_once_and_a_comment_shows_that_the_connection_lives) {
    const ScratchFolder folder;
    const auto store = SqliteStore::open(folder.path() + "/calgate.db");
    ManualClock clock;
    for (int i = 0; i < 250; ++i) store->write([&](Writer& w) { w.append(change("a" + std::to_string(i))); });
    ChangeStream stream({*store, clock, [] { return true; }, nullptr}, 10);
    const std::string first = *stream.next();
    BOOST_TEST(first.starts_with("retry: "));
    BOOST_TEST(first.find("id: 11\n") != std::string::npos);
    BOOST_TEST(first.find("id: 10\n") == std::string::npos);
    BOOST_TEST(first.find("id: 211\n") == std::string::npos);  // A piece is bounded.
    BOOST_TEST(stream.next()->starts_with("id: 211\nevent: appointment.created\ndata: {"));
    BOOST_TEST(stream.next()->empty());
    clock.advance(14s);
    BOOST_TEST(stream.next()->empty());
    clock.advance(1s);
    BOOST_TEST(*stream.next() == ": \n\n");
    BOOST_TEST(stream.next()->empty());
}

BOOST_FIXTURE_TEST_CASE(the_feed_is_told_as_it_grows_and_goes_on_where_a_reader_left, StreamStage) {
    add_staff("anna");
    const auto first = listen("/v1/changes");
    BOOST_TEST(read_until(*first, "retry").find("text/event-stream") != std::string::npos);
    call("PUT", "/v1/appointments/one", booking("anna", "2027-03-01T09:00:00", "2027-03-01T10:00:00"));
    const std::string told = read_until(*first, "\"one\"");
    BOOST_TEST(told.find("event: appointment.created") != std::string::npos);
    const auto last = call("GET", "/v1/changes").json()["next"].get<std::int64_t>();
    call("PUT", "/v1/appointments/two", booking("anna", "2027-03-02T09:00:00", "2027-03-02T10:00:00"));
    const auto second = listen("/v1/changes", {{"Last-Event-ID", std::to_string(last)}});
    const std::string resumed = read_until(*second, "\"two\"");
    BOOST_TEST(resumed.find("\"one\"") == std::string::npos);
    BOOST_TEST(resumed.find("id: " + std::to_string(last + 1) + "\n") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(streams_under_a_key_are_counted_and_given_back, StreamStage) {
    auto one = listen("/v1/changes");
    const auto two = listen("/v1/changes");
    read_until(*one, "retry");
    read_until(*two, "retry");
    const Answer refused = listen("/v1/changes")->read();
    BOOST_TEST(refused.status == 429);
    BOOST_TEST(!refused.header("retry-after").empty());
    one.reset();
    for (int tries = 0; tries < 1000; ++tries) {  // Until the end of the first was noticed.
        const auto again = listen("/v1/changes");
        if (read_until(*again, "\r\n\r\n").starts_with("HTTP/1.1 200")) return;
    }
    BOOST_ERROR("a stream that ended is counted still");
}

BOOST_FIXTURE_TEST_CASE(a_revoked_key_ends_its_streams, StreamStage) {
    const auto made = call("POST", "/v1/keys", Json{{"label", "x"}, {"scope", "read"}}).json();
    Wire wire(port());
    wire.send(request_text(
        "GET",
        "/v1/changes",
        {},
        {{"Authorization", "Bearer " + made["key"].get<std::string>()}, {"Accept", "text/event-stream"}}
    ));
    read_until(wire, "retry");
    call("DELETE", "/v1/keys/" + made["id"].get<std::string>());
    BOOST_TEST(read_all(wire).ends_with("0\r\n\r\n"));
}

BOOST_FIXTURE_TEST_CASE(a_reader_that_is_ahead_of_the_feed_is_told, StreamStage) {
    const auto got = call("GET", "/v1/changes?after=999999");
    BOOST_TEST(got.status == 410);
    BOOST_TEST(got.detail().find("from the start") != std::string::npos);
    BOOST_TEST(listen("/v1/changes", {{"Last-Event-ID", "999999"}})->read().status == 410);
    BOOST_TEST(listen("/v1/changes", {{"Last-Event-ID", "x"}})->read().status == 400);
}

BOOST_AUTO_TEST_SUITE_END()
