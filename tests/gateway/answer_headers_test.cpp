#include <boost/test/unit_test.hpp>

#include "tests/gateway/api_stage.hpp"

namespace calgate {
namespace {

using namespace calgate::testing;

struct PageStage : ApiStage {
    PageStage() : ApiStage({}, with_page()) {}
    static Config with_page() {
        Config config;
        config.booking.page = true;
        return config;
    }
    /// Whatever is answered: no other site may read it, no browser takes it for something else, no cache keeps it.
    static void check(const std::string& what, const Answer& got) {
        BOOST_TEST_CONTEXT(what << " answered " << got.status) {
            BOOST_TEST(got.header("x-content-type-options") == "nosniff");
            const bool feed = what.starts_with("GET /feeds/") && got.status == 200;
            BOOST_TEST(got.header("cache-control") == (feed ? "private, no-cache" : "no-store"));
            for (const auto& [name, value] : got.headers) BOOST_TEST(!name.starts_with("access-control-"), name);
            BOOST_TEST(!got.header("content-type").empty());
            BOOST_TEST(got.header("server").empty());
        }
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(answer_headers, PageStage)

BOOST_AUTO_TEST_CASE(every_route_is_kept_by_no_cache_and_read_by_no_other_site) {
    add_staff("anna");
    for (const Api::Route& route : Api::routes()) {
        std::string target = route.pattern;
        if (const auto at = target.find("{id}"); at != std::string::npos) target.replace(at, 4, "anna");
        const HeaderList headers = {
            {"Authorization", authorization()},
            {"Content-Type", "application/json"},
            {"Origin", "https://elsewhere.example"}};
        check(route.method + " " + target, call(route.method, target, std::string{}, headers));
        check(route.method + " " + target, call(route.method, target, std::string{}, {{"Authorization", "none"}}));
    }
    const std::string feed = call("POST", "/v1/feeds", Json{{"staff", "anna"}}).json()["path"];
    check("GET " + feed, call("GET", feed));
}

BOOST_AUTO_TEST_CASE(so_is_what_the_server_itself_refuses) {
    for (const std::string& text :
         {std::string("GET /none HTTP/1.1\r\n\r\n"),
          std::string("PATCH /v1/staff HTTP/1.1\r\n\r\n"),
          std::string("OPTIONS /v1/staff HTTP/1.1\r\nOrigin: https://elsewhere.example\r\n\r\n"),
          std::string("nothing\r\n\r\n"),
          "GET /live HTTP/1.1\r\nX-Long: " + std::string(20'000, 'x') + "\r\n\r\n",
          std::string("PUT /v1/staff/a HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n")}) {
        Wire wire(port());
        wire.send(text);
        const Answer got = wire.read();
        BOOST_TEST(got.status >= 400);
        check(text.substr(0, 20), got);
    }
}

BOOST_AUTO_TEST_CASE(a_stream_too) {
    Wire wire(port());
    wire.send(
        request_text("GET", "/v1/changes", {}, {{"Authorization", authorization()}, {"Accept", "text/event-stream"}})
    );
    const Answer got = wire.read(true);
    BOOST_TEST(got.header("content-type") == "text/event-stream");
    check("GET /v1/changes", got);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
