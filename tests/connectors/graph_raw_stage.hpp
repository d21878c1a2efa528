#pragma once

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <ostream>

#include "connectors/http/url.hpp"
#include "tests/sim/graph_sim.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

/// The simulator as any program meets it: requests, and nothing of ours between.
struct RawGraph {
    using Json = nlohmann::ordered_json;
    struct Answer {
        int status = 0;
        http::Response whole{};
        Json body{};
        std::string code() const { return body.is_object() && body.contains("error") ? body["error"]["code"] : ""; }
    };

    ManualClock clock{};
    ZoneResolver zones{};
    GraphSim sim;
    std::string calendar;
    std::string token;

    explicit RawGraph(GraphQuirks quirks = graph_quirks_of("plain"))
        : sim(clock, zones, std::move(quirks)), calendar(sim.make_calendar("Salon")), token(sim.issue_token()) {}

    Answer ask(
        const std::string& method, const std::string& url, const std::string& body = {}, http::Headers more = {}
    ) {
        http::Request request;
        request.method = method;
        request.url = url.starts_with("https://") ? url : "https://graph.microsoft.com/v1.0" + url;
        request.body = body;
        request.headers = std::move(more);
        if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
        const auto response = sim.send(request, {clock.steady() + std::chrono::seconds(5), {}});
        BOOST_REQUIRE(response.has_value());
        return {response->status, *response, Json::parse(response->body, nullptr, false)};
    }
    Answer form(const std::string& tenant, const std::string& body, http::Headers more = {}) {
        token.clear();
        return ask("POST", "https://login.microsoftonline.com/" + tenant + "/oauth2/v2.0/token", body, std::move(more));
    }
    std::string in_calendar(const std::string& rest) const {
        return "/me/calendars/" + http::percent_encode(calendar) + rest;
    }
    static std::string event_of(const std::string& id) { return "/me/events/" + http::percent_encode(id); }
    static std::string haircut(const std::string& more = "") {
        return R"({"subject":"Haircut","start":{"dateTime":"2026-06-10T09:00:00","timeZone":"Europe/Berlin"},)"
               R"("end":{"dateTime":"2026-06-10T10:00:00","timeZone":"Europe/Berlin"})" +
               more + "}";
    }
    /// As the API gives it: the id that changes when the event is moved.
    Json created(const std::string& more = "") {
        const Answer made = ask("POST", in_calendar("/events"), haircut(more));
        BOOST_REQUIRE_MESSAGE(made.status == 201, made.whole.body);
        return made.body;
    }
    static std::string window() { return "?startDateTime=2026-06-01T00:00:00Z&endDateTime=2026-07-01T00:00:00Z"; }
};

}  // namespace calgate::testing
