// What the simulator of Graph takes and refuses, as its documentation has it; a client that errs has to fail here too.
#include "tests/connectors/graph_raw_stage.hpp"

namespace calgate::testing {

namespace {

namespace data = boost::unit_test::data;
using Json = RawGraph::Json;

struct Spelling {
    const char* method;
    const char* path;
};
std::ostream& operator<<(std::ostream& out, const Spelling& row) { return out << row.path; }
const Spelling kFunctions[] = {
    {"GET", "/calendarView/delta"},
    {"GET", "/calendarView/delta()"},
    {"GET", "/calendarView/microsoft.graph.delta"},
    {"GET", "/calendarView/microsoft.graph.delta()"},
    {"GET", "/calendarView/delta%28%29"},
    {"GET", "/events/delta()"},
    {"GET", "/events/microsoft.graph.delta()"},
    {"POST", "/getSchedule"},
    {"POST", "/microsoft.graph.getSchedule"},
};

constexpr const char* kSchedule =
    R"({"schedules":["shop@example.com"],"startTime":{"dateTime":"2026-06-10T00:00:00.0000000","timeZone":"UTC"},)"
    R"("endTime":{"dateTime":"2026-06-11T00:00:00.0000000","timeZone":"UTC"}})";

/// Of an event that is there when "PATCH", and in its calendar otherwise.
struct Odd {
    const char* name;
    const char* method;
    const char* path;
    const char* body;
    const char* prefer = "";
};
std::ostream& operator<<(std::ostream& out, const Odd& row) { return out << row.name; }
#define CALGATE_TIMES \
    R"("start":{"dateTime":"2026-06-10T09:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-06-10T10:00:00","timeZone":"UTC"})"
#define CALGATE_RULE(pattern, range) \
    "{" CALGATE_TIMES R"(,"recurrence":{"pattern":{)" pattern R"(},"range":{)" range "}}}"
// clang-format off
const Odd kOdd[] = {
    {"list",               "POST",  "/events", "[]"},
    {"text",               "POST",  "/events", R"("x")"},
    {"null",               "POST",  "/events", "null"},
    {"no_json",            "POST",  "/events", "{"},
    {"no_utf8",            "POST",  "/events", "{\"subject\":\"\xff\"}"},
    {"no_times",           "POST",  "/events", R"({"subject":"x"})"},
    {"start_null",         "POST",  "/events", R"({"start":null,"end":null})"},
    {"start_text",         "POST",  "/events", R"({"start":"2026-06-10","end":"2026-06-11"})"},
    {"start_number",       "POST",  "/events", R"({"start":{"dateTime":7},"end":{"dateTime":8}})"},
    {"zone_number",        "PATCH", "",        R"({"start":{"dateTime":"2026-06-10T09:00:00","timeZone":7}})"},
    {"zone_unknown",       "PATCH", "",        R"({"start":{"dateTime":"2026-06-10T09:00:00","timeZone":"Nowhere"}})"},
    {"start_to_null",      "PATCH", "",        R"({"start":null})"},
    {"all_day_null",       "PATCH", "",        R"({"isAllDay":null})"},
    {"subject_number",     "PATCH", "",        R"({"subject":7})"},
    {"subject_list",       "PATCH", "",        R"({"subject":["x"]})"},
    {"body_text",          "PATCH", "",        R"({"body":"x"})"},
    {"body_kind",          "PATCH", "",        R"({"body":{"contentType":"rtf","content":"x"}})"},
    {"body_content",       "PATCH", "",        R"({"body":{"contentType":"text","content":7}})"},
    {"location_text",      "PATCH", "",        R"({"location":"here"})"},
    {"attendees_object",   "PATCH", "",        R"({"attendees":{}})"},
    {"categories_text",    "PATCH", "",        R"({"categories":"Red"})"},
    {"flag_text",          "PATCH", "",        R"({"isReminderOn":"no"})"},
    {"minutes_text",       "PATCH", "",        R"({"reminderMinutesBeforeStart":"15"})"},
    {"importance",         "PATCH", "",        R"({"importance":"urgent"})"},
    {"show_as",            "PATCH", "",        R"({"showAs":"asleep"})"},
    {"sensitivity",        "PATCH", "",        R"({"sensitivity":7})"},
    {"property_no_value",  "PATCH", "",        R"({"singleValueExtendedProperties":[{"id":"x"}]})"},
    {"property_number",    "PATCH", "",        R"({"singleValueExtendedProperties":[7]})"},
    {"recurrence_text",    "PATCH", "",        R"({"recurrence":"daily"})"},
    {"pattern_text",       "PATCH", "",        R"({"recurrence":{"pattern":"daily","range":{"type":"noEnd"}}})"},
    {"day_name",           "POST",  "/events", CALGATE_RULE(R"("type":"weekly","interval":1,"daysOfWeek":["mon"],"firstDayOfWeek":"monday")", R"("type":"noEnd")")},
    {"first_day_name",     "POST",  "/events", CALGATE_RULE(R"("type":"weekly","interval":1,"daysOfWeek":["monday"],"firstDayOfWeek":"mon")", R"("type":"noEnd")")},
    {"no_first_day",       "POST",  "/events", CALGATE_RULE(R"("type":"weekly","interval":1,"daysOfWeek":["monday"])", R"("type":"noEnd")")},
    {"index_name",         "POST",  "/events", CALGATE_RULE(R"("type":"relativeMonthly","interval":1,"daysOfWeek":["monday"],"index":"fifth")", R"("type":"noEnd")")},
    {"interval_text",      "POST",  "/events", CALGATE_RULE(R"("type":"daily","interval":"1")", R"("type":"noEnd")")},
    {"interval_zero",      "POST",  "/events", CALGATE_RULE(R"("type":"daily","interval":0)", R"("type":"noEnd")")},
    {"range_date",         "POST",  "/events", CALGATE_RULE(R"("type":"daily","interval":1)", R"("type":"endDate","endDate":"soon")")},
    {"range_number",       "POST",  "/events", CALGATE_RULE(R"("type":"daily","interval":1)", R"("type":"numbered")")},
    {"page_size",          "GET",   "/events", "", "odata.maxpagesize=x"},
    {"page_size_zero",     "GET",   "/events", "", "odata.maxpagesize=0"},
    {"zone_preference",    "GET",   "/events", "", "outlook.timezone=\"Nowhere\""},
    {"top",                "GET",   "/events?$top=x", ""},
    {"skip",               "GET",   "/events?$skip=-1", ""},
    {"window",             "GET",   "/calendarView?startDateTime=x&endDateTime=y", ""},
    {"schedules_numbers",  "POST",  "/getSchedule", R"({"schedules":[7],"startTime":{},"endTime":{}})"},
    {"schedules_null",     "POST",  "/getSchedule", R"({"schedules":null,"startTime":null})"},
    {"segment_no_utf8",    "GET",   "/events/%ff/%fe", ""},
    {"login_no_utf8",      "GET",   "https://login.microsoftonline.com/%ff/v2.0/.well-known/openid-configuration", ""},
    {"batch_number_id",    "POST",  "/v1.0/$batch", R"({"requests":[{"id":1,"method":"GET","url":"/me/events"}]})"},
    {"batch_no_list",      "POST",  "/v1.0/$batch", R"({"requests":{}})"},
    {"batch_numbers",      "POST",  "/v1.0/$batch", R"({"requests":[7]})"},
    {"batch_no_method",    "POST",  "/v1.0/$batch", R"({"requests":[{"id":"1","url":"/me/events"}]})"},
    {"batch_header",       "POST",  "/v1.0/$batch", R"({"requests":[{"id":"1","method":"GET","url":"/me/events","headers":{"Prefer":7}}]})"},
    {"batch_no_type",      "POST",  "/v1.0/$batch", R"({"requests":[{"id":"1","method":"POST","url":"/me/events","body":{}}]})"},
    {"batch_same_id",      "POST",  "/v1.0/$batch", R"({"requests":[{"id":"a","method":"GET","url":"/me"},{"id":"A","method":"GET","url":"/me"}]})"},
    {"batch_depends",      "POST",  "/v1.0/$batch", R"({"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":["9"]}]})"},
    {"batch_depends_text", "POST",  "/v1.0/$batch", R"({"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":"1"}]})"},
    {"batch_depends_self", "POST",  "/v1.0/$batch", R"({"requests":[{"id":"1","method":"GET","url":"/me","dependsOn":["1"]}]})"},
    {"subscription_list",  "POST",  "/v1.0/subscriptions", "[]"},
    {"subscription_type",  "POST",  "/v1.0/subscriptions", R"({"changeType":7})"},
    {"subscription_nulls", "POST",  "/v1.0/subscriptions", R"({"changeType":null,"resource":null,"expirationDateTime":null})"},
    {"translate_nothing",  "POST",  "/v1.0/me/translateExchangeIds", "{}"},
};
// clang-format on
#undef CALGATE_RULE
#undef CALGATE_TIMES

/// A member that null empties, and what it reads as afterwards.
struct Emptied {
    const char* name;
    const char* value;
    const char* after;
};
std::ostream& operator<<(std::ostream& out, const Emptied& row) { return out << row.name; }
const Emptied kEmptied[] = {
    {"subject", R"("Colour")", R"("")"},
    {"categories", R"(["Red"])", "[]"},
    {"showAs", R"("free")", R"("busy")"},
    {"sensitivity", R"("private")", R"("normal")"},
    {"body", R"({"contentType":"HTML","content":"x"})", R"({"contentType":"html","content":""})"},
    {"location",
     R"({"displayName":"Upstairs"})",
     R"({"displayName":"","locationType":"default","uniqueIdType":"unknown"})"},
};

/// Of the second of four, two days apart.
struct Move {
    const char* start;
    bool taken;
};
std::ostream& operator<<(std::ostream& out, const Move& row) { return out << row.start; }
const Move kMoves[] = {
    {"2026-06-12T20:00:00", true},
    {"2026-06-13T23:30:00", true},
    {"2026-06-11T00:00:00", true},
    {"2026-06-10T23:00:00", false},
    {"2026-06-14T00:30:00", false},
    {"2026-06-19T09:00:00", false},
};

struct Granted {
    const char* name;
    const char* scope;
    const char* method;
    const char* path;  ///< Of the mailbox when it begins with a letter.
    int status;
};
std::ostream& operator<<(std::ostream& out, const Granted& row) { return out << row.name; }
// clang-format off
const Granted kGranted[] = {
    {"write_writes",              "Calendars.ReadWrite", "POST", "/events",             201},
    {"read_reads",                "Calendars.Read",      "GET",  "/events",             200},
    {"read_writes_not",           "Calendars.Read",      "POST", "/events",             403},
    {"read_follows",              "Calendars.Read",      "GET",  "/calendarView/delta", 200},
    {"read_subscribes",           "Calendars.Read",      "POST", "subscriptions",       400},  // No receiver, and no 403.
    {"basic_lists",               "Calendars.ReadBasic", "GET",  "/events",             200},
    {"basic_views",               "Calendars.ReadBasic", "GET",  "/calendarView",       200},
    {"basic_asks_schedules",      "Calendars.ReadBasic", "POST", "/getSchedule",        200},
    {"basic_names_calendars",     "Calendars.ReadBasic", "GET",  "",                    200},
    {"basic_writes_not",          "Calendars.ReadBasic", "POST", "/events",             403},
    {"basic_follows_not",         "Calendars.ReadBasic", "GET",  "/calendarView/delta", 403},
    {"basic_subscribes_not",      "Calendars.ReadBasic", "POST", "subscriptions",       403},
    {"basic_seeks_no_properties", "Calendars.ReadBasic", "GET",  "/events?$filter=singleValueExtendedProperties/Any(p:p/id%20eq%20'a'%20and%20p/value%20eq%20'b')", 403},
};
// clang-format on

struct Sieve {
    const char* filter;
    int found;  ///< -1: refused.
};
std::ostream& operator<<(std::ostream& out, const Sieve& row) { return out << row.filter; }
#define CALGATE_ANY "singleValueExtendedProperties/"
const Sieve kSieves[] = {
    {CALGATE_ANY "Any(ep: ep/id eq 'String {a} Name Uid' and ep/value eq 'it''s ours')", 1},
    {CALGATE_ANY "any(p:p/id  eq 'String {a} Name Uid' and  p/value eq 'IT''S OURS' )", 1},
    {CALGATE_ANY "Any( x : x/value eq 'it''s ours' and x/id eq 'String {a} Name Uid')", 1},
    {"subject eq 'Haircut' and " CALGATE_ANY "Any(ep: ep/id eq 'String {a} Name Uid' and ep/value eq 'it''s ours')", 1},
    {CALGATE_ANY "Any(ep: ep/id eq 'String {a} name uid' and ep/value eq 'it''s ours')", 0},
    {CALGATE_ANY "Any(ep: ep/id eq 'String {a} Name Uid')", -1},
    {CALGATE_ANY "Any(ep: ep/id eq 'a' or ep/value eq 'b')", -1},
    {CALGATE_ANY "All(ep: ep/id eq 'a' and ep/value eq 'b')", -1},
    {CALGATE_ANY "Any(ep: other/id eq 'a' and ep/value eq 'b')", -1},
    {"subject eq 'Haircut'", 1},
    {"subject  eq  'Haircut'  and isAllDay eq false", 1},
    {"startswith(subject,'Hair')", 1},
    {"startsWith( subject , 'Air' )", 0},
    {"start/dateTime ge '2026-06-10T07:00:00Z' and end/dateTime le '2026-06-10T08:00:00'", 1},
    {"start/dateTime gt '2026-06-10T07:00:00'", 0},
    {"subject eq 'Haircut' or subject eq 'Colour'", 1},
    {"(subject eq 'Haircut')", -1},
    {"not subject eq 'Haircut'", -1},
    {"contains(subject,'air')", -1},
    {"subject eq 'Haircut", -1},
    {"subject like 'Haircut'", -1},
    {"shoeSize eq 42", -1},
    {"subject eq", -1},
    {"subject eq 'Haircut' and", -1},
    {"", -1},
};
#undef CALGATE_ANY

}  // namespace

BOOST_AUTO_TEST_SUITE(graph_sim_calls)

BOOST_DATA_TEST_CASE(functions_go_by_every_spelling_of_the_service, data::make(kFunctions), row) {
    RawGraph graph;
    graph.created();
    const std::string path = row.path;
    const bool is_schedule = row.method == std::string("POST");
    const auto answer = is_schedule ? graph.ask("POST", "/me/calendar" + path, kSchedule)
                                    : graph.ask("GET", graph.in_calendar(path) + RawGraph::window());
    BOOST_TEST(answer.status == 200, answer.whole.body);
    BOOST_REQUIRE(answer.body["value"].size() == 1u);
    if (!is_schedule) BOOST_TEST(graph.ask("GET", answer.body["@odata.deltaLink"]).body["value"].size() == 0u);
}

BOOST_DATA_TEST_CASE(odd_input_is_400_and_leaves_everything_as_it_was, data::make(kOdd), row) {
    RawGraph graph;
    const std::string event = RawGraph::event_of(graph.created()["id"]);
    const std::string before = graph.ask("GET", event).whole.body;
    const std::string path = row.path;
    const std::string url = path.starts_with("https://")         ? path
                            : path.starts_with("/v1.0")          ? path.substr(5)
                            : row.method == std::string("PATCH") ? event
                                                                 : graph.in_calendar(path);
    http::Headers headers;
    if (*row.prefer != '\0') headers = {{"Prefer", row.prefer}};
    const auto answer = graph.ask(row.method, url, row.body, headers);
    BOOST_TEST(
        (answer.status == 400 || (path.find("%ff") != std::string::npos && answer.status == 404)), answer.status
    );
    BOOST_TEST(!answer.code().empty(), answer.whole.body);
    BOOST_TEST(graph.ask("GET", event).whole.body == before);
    BOOST_TEST(graph.ask("GET", graph.in_calendar("/events")).body["value"].size() == 1u);
}

BOOST_DATA_TEST_CASE(null_empties_a_member, data::make(kEmptied), row) {
    RawGraph graph;
    const std::string name = row.name;
    const std::string event = RawGraph::event_of(graph.created()["id"]);
    BOOST_TEST(graph.ask("PATCH", event, "{\"" + name + "\":" + row.value + "}").status == 200);
    BOOST_TEST(graph.ask("GET", event).body[name] != Json::parse(row.after));
    const auto emptied = graph.ask("PATCH", event, "{\"" + name + "\":null}");
    BOOST_TEST(emptied.status == 200);
    BOOST_TEST(graph.ask("GET", event).body[name] == Json::parse(row.after));
    BOOST_TEST(
        graph.ask("POST", graph.in_calendar("/events"), RawGraph::haircut(",\"transactionId\":null")).status == 201
    );
}

BOOST_DATA_TEST_CASE(an_occurrence_stays_between_its_neighbours, data::make(kMoves), row) {
    RawGraph graph;
    const std::string rule = R"(,"recurrence":{"pattern":{"type":"daily","interval":2},"range":{"type":"numbered",)"
                             R"("startDate":"2026-06-10","numberOfOccurrences":4}})";
    const std::string event = RawGraph::event_of(graph.created(rule)["id"].get<std::string>() + "OCC2026-06-12");
    const std::string body =
        std::string(R"({"start":{"dateTime":")") + row.start +
        R"(","timeZone":"Europe/Berlin"},"end":{"dateTime":"2026-06-20T09:00:00","timeZone":"UTC"}})";
    const auto answer = graph.ask("PATCH", event, body);
    BOOST_TEST(answer.status == (row.taken ? 200 : 400));
    BOOST_TEST(answer.code() == (row.taken ? "" : "ErrorOccurrenceCrossingBoundary"));
}

