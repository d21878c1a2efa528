#pragma once

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "connectors/http/url.hpp"
#include "tests/sim/google_sim.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

/// What came back, its body as JSON where it is some.
struct GoogleAnswer {
    int status = 0;
    nlohmann::json body{};
    http::Headers headers{};
    std::string text{};

    std::string reason() const {
        const nlohmann::json::json_pointer at("/error/errors/0/reason");
        return body.contains(at) ? body.at(at).get<std::string>() : "";
    }
    std::string header(std::string_view name) const {
        http::Response wrapped;
        wrapped.headers = headers;
        return wrapped.header(name).value_or("");
    }
};

/// A simulated account with one calendar, asked as any client would, by a clock that stands still.
struct GoogleStand {
    static constexpr const char* kApi = "https://www.googleapis.com/calendar/v3/";
    static constexpr const char* kAuth = "https://www.googleapis.com/auth/";

    static const ZoneResolver& zones() {
        static const ZoneResolver resolver;
        return resolver;
    }
    GoogleAnswer send(http::Request request) {
        const auto answer = sim.send(request, {clock.steady() + std::chrono::seconds(20), {}});
        BOOST_REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().detail));
        return {answer->status, nlohmann::json::parse(answer->body, nullptr, false), answer->headers, answer->body};
    }
    /// @param path below the API's address.
    GoogleAnswer ask(
        const std::string& method, const std::string& path, const std::string& body = {}, http::Headers headers = {}
    ) {
        headers.emplace_back("Authorization", "Bearer " + token);
        return send({method, kApi + path, std::move(headers), body, {}});
    }
    /// With an access token that lives on.
    void pass(std::chrono::seconds time) {
        clock.advance(time);
        token = sim.issue_access_token();
    }
    std::string events() const { return "calendars/" + http::percent_encode(id) + "/events"; }
    /// An hour of 10 March 2026, 10:00 in Berlin, with these members beside it.
    static std::string event(const std::string& members = {}) {
        return R"({"start":{"dateTime":"2026-03-10T10:00:00+01:00","timeZone":"Europe/Berlin"},)"
               R"("end":{"dateTime":"2026-03-10T11:00:00+01:00","timeZone":"Europe/Berlin"})" +
               (members.empty() ? "" : "," + members) + "}";
    }
    std::string insert(const std::string& members = {}) {
        const auto made = ask("POST", events(), event(members));
        BOOST_REQUIRE_MESSAGE(made.status == 200, made.text);
        return made.body["id"];
    }
    GoogleAnswer form(
        const std::string& path, const std::string& fields, std::optional<http::Credentials> credentials = {}
    ) {
        return send(
            {"POST",
             "https://oauth2.googleapis.com" + path,
             {{"Content-Type", "application/x-www-form-urlencoded"}},
             fields,
             std::move(credentials)}
        );
    }

    ManualClock clock{};
    GoogleSim sim{clock, zones()};
    std::string token = sim.issue_access_token();
    std::string id = sim.make_calendar("Salon");
};

}  // namespace calgate::testing
