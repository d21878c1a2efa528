#pragma once

#include <deque>
#include <map>
#include <optional>

#include "connectors/http/url.hpp"
#include "tests/sim/caldav_sim.hpp"
#include "tests/sim/xml_text.hpp"

namespace calgate::testing {

struct SimObject {
    std::string text{};
    std::string uid{};
    std::int64_t changed_at = 0;
};

struct SimCalendar {
    std::string name{};
    bool tasks_only = false;
    std::map<std::string, SimObject> objects{};        ///< By path.
    std::map<std::string, std::int64_t> tombstones{};  ///< Path to change number.
    std::map<std::string, std::int64_t> tokens{};      ///< Handed out and still accepted.
};

/// What a calendar-query asks for.
struct SimQuery {
    std::optional<std::string> uid{};
    std::string start{}, end{};  ///< As in time-range; empty: open.
    /// prop-filter of the events, but for the UID's text (RFC 4791 9.7.2).
    struct Property {
        std::string name{}, text{};  ///< Empty text: whether it is there.
        bool absent = false;         ///< is-not-defined, or a text that must not match.
    };
    std::vector<Property> properties{};
};
/// A property that a PROPFIND names.
struct SimProperty {
    std::string space{}, name{};
};

enum class Space : std::uint8_t { Dav, Caldav, CalendarServer };

/// Everything behind CaldavSim; paths are canonical.
struct CaldavSim::State {
    const Clock& clock;
    Quirks quirks;
    std::map<std::string, SimCalendar> calendars{};  ///< By path with a slash at the end.
    std::int64_t change = 0;
    std::vector<std::int64_t> seconds{0};  ///< When each change was made, by its number.
    int replacements = 0;
    std::deque<SimFault> faults{};
    std::vector<SeenRequest> requests{};
    bool down = false;
    int authorized_requests = -1;  ///< Still answered; -1: all.
    int mails = 0;

    State(const Clock& given_clock, Quirks given) : clock(given_clock), quirks(std::move(given)) {}

    http::Response answer(const http::Request&, const http::Url&);
    bool lets_in(const http::Request&) const;
    http::Response unauthorized() const;
    http::Response redirect(const http::Url&) const;

    http::Response propfind(const http::Request&, const http::Url&);
    http::Response propfind_object(const http::Request&, const std::string& path);
    /// A propstat of 404 for what was asked for and is not in `known` (RFC 4918 9.1); empty where all of it is.
    std::string unknown_ones(const std::vector<SimProperty>& asked, const std::string& known) const;
    http::Response report(const http::Request&, const http::Url&);
    /// Nobody may change a property (RFC 4918 9.2); each is answered.
    http::Response proppatch(const http::Request&, const std::string& path);
    http::Response sync_collection(SimCalendar&, const std::string& path, const std::string& token);
    http::Response multiget(const SimCalendar&, const std::vector<std::string>& hrefs) const;
    http::Response query(const SimCalendar&, const std::string& path, const SimQuery&) const;
    http::Response unknown_token(SimCalendar&, const std::string& path);

    http::Response get(const http::Request&, const std::string& path);
    http::Response put(const http::Request&, const std::string& path);
    http::Response erase(const http::Request&, const std::string& path);
    std::optional<http::Response> uid_conflict(const std::string& path, const std::string& uid) const;
    std::int64_t next_change();
    /// The change up to which a token reaches; nothing for one that is not known.
    std::optional<std::int64_t> reached_by(const SimCalendar&, const std::string& token) const;
    void store(SimCalendar&, const std::string& path, std::string text);
    void remove(SimCalendar&, const std::string& path);

    SimCalendar* calendar(const std::string& path);
    SimCalendar* calendar_of(const std::string& object_path);
    std::string etag(const SimObject&) const;
    std::string token_at(SimCalendar&, std::int64_t change_number);

    std::string element(Space, const std::string& name, const std::string& inner = {}) const;
    std::string status_element(int status) const;
    std::string propstat(int status, const std::string& properties) const;
    std::string href_text(const std::string& path) const;
    bool cannot_give(const std::string& path) const;
    std::string member(const std::string& path, const SimObject&, bool with_data) const;
    /// The collection among its own members, as some services list it.
    std::string itself(const std::string& path) const;
    std::string gone(const std::string& path) const;
    http::Response multistatus(const std::string& responses, const std::string& token = {}) const;
    http::Response condition(int status, Space, const std::string& name, const std::string& inner = {}) const;
};

constexpr const char* kPrincipalPath = "/17112341/principal/";
constexpr const char* kHomePath = "/17112341/calendars/";

std::string home_origin(const Quirks&);
std::string entry_origin(const Quirks&);
/// First value of a property in the object's VEVENTs; unfolded; empty when absent.
std::string property_of(const std::string& icalendar, const std::string& name);
/// The same meaning, as a service stores it that makes its own text of what comes.
std::string rewritten(const std::string& icalendar);
http::Response plain(int status, http::Headers headers = {}, std::string body = {});

}  // namespace calgate::testing
