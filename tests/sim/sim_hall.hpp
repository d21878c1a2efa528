#pragma once

#include <stdlib.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "gateway/system_clock.hpp"
#include "tests/sim/caldav_site.hpp"
#include "tests/sim/google_site.hpp"
#include "tests/sim/graph_site.hpp"
#include "tests/sim/sim_world.hpp"

namespace calgate::testing {

/// A simulator that cannot take what it is asked.
class ThrowingService final : public http::HttpTransport {
public:
    Result<http::Response> send(const http::Request&, const Context&) override { throw std::runtime_error("Odd."); }
};

class Silent final : public SimPerson {
public:
    std::string make_calendar(const std::string&) override { throw std::runtime_error("Odd."); }
    std::vector<Entry> events(const std::string&) override { return {}; }
    std::string put(const std::string&, const std::string&, const std::string&) override { return {}; }
    void erase(const std::string&, const std::string&) override {}
    int mails() override { return 0; }
};

inline SimSite throwing_site() {
    SimSite site;
    site.name = "throwing";
    site.hosts = {"graph.microsoft.com"};
    site.service = std::make_shared<ThrowingService>();
    site.person = std::make_shared<Silent>();
    return site;
}

/// Simulators over HTTPS with their control endpoint, and a client that reaches both.
struct Hall {
    using Sites = std::function<std::vector<SimSite>(const Clock&)>;

    Hall()
        : Hall([](const Clock& time) {
              return std::vector{google_site(time, zones()), throwing_site(), caldav_site("rfc", time)};
          }) {}
    explicit Hall(const Sites& sites) {
        std::string pattern = (std::filesystem::temp_directory_path() / "calgate-sim-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder = pattern;
        world = std::make_unique<SimWorld>(clock, sites(clock), folder);
        auto settings = world->client_settings();
        settings.private_hosts.push_back("127.0.0.1");
        settings.private_hosts.push_back("localhost");
        client = std::make_unique<http::CurlTransport>(settings, clock);
    }
    ~Hall() {
        client.reset();
        world.reset();
        std::filesystem::remove_all(folder);
    }
    Hall(const Hall&) = delete;
    Hall& operator=(const Hall&) = delete;

    static const ZoneResolver& zones() {
        static const ZoneResolver resolver;
        return resolver;
    }
    http::Response send(
        const std::string& method, const std::string& url, const std::string& body = {}, http::Headers headers = {}
    ) {
        const auto answer =
            client->send({method, url, std::move(headers), body, {}}, {clock.steady() + std::chrono::seconds(20), {}});
        BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().detail));
        return *answer;
    }
    /// With the token of a fresh sign-in.
    http::Response ask(
        const std::string& method, const std::string& url, const std::string& body = {}, http::Headers headers = {}
    ) {
        if (token.empty()) token = sign_in("https://accounts.google.com", "https://oauth2.googleapis.com");
        headers.emplace_back("Authorization", "Bearer " + token);
        return send(method, url, body, std::move(headers));
    }
    std::string sign_in(const std::string& browser, const std::string& endpoint) {
        const std::string client_id = GoogleSim::client_id();
        const auto redirect = send(
            "GET",
            browser + "/o/oauth2/auth?response_type=code&redirect_uri=http%3A%2F%2Flocalhost%2Fcb&client_id=" +
                client_id + "&scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcalendar"
        );
        const std::string location = redirect.header("Location").value_or("");
        const auto answer = send(
            "POST",
            endpoint + "/token",
            "grant_type=authorization_code&redirect_uri=http%3A%2F%2Flocalhost%2Fcb&client_id=" + client_id +
                "&client_secret=" + GoogleSim::client_secret() + "&" + location.substr(location.find("code=")),
            {{"Content-Type", "application/x-www-form-urlencoded"}}
        );
        BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.body);
        return nlohmann::json::parse(answer.body)["access_token"];
    }
    /// A token of Graph's application, whose calls go to /users/….
    std::string application() {
        const auto answer = send(
            "POST",
            "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token",
            "grant_type=client_credentials&client_id=" + GraphSim::client_id() +
                "&client_secret=" + GraphSim::client_secret() + "&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
            {{"Content-Type", "application/x-www-form-urlencoded"}}
        );
        BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.body);
        return nlohmann::json::parse(answer.body)["access_token"];
    }
    nlohmann::json control(
        const std::string& method, const std::string& path, const std::string& body = {}, int status = 200
    ) {
        const auto answer = send(method, "http://127.0.0.1:" + std::to_string(world->control_port()) + path, body);
        BOOST_TEST(answer.status == status, path + " " + body + ": " + answer.body);
        return nlohmann::json::parse(answer.body);
    }

    SystemClock clock{};
    std::string folder{};
    std::unique_ptr<SimWorld> world{};
    std::unique_ptr<http::CurlTransport> client{};
    std::string token{};
};

}  // namespace calgate::testing
