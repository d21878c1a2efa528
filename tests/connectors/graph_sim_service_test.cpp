// Sign-in, mailboxes, schedules, delta tokens, subscriptions and notifications of the simulator of Graph.
#include "core/identity.hpp"
#include "tests/connectors/graph_raw_stage.hpp"

namespace calgate::testing {

namespace {

namespace data = boost::unit_test::data;
using Json = RawGraph::Json;
using namespace std::chrono_literals;

std::string credentials() {
    return "client_id=" + GraphSim::client_id() + "&client_secret=" + GraphSim::client_secret();
}
std::string app_grant() { return "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"; }

/// A receiver that answers the handshake, and everything else as it is told.
struct Receiver {
    RawGraph& graph;
    int status = 202;
    int handshakes = 0;
    std::vector<Json> notes{};
    std::vector<std::string> urls{};

    explicit Receiver(RawGraph& given) : graph(given) {
        graph.sim.set_callback([this](const http::Request& request) { return answer(request); });
    }
    ~Receiver() { graph.sim.set_callback({}); }
    http::Response answer(const http::Request& request) {
        const std::string asked = "validationToken=";
        const auto at = request.url.find(asked);
        urls.push_back(request.url.substr(0, request.url.find('?')));
        if (at == std::string::npos) {
            const Json all = Json::parse(request.body)["value"];
            if (status == 202) notes.insert(notes.end(), all.begin(), all.end());
            return {status, {}, {}, {}};
        }
        ++handshakes;
        return {200, {{"Content-Type", "text/plain"}}, http::percent_decode(request.url.substr(at + asked.size())), {}};
    }
    std::string subscribe(const std::string& types = "created,updated,deleted", http::Headers more = {}) {
        const auto made = graph.ask("POST", "/subscriptions", wish(types, 24h).dump(), std::move(more));
        BOOST_REQUIRE_MESSAGE(made.status == 201, made.whole.body);
        return "/subscriptions/" + made.body["id"].get<std::string>();
    }
    Json wish(const std::string& types, std::chrono::seconds life) const {
        return {
            {"changeType", types},
            {"notificationUrl", "https://sync.example.com/a"},
            {"lifecycleNotificationUrl", "https://sync.example.com/life"},
            {"resource", "me/calendars/" + graph.calendar + "/events"},
            {"expirationDateTime", format_instant(graph.clock.now() + life)},
            {"clientState", "secret"}};
    }
};

struct Tenant {
    const char* name;
    int status;
};
std::ostream& operator<<(std::ostream& out, const Tenant& row) { return out << row.name; }
const Tenant kTenants[] = {
    {"84bd8158-6d4d-4958-8b9f-9d6445542f95", 200},
    {"contoso.example", 200},
    {"common", 400},
    {"consumers", 400},
    {"organizations", 400},
};

struct Scopes {
    const char* scope;
    bool named;
};
std::ostream& operator<<(std::ostream& out, const Scopes& row) { return out << row.scope; }
const Scopes kScopes[] = {{"openid%20profile", true}, {"openid%20email", false}, {"openid", false}};

struct Refusal {
    int status;
    bool kept;
};
std::ostream& operator<<(std::ostream& out, const Refusal& row) { return out << row.status; }
const Refusal kRefusals[] = {
    {500, true}, {503, true}, {429, true}, {408, true}, {0, true}, {400, false}, {404, false}, {410, false}};

struct Part {
    const char* name;
    const char* more;  ///< Members of the second of two parts, the first of which is 404.
    int status;
};
std::ostream& operator<<(std::ostream& out, const Part& row) { return out << row.name; }
const Part kParts[] = {
    {"alone", R"("url":"/me/calendars")", 200},
    {"without_a_slash", R"("url":"me/calendars")", 200},
    {"after_a_failure", R"("url":"/me/calendars","dependsOn":["First"])", 424},
    {"after_a_failure_in_another_case", R"("url":"/me/calendars","dependsOn":["FIRST"])", 424},
    {"of_another_host", R"("url":"https://graph.microsoft.com/v1.0/me/calendars")", 400},
    {"of_batches", R"("url":"/$batch")", 400},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(graph_sim_service)

BOOST_DATA_TEST_CASE(an_application_signs_in_at_its_own_tenant_only, data::make(kTenants), row) {
    RawGraph graph;
    const auto answer = graph.form(row.name, credentials() + "&" + app_grant());
    BOOST_TEST(answer.status == row.status, answer.whole.body);
}

BOOST_AUTO_TEST_CASE(credentials_may_come_in_the_authorization_header) {
    RawGraph graph;
    const auto basic = [&](const std::string& secret) {
        const std::string pair = base64url(GraphSim::client_id() + ":" + secret);
        return graph.form("contoso.example", app_grant(), {{"Authorization", "Basic " + pair}}).status;
    };
    BOOST_TEST(basic(GraphSim::client_secret()) == 200);
    BOOST_TEST(basic("guess") == 401);
    BOOST_TEST(graph.form("contoso.example", app_grant()).status == 400);
}

BOOST_AUTO_TEST_CASE(a_mailbox_goes_by_id_or_name_and_an_application_has_no_me) {
    RawGraph graph;
    for (const std::string& name :
         {GraphSim::user_id(), std::string("shop@example.com"), std::string("Shop@Example.COM")})
        BOOST_TEST(graph.ask("GET", "/users/" + http::percent_encode(name) + "/calendars").status == 200, name);
    BOOST_TEST(graph.ask("GET", "/users/other%40example.com/calendars").status == 404);
    const std::string person = graph.token;
    graph.token = graph.form("contoso.example", credentials() + "&" + app_grant()).body["access_token"];
    BOOST_TEST(graph.ask("GET", "/users/shop%40example.com/calendars").status == 200);
    BOOST_TEST(graph.ask("GET", "/me/calendars").status == 400);
    const Receiver receiver(graph);
    Json wish = receiver.wish("updated", 24h);
    BOOST_TEST(graph.ask("POST", "/subscriptions", wish.dump()).status == 400);
    wish["resource"] = "users/" + GraphSim::user_id() + "/events";
    BOOST_TEST(graph.ask("POST", "/subscriptions", wish.dump()).status == 201);
}

BOOST_DATA_TEST_CASE(a_person_is_named_to_those_who_asked_for_the_profile, data::make(kScopes), row) {
    RawGraph graph;
    graph.token.clear();
    const std::string login = "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=";
    const std::string redirect = "redirect_uri=http%3A%2F%2F127.0.0.1%2F";
    const auto away = graph.ask(
        "GET", login + GraphSim::client_id() + "&response_type=code&state=s&scope=" + row.scope + "&" + redirect
    );
    const std::string location = away.whole.header("Location").value_or("");
    const auto at = location.find("code=");
    BOOST_REQUIRE(at != std::string::npos);
    const std::string code = location.substr(at, location.find('&', at) - at);
    const auto answer = graph.form("common", credentials() + "&grant_type=authorization_code&" + code + "&" + redirect);
    BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.whole.body);
    const std::string id_token = answer.body["id_token"];
    const auto first = id_token.find('.');
    const Json claims = Json::parse(*from_base64url(id_token.substr(first + 1, id_token.rfind('.') - first - 1)));
    for (const char* name : {"oid", "name", "preferred_username"}) BOOST_TEST(claims.contains(name) == row.named, name);
    BOOST_TEST((claims.contains("sub") && claims.contains("tid")));
}

BOOST_AUTO_TEST_CASE(a_schedule_is_told_in_the_zone_that_was_asked_for) {
    RawGraph graph;
    const std::string more =
        R"({"schedules":["Shop@example.com"],"startTime":{"dateTime":"2026-06-10T00:00:00.0000000",)"
        R"("timeZone":"UTC"},"endTime":{"dateTime":"2026-06-11T00:00:00","timeZone":"UTC"}})";
    graph.ask("POST", "/me/events", RawGraph::haircut());
    const auto entry = [&](const std::string& zone) {
        const auto answer =
            graph.ask("POST", "/me/calendar/getSchedule", more, {{"Prefer", "outlook.timezone=\"" + zone + "\""}});
        BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.whole.body);
        return answer.body["value"][0];
    };
    BOOST_TEST(entry("UTC")["scheduleItems"][0]["start"]["dateTime"] == "2026-06-10T07:00:00.0000000");
    const Json berlin = entry("W. Europe Standard Time");
    BOOST_TEST(berlin["scheduleItems"][0]["start"]["dateTime"] == "2026-06-10T09:00:00.0000000");
    BOOST_TEST(berlin["scheduleItems"][0]["end"]["timeZone"] == "W. Europe Standard Time");
    BOOST_TEST(berlin["workingHours"]["daysOfWeek"].size() == 5u);
    for (const bool as_400 : {false, true}) {
        graph.sim.quirks().is_personal = true;
        graph.sim.quirks().personal_schedule_is_400 = as_400;
        BOOST_TEST(graph.ask("POST", "/me/calendar/getSchedule", more).status == (as_400 ? 400 : 403));
    }
}

BOOST_AUTO_TEST_CASE(a_delta_token_is_of_one_calendar_and_one_kind) {
    RawGraph graph;
    graph.created();
    const std::string other = graph.sim.make_calendar("Other");
    const std::string link =
        graph.ask("GET", graph.in_calendar("/calendarView/delta") + RawGraph::window()).body["@odata.deltaLink"];
    const std::string token = link.substr(link.find('?'));
    BOOST_TEST(graph.ask("GET", link).status == 200);
    BOOST_TEST(graph.ask("GET", graph.in_calendar("/events/delta") + token).status == 400);
    graph.calendar = other;
    BOOST_TEST(graph.ask("GET", graph.in_calendar("/calendarView/delta") + token).status == 400);
}

BOOST_AUTO_TEST_CASE(delta_tokens_age_and_delta_lags_when_told_to) {
    RawGraph graph;
    graph.sim.quirks().token_life = 1h;
    graph.sim.quirks().delta_lag = 30s;
    std::string link =
        graph.ask("GET", graph.in_calendar("/calendarView/delta") + RawGraph::window()).body["@odata.deltaLink"];
    const auto seen = [&] {
        const auto answer = graph.ask("GET", link);
        BOOST_REQUIRE(answer.status == 200);
        link = answer.body["@odata.deltaLink"];
        return answer.body["value"];
    };
    const std::string id = graph.created()["id"];
    BOOST_TEST(seen().size() == 0u);
    graph.clock.advance(31s);
    BOOST_TEST(seen().size() == 1u);
    BOOST_TEST(seen().size() == 0u);
    graph.sim.quirks().removed_as_changed = true;
    graph.ask("DELETE", RawGraph::event_of(id));
    BOOST_TEST(seen().size() == 0u);
    graph.clock.advance(31s);
    const Json gone = seen();
    BOOST_REQUIRE(gone.size() == 1u);
    BOOST_TEST(gone[0]["@removed"]["reason"] == "changed");
    graph.token = graph.sim.issue_token();
    graph.clock.advance(59min);
    seen();
    graph.clock.advance(1h + 1s);
    graph.token = graph.sim.issue_token();
    BOOST_TEST(graph.ask("GET", link).status == 410);
}

BOOST_AUTO_TEST_CASE(notifications_have_the_asked_kind_of_ids_and_of_changes) {
    for (const bool immutable : {false, true}) {
        RawGraph graph;
        Receiver receiver(graph);
        const http::Headers prefer{{"prefer", immutable ? "IdType=\"ImmutableId\"" : "return=minimal"}};
        receiver.subscribe("created,deleted", prefer);
        const auto made = graph.ask("POST", graph.in_calendar("/events"), RawGraph::haircut(), prefer);
        const std::string id = made.body["id"], event = RawGraph::event_of(id);
        BOOST_TEST(made.whole.header("Location").value_or("").ends_with(id));
        BOOST_TEST(graph.ask("PATCH", event, R"({"subject":"x"})", prefer).status == 200);
        graph.sim.deliver();
        BOOST_REQUIRE(receiver.notes.size() == 1u);
        BOOST_TEST(receiver.notes[0]["changeType"] == "created");
        BOOST_TEST(receiver.notes[0]["resourceData"]["id"] == id);
        BOOST_TEST(graph.ask("DELETE", event, "", prefer).status == 204);
        graph.sim.deliver();
        BOOST_REQUIRE(receiver.notes.size() == 2u);
        BOOST_TEST(receiver.notes[1]["changeType"] == "deleted");
    }
}

BOOST_DATA_TEST_CASE(what_was_not_taken_is_sent_again_for_four_hours, data::make(kRefusals), row) {
    RawGraph graph;
    Receiver receiver(graph);
    receiver.subscribe();
    graph.created();
    receiver.status = row.status;
    BOOST_TEST(graph.sim.deliver() == 0);
    receiver.status = 202;
    BOOST_TEST(graph.sim.deliver() == 0);  // Not at once.
    graph.clock.advance(1min);
    BOOST_TEST(graph.sim.deliver() == (row.kept ? 1 : 0));
    BOOST_TEST(receiver.notes.size() == (row.kept ? 1u : 0u));
    graph.clock.advance(1h);
    BOOST_TEST(graph.sim.deliver() == 0);
    graph.token = graph.sim.issue_token();
    graph.created();
    graph.clock.advance(4h + 1s);
    BOOST_TEST(graph.sim.deliver() == 0);
}

BOOST_AUTO_TEST_CASE(notifications_come_twice_in_another_order_and_before_the_answer_when_told_to) {
    RawGraph graph;
    Receiver receiver(graph);
    receiver.subscribe();
    graph.sim.quirks().doubles_notes = graph.sim.quirks().shuffles_notes = true;
    const std::string event = RawGraph::event_of(graph.created()["id"]);
    graph.ask("DELETE", event);
    BOOST_TEST(receiver.notes.empty());
    graph.sim.deliver();
    BOOST_REQUIRE(receiver.notes.size() == 4u);
    BOOST_TEST(receiver.notes[0]["changeType"] == "deleted");
    BOOST_TEST(receiver.notes[3]["changeType"] == "created");
    graph.sim.quirks().notes_before_answers = true;
    graph.created();
    BOOST_TEST(receiver.notes.size() == 6u);
}

BOOST_AUTO_TEST_CASE(a_reauthorization_that_is_not_made_ends_the_deliveries) {
    for (const std::string how : {"", "reauthorize", "renew"}) {
        RawGraph graph;
        Receiver receiver(graph);
        const std::string subscription = receiver.subscribe();
        graph.sim.send_lifecycle("reauthorizationRequired");
        BOOST_REQUIRE(receiver.notes.size() == 1u);
        BOOST_TEST(receiver.urls.back() == "https://sync.example.com/life");
        const Json later = {{"expirationDateTime", format_instant(graph.clock.now() + 48h)}};
        if (how == "reauthorize") BOOST_TEST(graph.ask("POST", subscription + "/reauthorize").status == 204);
        if (how == "renew") BOOST_TEST(graph.ask("PATCH", subscription, later.dump()).status == 200);
        graph.created();
        BOOST_TEST(graph.sim.deliver() == 1);
        graph.clock.advance(10min);
        graph.created();
        BOOST_TEST(graph.sim.deliver() == (how.empty() ? 0 : 1), how);
    }
}

BOOST_AUTO_TEST_CASE(another_address_of_a_subscription_is_asked_first) {
    RawGraph graph;
    Receiver receiver(graph);
    const std::string subscription = receiver.subscribe();
    BOOST_TEST(receiver.handshakes == 2);
    const auto move = [&](const std::string& url) {
        return graph.ask("PATCH", subscription, Json{{"notificationUrl", url}}.dump());
    };
    BOOST_TEST(move("https://sync.example.com/b").status == 200);
    BOOST_TEST(receiver.handshakes == 3);
    BOOST_TEST(move("http://sync.example.com/c").status == 400);
    graph.created();
    graph.sim.deliver();
    BOOST_TEST(receiver.urls.back() == "https://sync.example.com/b");
    for (const auto& [status, code] : std::map<int, std::string>{
             {0, "InvalidRequest"}, {504, "InvalidRequest"}, {500, "ValidationError"}, {200, "ValidationError"}}) {
        graph.sim.set_callback([status = status](const http::Request&) { return http::Response{status, {}, {}, {}}; });
        const auto refused = move("https://sync.example.com/d" + std::to_string(status));
        BOOST_TEST(refused.status == 400);
        BOOST_TEST(refused.code() == code, status);
    }
    graph.sim.deliver();
    BOOST_TEST(graph.ask("GET", subscription).body["notificationUrl"] == "https://sync.example.com/b");
}

BOOST_AUTO_TEST_CASE(a_life_that_is_too_long_is_refused_or_cut_and_a_renewal_may_be_asked_about) {
    RawGraph graph;
    Receiver receiver(graph);
    const Json wish = receiver.wish("updated", 24h * 30);
    BOOST_TEST(graph.ask("POST", "/subscriptions", wish.dump()).status == 400);
    graph.sim.quirks().cuts_long_subscriptions = true;
    const auto made = graph.ask("POST", "/subscriptions", wish.dump());
    BOOST_TEST(made.status == 201);
    BOOST_TEST(made.body["expirationDateTime"] == format_instant(graph.clock.now() + 24h * 7));
    const std::string subscription = "/subscriptions/" + made.body["id"].get<std::string>();
    const std::string later = Json{{"expirationDateTime", format_instant(graph.clock.now() + 48h)}}.dump();
    const int before = receiver.handshakes;
    BOOST_TEST(graph.ask("PATCH", subscription, later).status == 200);
    BOOST_TEST(receiver.handshakes == before);
    graph.sim.quirks().validates_renewals = true;
    BOOST_TEST(graph.ask("PATCH", subscription, later).status == 200);
    BOOST_TEST(receiver.handshakes == before + 1);
    graph.sim.set_callback({});
    BOOST_TEST(graph.ask("PATCH", subscription, later).status == 400);
}

BOOST_DATA_TEST_CASE(a_part_of_a_batch_waits_for_those_it_names, data::make(kParts), row) {
    RawGraph graph;
    const std::string body = std::string(R"({"requests":[{"id":"first","method":"GET","url":"/me/events/nothing"},)") +
                             R"({"id":"second","method":"GET",)" + row.more + "}]}";
    const auto answer = graph.ask("POST", "/$batch", body);
    BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.whole.body);
    for (const Json& part : answer.body["responses"])
        BOOST_TEST(part["status"] == (part["id"] == "first" ? 404 : row.status), part.dump());
}

BOOST_AUTO_TEST_CASE(ids_are_translated_both_ways) {
    RawGraph graph;
    const std::string plain = graph.created()["id"];
    const auto translated = [&](const std::string& id, const char* from, const char* to) {
        const Json body = {{"inputIds", {id, "nothing"}}, {"sourceIdType", from}, {"targetIdType", to}};
        const auto answer = graph.ask("POST", "/me/translateExchangeIds", body.dump());
        BOOST_REQUIRE(answer.status == 200);
        BOOST_TEST(answer.body["value"][1]["targetId"].is_null());
        return answer.body["value"][0]["targetId"].get<std::string>();
    };
    const std::string immutable = translated(plain, "restId", "restImmutableEntryId");
    BOOST_TEST(immutable != plain);
    BOOST_TEST(
        graph.ask("GET", RawGraph::event_of(immutable), "", {{"Prefer", "IdType=\"ImmutableId\""}}).status == 200
    );
    BOOST_TEST(translated(immutable, "restImmutableEntryId", "restId") == plain);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
