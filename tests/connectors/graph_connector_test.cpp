#include "connectors/graph/graph_connector.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <ostream>
#include <set>

#include "connectors/http/url.hpp"
#include "core/icalendar.hpp"
#include "tests/sim/graph_sim.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/renewed_tokens.hpp"

using namespace calgate;
using namespace calgate::testing;
namespace data = boost::unit_test::data;
using std::chrono::days;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

graph::GraphSettings berlin_settings() {
    graph::GraphSettings out;
    out.default_zone = "Europe/Berlin";
    return out;
}

When berlin(const std::string& text) { return {When::Kind::Zoned, *parse_local(text), "Europe/Berlin"}; }

template <class Outcome>
std::string why(const Outcome& outcome) {
    return outcome ? std::string() : outcome.error().detail;
}

Event haircut(const std::string& uid) {
    Event event;
    event.uid = Uid{uid};
    event.master.start = berlin("2026-06-10T09:00:00");
    event.master.end = berlin("2026-06-10T10:00:00");
    event.master.title = "Haircut";
    event.master.notes = "Asked for Anna";
    return event;
}

Event weekly(const std::string& uid) {
    Event event = haircut(uid);
    event.master.rules = {"FREQ=WEEKLY;COUNT=10"};
    return event;
}

std::string person_event(const std::string& start, const std::string& end, const std::string& more = "") {
    return R"({"subject":"Dentist","start":{"dateTime":")" + start + R"(","timeZone":"UTC"},"end":{"dateTime":")" +
           end + R"(","timeZone":"UTC"})" + more + "}";
}

struct Pulled {
    std::map<std::string, RemoteEvent> changed{};
    std::set<std::string> removed{}, unchanged{}, unread{};
    std::optional<SyncToken> token{};
    bool snapshot = false;
    int pages = 0;
};

struct Office {
    ManualClock clock{};
    GraphSim sim;
    RenewedTokens tokens{[this] { return sim.issue_token(); }};
    graph::GraphSettings settings = berlin_settings();
    graph::GraphConnector connector;
    std::string calendar_id = sim.make_calendar("Salon");
    Href calendar{"calendars/" + http::percent_encode(calendar_id)};

    explicit Office(GraphQuirks quirks = graph_quirks_of("plain"), graph::GraphSettings given = berlin_settings())
        : sim(clock, zones(), quirks), settings(given), connector(sim, clock, zones(), tokens, given) {}

    Context context() const { return {clock.steady() + std::chrono::seconds(60), {}}; }
    Href href(const std::string& id) const { return Href{calendar.value + "/events/" + http::percent_encode(id)}; }
    std::string id(const Href& event) const {
        return http::percent_decode(event.value.substr(event.value.rfind('/') + 1));
    }
    WriteReceipt create(const Event& event) {
        const auto receipt = connector.create_event(context(), calendar, event);
        BOOST_REQUIRE_MESSAGE(receipt.has_value(), why(receipt));
        return *receipt;
    }
    RemoteEvent fetch(const Href& event) {
        const auto remote = connector.fetch_event(context(), event);
        BOOST_REQUIRE_MESSAGE(remote.has_value(), why(remote));
        return *remote;
    }
    Pulled pull(const std::optional<SyncToken>& since = {}, const KnownVersion& known = {}) {
        Pulled all;
        all.token = since;
        for (bool more = true; more;) {
            BOOST_REQUIRE(++all.pages < 100);
            const auto page = connector.fetch_changes(context(), calendar, all.token, known);
            BOOST_REQUIRE_MESSAGE(page.has_value(), why(page));
            for (const auto& event : page->changed) all.changed.insert_or_assign(event.href.value, event);
            for (const auto& gone : page->removed) all.removed.insert(gone.value);
            for (const auto& same : page->unchanged) all.unchanged.insert(same.value);
            for (const auto& odd : page->unread) all.unread.insert(odd.value);
            all.snapshot = page->snapshot;
            all.token = page->next;
            more = page->more;
        }
        return all;
    }
    KnownVersion holding(const Pulled& pulled) {
        return [held = pulled.changed](const Href& event) {
            const auto at = held.find(event.value);
            return at == held.end() ? std::nullopt : at->second.version;
        };
    }
    std::string digest(const Event& event) { return canonical_digest(event, zones(), "Europe/Berlin"); }
};

