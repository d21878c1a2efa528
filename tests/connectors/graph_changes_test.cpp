#include <boost/test/data/test_case.hpp>
#include <ostream>

#include "connectors/graph/graph_cursor.hpp"
#include "tests/connectors/graph_stage.hpp"

using namespace calgate;
using namespace calgate::testing;
using namespace calgate::testing::graph_stage;
namespace data = boost::unit_test::data;
using std::chrono::days;

namespace {

constexpr DeadToken kDeadTokens[] = {
    DeadToken::Gone410,
    DeadToken::Gone410LowerCase,
    DeadToken::ResyncRequired,
    DeadToken::BadRequest400,
    DeadToken::MalformedId400,
    DeadToken::NotFound404};

}  // namespace

namespace calgate::testing {
std::ostream& operator<<(std::ostream& out, DeadToken dialect) { return out << static_cast<int>(dialect); }
}  // namespace calgate::testing

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

BOOST_AUTO_TEST_CASE(what_was_read_before_a_refusal_is_not_asked_for_again_R19) {
    graph::GraphSettings settings = berlin_settings();
    settings.page_size = 4;
    Office office(graph_quirks_of("plain"), settings);
    const Pulled first = office.pull();
    for (int i = 0; i < 10; ++i) office.create(haircut("copy-" + std::to_string(i)));
    // The service admits six calls a minute: a page and its four events, and the next page.
    office.clock.advance(std::chrono::minutes{10});
    office.sim.quirks().calls_per_minute = 6;
    std::size_t refused = 0, named = 0;
    auto token = first.token;
    for (bool more = true; more && refused < 10;) {
        const auto page = office.connector.fetch_changes(office.context(), office.calendar, token, {});
        if (page) {
            named += page->changed.size();
            token = page->next;
            more = page->more;
            continue;
        }
        BOOST_REQUIRE((page.error().code == ErrorCode::RateLimited));
        ++refused;
        named = 0;  // Nothing of an unfinished round is kept by who asks.
        token = first.token;
        office.clock.advance(std::chrono::minutes{1});
    }
    BOOST_TEST(named == 10u);
    BOOST_TEST(refused <= 3u);
}

BOOST_AUTO_TEST_CASE(what_was_read_before_a_refusal_is_read_again_where_it_changed_meanwhile) {
    Office office;
    const Pulled first = office.pull();
    const WriteReceipt early = office.create(haircut("copy-1"));
    const WriteReceipt late = office.create(haircut("copy-2"));
    office.clock.advance(std::chrono::minutes{10});
    office.sim.quirks().calls_per_minute = 2;
    BOOST_REQUIRE(!office.connector.fetch_changes(office.context(), office.calendar, first.token, {}));
    office.sim.quirks().calls_per_minute = 0;
    for (const WriteReceipt& one : {early, late}) {
        Event moved = office.fetch(one.href).event;
        moved.master.title = "Moved";
        BOOST_REQUIRE(office.connector.update_event(office.context(), one.href, *one.version, moved));
    }
    const Pulled second = office.pull(first.token);
    BOOST_REQUIRE(second.changed.size() == 2u);
    for (const auto& [href, event] : second.changed) BOOST_TEST(event.event.master.title == "Moved");
}

