#define BOOST_TEST_MODULE sim_world
#include "tests/sim/sim_world.hpp"

#include <stdlib.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>
#include <thread>

#include "gateway/system_clock.hpp"
#include "tests/sim/caldav_site.hpp"

namespace bdata = boost::unit_test::data;
using namespace calgate;
using namespace calgate::testing;
using Json = nlohmann::json;

namespace {

struct Folder {
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "calgate-sim-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path;
};

/// Answers with the URL it was asked for, so that a test sees what arrived.
class EchoService final : public http::HttpTransport {
public:
    Result<http::Response> send(const http::Request& request, const Context&) override {
        http::Response response;
        response.status = 200;
        response.body = request.method + " " + request.url + "\n" + request.body;
        if (request.url.ends_with("/lost")) return Error{ErrorCode::Timeout, "Lost.", {}};
        if (request.url.ends_with("/broken")) return Error{ErrorCode::InvalidResponse, "Broken.", {}};
        return response;
    }
};

class Nobody final : public SimPerson {
public:
    std::string make_calendar(const std::string&) override { throw std::invalid_argument("Nobody is here."); }
    std::vector<Entry> events(const std::string&) override { return {}; }
    std::string put(const std::string&, const std::string&, const std::string&) override { return {}; }
    void erase(const std::string&, const std::string&) override {}
    int mails() override { return 3; }
};

SimSite echo_site(const std::string& name, std::vector<std::string> hosts) {
    SimSite site;
    site.name = name;
    site.hosts = std::move(hosts);
    site.service = std::make_shared<EchoService>();
    site.person = std::make_shared<Nobody>();
    return site;
}

struct Stand {
    SystemClock clock{};
    Folder folder{};
    SimWorld world{
        clock,
        {caldav_site("rfc", clock),
         echo_site("google", {"www.googleapis.com", "oauth2.googleapis.com", "accounts.google.com"}),
         echo_site("graph", {"graph.microsoft.com", "login.microsoftonline.com"})},
        folder.path};
    http::CurlTransport client{world.client_settings(), clock};

    Result<http::Response> ask(const std::string& url, const std::string& method = "GET", std::string body = {}) {
        return client.send({method, url, {}, std::move(body), {}}, {clock.steady() + std::chrono::seconds(10), {}});
    }
    Json control(const std::string& method, const std::string& path, const Json& body = {}, int status = 200) {
        http::CurlTransport::Settings settings;
        settings.private_hosts = {"127.0.0.1"};
        http::CurlTransport plain(settings, clock);
        const std::string url = "http://127.0.0.1:" + std::to_string(world.control_port()) + path;
        const auto answer = plain.send(
            {method, url, {}, body.is_null() ? std::string() : body.dump(), {}},
            {clock.steady() + std::chrono::seconds(10), {}}
        );
        BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().detail));
        BOOST_TEST(answer->status == status);
        return Json::parse(answer->body);
    }
};

const std::vector<std::string> kHosts{
    "www.googleapis.com",
    "oauth2.googleapis.com",
    "accounts.google.com",
    "graph.microsoft.com",
    "login.microsoftonline.com",
};

}  // namespace

BOOST_DATA_TEST_CASE(a_production_url_reaches_its_simulator, bdata::make(kHosts), host) {
    Stand stand;
    const auto answer = stand.ask("https://" + host + "/a/b?c=d%20e", "POST", "body");
    BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().detail));
    BOOST_TEST(answer->body == "POST https://" + host + "/a/b?c=d%20e\nbody");
}

BOOST_AUTO_TEST_CASE(an_authority_that_is_not_trusted_is_refused) {
    Stand stand;
    Folder elsewhere;
    const SimWorld other(stand.clock, {echo_site("google", {"www.googleapis.com"})}, elsewhere.path);
    for (const std::string& ca_file : {std::string(), other.ca_file()}) {
        auto settings = stand.world.client_settings();
        settings.ca_file = ca_file;
        http::CurlTransport client(settings, stand.clock);
        const auto answer = client.send(
            {"GET", "https://www.googleapis.com/", {}, {}, {}}, {stand.clock.steady() + std::chrono::seconds(10), {}}
        );
        BOOST_REQUIRE(!answer);
        BOOST_TEST((answer.error().code == ErrorCode::Unavailable), answer.error().detail);
        const bool says_what_to_do = answer.error().detail.find("ca_file under [network]") != std::string::npos;
        BOOST_TEST(says_what_to_do, answer.error().detail);
    }
    stand.world.run([](SimSites& sites) { BOOST_TEST(sites.named("google")->requests == 0); });
}