SimFault fault(SimFault::Kind kind, const std::string& method, int status = 503, int times = 1) {
    SimFault out;
    out.kind = kind;
    out.method = method;
    out.status = status;
    out.times = times;
    return out;
}

constexpr RepeatedTransaction kDialects[] = {
    RepeatedTransaction::Error400,
    RepeatedTransaction::Error409,
    RepeatedTransaction::Error409WithId,
    RepeatedTransaction::Existing201,
    RepeatedTransaction::Existing200,
    RepeatedTransaction::Forgotten};
constexpr DeadToken kDeadTokens[] = {
    DeadToken::Gone410,
    DeadToken::Gone410LowerCase,
    DeadToken::ResyncRequired,
    DeadToken::BadRequest400,
    DeadToken::MalformedId400,
    DeadToken::NotFound404};

}  // namespace

namespace calgate::testing {
std::ostream& operator<<(std::ostream& out, RepeatedTransaction dialect) { return out << static_cast<int>(dialect); }
std::ostream& operator<<(std::ostream& out, DeadToken dialect) { return out << static_cast<int>(dialect); }
}  // namespace calgate::testing

BOOST_DATA_TEST_CASE(a_repeated_transaction_leaves_one_event_R6_M19, data::make(kDialects), dialect) {
    GraphQuirks quirks = graph_quirks_of("plain");
    quirks.repeated = dialect;
    Office office(quirks);
    office.sim.fail_next(fault(SimFault::Kind::LostAnswer, "POST"));
    const auto lost = office.connector.create_event(office.context(), office.calendar, haircut("copy-1"));
    BOOST_REQUIRE(!lost);
    BOOST_TEST((lost.error().code == ErrorCode::Timeout));
    const auto again = office.connector.create_event(office.context(), office.calendar, haircut("copy-1"));
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().code == ErrorCode::AlreadyExists));
    BOOST_TEST(office.sim.count(office.calendar_id) == 1u);
    const auto found = office.connector.find_event(office.context(), office.calendar, Uid{"copy-1"});
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(office.digest(found->event) == office.digest(haircut("copy-1")));
}

BOOST_DATA_TEST_CASE(a_used_up_transaction_of_a_deleted_event_gets_another_M20_R8, data::make(kDialects), dialect) {
    GraphQuirks quirks = graph_quirks_of("plain");
    quirks.repeated = dialect;
    Office office(quirks);
    for (int round = 0; round < 3; ++round) {
        const WriteReceipt made = office.create(haircut("copy-1"));
        BOOST_TEST(office.sim.count(office.calendar_id) == 1u);
        BOOST_TEST(office.connector.delete_event(office.context(), made.href, *made.version).has_value());
    }
    BOOST_TEST(office.sim.count(office.calendar_id) == 0u);
}

