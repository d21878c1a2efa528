#include <zlib.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/sim/sim_hall.hpp"

namespace calgate::testing {

namespace {

namespace data = boost::unit_test::data;
using nlohmann::json;
constexpr const char* kCalendars = "https://www.googleapis.com/calendar/v3/calendars";

std::string packed(const std::string& text, bool gzip = true) {
    z_stream stream{};
    BOOST_REQUIRE(::deflateInit2(&stream, 9, Z_DEFLATED, gzip ? 15 + 16 : 15, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(::deflateBound(&stream, static_cast<uLong>(text.size())) + 32, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    BOOST_REQUIRE(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    return out;
}

/// Answers of Google that wait.
std::size_t held(Hall& hall) {
    std::size_t count = 0;
    hall.world->run([&](SimSites& sites) { count = sites.named("google")->held.size(); });
    return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sim_control)

struct Coding {
    const char *name, *coding;
    std::string body;
    int status;
};
std::ostream& operator<<(std::ostream& out, const Coding& row) { return out << row.name; }
const std::string kNew = R"({"summary":"New"})";
const Coding kCodings[] = {
    {"gzip", "gzip", packed(kNew), 200},
    {"gzip in capitals", "GZIP", packed(kNew), 200},
    {"deflate", "deflate", packed(kNew, false), 200},
    {"identity", "identity", kNew, 200},
    {"said and not done", "gzip", kNew, 400},
    {"cut off", "gzip", packed(kNew).substr(0, 20), 400},
    {"with something behind", "gzip", packed(kNew) + "x", 400},
    {"done and not said", "identity", packed(kNew), 400},
    {"unknown", "br", kNew, 415},
};

BOOST_DATA_TEST_CASE(a_packed_body_is_unpacked, kCodings, row) {
    Hall hall;
    const auto answer = hall.ask("POST", kCalendars, row.body, {{"Content-Encoding", row.coding}});
    BOOST_TEST(answer.status == row.status, answer.body);
    if (row.status == 200) BOOST_TEST(json::parse(answer.body)["summary"] == "New");
}

BOOST_AUTO_TEST_CASE(a_body_that_grows_beyond_the_limit_is_refused) {
    Hall hall;
    const std::string bomb = packed(std::string(65u * 1024 * 1024, ' '));
    BOOST_TEST(hall.ask("POST", kCalendars, bomb, {{"Content-Encoding", "gzip"}}).status == 413);
    BOOST_TEST(hall.ask("POST", kCalendars, kNew).status == 200);
}

BOOST_AUTO_TEST_CASE(a_simulator_that_throws_costs_one_answer) {
    Hall hall;
    const auto answer = hall.send("GET", "https://graph.microsoft.com/v1.0/me");
    BOOST_TEST(answer.status == 500);
    BOOST_TEST(json::parse(answer.body)["error"]["code"] == 500);
    BOOST_TEST(hall.ask("GET", kCalendars + std::string("/primary")).status == 200);
}

BOOST_AUTO_TEST_CASE(google_says_it_in_its_own_way) {
    Hall hall([](const Clock& time) {
        SimSite site = google_site(time, Hall::zones());
        site.service = std::make_shared<ThrowingService>();
        return std::vector{site};
    });
    const auto answer = hall.send("GET", kCalendars);
    BOOST_TEST(answer.status == 500);
    BOOST_TEST(json::parse(answer.body)["error"]["errors"][0]["reason"] == "backendError");
}

struct Order {
    const char *method, *path, *body;
    int status;
};
std::ostream& operator<<(std::ostream& out, const Order& row) {
    return out << row.method << " " << row.path << " " << row.body;
}
const Order kOrders[] = {
    {"GET", "/google/events?calendar=nobody", "", 404},
    {"PUT", "/google/events", R"({"calendar":"nobody","content":"{}"})", 404},
    {"DELETE", "/google/events", R"({"calendar":"nobody","event":"x"})", 404},
    {"PUT", "/google/events", R"({"calendar":"shop@example.com","content":"[]"})", 404},
    {"PUT", "/google/events", R"({"calendar":"shop@example.com","content":"{"})", 400},
    {"PUT", "/google/events", R"({"calendar":"shop@example.com","content":"{\"start\":{}}"})", 400},
    {"POST", "/throwing/calendars", R"({"name":"x"})", 400},
    {"POST", "/google/quirks", R"({"no_such":true})", 404},
    {"POST", "/google/quirks", R"({"page":"many"})", 404},
    {"POST", "/google/quirks", R"({"page":-1})", 404},
    {"POST", "/google/quirks", R"({"limit_is_429":1})", 404},
    {"POST", "/google/quirks", "[1]", 400},
    {"POST", "/caldav-rfc/quirks", R"({"page":1})", 404},
    {"POST", "/google/clock", R"({"advance_s":-1})", 400},
    {"POST", "/google/clock", R"({"advance_s":9999999999})", 400},
    {"POST", "/caldav-rfc/clock", R"({"advance_s":1})", 404},
    {"POST", "/google/faults", R"({"status":99999})", 400},
    {"POST", "/google/faults", R"({"path":5})", 400},
    {"POST", "/google/service_accounts", R"({"email":"bot@example.com"})", 400},
    {"POST", "/caldav-rfc/service_accounts", R"({"email":"bot@example.com","public_key":"x"})", 404},
    {"POST",
     "/google/service_accounts",
     R"({"email":"bot@example.com","public_key":"x","delegated_scopes":"a b"})",
     200},
    {"POST", "/google/quirks", R"({"page":1,"free_busy_error":"internalError","token_life":60})", 200},
};

BOOST_AUTO_TEST_CASE(the_control_endpoint_answers_whatever_it_is_sent) {
    Hall hall;
    for (const Order& row : kOrders) {
        const auto answer = hall.control(row.method, row.path, row.body, row.status);
        if (row.status != 200) BOOST_TEST(!answer["detail"].get<std::string>().empty(), row.path);
    }
    BOOST_TEST(hall.ask("GET", kCalendars + std::string("/primary")).status == 200);
}

BOOST_AUTO_TEST_CASE(a_quirk_is_switched_by_its_name) {
    Hall hall;
    hall.ask("POST", kCalendars, kNew);
    const std::string list = "https://www.googleapis.com/calendar/v3/users/me/calendarList";
    BOOST_TEST(!json::parse(hall.ask("GET", list).body).contains("nextPageToken"));
    hall.control("POST", "/google/quirks", R"({"page":1})");
    BOOST_TEST(json::parse(hall.ask("GET", list).body).contains("nextPageToken"));
    hall.control("POST", "/google/quirks", R"({"page":0})");
    BOOST_TEST(!json::parse(hall.ask("GET", list).body).contains("nextPageToken"));
}

BOOST_AUTO_TEST_CASE(the_services_clock_goes_ahead) {
    Hall hall;
    BOOST_TEST(hall.ask("GET", kCalendars + std::string("/primary")).status == 200);
    hall.control("POST", "/google/clock", R"({"advance_s":3500})");
    BOOST_TEST(hall.ask("GET", kCalendars + std::string("/primary")).status == 200);
    hall.control("POST", "/google/clock", R"({"advance_s":100})");
    BOOST_TEST(hall.ask("GET", kCalendars + std::string("/primary")).status == 401);
}

BOOST_AUTO_TEST_CASE(a_fault_hits_a_path_and_a_method) {
    Hall hall;
    const std::string primary = kCalendars + std::string("/primary");
    hall.ask("GET", primary);
    hall.control(
        "POST",
        "/google/faults",
        R"({"failing_percent":100,"status":429,"body":"{}","retry_after":7,"method":"POST","path":"/events"})"
    );
    const auto hit = hall.ask("POST", primary + "/events", "{}");
    BOOST_TEST(hit.status == 429);
    BOOST_TEST(hit.header("Retry-After").value_or("") == "7");
    BOOST_TEST(hall.ask("GET", primary + "/events").status == 200);
    BOOST_TEST(hall.ask("POST", kCalendars, kNew).status == 200);
    hall.control("POST", "/google/faults", "{}");
    BOOST_TEST(hall.ask("POST", primary + "/events", "{}").status == 400);
}

BOOST_DATA_TEST_CASE(an_answer_is_held_before_it_or_in_the_middle, data::make({false, true}), in_the_body) {
    Hall hall;
    const std::string primary = kCalendars + std::string("/primary");
    const auto whole = hall.ask("GET", primary);
    hall.control(
        "POST", "/google/faults", json{{"hold", true}, {"path", "/calendars"}, {"in_the_body", in_the_body}}.dump()
    );
    std::jthread release([&] {
        while (held(hall) == 0) std::this_thread::yield();
        hall.world->set_faults("google", {});
    });
    const auto late = hall.ask("GET", primary);
    BOOST_TEST(late.status == 200);
    BOOST_TEST(late.body == whole.body);
}

BOOST_AUTO_TEST_CASE(an_answer_comes_later) {
    Hall hall;
    hall.control("POST", "/google/faults", R"({"delay_ms":1,"in_the_body":true})");
    BOOST_TEST(hall.ask("GET", kCalendars + std::string("/primary")).status == 200);
    hall.control("POST", "/google/faults", R"({"delay_ms":1})");
    BOOST_TEST(hall.ask("POST", kCalendars, kNew).status == 200);
}

BOOST_DATA_TEST_CASE(google_is_known_by_its_paths_at_a_loopback_address, data::make({true, false}), https) {
    Hall hall;
    const auto port = std::to_string(https ? hall.world->https_port() : hall.world->http_port());
    const std::string origin = (https ? "https://localhost:" : "http://127.0.0.1:") + port;
    hall.token = hall.sign_in(origin, origin);
    BOOST_TEST(hall.ask("GET", origin + "/calendar/v3/calendars/primary").status == 200);
    BOOST_TEST(hall.send("POST", origin + "/batch/calendar/v3").status == 400);
    BOOST_TEST(hall.send("POST", origin + "/revoke", "token=x").status == 400);
    BOOST_TEST(hall.send("GET", origin + "/17112341/").status == 401);  // CalDAV asks for a password.
}

BOOST_AUTO_TEST_CASE(the_only_site_there_is_answers_at_a_loopback_address) {
    Hall hall([](const Clock&) { return std::vector{throwing_site()}; });
    const std::string origin = "http://127.0.0.1:" + std::to_string(hall.world->http_port());
    BOOST_TEST(hall.send("GET", origin + "/anything").status == 500);
    Hall two([](const Clock& time) { return std::vector{throwing_site(), google_site(time, Hall::zones())}; });
    BOOST_TEST(two.send("GET", "http://127.0.0.1:" + std::to_string(two.world->http_port()) + "/any").status == 421);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
