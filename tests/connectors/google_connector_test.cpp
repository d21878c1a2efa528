#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "connectors/google/google_free_busy.hpp"
#include "core/icalendar.hpp"
#include "tests/connectors/google_stage.hpp"

namespace calgate::testing {

namespace {

std::string digest(const Event& event) { return canonical_digest(event, GoogleStage::zones(), "Europe/Berlin"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(google_connector)

BOOST_AUTO_TEST_CASE(a_copy_is_created_under_its_own_name) {
    GoogleStage stage;
    const Event event = GoogleStage::haircut();
    const Href href = stage.create(event);
    BOOST_TEST(google::event_place(href)->id == event.uid.value);
    BOOST_TEST((stage.sim.requests().size() == 1u));  // No search: the name is nobody else's.
    const auto read = stage.connector.fetch_event(stage.context(), href);
    BOOST_REQUIRE(read);
    BOOST_TEST((read->event.uid == event.uid && read->event.mark == event.mark));
    BOOST_TEST(digest(*stage.connector.read_source(read->event.source)) == digest(event));
}

BOOST_AUTO_TEST_CASE(what_was_just_written_is_written_over_without_reading_it) {
    GoogleStage stage;
    Event event = GoogleStage::haircut();
    const auto created = stage.connector.create_event(stage.context(), stage.calendar, event);
    BOOST_REQUIRE(created);
    event.source = created->source;
    event.master.title = "Changed";
    const auto updated = stage.connector.update_event(stage.context(), created->href, *created->version, event);
    BOOST_REQUIRE(updated);
    event.source = updated->source;
    event.master.title = "Changed again";
    BOOST_REQUIRE(stage.connector.update_event(stage.context(), created->href, *updated->version, event));
    BOOST_TEST(stage.sim.requests().size() == 3u);
    // Somebody else was faster: their version is not the one that was answered.
    BOOST_TEST(
        (stage.connector.update_event(stage.context(), created->href, *updated->version, event).error().code ==
         ErrorCode::VersionMismatch)
    );
    const auto read = stage.connector.fetch_event(stage.context(), created->href);
    BOOST_REQUIRE(read);
    BOOST_TEST(read->event.master.title == "Changed again");
}

BOOST_AUTO_TEST_CASE(of_a_series_that_was_written_nothing_is_taken_for_known) {
    GoogleStage stage;
    Event series = GoogleStage::haircut();
    series.master.rules = {"FREQ=WEEKLY;COUNT=10"};
    const auto created = stage.connector.create_event(stage.context(), stage.calendar, series);
    BOOST_REQUIRE(created);
    BOOST_TEST(created->source.empty());
}

BOOST_AUTO_TEST_CASE(nobody_is_mailed_and_nothing_is_rung_R21) {
    GoogleStage stage;
    stage.sim.put(
        stage.id,
        "withguests",
        R"({"summary":"Party","start":{"date":"2026-06-10"},"end":{"date":"2026-06-11"},)"
        R"("attendees":[{"email":"guest@example.com"}]})"
    );
    const Href href = stage.create(GoogleStage::haircut());
    const Href party = google::event_href(stage.calendar, "withguests");
    for (const Href& one : {href, party}) {
        auto read = stage.connector.fetch_event(stage.context(), one);
        Event event = read->event;
        event.master.title = "Changed";
        const auto receipt = stage.connector.update_event(stage.context(), one, *read->version, event);
        BOOST_REQUIRE(receipt);
        BOOST_TEST(stage.connector.delete_event(stage.context(), one, *receipt->version).has_value());
    }
    BOOST_TEST(stage.sim.mails_sent() == 0);
    for (const SeenRequest& request : stage.sim.requests())
        BOOST_TEST((request.method == "GET" || request.url.find("sendUpdates=none") != std::string::npos));
    BOOST_TEST((stage.sim.bodies()[0].find("\"useDefault\":false") != std::string::npos));
    for (const std::string& body : stage.sim.bodies()) BOOST_TEST((body.find("attendees") == std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_deleted_event_keeps_its_id_G20_F16) {
    GoogleStage stage;
    const Event event = GoogleStage::haircut();
    stage.sim.erase(stage.id, google::event_place(stage.create(event))->id);
    const auto again = stage.connector.create_event(stage.context(), stage.calendar, event);
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().code == ErrorCode::AlreadyExists));
    const auto found = stage.connector.find_event(stage.context(), stage.calendar, event.uid);
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().code == ErrorCode::NotFound));
    BOOST_TEST(stage.connector.create_event(stage.context(), stage.calendar, GoogleStage::haircut(2)).has_value());
}

BOOST_AUTO_TEST_CASE(a_series_is_written_with_its_instances_R10) {
    GoogleStage stage;
    Event event = GoogleStage::weekly();
    EventInstance moved = event.master;
    moved.rules.clear();
    moved.recurrence_id = When{When::Kind::Zoned, *parse_local("2026-06-17T09:00:00"), "Europe/Berlin"};
    moved.start.local += std::chrono::hours(8 * 24);
    moved.end.local += std::chrono::hours(8 * 24);
    moved.title = "Moved";
    event.overrides = {moved};
    stage.sim.quirks().etags_move_alone = true;  // G23
    const Href href = stage.create(event);
    auto read = stage.connector.fetch_event(stage.context(), href);
    BOOST_REQUIRE(read);
    BOOST_TEST(digest(read->event) == digest(event));
    Event edited = read->event;
    edited.master.title = "Colouring";
    edited.overrides[0].title = "Moved and coloured";
    const auto receipt = stage.connector.update_event(stage.context(), href, *read->version, edited);
    BOOST_REQUIRE_MESSAGE(receipt, (receipt ? std::string() : receipt.error().detail));
    read = stage.connector.fetch_event(stage.context(), href);
    BOOST_TEST((read->event.master.title == "Colouring" && read->event.overrides[0].title == "Moved and coloured"));
    BOOST_TEST((read->version == receipt->version));
}

BOOST_AUTO_TEST_CASE(an_update_from_a_stale_source_still_writes_what_differs) {
    GoogleStage stage;
    const Href href = stage.create(GoogleStage::haircut());
    const auto first = stage.connector.fetch_event(stage.context(), href);
    Event event = first->event;
    event.master.title = "Second";
    const auto second = stage.connector.update_event(stage.context(), href, *first->version, event);
    BOOST_REQUIRE(second);
    event.master.title = "Haircut";  // As the source still says.
    BOOST_TEST(stage.connector.update_event(stage.context(), href, *second->version, event).has_value());
    BOOST_TEST(stage.connector.fetch_event(stage.context(), href)->event.master.title == "Haircut");
    event.source.clear();
    event.master.title = "From nothing";
    const auto version = stage.connector.fetch_event(stage.context(), href)->version;
    BOOST_TEST(stage.connector.update_event(stage.context(), href, *version, event).has_value());
    BOOST_TEST(stage.connector.fetch_event(stage.context(), href)->event.master.title == "From nothing");
}

struct EtagRow {
    const char* name;
    bool weak, missing;
};
std::ostream& operator<<(std::ostream& out, const EtagRow& row) { return out << row.name; }
const EtagRow kEtags[] = {{"weak", true, false}, {"missing", false, true}};

BOOST_DATA_TEST_CASE(without_a_strong_etag_versions_are_compared_by_reading_F10, kEtags, row) {
    GoogleStage stage;
    stage.sim.quirks().weak_etags = row.weak;
    stage.sim.quirks().without_etags = row.missing;
    const Href href = stage.create(GoogleStage::haircut());
    const auto first = stage.connector.fetch_event(stage.context(), href);
    BOOST_REQUIRE(first);
    BOOST_REQUIRE(first->version.has_value());
    stage.clock.advance(std::chrono::seconds(5));
    Event event = first->event;
    event.master.title = "Second";
    const auto written = stage.connector.update_event(stage.context(), href, *first->version, event);
    BOOST_REQUIRE_MESSAGE(written, (written ? std::string() : written.error().detail));
    const auto stale = stage.connector.update_event(stage.context(), href, *first->version, event);
    BOOST_TEST((!stale && stale.error().code == ErrorCode::VersionMismatch));
    const auto kept = stage.connector.delete_event(stage.context(), href, *first->version);
    BOOST_TEST((!kept && kept.error().code == ErrorCode::VersionMismatch));
    BOOST_TEST(stage.connector.delete_event(stage.context(), href, *written->version).has_value());
}

BOOST_AUTO_TEST_CASE(calendars_are_listed_over_all_pages_with_their_rights) {
    GoogleStage stage;
    stage.sim.make_calendar("Only times", "freeBusyReader");
    stage.sim.make_calendar("Read only", "reader");
    stage.sim.quirks().page = 1;
    const auto calendars = stage.connector.list_calendars(stage.context());
    BOOST_REQUIRE(calendars);
    BOOST_REQUIRE(calendars->size() == 4u);
    BOOST_TEST(((*calendars)[1].href == stage.calendar && (*calendars)[1].writable));
    BOOST_TEST(((*calendars)[2].name == "Only times (free/busy only)" && !(*calendars)[2].writable));
    BOOST_TEST(!(*calendars)[3].writable);
}

BOOST_AUTO_TEST_CASE(a_free_busy_calendar_gives_its_expanded_instances) {
    GoogleStage stage;
    const std::string shared = stage.sim.make_calendar("Only times", "freeBusyReader");
    stage.sim.put(
        shared,
        "series",
        R"({"summary":"Secret","recurrence":["RRULE:FREQ=DAILY;COUNT=3"],"start":{"dateTime":"2026-06-10T07:00:00Z","timeZone":"UTC"},)"
        R"("end":{"dateTime":"2026-06-10T08:00:00Z","timeZone":"UTC"}})"
    );
    const auto page = stage.connector.fetch_changes(stage.context(), google::calendar_href(shared), {}, {});
    BOOST_REQUIRE(page);
    BOOST_TEST(page->changed.size() == 3u);
    for (const RemoteEvent& event : page->changed) BOOST_TEST(event.event.master.title.empty());
}

BOOST_AUTO_TEST_CASE(a_channel_is_opened_and_closed_and_never_renewed_G14_G16) {
    GoogleStage stage;
    PushService& push = *stage.connector.push();
    PushRequest request{
        stage.calendar,
        "2d7c1c9e-6a1e-4f04-9b1f-6d3f1f6f0c11",
        "https://sync.example.com/hooks/google",
        {},
        "secret",
        stage.clock.now() + std::chrono::days(30)};
    const auto channel = push.open_channel(stage.context(), request);
    BOOST_REQUIRE_MESSAGE(channel, (channel ? std::string() : channel.error().detail));
    BOOST_TEST((channel->expires == stage.clock.now() + std::chrono::days(7)));  // Longer wishes are cut.
    BOOST_TEST(stage.sim.take_notifications().size() == 1u);
    stage.create(GoogleStage::haircut());
    BOOST_TEST(stage.sim.take_notifications().size() == 1u);
    const auto again = push.open_channel(stage.context(), request);
    BOOST_TEST((!again && again.error().code == ErrorCode::AlreadyExists));
    const auto renewed = push.renew_channel(stage.context(), *channel, request.until);
    BOOST_TEST((!renewed && renewed.error().code == ErrorCode::Unsupported));
    BOOST_TEST(push.close_channel(stage.context(), *channel).has_value());
    BOOST_TEST(push.close_channel(stage.context(), *channel).has_value());
    request.callback = "http://sync.example.com/";
    request.id = "another";
    BOOST_TEST((push.open_channel(stage.context(), request).error().code == ErrorCode::Rejected));
}

struct Taken {
    const char *start, *end;
    const char *from, *to;  ///< Empty: not understood, so nothing of it is believed.
};
std::ostream& operator<<(std::ostream& out, const Taken& row) { return out << row.start << " to " << row.end; }
const Taken kTaken[] = {
    {"2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z", "2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z"},
    {"2026-03-10T09:00:00.000Z", "2026-03-10T10:00:00.000Z", "2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z"},
    {"2026-03-10T09:00:00.750Z", "2026-03-10T10:00:00.001Z", "2026-03-10T09:00:00Z", "2026-03-10T10:00:01Z"},
    {"2026-03-10T10:00:00.5+01:00", "2026-03-10T11:00:00+01:00", "2026-03-10T09:00:00Z", "2026-03-10T10:00:00Z"},
    {"2026-03-10T09:00:00.Z", "2026-03-10T10:00:00Z", "", ""},
    {"2026-03-10T09:00:00.5", "2026-03-10T10:00:00Z", "", ""},
    {"2026-03-10T09:00:00", "2026-03-10T10:00:00Z", "", ""},
};

BOOST_DATA_TEST_CASE(a_taken_time_with_a_fraction_is_never_shorter_I16, kTaken, row) {
    const std::string body =
        R"({"calendars":{"a@x":{"busy":[{"start":")" + std::string(row.start) + R"(","end":")" + row.end + R"("}]}}})";
    const auto taken = google::read_free_busy(body, "a@x");
    BOOST_REQUIRE(taken.has_value() == (*row.from != '\0'));
    if (!taken) return;
    BOOST_TEST(format_instant(taken->at(0).when.start) == row.from);
    BOOST_TEST(format_instant(taken->at(0).when.end) == row.to);
}

BOOST_AUTO_TEST_CASE(it_says_what_google_admits_of_a_person_L4) {
    const double admitted = 600.0 / 60;
    BOOST_TEST(GoogleStage().connector.capabilities().writes_per_second < admitted);
    BOOST_TEST(GoogleStage().connector.capabilities().writes_per_second >= 0.95 * admitted);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