BOOST_AUTO_TEST_CASE(no_more_requests_are_under_way_at_one_origin_than_it_likes) {
    Stand stand;
    SimFaults holding;
    holding.hold = true;
    stand.world.set_faults("google", holding);
    const http::Request few{"GET", "https://www.googleapis.com/few", {}, {}, {}};
    http::Request many = few;
    many.connections = 6;
    const Context context{stand.clock.steady() + std::chrono::seconds(20), {}};
    const auto arrived = [&] {
        std::int64_t count = 0;
        stand.world.run([&](SimSites& sites) { count = sites.named("google")->requests; });
        return count;
    };
    const auto has_come = [&](std::int64_t count) {
        while (arrived() < count && stand.clock.steady() < context.deadline) std::this_thread::yield();
        return arrived() == count;
    };
    auto sevenfold = std::async(std::launch::async, [&] { return stand.client.send_together({7, few}, context); });
    BOOST_TEST(has_come(http::kFewConnections));
    // What comes after those that wait, and may, overtakes them.
    auto twice = std::async(std::launch::async, [&] { return stand.client.send_together({2, many}, context); });
    BOOST_TEST(has_come(http::kFewConnections + 2));
    // Elsewhere there is room.
    BOOST_TEST(stand.ask("https://graph.microsoft.com/").has_value());
    BOOST_TEST(arrived() == http::kFewConnections + 2);
    stand.world.set_faults("google", {});
    for (auto* all : {&sevenfold, &twice})
        for (const auto& answer : all->get()) BOOST_TEST((answer && answer->status == 200));
    BOOST_TEST(arrived() == 9);
}

BOOST_AUTO_TEST_CASE(what_waits_for_its_origin_ends_with_its_deadline_and_its_caller) {
    Stand stand;
    SimFaults holding;
    holding.hold = true;
    stand.world.set_faults("google", holding);
    const std::vector<http::Request> six(6, {"GET", "https://www.googleapis.com/", {}, {}, {}});
    const Context soon{stand.clock.steady() + std::chrono::milliseconds(300), {}};
    for (const auto& answer : stand.client.send_together(six, soon)) BOOST_TEST(!answer);
    std::stop_source caller;
    const Context later{stand.clock.steady() + std::chrono::seconds(20), caller.get_token()};
    auto answers = std::async(std::launch::async, [&] { return stand.client.send_together(six, later); });
    caller.request_stop();
    for (const auto& answer : answers.get()) BOOST_TEST((!answer && answer.error().code == ErrorCode::Cancelled));
    stand.world.set_faults("google", {});
    BOOST_TEST(stand.ask("https://www.googleapis.com/").has_value());
}

BOOST_AUTO_TEST_CASE(a_certificate_counts_for_its_own_host_only) {
    Stand stand;
    auto settings = stand.world.client_settings();
    settings.private_hosts.push_back("www.example.org");
    settings.connect_to.push_back("www.example.org:443:127.0.0.1:" + std::to_string(stand.world.https_port()));
    http::CurlTransport client(settings, stand.clock);
    const auto answer = client.send(
        {"GET", "https://www.example.org/", {}, {}, {}}, {stand.clock.steady() + std::chrono::seconds(10), {}}
    );
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == ErrorCode::Unavailable), answer.error().detail);
}

BOOST_AUTO_TEST_CASE(a_caldav_profile_answers_over_https_and_http) {
    Stand stand;
    const auto login = CaldavSim::credentials();
    const std::string path = "/17112341/calendars/";
    const std::string plain_origin = "http://127.0.0.1:" + std::to_string(stand.world.http_port());
    auto settings = stand.world.client_settings();
    settings.private_hosts.push_back("127.0.0.1");
    http::CurlTransport client(settings, stand.clock);
    for (const std::string& origin : {std::string("https://rfc.caldav.localhost"), plain_origin}) {
        const auto answer = client.send(
            {"PROPFIND", origin + path, {{"Depth", "1"}}, {}, login},
            {stand.clock.steady() + std::chrono::seconds(10), {}}
        );
        BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().detail));
        BOOST_TEST(answer->status == 207);
    }
}

BOOST_AUTO_TEST_CASE(a_site_that_is_down_is_unavailable_and_comes_back) {
    Stand stand;
    BOOST_TEST(bool(stand.ask("https://www.googleapis.com/")));
    BOOST_TEST(bool(stand.ask("https://graph.microsoft.com/")));
    stand.control("POST", "/google/faults", {{"down", true}});  // Its open connection has ended as well.
    const auto down = stand.ask("https://www.googleapis.com/");
    BOOST_REQUIRE(!down);
    BOOST_TEST((down.error().code == ErrorCode::Unavailable), down.error().detail);
    BOOST_TEST(bool(stand.ask("https://graph.microsoft.com/")));
    stand.control("POST", "/google/faults", Json::object());
    BOOST_TEST(bool(stand.ask("https://www.googleapis.com/")));
}

