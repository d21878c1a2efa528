#pragma once

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "connectors/http/url.hpp"
#include "tests/sim/google_sim.hpp"

namespace calgate::testing {

using GoogleJson = nlohmann::ordered_json;
using Query = std::multimap<std::string, std::string>;

struct GoogleCalendar {
    std::string id{}, name{}, zone = "Europe/Berlin", role = "owner";
    bool removed = false;
    std::map<std::string, GoogleJson> events{};     ///< By id, cancelled ones included.
    std::map<std::string, std::int64_t> changed{};  ///< Position of an event in the log of changes.
    std::int64_t tokens_from = 0;                   ///< Sync tokens before are 410.
};

struct GoogleChannel {
    std::string id{}, resource{}, calendar{}, address{}, token{};
    Instant expires{};
    int messages = 0;
};

struct GoogleGrant {
    std::string scopes{};
    Instant expires{};    ///< Of an access token.
    Instant last_used{};  ///< Of a refresh token.
};

struct GoogleCode {
    std::string redirect{}, challenge{}, scopes{};
    bool offline = false;
    Instant expires{};
};

struct GoogleRefusal {
    int status = 0;
    std::string reason{}, method{};
    int times = 1;
};

struct ServiceAccount {
    std::string public_key{};
    bool delegated = false;
};

/// A request, taken apart.
struct GoogleCall {
    std::string method{};
    std::vector<std::string> path{};  ///< Segments behind /calendar/v3, decoded.
    Query query{};
    const http::Request& request;

    std::string header(std::string_view name) const;
    std::string one(const std::string& name) const;  ///< Empty when absent.
    bool flag(const std::string& name) const { return one(name) == "true"; }
};

struct GoogleSim::State {
    const Clock& clock;
    const ZoneResolver& zones;
    GoogleQuirks quirks{};
    std::map<std::string, GoogleCalendar> calendars{};
    std::vector<std::string> order{};  ///< Of calendars, as they were made.
    std::int64_t change = 1000;
    int made = 0;
    std::deque<SimFault> faults{};
    std::deque<GoogleRefusal> refusals{};
    std::vector<SeenRequest> requests{};
    std::vector<std::string> bodies{};
    bool down = false;
    int mails = 0;
    std::map<std::string, GoogleGrant> access{}, refresh{};
    std::map<std::string, GoogleCode> codes{};
    std::map<std::string, ServiceAccount> service_accounts{};
    std::set<std::string> redirects{};
    std::map<std::string, GoogleChannel> channels{};
    std::vector<GoogleNotification> notifications{};
    std::deque<Instant> recent_calls{};

    State(const Clock& c, const ZoneResolver& z) : clock(c), zones(z) {}

    http::Response answer(const http::Request&, const http::Url&);
    // Authorization, google_sim_auth.cpp
    http::Response authorize(const Query&);
    http::Response token(const Query& form);
    http::Response revoke(const Query& form);
    std::optional<http::Response> refused_access(const GoogleCall&);
    std::string grant_access(const std::string& scopes);
    std::string grant_refresh(const std::string& scopes);
    http::Response token_answer(const std::string& scopes, const std::string& refresh_token);
    http::Response jwt_token(const Query& form);
    // Routes, google_sim_routing.cpp
    http::Response api(const GoogleCall&);
    http::Response calendar_list(const GoogleCall&);
    http::Response calendar_resource(const GoogleCall&);
    http::Response event_collection(GoogleCalendar&, const GoogleCall&);
    http::Response event_resource(GoogleCalendar&, const GoogleCall&);
    http::Response watch(GoogleCalendar&, const GoogleCall&);
    http::Response stop(const GoogleCall&);
    http::Response batch(const http::Request&);
    http::Response free_busy(const GoogleCall&);
    GoogleCalendar* calendar(const std::string& id);
    void notify(const GoogleCalendar&, const std::string& state);
    void post(GoogleChannel&, const std::string& state);
    // Writing, google_sim_events.cpp
    http::Response insert(GoogleCalendar&, const GoogleCall&);
    http::Response import(GoogleCalendar&, const GoogleCall&);
    http::Response change_event(GoogleCalendar&, const GoogleCall&, const std::string& id, bool replace);
    http::Response remove(GoogleCalendar&, const GoogleCall&, const std::string& id);
    std::optional<http::Response> unfit(GoogleCalendar&, GoogleJson& event) const;
    void store(GoogleCalendar&, const std::string& id, GoogleJson event);
    void mail(const GoogleCall&, const GoogleJson& event);
    std::optional<GoogleJson> instance(GoogleCalendar&, const std::string& id) const;
    void cancel(GoogleCalendar&, const std::string& id);
    GoogleJson shown(const GoogleCalendar&, const GoogleJson& event) const;
    // Reading, google_sim_list.cpp
    http::Response list(GoogleCalendar&, const GoogleCall&);
    http::Response instances(GoogleCalendar&, const GoogleCall&, const std::string& id);
    std::vector<GoogleJson> expanded(const GoogleCalendar&, const GoogleJson& master, Interval) const;
    bool fits(const GoogleCalendar&, const GoogleJson& event, const GoogleCall&) const;
    Instant start_of(const GoogleCalendar&, const GoogleJson& event, const char* name) const;
};

/// Helpers, google_sim_json.cpp
Query query_of(std::string_view text);
http::Response google_answer(int status, const GoogleJson& body);
http::Response google_error(
    int status, const std::string& domain, const std::string& reason, const std::string& message
);
http::Response google_error(int status, const std::string& reason);
/// PATCH: objects merge, arrays and values replace, null deletes.
void merge_patch(GoogleJson& into, const GoogleJson& patch);
GoogleJson masked(const GoogleJson& value, const std::string& fields);
std::string text_of(const GoogleJson& object, const char* name);

}  // namespace calgate::testing