BOOST_DATA_TEST_CASE(a_dead_token_is_told_and_deletes_nothing_M8_M9_F14, data::make(kDeadTokens), dialect) {
    GraphQuirks quirks = graph_quirks_of("plain");
    quirks.dead_token = dialect;
    Office office(quirks);
    office.create(haircut("copy-1"));
    const Pulled first = office.pull();
    office.sim.forget_tokens();
    const auto page = office.connector.fetch_changes(office.context(), office.calendar, first.token, {});
    BOOST_REQUIRE(!page);
    BOOST_TEST((page.error().code == ErrorCode::SyncTokenExpired));
    BOOST_TEST(office.pull({}, office.holding(first)).unchanged.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_next_link_that_dies_in_mid_round_begins_the_round_again_M10) {
    graph::GraphSettings settings = berlin_settings();
    settings.page_size = 1;
    Office office(graph_quirks_of("plain"), settings);
    const Pulled first = office.pull();
    for (int i = 0; i < 3; ++i) office.create(haircut("copy-" + std::to_string(i)));
    const auto page = office.connector.fetch_changes(office.context(), office.calendar, first.token, {});
    BOOST_REQUIRE((page && page->more));
    SimFault gone = fault(SimFault::Kind::Refusal, "GET", 410);
    office.sim.fail_next(gone);
    BOOST_TEST(office.pull(page->next).changed.size() == 3u);
    office.sim.fail_next(gone);
    const auto restarted = office.connector.fetch_changes(office.context(), office.calendar, page->next, {});
    BOOST_REQUIRE((restarted && restarted->more && restarted->removed.empty()));
    office.sim.fail_next(gone);
    const auto dead = office.connector.fetch_changes(office.context(), office.calendar, restarted->next, {});
    BOOST_REQUIRE(!dead);
    BOOST_TEST((dead.error().code == ErrorCode::SyncTokenExpired));
}

BOOST_AUTO_TEST_CASE(removed_because_it_left_the_window_is_no_deletion_M2) {
    Office office;
    const std::string id =
        office.sim.put_event(office.calendar_id, person_event("2026-06-10T07:00:00", "2026-06-10T08:00:00"));
    const Pulled first = office.pull();
    office.sim.patch_event(id, person_event("2029-06-10T07:00:00", "2029-06-10T08:00:00"));
    const Pulled next = office.pull(first.token, office.holding(first));
    BOOST_TEST(next.removed.empty());
    BOOST_REQUIRE(next.changed.contains(office.href(id).value));
    BOOST_TEST(format_local(next.changed.at(office.href(id).value).event.master.start.local) == "2029-06-10T07:00:00");
}

BOOST_AUTO_TEST_CASE(an_event_beyond_the_horizon_arrives_M1_R18) {
    Office office;
    const Pulled first = office.pull();
    const std::string id =
        office.sim.put_event(office.calendar_id, person_event("2028-12-10T07:00:00", "2028-12-10T08:00:00"));
    BOOST_TEST(office.pull(first.token).changed.contains(office.href(id).value));
    BOOST_TEST(office.pull().changed.contains(office.href(id).value));
}

BOOST_AUTO_TEST_CASE(a_rolled_window_loses_and_deletes_nothing_M1_R18) {
    Office office;
    const std::string past =
        office.sim.put_event(office.calendar_id, person_event("2020-01-10T07:00:00", "2020-01-10T08:00:00"));
    office.create(haircut("copy-1"));
    office.create(weekly("copy-2"));
    const Pulled first = office.pull();
    BOOST_TEST(first.changed.size() == 3u);
    office.clock.advance(days(60));
    office.tokens.refused(*office.tokens.access_token({}));
    const Pulled rolled = office.pull(first.token, office.holding(first));
    BOOST_TEST(rolled.snapshot);
    BOOST_TEST(rolled.removed.empty());
    BOOST_TEST(rolled.unchanged.size() == 3u);
    BOOST_TEST(rolled.unchanged.contains(office.href(past).value));
    const Pulled after = office.pull(rolled.token, office.holding(first));
    BOOST_TEST((!after.snapshot && after.changed.empty() && after.removed.empty()));
}

BOOST_AUTO_TEST_CASE(a_deleted_single_occurrence_arrives_with_its_series_M5) {
    Office office;
    const Href series = office.create(weekly("copy-1")).href;
    const Pulled first = office.pull();
    office.sim.erase_event(office.id(series) + "OCC2026-06-24");
    const Pulled next = office.pull(first.token, office.holding(first));
    BOOST_TEST(next.removed.empty());
    BOOST_REQUIRE(next.changed.contains(series.value));
    const EventInstance& master = next.changed.at(series.value).event.master;
    BOOST_REQUIRE(master.excluded_dates.size() == 1u);
    BOOST_TEST((master.excluded_dates[0] == berlin("2026-06-24T09:00:00")));
}

BOOST_AUTO_TEST_CASE(stub_occurrences_stand_for_their_series_M3_M4) {
    GraphQuirks quirks = graph_quirks_of("plain");
    quirks.delta_doubles = true;
    graph::GraphSettings settings = berlin_settings();
    settings.page_size = 2;
    Office office(quirks, settings);
    const Pulled first = office.pull();
    const Href series = office.create(weekly("copy-1")).href;
    office.sim.patch_event(office.id(series) + "OCC2026-06-17", R"({"subject":"Moved by phone"})");
    const Pulled next = office.pull(first.token);
    BOOST_TEST(next.changed.size() == 1u);
    const Event& event = next.changed.at(series.value).event;
    BOOST_TEST(event.master.title == "Haircut");
    BOOST_REQUIRE(event.overrides.size() == 1u);
    BOOST_TEST(event.overrides[0].title == "Moved by phone");
    BOOST_TEST((*event.overrides[0].recurrence_id == berlin("2026-06-17T09:00:00")));
}

BOOST_AUTO_TEST_CASE(a_deleted_series_is_one_deletion_M6) {
    Office office;
    const Href series = office.create(weekly("copy-1")).href;
    const Pulled first = office.pull();
    office.sim.erase_event(office.id(series));
    const Pulled next = office.pull(first.token, office.holding(first));
    BOOST_TEST((next.removed == std::set<std::string>{series.value}));
}

BOOST_AUTO_TEST_CASE(a_series_in_a_zone_nobody_knows_has_the_occurrences_of_the_service_M17_M18) {
    GraphQuirks quirks = graph_quirks_of("plain");
    quirks.custom_zones = true;
    graph::GraphSettings settings = berlin_settings();
    settings.default_zone = "Asia/Tokyo";
    Office office(quirks, settings);
    const std::string id = office.sim.put_event(
        office.calendar_id,
        R"({"subject":"Class","start":{"dateTime":"2026-03-20T09:00:00","timeZone":"Europe/Berlin"},)"
        R"("end":{"dateTime":"2026-03-20T10:00:00","timeZone":"Europe/Berlin"},"recurrence":{"pattern":)"
        R"({"type":"weekly","interval":1,"daysOfWeek":["friday"],"firstDayOfWeek":"monday"},)"
        R"("range":{"type":"numbered","startDate":"2026-03-20","numberOfOccurrences":4}}})"
    );
    const Event event = office.fetch(office.href(id)).event;
    BOOST_TEST(event.partial);
    BOOST_TEST(event.master.rules.empty());
    BOOST_TEST(event.master.extra_dates.size() == 3u);
    BOOST_TEST(format_instant(zones().to_instant(event.master.extra_dates[1].start, "UTC")) == "2026-04-03T07:00:00Z");
}

BOOST_AUTO_TEST_CASE(page_sizes_change_nothing_R18_M7) {
    std::set<std::string> seen[2];
    for (const std::size_t size : {std::size_t{1}, std::size_t{1000}}) {
        GraphQuirks quirks = graph_quirks_of("plain");
        quirks.empty_delta_pages = true;
        graph::GraphSettings settings = berlin_settings();
        settings.page_size = size;
        Office office(quirks, settings);
        for (int i = 0; i < 12; ++i) office.create(haircut("copy-" + std::to_string(i)));
        office.create(weekly("series"));
        const Pulled all = office.pull();
        for (const auto& [href, remote] : all.changed)
            seen[size == 1 ? 0 : 1].insert(remote.event.uid.value + office.digest(remote.event));
        office.create(haircut("late"));
        BOOST_TEST(office.pull(all.token, office.holding(all)).changed.size() == 1u);
    }
    BOOST_TEST(seen[0].size() == 13u);
    BOOST_TEST((seen[0] == seen[1]));
}

BOOST_AUTO_TEST_CASE(the_fifth_request_at_a_mailbox_is_rate_limited_M30) {
    for (const bool told : {true, false}) {
        for (const bool as_503 : {true, false}) {
            GraphQuirks quirks = graph_quirks_of("plain");
            quirks.tells_retry_after = told;
            quirks.throttles_with_503 = as_503;
            Office office(quirks);
            office.sim.other_requests_in_flight(3);
            BOOST_TEST(office.connector.list_calendars(office.context()).has_value());
            office.sim.other_requests_in_flight(4);
            const auto page = office.connector.fetch_changes(office.context(), office.calendar, {}, {});
            BOOST_REQUIRE(!page);
            BOOST_TEST((page.error().code == ErrorCode::RateLimited));
            BOOST_TEST(page.error().retry_after.has_value() == told);
        }
    }
}

BOOST_AUTO_TEST_CASE(broken_bodies_are_never_emptiness_F7_F12) {
    Office office;
    office.create(haircut("copy-1"));
    const Pulled first = office.pull();
    office.create(haircut("copy-2"));
    for (const auto kind : {SimFault::Kind::TruncatedXml, SimFault::Kind::HtmlPage, SimFault::Kind::ResetMidBody}) {
        for (const bool whole : {true, false}) {
            office.sim.fail_next(fault(kind, "GET", 200, -1));
            const auto page = office.connector.fetch_changes(
                office.context(), office.calendar, whole ? std::nullopt : first.token, office.holding(first)
            );
            office.sim.clear_faults();
            BOOST_REQUIRE(!page);
            BOOST_TEST((page.error().code == ErrorCode::InvalidResponse));
        }
    }
    office.sim.fail_next(fault(SimFault::Kind::ControlCharacters, "GET", 200, -1));
    BOOST_TEST(office.pull().changed.size() == 2u);
    office.sim.clear_faults();
    BOOST_TEST(office.pull().changed.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_missing_mailbox_is_no_missing_event) {
    Office office;
    const Href href = office.create(haircut("copy-1")).href;
    office.sim.without_mailbox(true);
    BOOST_TEST((office.connector.fetch_event(office.context(), href).error().code == ErrorCode::Forbidden));
    office.sim.without_mailbox(false);
    office.sim.deny_mailbox(true);
    BOOST_TEST((office.connector.fetch_event(office.context(), href).error().code == ErrorCode::Forbidden));
}

BOOST_AUTO_TEST_CASE(a_write_over_a_change_is_refused_even_when_if_match_is_ignored_I10) {
    for (const char* profile : {"plain", "dup_409", "sloppy"}) {
        Office office(graph_quirks_of(profile));
        const WriteReceipt made = office.create(haircut("copy-1"));
        office.sim.patch_event(office.id(made.href), R"({"subject":"By phone"})");
        Event late = haircut("copy-1");
        late.master.title = "By us";
        const auto update = office.connector.update_event(office.context(), made.href, *made.version, late);
        BOOST_TEST((!update && update.error().code == ErrorCode::VersionMismatch), profile);
        const auto removal = office.connector.delete_event(office.context(), made.href, *made.version);
        BOOST_TEST((!removal && removal.error().code == ErrorCode::VersionMismatch), profile);
        BOOST_TEST(office.fetch(made.href).event.master.title == "By phone");
    }
}

BOOST_AUTO_TEST_CASE(a_patch_holds_only_what_changed_and_keeps_the_rest) {
    Office office;
    const std::string id = office.sim.put_event(
        office.calendar_id,
        person_event(
            "2026-06-10T07:00:00",
            "2026-06-10T08:00:00",
            R"(,"categories":["Red"],"sensitivity":"personal","body":{"contentType":"html","content":"<p>Hello</p>"})"
        )
    );
    const RemoteEvent read = office.fetch(office.href(id));
    Event edited = read.event;
    edited.master.place = "Upstairs";
    BOOST_TEST(office.connector.update_event(office.context(), read.href, *read.version, edited).has_value());
    const auto& request = office.sim.exchanges().back();
    BOOST_TEST(request.method == "PATCH");
    BOOST_TEST(request.body == R"({"location":{"displayName":"Upstairs"}})");
    const std::string now = office.sim.event_json(id);
    for (const char* kept : {"\"Red\"", "personal", "Hello"}) BOOST_TEST(now.find(kept) != std::string::npos, kept);
}

BOOST_AUTO_TEST_CASE(bodies_that_come_back_changed_are_not_rewritten_for_ever_F10_M21) {
    Office office(graph_quirks_of("rewriting"));
    Event event = haircut("copy-1");
    event.master.notes = "Two  blanks\n\n\nthree lines, <b>no</b> HTML  \n end";
    event.master.title = "Haircut ";
    const WriteReceipt made = office.create(event);
    const RemoteEvent read = office.fetch(made.href);
    BOOST_TEST(office.digest(read.event) == office.digest(event));
    const std::size_t before = office.sim.requests().size();
    Event wanted = read.event;
    BOOST_TEST(office.connector.update_event(office.context(), made.href, *read.version, wanted).has_value());
    for (std::size_t i = before; i < office.sim.requests().size(); ++i)
        BOOST_TEST(office.sim.requests()[i].method == "GET");
    office.sim.patch_event(office.id(made.href), R"({"body":{"contentType":"text","content":"By phone"}})");
    BOOST_TEST(office.fetch(made.href).event.master.notes == "By phone");
}

BOOST_AUTO_TEST_CASE(series_round_trip_with_zone_and_rule_as_written_R10_R11) {
    Office office;
    for (const char* rule :
         {"FREQ=WEEKLY;BYDAY=WE;COUNT=10",
          "FREQ=DAILY;COUNT=30",
          "FREQ=MONTHLY;BYDAY=2WE;UNTIL=20270101T000000Z",
          "FREQ=YEARLY",
          "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR"}) {
        Event event = haircut(std::string("copy ") + rule);
        event.master.start.zone = event.master.end.zone = "Europe/Vienna";
        event.master.rules = {rule};
        const Href href = office.create(event).href;
        const RemoteEvent read = office.fetch(href);
        BOOST_TEST(office.digest(read.event) == office.digest(event), rule);
        BOOST_TEST(!read.event.partial);
        const auto again = office.connector.read_source(read.event.source);
        BOOST_REQUIRE(again.has_value());
        BOOST_TEST((*again == read.event));
    }
}

BOOST_AUTO_TEST_CASE(an_occurrence_that_a_person_deleted_cannot_be_brought_back) {
    Office office;
    const Href series = office.create(weekly("copy-1")).href;
    office.sim.erase_event(office.id(series) + "OCC2026-06-24");
    const RemoteEvent read = office.fetch(series);
    Event wanted = read.event;
    wanted.master.excluded_dates.clear();
    const auto update = office.connector.update_event(office.context(), series, *read.version, wanted);
    BOOST_TEST((!update && update.error().code == ErrorCode::Rejected));
}

BOOST_AUTO_TEST_CASE(nobody_is_mailed_R21_M32_M33) {
    Office office;
    const std::string guests = R"(,"attendees":[{"emailAddress":{"address":"a@example.com"},"type":"required"}])";
    office.sim.put_event(office.calendar_id, person_event("2026-06-10T07:00:00", "2026-06-10T08:00:00", guests));
    BOOST_TEST(office.sim.mails_sent() == 1);  // The counter moves for what does invite.
    const WriteReceipt made = office.create(haircut("copy-1"));
    office.sim.patch_event(
        office.id(made.href), R"({"attendees":[{"emailAddress":{"address":"b@example.com"},"type":"required"}]})"
    );
    const int before = office.sim.mails_sent();
    const RemoteEvent read = office.fetch(made.href);
    Event wanted = read.event;
    wanted.master.title = "Other";
    const auto update = office.connector.update_event(office.context(), made.href, *read.version, wanted);
    BOOST_TEST((!update && update.error().code == ErrorCode::Rejected));
    const auto removal = office.connector.delete_event(office.context(), made.href, *read.version);
    BOOST_TEST((!removal && removal.error().code == ErrorCode::Rejected));
    const WriteReceipt plain = office.create(haircut("copy-2"));
    BOOST_TEST(office.connector.delete_event(office.context(), plain.href, *plain.version).has_value());
    BOOST_TEST(office.sim.mails_sent() == before);
}

BOOST_AUTO_TEST_CASE(a_busy_copy_sends_nothing_of_the_customer_R22_I27) {
    Office office;
    Event event = haircut("copy-1");
    event.master.title = "Busy";
    event.master.notes = "";
    office.create(event);
    for (const auto& request : office.sim.exchanges())
        for (const char* secret : {"Anna", "Haircut"})
            BOOST_TEST((request.url + request.body).find(secret) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_request_asks_for_the_same_kind_of_ids_M11_M12) {
    GraphQuirks quirks = graph_quirks_of("small_pages");
    Office office(quirks);
    for (int i = 0; i < 8; ++i) office.create(haircut("copy-" + std::to_string(i)));
    office.pull(office.pull().token);
    for (const auto& request : office.sim.exchanges()) {
        std::string prefer;
        for (const auto& [name, value] : request.headers)
            if (name == "Prefer") prefer = value;
        BOOST_TEST(prefer.find("IdType=\"ImmutableId\"") != std::string::npos, request.url);
        BOOST_TEST(prefer.find("outlook.timezone=\"UTC\"") != std::string::npos, request.url);
    }
}

BOOST_AUTO_TEST_CASE(a_refused_token_is_replaced_once_and_no_more) {
    Office office;
    office.sim.revoke_tokens();
    BOOST_TEST(office.connector.list_calendars(office.context()).has_value());
    BOOST_TEST(office.tokens.refusals() == 1);
    office.sim.fail_next(fault(SimFault::Kind::Refusal, "GET", 401, -1));
    const auto calendars = office.connector.list_calendars(office.context());
    BOOST_TEST((!calendars && calendars.error().code == ErrorCode::Unauthorized));
    BOOST_TEST(office.tokens.refusals() == 3);
}

BOOST_AUTO_TEST_CASE(a_link_to_another_host_gets_no_token_M38) {
    class Diverting final : public http::HttpTransport {
    public:
        Result<http::Response> send(const http::Request& request, const Context&) override {
            ++requests;
            http::Response response;
            response.status = 200;
            response.url = request.url;
            response.body = R"({"value":[],"@odata.nextLink":")" + link + R"("})";
            return response;
        }
        std::string link{};
        int requests = 0;
    } diverting;
    const ManualClock clock;
    RenewedTokens tokens([] { return std::string("secret-token"); });
    graph::GraphConnector connector(diverting, clock, zones(), tokens, {});
    for (const char* link :
         {"https://evil.example/v1.0/me/calendars",
          "http://graph.microsoft.com/v1.0/me/calendars",
          "https://graph.microsoft.com/beta/me",
          "https://graph.microsoft.com.evil.example/v1.0/x",
          "not a url"}) {
        diverting.link = link;
        diverting.requests = 0;
        const auto calendars = connector.list_calendars({clock.steady() + std::chrono::seconds(5), {}});
        BOOST_TEST((!calendars && calendars.error().code == ErrorCode::InvalidResponse), link);
        BOOST_TEST(diverting.requests == 1, link);
    }
}

BOOST_AUTO_TEST_CASE(ids_that_differ_in_case_only_are_two_events_M13) {
    Office office;
    std::set<std::string> ids;
    for (int i = 0; i < 4; ++i) ids.insert(office.create(haircut("copy-" + std::to_string(i))).href.value);
    BOOST_TEST(ids.size() == 4u);
    BOOST_TEST(office.pull().changed.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_change_key_that_moves_alone_is_no_change_of_content) {
    Office office;
    const WriteReceipt made = office.create(haircut("copy-1"));
    const Pulled first = office.pull();
    office.sim.bump_change_key(office.id(made.href));
    const Pulled next = office.pull(first.token, office.holding(first));
    BOOST_REQUIRE(next.changed.size() == 1u);
    BOOST_TEST(office.digest(next.changed.begin()->second.event) == office.digest(haircut("copy-1")));
}

BOOST_AUTO_TEST_CASE(an_event_moved_to_another_calendar_is_gone_here_F20) {
    Office office;
    const WriteReceipt made = office.create(haircut("copy-1"));
    const Pulled first = office.pull();
    office.sim.move_event(office.id(made.href), office.sim.make_calendar("Other"));
    BOOST_TEST((office.pull(first.token, office.holding(first)).removed == std::set<std::string>{made.href.value}));
}

BOOST_AUTO_TEST_CASE(calendars_are_listed_over_all_pages_with_their_rights) {
    Office office(graph_quirks_of("small_pages"));
    for (int i = 0; i < 9; ++i) office.sim.make_calendar("Room " + std::to_string(i), i % 2 == 0);
    const auto calendars = office.connector.list_calendars(office.context());
    BOOST_REQUIRE(calendars.has_value());
    BOOST_TEST(calendars->size() == 11u);
    for (const auto& calendar : *calendars)
        if (calendar.name == "Room 3") BOOST_TEST(!calendar.writable);
}

BOOST_AUTO_TEST_CASE(a_mailbox_can_be_named_by_its_id) {
    graph::GraphSettings settings = berlin_settings();
    settings.user = GraphSim::user_id();
    Office office(graph_quirks_of("plain"), settings);
    office.create(haircut("copy-1"));
    BOOST_TEST(office.pull().changed.size() == 1u);
    BOOST_TEST(office.sim.requests().back().url.find("/v1.0/users/" + settings.user + "/") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(events_delta_serves_as_well_and_its_absence_is_told) {
    graph::GraphSettings settings = berlin_settings();
    settings.events_delta = true;
    Office office(graph_quirks_of("plain"), settings);
    office.create(haircut("copy-1"));
    const Pulled first = office.pull();
    const Href late = office.create(weekly("copy-2")).href;
    BOOST_TEST(office.pull(first.token, office.holding(first)).changed.contains(late.value));
    office.sim.quirks().refuses_events_delta = true;
    BOOST_TEST(!office.connector.fetch_changes(office.context(), office.calendar, {}, {}).has_value());
}

BOOST_AUTO_TEST_CASE(odd_addresses_reach_no_service) {
    Office office;
    const std::size_t before = office.sim.requests().size();
    for (const char* odd :
         {"",
          "calendars/",
          "calendars/..",
          "calendars/a/events/../../x",
          "calendars/a?b",
          "me/a",
          "https://evil.example/",
          "calendars/a/events/"}) {
        BOOST_TEST(!office.connector.fetch_event(office.context(), Href{odd}).has_value(), odd);
        BOOST_TEST(!office.connector.delete_event(office.context(), Href{odd}, Version{"v"}).has_value(), odd);
    }
    BOOST_TEST(office.sim.requests().size() == before);
}

BOOST_AUTO_TEST_CASE(subscriptions_open_with_a_handshake_renew_and_close_M25_M26_M27) {
    Office office;
    PushService* push = office.connector.push();
    BOOST_REQUIRE(push != nullptr);
    const PushRequest request{
        office.calendar, "unused", "https://sync.example.com/hooks/graph", "", "secret", office.clock.now() + days(30)};
    const auto unanswered = push->open_channel(office.context(), request);
    BOOST_TEST((!unanswered && unanswered.error().code == ErrorCode::Rejected));
    int handshakes = 0;
    std::string delivered;
    office.sim.set_callback([&](const http::Request& incoming) {
        http::Response response;
        const auto at = incoming.url.find("validationToken=");
        response.status = at == std::string::npos ? 202 : 200;
        response.headers = {{"Content-Type", "text/plain"}};
        if (at == std::string::npos) {
            delivered += incoming.body;
        } else {
            ++handshakes;
            response.body = http::percent_decode(incoming.url.substr(at + 16));
        }
        return response;
    });
    const auto channel = push->open_channel(office.context(), request);
    BOOST_REQUIRE_MESSAGE(channel.has_value(), why(channel));
    BOOST_TEST(handshakes == 2);
    BOOST_TEST((channel->expires <= office.clock.now() + days(7)));
    const auto replaced = push->open_channel(office.context(), request);
    BOOST_REQUIRE(replaced.has_value());
    BOOST_TEST(office.sim.subscriptions() == 1u);
    office.create(haircut("copy-1"));
    BOOST_TEST(office.sim.deliver() == 1);
    BOOST_TEST(delivered.find("\"clientState\":\"secret\"") != std::string::npos);
    const auto renewed = push->renew_channel(office.context(), *replaced, office.clock.now() + days(3));
    BOOST_REQUIRE(renewed.has_value());
    BOOST_TEST((renewed->expires == office.clock.now() + days(3)));
    BOOST_TEST(push->close_channel(office.context(), *renewed).has_value());
    BOOST_TEST(push->close_channel(office.context(), *renewed).has_value());
    const auto gone = push->renew_channel(office.context(), *renewed, office.clock.now() + days(3));
    BOOST_TEST((!gone && gone.error().code == ErrorCode::NotFound));
}