BOOST_AUTO_TEST_CASE(a_site_that_hangs_answers_nobody_and_stops_nothing_else) {
    Stand stand;
    stand.control("POST", "/graph/faults", {{"hang", true}});
    const auto hung = stand.client.send(
        {"GET", "https://graph.microsoft.com/", {}, {}, {}}, {stand.clock.steady() + std::chrono::milliseconds(500), {}}
    );
    BOOST_REQUIRE(!hung);
    BOOST_TEST((hung.error().code == ErrorCode::Timeout), hung.error().detail);
    BOOST_TEST(bool(stand.ask("https://www.googleapis.com/")));
}

BOOST_AUTO_TEST_CASE(so_many_of_a_hundred_requests_fail) {
    Stand stand;
    stand.control("POST", "/google/faults", {{"failing_percent", 30}, {"status", 500}});
    int failed = 0;
    for (int i = 0; i < 200; ++i) {
        const auto answer = stand.ask("https://www.googleapis.com/");
        BOOST_REQUIRE(bool(answer));
        failed += answer->status == 500;
    }
    BOOST_TEST(failed > 30);
    BOOST_TEST(failed < 90);
}

BOOST_AUTO_TEST_CASE(lost_and_broken_answers_are_seen_as_such) {
    Stand stand;
    const auto lost = stand.ask("https://www.googleapis.com/lost");
    BOOST_REQUIRE(!lost);
    BOOST_TEST((lost.error().code == ErrorCode::Timeout), lost.error().detail);
    const auto broken = stand.ask("https://www.googleapis.com/broken");
    BOOST_REQUIRE(!broken);
    BOOST_TEST((broken.error().code == ErrorCode::InvalidResponse), broken.error().detail);
}

BOOST_DATA_TEST_CASE(
    a_write_that_was_cut_off_on_a_kept_connection_is_sent_once_R6, bdata::make({"POST", "PATCH"}), method
) {
    Stand stand;
    BOOST_TEST(bool(stand.ask("https://www.googleapis.com/")));
    const auto lost = stand.ask("https://www.googleapis.com/lost", method, "{}");
    BOOST_REQUIRE(!lost);
    BOOST_TEST((lost.error().code == ErrorCode::Timeout), lost.error().detail);
    stand.world.run([](SimSites& sites) { BOOST_TEST(sites.named("google")->requests == 2); });
}

BOOST_AUTO_TEST_CASE(a_person_edits_through_the_control_endpoint) {
    Stand stand;
    const std::string text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    const std::string calendar = stand.control("POST", "/caldav-rfc/calendars", {{"name", "work"}})["calendar"];
    const auto events = [&] { return stand.control("GET", "/caldav-rfc/events?calendar=" + calendar)["events"]; };
    BOOST_TEST(events().empty());
    const std::string event =
        stand.control("PUT", "/caldav-rfc/events", {{"calendar", calendar}, {"content", text}})["event"];
    BOOST_TEST(events().dump() == (Json::array({{{"event", event}, {"content", text}}}).dump()));
    stand.control("PUT", "/caldav-rfc/events", {{"calendar", calendar}, {"event", event}, {"content", text + "X"}});
    BOOST_TEST(events().at(0)["content"] == text + "X");
    stand.control("DELETE", "/caldav-rfc/events", {{"calendar", calendar}, {"event", event}});
    BOOST_TEST(events().empty());
}

BOOST_AUTO_TEST_CASE(the_control_endpoint_refuses_what_it_does_not_know) {
    Stand stand;
    stand.control("POST", "/google/faults", {{"slow", true}}, 400);
    stand.control("POST", "/google/faults", {{"down", "yes"}}, 400);
    stand.control("POST", "/nobody/faults", Json::object(), 404);
    stand.control("GET", "/google", {}, 404);
    stand.control("POST", "/google/calendars", {{"name", "x"}}, 404);
    stand.control("GET", "/caldav-rfc/events", {}, 400);
    stand.control("GET", "/caldav-rfc/events?calendar=elsewhere", {}, 404);
    const Json sites = stand.control("GET", "/")["sites"];
    BOOST_TEST(sites.size() == 3u);
    BOOST_TEST(sites.at(1)["name"] == "google");
    BOOST_TEST(sites.at(1)["mails"] == 3);
    BOOST_TEST(sites.at(1)["requests"] == 0);
}