BOOST_AUTO_TEST_CASE(header_names_count_in_every_case) {
    RawGraph graph;
    const Json made = graph.created();
    const std::string event = RawGraph::event_of(made["id"]), stale = made["@odata.etag"];
    BOOST_TEST(graph.ask("PATCH", event, R"({"subject":"By phone"})").status == 200);
    for (const char* name : {"If-Match", "if-match", "IF-MATCH"}) {
        BOOST_TEST(graph.ask("PATCH", event, R"({"subject":"Late"})", {{name, stale}}).status == 412, name);
        BOOST_TEST(graph.ask("DELETE", event, "", {{name, stale}}).status == 412, name);
        const Json part = {
            {"id", "1"},
            {"method", "PATCH"},
            {"url", event},
            {"headers", {{"content-type", "application/json"}, {name, stale}}},
            {"body", {{"subject", "Late"}}}};
        const auto batch = graph.ask("POST", "/$batch", Json{{"requests", Json::array({part})}}.dump());
        BOOST_TEST(batch.body["responses"][0]["status"] == 412, name);
    }
    const auto plain = graph.ask("GET", graph.in_calendar("/events")).body["value"][0]["id"];
    for (const char* name : {"Prefer", "prefer", "PREFER"})
        for (const char* value : {"IdType=\"ImmutableId\"", "idtype=\"immutableid\"", "x=y, IdType=\"ImmutableId\""}) {
            const auto list = graph.ask("GET", graph.in_calendar("/events"), "", {{name, value}});
            BOOST_TEST(list.body["value"][0]["id"] != plain, name << ": " << value);
            BOOST_TEST(list.whole.header("Preference-Applied").value_or("").find("mmutable") != std::string::npos);
        }
}

