#pragma once

#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "connectors/http/url.hpp"
#include "tests/sim/graph_sim.hpp"

namespace calgate::testing {

using Json = nlohmann::ordered_json;
using GraphQuery = std::map<std::string, std::string>;

struct GraphTimes {
    LocalSeconds start{}, end{};
    std::string start_zone = "UTC", end_zone = "UTC";  ///< As given.
    bool all_day = false;
};

/// An event, a master, or one changed occurrence of it.
struct GraphEvent {
    std::string id{}, plain_id{}, calendar{}, ical_uid{}, transaction{};
    Json members = Json::object();  ///< What has no meaning here is kept as well.
    GraphTimes times{};
    std::map<std::string, std::string> properties{};
    Instant created{}, modified{};
    std::int64_t key = 0;      ///< Of the change key.
    std::int64_t change = 0;   ///< Number of the last change.
    std::int64_t left_at = 0;  ///< Deleted or moved away from `left`.
    bool deleted = false;
    std::map<std::string, std::int64_t> left{};      ///< Calendars it was moved out of.
    std::map<std::string, GraphEvent> exceptions{};  ///< By slot date.
    std::set<std::string> cancelled{};               ///< Slot dates.
    bool is_series() const { return members.contains("recurrence") && members["recurrence"].is_object(); }
};

struct GraphCalendar {
    std::string id{}, name{};
    bool can_edit = true, is_default = false, removed = false;
    std::string color = "auto";
};

struct GraphSlot {
    std::string date{};
    GraphTimes times{};
};

/// A delta round under way, or where the next one begins.
struct DeltaRound {
    std::string calendar{}, kind{};
    Instant start{}, end{}, made{};
    std::int64_t generation = 0;  ///< Among those of the calendar; the newest is the highest.
    std::int64_t since = 0, base = 0, upto = 0;
    bool first = true;
    std::shared_ptr<std::vector<Json>> items{};  ///< Shared by the pages of a round.
    std::size_t at = 0;
    bool waits = false;  ///< The items are known and are paged through.
    bool gave_empty = false;
};

/// A notification until it was taken, or was too old.
struct GraphNote {
    Json text{};
    Instant since{}, not_before{};
    int tries = 0;
};

struct GraphSubscription {
    std::string id{}, resource{}, change_type{}, callback{}, lifecycle{}, secret{};
    Instant expires{};
    bool immutable_ids = false;
    std::optional<Instant> silent_from{};  ///< reauthorizationRequired was not followed.
    std::deque<GraphNote> waiting{};
};

/// One comparison of a $filter.
struct GraphTerm {
    enum class Kind : std::uint8_t { Compare, StartsWith, Property };
    Kind kind = Kind::Compare;
    std::string path{}, sign{}, value{};  ///< Of a property the path is its id.
    bool after_or = false;                ///< Begins another alternative.
};

/// A request with its parts found.
struct GraphCall {
    const http::Request& request;
    std::string method{};
    std::vector<std::string> path{};  ///< Below the mailbox, decoded.
    std::string path_text{};          ///< Before the query, as asked.
    GraphQuery query{};
    bool immutable_ids = false, text_bodies = false, minimal = false;
    bool app_only = false;  ///< No person signed in.
    bool basic = false;     ///< Calendars.ReadBasic only: no texts, extended properties or attachments.
    std::string zone = "UTC";
    std::size_t page = 0;  ///< odata.maxpagesize
    Json body = Json::object();
    std::string applied{};                    ///< Preferences that the answer follows.
    std::optional<http::Response> refused{};  ///< It cannot be understood.
};

struct GraphSim::State {
    const Clock& clock;
    const ZoneResolver& zones;
    GraphQuirks quirks;
    std::map<std::string, GraphCalendar> calendars{};
    std::vector<std::string> calendar_order{};
    std::map<std::string, GraphEvent> events{};  ///< By immutable id.
    std::vector<std::string> event_order{};
    std::map<std::string, std::string> transactions{};  ///< To immutable id; survives deletion.
    std::map<std::string, DeltaRound> rounds{};
    std::map<std::string, GraphSubscription> open{};
    struct Grant {
        Instant until{};
        std::string scope{};
        bool app_only = false;
    };
    std::map<std::string, Grant> access{};
    std::map<std::string, Grant> refresh{};
    struct Code {
        std::string challenge{}, redirect{}, scope{}, nonce{};
        Instant until{};
    };
    std::map<std::string, Code> codes{};
    std::int64_t change = 0, made = 0;
    std::deque<SimFault> faults{};
    std::vector<SeenRequest> requests{};
    std::vector<http::Request> exchanges{};
    bool down = false;
    int others = 0, mails = 0;
    std::deque<Instant> recent_calls{};  ///< Within ten minutes, while there is a quota.
    Instant throttled_until{};           ///< While calls in that time prolong it.
    std::chrono::seconds throttle_wait{};
    struct Delivery {
        Instant at{};
        bool slow = false;
    };
    std::map<std::string, std::deque<Delivery>> deliveries{};  ///< Of ten minutes, by address.
    Callback callback{};

    State(const Clock& given_clock, const ZoneResolver& given_zones, GraphQuirks given);

    http::Response answer(const http::Request&, const http::Url&);
    std::optional<http::Response> too_many();  ///< Counts the call.
    http::Response throttled(int status, const std::string& limit, std::chrono::seconds wait);
    /// Never throws.
    http::Response api(const http::Request&, const http::Url&);
    http::Response called(const http::Request&, const http::Url&);
    http::Response mailbox(GraphCall&);
    http::Response login(const http::Request&, const http::Url&);
    http::Response token(const GraphQuery& form);
    http::Response granted(const GraphQuery& form, const std::string& scope, const std::string& nonce, bool app_only);
    http::Response authorize(const GraphQuery&);

