#include "tests/sim/sim_control.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "connectors/http/url.hpp"

namespace calgate::testing {

namespace {

using Json = nlohmann::json;

struct Refusal : std::runtime_error {
    Refusal(int code, const std::string& sentence) : std::runtime_error(sentence), status(code) {}
    int status;
};

SimReply reply(int status, const Json& body) {
    SimReply out;
    out.response.status = status;
    out.response.headers = {{"Content-Type", "application/json"}};
    out.response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    return out;
}

Json described(const SimSite& site) {
    return {
        {"name", site.name},
        {"hosts", site.hosts},
        {"down", site.faults.down},
        {"hang", site.faults.hang},
        {"held", site.held.size()},
        {"failing_percent", site.faults.failing_percent},
        {"method", site.faults.method},
        {"path", site.faults.path},
        {"requests", site.requests},
        {"mails", site.person->mails()}};
}

int status_in(const Json& value) {
    const int status = value.get<int>();
    if (status < 200 || status > 599) throw Refusal(400, "Give a status from 200 to 599.");
    return status;
}

std::chrono::milliseconds delay_in(const Json& value) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 60'000)
        throw Refusal(400, "Give \"delay_ms\" as milliseconds, a minute at most.");
    return std::chrono::milliseconds(value.get<std::int64_t>());
}

SimFaults faults_from(const Json& body) {
    SimFaults faults;
    for (const auto& [key, value] : body.items()) {
        if (key == "down")
            faults.down = value.get<bool>();
        else if (key == "hang")
            faults.hang = value.get<bool>();
        else if (key == "failing_percent")
            faults.failing_percent = value.get<int>();
        else if (key == "status")
            faults.status = status_in(value);
        else if (key == "body")
            faults.body = value.get<std::string>();
        else if (key == "retry_after")
            faults.retry_after = value.is_string() ? value.get<std::string>() : std::to_string(value.get<int>());
        else if (key == "delay_ms")
            faults.delay = delay_in(value);
        else if (key == "hold")
            faults.hold = value.get<bool>();
        else if (key == "in_the_body")
            faults.in_the_body = value.get<bool>();
        else if (key == "method")
            faults.method = value.get<std::string>();
        else if (key == "path")
            faults.path = value.get<std::string>();
        else
            throw Refusal(400, "A site has no fault \"" + key + "\".");
    }
    return faults;
}

std::string text(const Json& body, const char* key) {
    const auto found = body.find(key);
    if (found == body.end() || !found->is_string()) throw Refusal(400, std::string("Give \"") + key + "\" as text.");
    return found->get<std::string>();
}

std::string calendar_in(const std::string& query) {
    constexpr std::string_view kName = "?calendar=";
    if (!query.starts_with(kName)) throw Refusal(400, "Give the calendar: ?calendar=…");
    return http::percent_decode(query.substr(kName.size()));
}

Json listed(SimPerson& person, const std::string& calendar) {
    Json events = Json::array();
    for (const auto& entry : person.events(calendar))
        events.push_back({{"event", entry.event}, {"content", entry.content}});
    return {{"events", events}};
}

void switch_quirks(SimPerson& person, const Json& body) {
    if (!body.is_object()) throw Refusal(400, "Give quirks as an object: {\"name\": value}.");
    for (const auto& [name, value] : body.items())
        person.set_quirk(name, value.is_string() ? value.get<std::string>() : value.dump());
}

void advance(SimPerson& person, const Json& body) {
    constexpr std::int64_t kLongest = 10LL * 365 * 86400;
    const auto by = body.find("advance_s");
    if (by == body.end() || !by->is_number_unsigned() || by->get<std::uint64_t>() > kLongest)
        throw Refusal(400, "Give \"advance_s\" as seconds, ten years at most.");
    person.advance(std::chrono::seconds(by->get<std::int64_t>()));
}

/// What does not touch faults.
Json act(SimPerson& person, const std::string& what, const std::string& query, const Json& body) {
    if (what == "POST calendars") return {{"calendar", person.make_calendar(text(body, "name"))}};
    if (what == "GET events") return listed(person, calendar_in(query));
    if (what == "PUT events")
        return {{"event", person.put(text(body, "calendar"), body.value("event", ""), text(body, "content"))}};
    if (what == "DELETE events") {
        person.erase(text(body, "calendar"), text(body, "event"));
        return Json::object();
    }
    if (what == "POST receiver") {
        person.receive_at(text(body, "origin"));
        return Json::object();
    }
    if (what == "POST forgotten") {
        person.forget_tokens();
        return Json::object();
    }
    if (what == "POST revoked") {
        person.revoke();
        return Json::object();
    }
    if (what == "POST lifecycle") {
        person.tell_life(text(body, "event"));
        return Json::object();
    }
    if (what == "POST quirks") {
        switch_quirks(person, body);
        return Json::object();
    }
    if (what == "POST clock") {
        advance(person, body);
        return Json::object();
    }
    if (what == "POST service_accounts") {
        person.register_service_account(
            text(body, "email"), text(body, "public_key"), body.value("delegated_scopes", "")
        );
        return Json::object();
    }
    if (what == "POST notifications") return {{"delivered", person.deliver()}};
    throw Refusal(404, "There is nothing at this address.");
}

}  // namespace

SimControl::SimControl(SimSites& sites) : sites_(sites) {}

SimReply SimControl::handle(http::Request&& request) {
    try {
        const auto url = http::parse_url(request.url);
        if (!url) throw Refusal(400, "The Host header or the target is no address.");
        if (url->path == "/") {
            Json all = Json::array();
            for (const auto& [name, site] : sites_.all()) all.push_back(described(site));
            return reply(200, {{"sites", all}});
        }
        const auto slash = url->path.find('/', 1);
        SimSite* const site = sites_.named(url->path.substr(1, slash - 1));
        if (!site || slash == std::string::npos) throw Refusal(404, "There is no such site.");
        const Json body = request.body.empty() ? Json::object() : Json::parse(request.body);
        const std::string what = request.method + " " + url->path.substr(slash + 1);
        if (what != "POST faults") return reply(200, act(*site->person, what, url->query, body));
        SimSites::set_faults(*site, faults_from(body));
        return reply(200, described(*site));
    } catch (const Refusal& refusal) {
        return reply(refusal.status, {{"detail", refusal.what()}});
    } catch (const Json::exception&) {
        return reply(400, {{"detail", "The body is not the JSON that belongs here."}});
    } catch (const std::invalid_argument& unknown) {
        return reply(404, {{"detail", unknown.what()}});
    } catch (const std::exception& refused) {
        return reply(400, {{"detail", std::string("This cannot be done: ") + refused.what()}});
    }
}

}  // namespace calgate::testing