BOOST_DATA_TEST_CASE(a_permission_reaches_what_the_service_says, data::make(kGranted), row) {
    RawGraph graph;
    graph.created();
    graph.token = graph.sim.issue_token(std::string("https://graph.microsoft.com/") + row.scope + " openid");
    std::string path = row.path;
    const bool wants_window = path.starts_with("/calendarView");
    if (wants_window) path += RawGraph::window();
    const std::string url = path == "subscriptions"  ? "/" + path
                            : path == "/getSchedule" ? "/me/calendar" + path
                                                     : graph.in_calendar(path);
    const std::string body = path == "/events" ? RawGraph::haircut() : path == "/getSchedule" ? kSchedule : "{}";
    const auto answer = graph.ask(row.method, url, row.method == std::string("POST") ? body : "");
    BOOST_TEST(answer.status == row.status, answer.whole.body);
}

BOOST_AUTO_TEST_CASE(calendars_read_basic_sees_no_texts_and_no_properties) {
    RawGraph graph;
    const std::string more = R"(,"body":{"contentType":"text","content":"Anna"},"singleValueExtendedProperties":)"
                             R"([{"id":"String {a} Name Uid","value":"Anna"}])";
    const std::string event = RawGraph::event_of(graph.created(more)["id"]);
    const std::string expand = "?$expand=singleValueExtendedProperties";
    BOOST_TEST(graph.ask("GET", event).body["bodyPreview"] == "Anna");
    BOOST_TEST(graph.ask("GET", event + expand).body.contains("singleValueExtendedProperties"));
    graph.token = graph.sim.issue_token("Calendars.ReadBasic");
    for (const std::string& url :
         {event,
          event + expand,
          graph.in_calendar("/events") + expand,
          graph.in_calendar("/calendarView") + RawGraph::window()}) {
        const auto answer = graph.ask("GET", url);
        BOOST_TEST(answer.status == 200, url);
        BOOST_TEST(answer.whole.body.find("Haircut") != std::string::npos, url);
        BOOST_TEST(answer.whole.body.find("Anna") == std::string::npos, url);
    }
}

BOOST_DATA_TEST_CASE(a_filter_is_understood_or_refused, data::make(kSieves), row) {
    RawGraph graph;
    graph.created(R"(,"singleValueExtendedProperties":[{"id":"String {a} Name Uid","value":"It's ours"}])");
    const std::string filter = "$filter=" + http::percent_encode(row.filter);
    for (const std::string& url :
         {graph.in_calendar("/events?") + filter,
          graph.in_calendar("/calendarView") + RawGraph::window() + "&" + filter}) {
        const auto answer = graph.ask("GET", url);
        BOOST_TEST(answer.status == (row.found < 0 ? 400 : 200), answer.whole.body);
        if (row.found >= 0) BOOST_TEST(answer.body["value"].size() == static_cast<std::size_t>(row.found));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
