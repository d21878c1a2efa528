#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <utility>

#include "gateway/businesses.hpp"
#include "tests/gateway/api_stage.hpp"

namespace calgate::testing {

inline Config config_of(const std::string& host) {
    Config config;
    config.public_url = "https://" + host;
    config.google.client_id = "client-" + host;
    config.booking.page = true;
    config.booking.growing_wait = false;
    config.key_per_minute = config.address_per_minute = 0;
    return config;
}

/// Two businesses in one process. All that belongs to the second is named with words that nobody says at the first.
struct Street {
    ApiStage a{{}, config_of("a.example")}, b{{}, config_of("b.example")};
    Businesses both{};
    std::map<std::string, std::string> ids_of_b{};  ///< By what each is.
    Json feed{}, sign_in{}, held{}, link{};

    Street() {
        BOOST_REQUIRE(both.add(a.api(), "https://a.example").has_value());
        BOOST_REQUIRE(both.add(b.api(), "https://b.example:8443/").has_value());
        furnish(a, "ann", "acut", "a-one", "Annemarie", "acc-a", "cal-a");
        furnish(b, "bea", "bcut", "b-one", "Beate", "acc-b", "cal-b");
        ids_of_b = {
            {"staff", "bea"},
            {"service", "bcut"},
            {"appointment", "b-one"},
            {"account", "acc-b"},
            {"calendar", "cal-b"}};
        const Json hold = {
            {"id", "b-hold"},
            {"service", "bcut"},
            {"staff", "bea"},
            {"start", "2027-03-01T12:00:00"},
            {"zone", "Europe/Berlin"}};
        ids_of_b["hold"] = made("POST", "/v1/holds", hold)["id"];
        feed = made("POST", "/v1/feeds", {{"staff", "bea"}, {"label", "Beate"}, {"detail", "full"}});
        ids_of_b["feed"] = feed["id"];
        ids_of_b["address of a feed"] = feed["path"].get<std::string>().substr(7);
        link = made("POST", "/v1/links", {{"customer", "Bertram"}});
        ids_of_b["link"] = link["id"];
        ids_of_b["key"] = made("POST", "/v1/keys", {{"label", "Bartonnier"}})["id"];
        sign_in = made("POST", "/v1/accounts/sign-in", {{"provider", "google"}});
        ids_of_b["sign-in"] = sign_in["id"];
        held = ask("POST", "/book/holds", {{"service", "bcut"}, {"start", tomorrow() + "T10:00:00Z"}}, "", "b.example")
                   .second;
        BOOST_REQUIRE_MESSAGE(held.contains("booking"), held.dump());
        const auto numbers = write(*b.gateway().store, [&](Writer& writer) {
            Conflict conflict;
            conflict.appointment = AppointmentId{"b-one"};
            conflict.calendar = CalendarId{"cal-b"};
            conflict.why = "Bertram";
            const auto id = writer.add(conflict);
            return std::pair(
                id, writer.append(Change{0, b.gateway().clock.now(), "run.decided", "cal-b", "calendar:cal-b", "", 0})
            );
        });
        ids_of_b["conflict"] = std::to_string(numbers.first);
        ids_of_b["run"] = std::to_string(numbers.second);
    }

    static void furnish(
        ApiStage& stage,
        const char* person,
        const char* service,
        const char* appointment,
        const char* name,
        const char* account,
        const char* calendar
    ) {
        const auto put = [&](const std::string& path, const Json& body) {
            const auto answer = stage.call("PUT", path, body);
            BOOST_REQUIRE_MESSAGE(answer.status == 201, answer.body);
        };
        put(std::string("/v1/staff/") + person, {{"name", name}, {"zone", "Europe/Berlin"}, {"capacity", 1000}});
        put(std::string("/v1/services/") + service,
            {{"name", name}, {"duration_min", 60}, {"staff", Json::array({person})}});
        Json one = booking(person, "2027-03-01T09:00:00", "2027-03-01T10:00:00");
        one["customer"] = one["title"] = name;
        put(std::string("/v1/appointments/") + appointment, one);
        stage.gateway().store->write([&](Writer& writer) {
            writer.put(Account{AccountId{account}, "memory", "https://calendars.example/", name});
            Calendar used;
            used.id = CalendarId{calendar};
            used.account = AccountId{account};
            used.href = Href{std::string("/") + calendar};
            used.staff = StaffId{person};
            used.name = name;
            used.mirror = true;
            writer.put(used);
        });
    }

    std::string tomorrow() { return format_instant(b.gateway().clock.now() + std::chrono::days{1}).substr(0, 10); }

    /// @param key an Authorization, or empty.
    std::pair<int, Json> ask(
        const std::string& method,
        const std::string& target,
        const Json& body,
        const std::string& key,
        const std::string& host
    ) {
        HttpRequest request;
        request.method = method;
        request.path = target.substr(0, target.find('?'));
        std::string_view rest =
            target.size() > request.path.size() ? std::string_view(target).substr(request.path.size() + 1) : "";
        while (!rest.empty()) {
            const auto one = rest.substr(0, rest.find('&'));
            const auto equals = one.find('=');
            request.query.emplace_back(one.substr(0, equals), one.substr(equals + 1));
            rest.remove_prefix(std::min(one.size() + 1, rest.size()));
        }
        request.headers = {{"host", host}, {"content-type", "application/json"}};
        if (!key.empty()) request.headers.emplace_back("authorization", key);
        if (!body.is_null()) request.body = body.dump();
        last_ = both.handle(request);
        return {last_.status, Json::parse(last_.body, nullptr, false)};
    }
    Json made(const std::string& method, const std::string& target, const Json& body) {
        const auto [status, answer] = ask(method, target, body, b.authorization(), "b.example");
        BOOST_REQUIRE_MESSAGE(status == 201, method << ' ' << target << ": " << answer.dump());
        return answer;
    }
    /// As the first business, at its own host; nothing of the second may be in the answer.
    int as_a(const std::string& method, const std::string& target, const Json& body = nullptr) {
        const int status = ask(method, target, body, a.authorization(), "a.example").first;
        for (const char* word : {"Beate", "Bertram", "Bartonnier", "b.example"})
            BOOST_TEST(last_.body.find(word) == std::string::npos, method << ' ' << target << ": " << last_.body);
        return status;
    }
    /// All that the second business has.
    std::string state_of_b() { return ask("GET", "/v1/export", nullptr, b.authorization(), "b.example").second.dump(); }

    HttpResponse last_{};
};

}  // namespace calgate::testing