    http::Response calendar_list(const GraphCall&);
    http::Response calendar(GraphCall&, const std::string& id);
    std::optional<http::Response> wish(GraphCalendar&, const Json& body) const;
    http::Response supported_zones(const GraphCall&) const;
    http::Response in_calendar(GraphCall&, const std::string& calendar, std::size_t at);
    http::Response create(const GraphCall&, const std::string& calendar);
    http::Response event(GraphCall&, const std::string& calendar, const std::string& id, std::size_t at);
    http::Response patch(const GraphCall&, GraphEvent& target, GraphEvent& owner);
    http::Response remove(const GraphCall&, GraphEvent& owner, const std::string& slot);
    http::Response repeated_transaction(const GraphCall&, const std::string& existing);
    std::optional<http::Response> precondition(const GraphCall&, const GraphEvent&);
    std::optional<std::string> apply(GraphEvent&, const Json& body, bool is_new);
    void touch(GraphEvent&, const char* change_type);
    void notify(const GraphEvent&, const std::string& change_type);
    int deliver();
    /// @return the status that the receiver gave; 0: none within three seconds.
    int post_note(const http::Request&);
    /// Of a hundred deliveries to this address within ten minutes, how many were slow; 0 while nobody minds.
    int slow_percent(const std::string& url);

    Json render(const GraphCall&, const GraphEvent&, const GraphEvent* master, const std::string& slot) const;
    Json occurrence(const GraphCall&, const GraphEvent& master, const GraphSlot&) const;
    Json stub(const GraphCall&, const GraphEvent& master, const GraphSlot&) const;
    std::string etag(const GraphEvent&) const;
    std::string id_for(const GraphCall&, const GraphEvent&) const;
    std::string occurrence_id(const GraphCall&, const GraphEvent& master, const std::string& slot) const;
    std::vector<GraphSlot> slots(const GraphEvent& master, Interval window) const;
    /// Whether an occurrence there would stand on the day of its neighbour, or beyond it.
    bool crosses(const GraphEvent& master, const std::string& slot, const GraphTimes& wanted) const;
    Interval span(const GraphTimes&) const;
    GraphEvent* find(const GraphCall&, const std::string& calendar, const std::string& id, std::string& slot);
    bool overlaps(const GraphEvent&, Interval window) const;

    http::Response list(const GraphCall&, std::vector<Json> items);
    /// The terms of $filter. @return what it is answered with when one of them is not understood.
    std::optional<http::Response> read_filter(const GraphCall&, std::vector<GraphTerm>&) const;
    http::Response event_list(const GraphCall&, const std::string& calendar);
    http::Response view(const GraphCall&, const std::string& calendar);
    http::Response instances(const GraphCall&, const GraphEvent&);
    http::Response delta(GraphCall&, const std::string& calendar, const std::string& kind);
    http::Response delta_page(GraphCall&, const std::string& token);
    std::int64_t newest_generation(const DeltaRound&) const;
    void fill_round(const GraphCall&, DeltaRound&) const;
    std::int64_t seen_changes(Instant horizon) const;
    http::Response dead_token() const;
    http::Response subscription_call(GraphCall&);
    std::optional<http::Response> handshake(const std::string& url);
    http::Response subscribe(const GraphCall&);
    http::Response change_subscription(const GraphCall&, GraphSubscription&);
    http::Response batch(const GraphCall&);
    http::Response batch_part(const GraphCall&, const Json& part);
    http::Response translate(const GraphCall&) const;
    bool permits(const std::string& scope, GraphCall&) const;
    http::Response schedule(const GraphCall&, const std::string& calendar);
    std::string next_name(const std::string& prefix);
};

http::Response graph_json(int status, const Json& body, http::Headers headers = {});
http::Response graph_error(int status, const std::string& code, const std::string& message, Json more = Json::object());
GraphQuery parse_query(std::string_view query);
std::string seven_digits(LocalSeconds);
std::string seven_digits(Instant);
/// startDateTime and endDateTime; nothing when one is missing or no time.
std::optional<Interval> window_of(const GraphQuery&);
http::Response no_window();
/// The parts of a $expand or $filter at this separator, outside of quotes and brackets.
std::vector<std::string> split_outside(const std::string& text, const std::string& separator);

/// Header values of this name in any case, joined by commas.
std::string graph_header(const http::Request&, const std::string& name);
bool same_without_case(const std::string&, const std::string&);
GraphCall graph_call_of(const http::Request&, const http::Url&, const ZoneResolver&);
/// Of a request body: the shape of each member and the names of its values. @return why it is refused.
std::optional<std::string> check_members(const Json& body);
/// Objects without their null members, at any depth.
Json without_nulls(const Json&);
std::optional<std::vector<GraphTerm>> parse_filter(const std::string& text);
/// Whether every term of one alternative holds. Property terms are of `properties`, the others of `item`.
bool all_hold(const std::vector<GraphTerm>&, const Json& item, const std::map<std::string, std::string>& properties);

constexpr const char* kGraphPerson = "shop@example.com";
constexpr const char* kGraphOrigin = "https://graph.microsoft.com";
constexpr const char* kLoginOrigin = "https://login.microsoftonline.com";

}  // namespace calgate::testing
