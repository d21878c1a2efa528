#pragma once

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/gateway/api_stage.hpp"

namespace calgate::testing {

/// A salon with the public page on: Anna cuts, an hour each, whenever.
class BookStage : public ApiStage {
public:
    explicit BookStage(const BookingLimits& limits = {}, bool growing_wait = false, bool page = true)
        : ApiStage({}, config(limits, growing_wait, page)) {
        add_staff("anna");
        const Json cut = {{"name", "Cut"}, {"duration_min", 60}, {"step_min", 60}, {"staff", Json::array({"anna"})}};
        BOOST_REQUIRE_EQUAL(call("PUT", "/v1/services/cut", cut).status, 201);
        BOOST_REQUIRE_EQUAL(call("PUT", "/v1/services/colour", cut).status, 201);
    }

    /// As a browser at this address asks, through the proxy.
    Answer post(const std::string& path, const Json& body, const std::string& address = "192.0.2.1") const {
        return call(
            "POST",
            "/book/" + path,
            body,
            {{"Content-Type", "application/json"}, {"X-Forwarded-For", address}, {"Authorization", "none"}}
        );
    }
    /// The n-th full hour of the day after tomorrow and the days behind it.
    std::string hour(int n) const {
        const auto day = std::chrono::floor<std::chrono::days>(gateway_clock().now()) + std::chrono::days{2};
        return format_instant(Instant{day} + std::chrono::hours{n});
    }
    std::string day() const { return hour(0).substr(0, 10); }
    Answer hold(int n, const std::string& address = "192.0.2.1", const std::string& link = "") const {
        Json body = {{"service", "cut"}, {"start", hour(n)}};
        if (!link.empty()) body["link"] = link;
        return post("holds", body, address);
    }
    Answer confirm(const std::string& booking, const std::string& contact = "mia@example.org") const {
        return post("confirm", {{"booking", booking}, {"name", "Mia"}, {"contact", contact}});
    }
    Json link_for(const std::string& customer, const Json& more = Json::object()) const {
        Json wanted = {{"customer", customer}};
        wanted.update(more);
        const auto made = call("POST", "/v1/links", wanted);
        BOOST_REQUIRE_EQUAL(made.status, 201);
        return made.json();
    }

private:
    static Config config(const BookingLimits& limits, bool growing_wait, bool page) {
        Config out;
        out.booking = {page, std::chrono::seconds{300}, growing_wait, limits};
        out.behind_proxy = true;
        out.address_per_minute = 0;
        return out;
    }
    const Clock& gateway_clock() const { return clock_; }
    SystemClock clock_{};
};

}  // namespace calgate::testing