BOOST_AUTO_TEST_CASE(it_says_what_graph_admits_of_a_mailbox_L4) {
    const Capabilities offered = Office().connector.capabilities();
    const double in_ten_minutes = 3.5 * (offered.writes_at_once + 600 * offered.writes_per_second);
    BOOST_TEST(in_ten_minutes < 10'000);
    BOOST_TEST(in_ten_minutes >= 9'500);
}

BOOST_AUTO_TEST_CASE(a_link_that_was_damaged_on_the_way_is_not_kept_F7) {
    class Damaging final : public http::HttpTransport {
    public:
        explicit Damaging(http::HttpTransport& inner) : inner_(inner) {}
        Result<http::Response> send(const http::Request& request, const Context& context) override {
            auto response = inner_.send(request, context);
            const std::string link = "Link\":\"https://";
            const auto at = damages && response ? response->body.find(link) : std::string::npos;
            if (at != std::string::npos) response->body.insert(at + link.size() + 3, "\x01\x0b");
            return response;
        }
        bool damages = false;

    private:
        http::HttpTransport& inner_;
    };
    Office office;
    Damaging wire(office.sim);
    graph::GraphConnector connector(wire, office.clock, zones(), office.tokens, berlin_settings());
    const Pulled first = office.pull();
    wire.damages = true;
    const auto damaged = connector.fetch_changes(office.context(), office.calendar, first.token, {});
    BOOST_TEST((!damaged && damaged.error().code == ErrorCode::InvalidResponse));
    BOOST_TEST((!connector.fetch_changes(office.context(), office.calendar, std::nullopt, {})));
    wire.damages = false;
    BOOST_TEST(connector.fetch_changes(office.context(), office.calendar, first.token, {}).has_value());
    auto cursor = *graph::read_cursor(*first.token);
    cursor.link = cursor.base = "https://gra\x01ph.microsoft.com/v1.0/me/calendarView/delta";
    const auto kept = connector.fetch_changes(office.context(), office.calendar, graph::write_cursor(cursor), {});
    BOOST_TEST((!kept && kept.error().code == ErrorCode::SyncTokenExpired));
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

BOOST_AUTO_TEST_CASE(a_deletion_that_delta_loses_is_seen_by_the_whole_listing) {
    Office office;
    const WriteReceipt made = office.create(haircut("copy-1"));
    const Pulled first = office.pull();
    office.sim.quirks().loses_deletions = true;
    office.sim.erase_event(office.id(made.href));
    const Pulled next = office.pull(first.token, office.holding(first));
    BOOST_TEST((next.removed.empty() && next.changed.empty()));
    const Pulled whole = office.pull({}, office.holding(first));
    BOOST_TEST((whole.snapshot && whole.changed.empty() && whole.unchanged.empty()));
}

BOOST_AUTO_TEST_CASE(removed_for_another_reason_is_removed_as_well) {
    Office office;
    const WriteReceipt made = office.create(haircut("copy-1"));
    const Pulled first = office.pull();
    office.sim.quirks().removed_as_changed = true;
    office.sim.erase_event(office.id(made.href));
    BOOST_TEST((office.pull(first.token, office.holding(first)).removed == std::set<std::string>{made.href.value}));
}

BOOST_AUTO_TEST_CASE(what_delta_does_not_know_yet_comes_with_a_later_round_F11) {
    Office office;
    const WriteReceipt kept = office.create(haircut("copy-1")), dropped = office.create(haircut("copy-2"));
    office.sim.quirks().delta_lag = std::chrono::seconds(90);
    office.clock.advance(std::chrono::seconds(91));
    const Pulled first = office.pull();
    const Href late = office.create(haircut("copy-3")).href;
    office.sim.erase_event(office.id(dropped.href));
    office.sim.patch_event(office.id(kept.href), R"({"subject":"By phone"})");
    const Pulled none = office.pull(first.token, office.holding(first));
    BOOST_TEST((none.changed.empty() && none.removed.empty()));
    office.clock.advance(std::chrono::seconds(91));
    const Pulled all = office.pull(none.token, office.holding(first));
    BOOST_TEST(all.changed.size() == 2u);
    BOOST_TEST((all.changed.contains(late.value) && all.changed.contains(kept.href.value)));
    BOOST_TEST((all.removed == std::set<std::string>{dropped.href.value}));
}

BOOST_AUTO_TEST_CASE(a_token_that_grew_old_is_told_and_the_calendar_is_listed_again) {
    Office office;
    office.sim.quirks().token_life = std::chrono::hours(12);
    office.create(haircut("copy-1"));
    const Pulled first = office.pull();
    office.clock.advance(std::chrono::hours(13));
    office.tokens.refused(*office.tokens.access_token({}));
    const auto page = office.connector.fetch_changes(office.context(), office.calendar, first.token, {});
    BOOST_TEST((!page && page.error().code == ErrorCode::SyncTokenExpired));
    BOOST_TEST(office.pull({}, office.holding(first)).unchanged.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_event_moved_to_another_calendar_is_gone_here_F20) {
    Office office;
    const WriteReceipt made = office.create(haircut("copy-1"));
    const Pulled first = office.pull();
    office.sim.move_event(office.id(made.href), office.sim.make_calendar("Other"));
    BOOST_TEST((office.pull(first.token, office.holding(first)).removed == std::set<std::string>{made.href.value}));
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

BOOST_AUTO_TEST_CASE(our_own_write_comes_back_as_nothing_new_M22) {
    Office office;
    const Pulled first = office.pull();
    const WriteReceipt made = office.create(haircut("copy-1"));
    const auto known = [&](const Href& href) { return href == made.href ? made.version : std::nullopt; };
    const Pulled next = office.pull(first.token, known);
    BOOST_TEST((next.changed.empty() && next.removed.empty()));
    BOOST_TEST((next.unchanged == std::set<std::string>{made.href.value}));
}

BOOST_AUTO_TEST_CASE(what_delta_does_not_bring_is_read_M43) {
    Office office;
    const Pulled first = office.pull();
    Event event = haircut("copy-1");
    event.mark = "cg1/mark";
    event.capsule = "capsule";
    const WriteReceipt made = office.create(event);
    office.sim.patch_event(office.id(made.href), R"({"subject":"By phone"})");
    const Pulled next = office.pull(first.token);
    const Event& read = next.changed.at(made.href.value).event;
    BOOST_TEST((read.uid == event.uid && read.mark == event.mark && read.capsule == event.capsule));
    BOOST_TEST(read.master.title == "By phone");
}

BOOST_AUTO_TEST_CASE(no_window_is_longer_than_the_service_lists_M35) {
    graph::GraphSettings settings = berlin_settings();
    settings.window_back = days(4000);
    settings.window_ahead = days(1200);
    Office office(graph_quirks_of("plain"), settings);
    office.create(haircut("copy-1"));
    BOOST_TEST(office.pull().changed.size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_occurrence_that_comes_before_its_master_brings_the_series_M4) {
    Office office;
    const Pulled first = office.pull();
    const Href series = office.create(weekly("copy-1")).href;
    office.create(haircut("copy-2"));
    office.sim.erase_event(office.id(series) + "OCC2026-06-17");
    office.sim.erase_event(office.id(series) + "OCC2026-07-01");
    const Pulled next = office.pull(first.token);
    BOOST_TEST(next.changed.size() == 2u);
    BOOST_TEST(next.changed.at(series.value).event.master.excluded_dates.size() == 2u);
    BOOST_TEST(next.removed.empty());
}
