#pragma once

#include <deque>
#include <functional>
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
    GoogleJson personal = GoogleJson::object();     ///< What the person changed of the entry in the list.
    bool unlisted = false;                          ///< Taken out of the list.
    std::int64_t listed = 0;                        ///< Position of the entry in the log of changes.
};

struct GoogleChannel {
    std::string id{}, resource{}, watched{}, address{}, token{};
    Instant expires{};
    int messages = 0;
    bool stopped = false;
};

struct WaitingNotification {
    GoogleNotification notification{};
    Instant due{}, ends{};
    int tries = 0;
};

struct GoogleGrant {
    std::string scopes{};
    Instant expires{};              ///< Of an access token.
    Instant last_used{};            ///< Of a refresh token.
    std::optional<Instant> dies{};  ///< Of a refresh token: of its grant.
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
    std::set<std::string> delegated_scopes{};
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
    std::deque<WaitingNotification> notifications{};
    std::function<http::Response(const GoogleNotification&)> receiver{};
    std::map<std::string, std::deque<Instant>> recent_calls{};  ///< By quota user, within a minute, while limited.
    int invitations = 0;
    std::optional<Instant> quota_until{};
    std::int64_t list_tokens_from = 0;  ///< Sync tokens of the calendar list before are 410.

    State(const Clock& c, const ZoneResolver& z) : clock(c), zones(z) {}

    http::Response answer(const http::Request&, const http::Url&);
    // Authorization, google_sim_auth.cpp
    http::Response authorize(const Query&);
    http::Response token(Query form, const std::optional<http::Credentials>&);
    http::Response revoke(const Query& form);
    std::optional<http::Response> refused_access(const GoogleCall&);
    std::string grant_access(const std::string& scopes);
    /// @param dies of the grant; absent: as the quirks say.
    std::string grant_refresh(const std::string& scopes, std::optional<Instant> dies = {});
    http::Response token_answer(const GoogleGrant&, const std::string& refresh_token);
    http::Response jwt_token(const Query& form);
    // Routes, google_sim_routing.cpp
    http::Response api(const GoogleCall&);
    http::Response event_collection(GoogleCalendar&, const GoogleCall&);
    http::Response event_resource(GoogleCalendar&, const GoogleCall&);
    GoogleCalendar* calendar(const std::string& id);  ///< nullptr: there is none.
    std::optional<http::Response> over_the_limit(const GoogleCall&);
    // Several calls in one, google_sim_batch.cpp
    http::Response batch(const http::Request&);
    // Calendars and the list of them, google_sim_calendars.cpp
    http::Response calendar_list(const GoogleCall&);
    http::Response list_of_calendars(const GoogleCall&);
    http::Response calendar_resource(const GoogleCall&);
    http::Response new_calendar(const GoogleCall&);
    GoogleCalendar& make_calendar(const std::string& name, const std::string& role);
    GoogleJson list_entry(const GoogleCalendar&) const;
    // Push, google_sim_push.cpp
    /// @param watched a calendar's id or "calendarList".
    http::Response watch(const std::string& watched, const GoogleCall&);
    http::Response stop(const GoogleCall&);
    void notify(const std::string& watched, const std::string& state);
    void post(GoogleChannel&, const std::string& state, bool at_once);
    /// @return whether it was accepted; what is to be tried again waits anew.
    bool attempt(WaitingNotification);
    int deliver();
    // Free and busy times, google_sim_free_busy.cpp
    http::Response free_busy(const GoogleCall&);
    GoogleJson busy_of(const GoogleCalendar&, Interval, const std::string& zone) const;
    // Writing, google_sim_events.cpp
    http::Response insert(GoogleCalendar&, const GoogleCall&);
    http::Response import(GoogleCalendar&, const GoogleCall&);
    http::Response change_event(GoogleCalendar&, const GoogleCall&, const std::string& id, bool replace);
    http::Response remove(GoogleCalendar&, const GoogleCall&, const std::string& id);
    http::Response move(GoogleCalendar&, const GoogleCall&, const std::string& id);
    std::optional<http::Response> unfit(GoogleCalendar&, GoogleJson& event) const;
    void store(GoogleCalendar&, const std::string& id, GoogleJson event);
    void mail(const GoogleCall&, const GoogleJson& event);
    std::optional<http::Response> too_many_guests(const GoogleCall&, const GoogleJson& event);
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

/// Whether a grant of these scopes covers the call: the operations of the discovery document, google_sim_scopes.cpp.
bool may(const std::string& scopes, const GoogleCall&);
/// The rows of that table as "METHOD pattern scopes", for a test that compares them with the document.
std::vector<std::string> scope_rows();

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
bool is_true(const GoogleJson& object, const char* name);
/// RFC 3339 with an offset; fractions of a second are dropped. Nothing for anything else.
std::optional<Instant> google_instant(const std::string& text);
/// "2026-03-10T10:00:00+01:00": as the wall clock of `zone` says it.
std::string with_offset(Instant, const std::string& zone, const ZoneResolver&);
/// RFC 9110 5.6.7: "Tue, 17 Mar 2026 06:52:00 GMT".
std::string google_date(Instant);
/// Digits only. Nothing when it is no number or beyond 32 bits.
std::optional<std::size_t> count_of(const std::string& text);
std::vector<std::string> words_of(const std::string& text);  ///< Between blanks.
/// An opaque token that carries these parts, checked when it comes back.
std::string sealed(const std::vector<std::string>& parts);
std::optional<std::vector<std::string>> opened(std::string token);

}  // namespace calgate::testing
