#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

#include "core/icalendar.hpp"
#include "tests/connectors/google_stage.hpp"

namespace calgate::testing {

namespace {

google::GoogleSettings pages_of(int size) {
    google::GoogleSettings settings;
    settings.page_size = size;
    return settings;
}

std::string digest(const Event& event) { return canonical_digest(event, GoogleStage::zones(), "Europe/Berlin"); }

std::string instance_of(const Href& series, const std::string& start) {
    return google::event_place(series)->id + "_" + start;
}

/// As a person's phone does: the instance gets a resource of its own.
void move_instance(GoogleStage& stage, const Href& series, const std::string& start, const std::string& to) {
    const std::string master = google::event_place(series)->id;
    stage.sim.put(
        stage.id,
        instance_of(series, start),
        R"({"recurringEventId":")" + master + R"(","iCalUID":")" + master +
            R"(@google.com","originalStartTime":{"dateTime":")" + start.substr(0, 4) + "-" + start.substr(4, 2) + "-" +
            start.substr(6, 5) + ":" + start.substr(11, 2) +
            ":00Z\",\"timeZone\":\"Europe/Berlin\"},\"summary\":\"Moved\",\"start\":{\"dateTime\":\"" + to +
            ":00:00Z\",\"timeZone\":\"Europe/Berlin\"},\"end\":{\"dateTime\":\"" + to +
            ":30:00Z\",\"timeZone\":\"Europe/Berlin\"}}"
    );
}

KnownVersion holding(const ChangeSet& seen) {
    return [seen](const Href& href) -> std::optional<Version> {
        for (const RemoteEvent& event : seen.changed)
            if (event.href == href) return event.version;
        return std::nullopt;
    };
}

std::set<std::string> digests(const ChangeSet& all) {
    std::set<std::string> out;
    for (const RemoteEvent& event : all.changed) out.insert(event.href.value + " " + digest(event.event));
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(google_changes)

struct PageRow {
    const char* name;
    int size;
    bool empty_pages;
};
std::ostream& operator<<(std::ostream& out, const PageRow& row) { return out << row.name; }
const PageRow kPages[] = {{"one", 1, false}, {"three", 3, false}, {"one, and empty ones between", 1, true}};

BOOST_DATA_TEST_CASE(page_size_1_and_1000_are_equal_R18_G7, kPages, row) {
    GoogleStage stage(pages_of(1000));
    for (int i = 0; i < 4; ++i) stage.create(GoogleStage::haircut(i));
    const Href series = stage.create(GoogleStage::weekly(10));
    move_instance(stage, series, "20260617T070000Z", "2026-06-18T13");
    stage.sim.erase(stage.id, instance_of(series, "20260624T070000Z"));
    const auto whole = stage.pull();
    BOOST_REQUIRE(whole.changed.size() == 5u);
    stage.sim.quirks().empty_pages = row.empty_pages;
    google::GoogleConnector small(stage.sim, stage.clock, GoogleStage::zones(), stage.tokens, pages_of(row.size));
    ChangeSet all;
    std::optional<SyncToken> since;
    for (bool more = true; more;) {
        const auto page = small.fetch_changes(stage.context(), stage.calendar, since, {});
        BOOST_REQUIRE(page);
        BOOST_TEST(page->snapshot);
        all.changed.insert(all.changed.end(), page->changed.begin(), page->changed.end());
        BOOST_TEST(page->removed.empty());
        since = page->next;
        more = page->more;
    }
    BOOST_TEST(digests(all) == digests(whole), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(many_series_are_handed_out_in_parts_and_none_is_missing) {
    google::GoogleSettings settings = pages_of(5);
    settings.series_per_page = 2;
    GoogleStage stage(settings);
    for (int i = 0; i < 9; ++i) stage.create(GoogleStage::weekly(i));
    BOOST_TEST(digests(stage.pull()).size() == 9u);
}

BOOST_AUTO_TEST_CASE(a_changed_instance_brings_its_whole_series_R10) {
    GoogleStage stage;
    const Href series = stage.create(GoogleStage::weekly());
    const auto first = stage.pull();
    move_instance(stage, series, "20260617T070000Z", "2026-06-18T13");
    const auto next = stage.pull(first.next, holding(first));
    BOOST_REQUIRE(next.changed.size() == 1u);
    BOOST_TEST((next.changed[0].href == series && next.changed[0].event.overrides.size() == 1u));
    BOOST_TEST((next.changed[0].version != first.changed[0].version && next.removed.empty() && !next.snapshot));
}

BOOST_DATA_TEST_CASE(a_cancelled_instance_is_no_deletion_G5_G6_G35, boost::unit_test::data::make({false, true}), bare) {
    GoogleStage stage;
    stage.sim.quirks().bare_stubs = bare;
    const Href series = stage.create(GoogleStage::weekly());
    const auto first = stage.pull();
    stage.sim.erase(stage.id, instance_of(series, "20260617T070000Z"));
    const auto next = stage.pull(first.next, holding(first));
    BOOST_TEST(next.removed.empty());
    BOOST_REQUIRE(next.changed.size() == 1u);
    BOOST_TEST((next.changed[0].href == series && next.changed[0].event.master.excluded_dates.size() == 1u));
}

BOOST_AUTO_TEST_CASE(a_deleted_series_is_gone_with_its_exceptions) {
    GoogleStage stage;
    const Href series = stage.create(GoogleStage::weekly());
    move_instance(stage, series, "20260617T070000Z", "2026-06-18T13");
    const auto first = stage.pull();
    stage.sim.erase(stage.id, google::event_place(series)->id);
    const auto next = stage.pull(first.next, holding(first));
    BOOST_REQUIRE(next.removed.size() == 1u);
    BOOST_TEST((next.removed[0] == series && next.changed.empty()));
}

BOOST_AUTO_TEST_CASE(an_instance_whose_series_is_not_here_stands_alone) {
    GoogleStage stage;
    stage.sim.put(
        stage.id,
        "elsewhere_20260617T070000Z",
        R"({"recurringEventId":"elsewhere","iCalUID":"elsewhere@google.com","originalStartTime":{"dateTime":"2026-06-17T07:00:00Z"},)"
        R"("start":{"dateTime":"2026-06-17T07:00:00Z"},"end":{"dateTime":"2026-06-17T08:00:00Z"},"summary":"Invited once"})"
    );
    const auto all = stage.pull();
    BOOST_REQUIRE(all.changed.size() == 1u);
    BOOST_TEST(all.changed[0].event.master.title == "Invited once");
    const auto read = stage.connector.fetch_event(stage.context(), all.changed[0].href);
    BOOST_REQUIRE(read);
    BOOST_TEST((read->version == all.changed[0].version));
}

BOOST_AUTO_TEST_CASE(a_full_listing_names_only_what_the_caller_holds_as_gone_G4) {
    GoogleStage stage;
    const Href old = stage.create(GoogleStage::haircut(1));
    const auto first = stage.pull();
    stage.sim.erase(stage.id, google::event_place(old)->id);
    stage.create(GoogleStage::haircut(2));
    const auto anew = stage.pull();
    BOOST_TEST((anew.snapshot && anew.removed.empty() && anew.changed.size() == 1u));
    const auto holding_it = stage.pull({}, holding(first));
    BOOST_TEST((holding_it.removed == std::vector<Href>{old}));
}

BOOST_AUTO_TEST_CASE(an_event_of_any_time_arrives_G11) {
    GoogleStage stage;
    const auto first = stage.pull();
    for (const char* year : {"1999", "2060"}) {
        const std::string day = std::string(year) + "-06-10";
        stage.sim.put(
            stage.id,
            "year" + std::string(year),
            R"({"summary":"x","start":{"date":")" + day + R"("},"end":{"date":")" + year + R"(-06-11"}})"
        );
    }
    BOOST_TEST(stage.pull(first.next).changed.size() == 2u);
    BOOST_TEST(stage.pull().changed.size() == 2u);
}

BOOST_AUTO_TEST_CASE(every_round_asks_alike_and_for_whole_series_G9_G10_G27) {
    GoogleStage stage(pages_of(1));
    for (int i = 0; i < 3; ++i) stage.create(GoogleStage::haircut(i));
    const auto first = stage.pull();
    stage.create(GoogleStage::weekly(7));
    stage.pull(first.next);
    std::size_t lists = 0;
    for (const SeenRequest& request : stage.sim.requests()) {
        const auto query = request.url.find("/events?");
        if (request.method != "GET" || query == std::string::npos) continue;
        ++lists;
        BOOST_TEST(request.url.substr(query + 8).starts_with("maxResults=1&singleEvents=false&showDeleted=true"));
        for (const char* other : {"orderBy", "timeMin", "timeMax", "updatedMin", "&q=", "ExtendedProperty", "fields"})
            BOOST_TEST(request.url.find(other) == std::string::npos, request.url);
    }
    BOOST_TEST(lists >= 5u);
}

BOOST_AUTO_TEST_CASE(our_own_write_comes_back_as_nothing_new_G12_G13) {
    GoogleStage stage;
    const auto first = stage.pull();
    const auto receipt = stage.connector.create_event(stage.context(), stage.calendar, GoogleStage::haircut());
    BOOST_REQUIRE(receipt.has_value());
    const auto known = [&](const Href& href) { return href == receipt->href ? receipt->version : std::nullopt; };
    const auto next = stage.pull(first.next, known);
    BOOST_TEST((next.changed.empty() && next.removed.empty() && next.unchanged == std::vector<Href>{receipt->href}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
