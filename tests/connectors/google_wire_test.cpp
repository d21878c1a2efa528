#include "connectors/google/google_wire.hpp"

#include <boost/test/data/test_case.hpp>

#include "connectors/google/google_cursor.hpp"
#include "connectors/google/google_ids.hpp"
#include "core/busy.hpp"
#include "tests/connectors/google_samples.hpp"

namespace calgate::google {

BOOST_AUTO_TEST_SUITE(google_wire)

struct UidRow {
    const char* name;
    const char* uid;
    bool is_its_own_id;
};
std::ostream& operator<<(std::ostream& out, const UidRow& row) { return out << row.name; }
const UidRow kUids[] = {
    {"copy name", "0123456789abcdefghijklmnopqrstuv0123456789abcdefghij", true},
    {"foreign", "040000008200E00074C5B7101A82E008@outlook.com", false},
    {"too short", "abc", false},
    {"letters beyond v", "wxyz-wxyz", false},
    {"that looks encoded", "calgateuid00", false},
    {"not ASCII", "größe@example", false},
};

BOOST_DATA_TEST_CASE(an_id_is_chosen_from_the_uid_and_leads_back, kUids, row) {
    const auto id = event_id_of(Uid{row.uid});
    BOOST_REQUIRE(id.has_value());
    BOOST_TEST(is_client_id(*id));
    BOOST_TEST((*id == row.uid) == row.is_its_own_id);
    BOOST_TEST(uid_of(*id, *id + "@google.com").value == row.uid);
}

struct InstanceRow {
    const char* id;
    const char* series;
};
std::ostream& operator<<(std::ostream& out, const InstanceRow& row) { return out << row.id; }
const InstanceRow kInstances[] = {
    {"abc_20260324T090000Z", "abc"},
    {"abc_20260324", "abc"},
    {"abc_R20260101T080000_20260324T090000Z", "abc_R20260101T080000"},
    {"abc_R20260101T080000", ""},
    {"abc", ""},
    {"_20260324", ""},
    {"abc_2026032", ""},
};

BOOST_DATA_TEST_CASE(instance_ids_are_parsed_from_the_right, kInstances, row) {
    const auto parts = split_instance_id(row.id);
    BOOST_TEST((parts ? parts->series : std::string()) == row.series);
}

BOOST_AUTO_TEST_CASE(a_calendar_id_is_encoded_G28) {
    const Href calendar = calendar_href("en.german#holiday@group.v.calendar.google.com");
    BOOST_TEST(calendar.value.find('#') == std::string::npos);
    BOOST_TEST(calendar_id(calendar).value() == "en.german#holiday@group.v.calendar.google.com");
    const auto place = event_place(event_href(calendar, "abc_20260324T090000Z"));
    BOOST_REQUIRE(place.has_value());
    BOOST_TEST((place->calendar == calendar && place->id == "abc_20260324T090000Z"));
}

struct StateRow {
    const char* name;
    const char* members;
    std::optional<BusyKind> busy;
};
std::ostream& operator<<(std::ostream& out, const StateRow& row) { return out << row.name; }
const StateRow kStates[] = {
    {"plain", "", BusyKind::Busy},
    {"transparent", R"("transparency":"transparent")", {}},
    {"tentative", R"("status":"tentative")", BusyKind::Tentative},
    {"declined", R"("attendees":[{"email":"me@x","self":true,"responseStatus":"declined"}])", {}},
    {"not answered",
     R"("attendees":[{"email":"me@x","self":true,"responseStatus":"needsAction"}])",
     BusyKind::Tentative},
    {"somebody else declined", R"("attendees":[{"email":"you@x","responseStatus":"declined"}])", BusyKind::Busy},
    {"out of office", R"("eventType":"outOfOffice")", BusyKind::Busy},
    {"focus time", R"("eventType":"focusTime")", BusyKind::Busy},
    {"focus time, free", R"("eventType":"focusTime","transparency":"transparent")", {}},
    {"working location G31", R"("eventType":"workingLocation")", {}},
    {"birthday G31", R"("eventType":"birthday")", {}},
    {"unknown type", R"("eventType":"somethingOfTomorrow")", BusyKind::Busy},
    {"private without title G30", R"("visibility":"private")", BusyKind::Busy},
};

BOOST_DATA_TEST_CASE(states_count_as_the_table_says_R23, kStates, row) {
    const Event event = read(resource(row.members));
    BOOST_TEST((busy_kind(event.master, false) == row.busy));
}

BOOST_AUTO_TEST_CASE(the_end_of_a_whole_day_is_exclusive_G29) {
    const Event event = read(fixture("event-all-day.json"));
    BOOST_TEST((event.master.start.kind == When::Kind::Date && event.master.end.kind == When::Kind::Date));
    BOOST_TEST((event.master.end.local > event.master.start.local));
}

struct TimeRow {
    const char* name;
    const char* time;
    const char* instant;  ///< Empty: unreadable.
    const char* zone;     ///< Of the When; empty: UTC.
};
std::ostream& operator<<(std::ostream& out, const TimeRow& row) { return out << row.name; }
const TimeRow kTimes[] = {
    {"other offset than the zone's",
     R"({"dateTime":"2026-06-10T03:00:00-04:00","timeZone":"Europe/Berlin"})",
     "2026-06-10T07:00:00Z",
     "Europe/Berlin"},
    {"no zone", R"({"dateTime":"2026-06-10T09:00:00+02:00"})", "2026-06-10T07:00:00Z", ""},
    {"no offset",
     R"({"dateTime":"2026-06-10T09:00:00","timeZone":"Europe/Berlin"})",
     "2026-06-10T07:00:00Z",
     "Europe/Berlin"},
    {"fraction", R"({"dateTime":"2026-06-10T09:00:00.250Z","timeZone":"UTC"})", "2026-06-10T09:00:00Z", ""},
    {"Windows name",
     R"({"dateTime":"2026-06-10T09:00:00+02:00","timeZone":"W. Europe Standard Time"})",
     "2026-06-10T07:00:00Z",
     "Europe/Berlin"},
    {"unknown zone",
     R"({"dateTime":"2026-06-10T09:00:00+02:00","timeZone":"Mars/Olympus"})",
     "2026-06-10T07:00:00Z",
     ""},
    {"first of two equal wall times R11",
     R"({"dateTime":"2026-10-25T02:30:00+02:00","timeZone":"Europe/Berlin"})",
     "2026-10-25T00:30:00Z",
     "Europe/Berlin"},
    {"second of two equal wall times R11",
     R"({"dateTime":"2026-10-25T02:30:00+01:00","timeZone":"Europe/Berlin"})",
     "2026-10-25T01:30:00Z",
     ""},
    {"no time", R"({"dateTime":"soon","timeZone":"Europe/Berlin"})", "", ""},
    {"empty", "{}", "", ""},
    {"not an object", "7", "", ""},
    {"far away", R"({"dateTime":"9999-06-10T09:00:00Z"})", "", ""},
};

BOOST_DATA_TEST_CASE(times_are_instants_with_a_zone_R11, kTimes, row) {
    const std::string source = std::string(R"({"id":"abcde","start":)") + row.time + R"(,"end":)" + row.time + "}";
    const auto event = read_event(*read_whole(source), context());
    BOOST_REQUIRE(event.has_value() == (*row.instant != '\0'));
    if (!event) return;
    BOOST_TEST(format_instant(zones().to_instant(event->master.start, "UTC")) == row.instant);
    BOOST_TEST(event->master.start.zone == row.zone);
}

BOOST_AUTO_TEST_CASE(an_event_without_an_end_takes_no_time) {
    const Event missing = read(R"({"id":"abcde","start":{"dateTime":"2026-06-10T09:00:00Z"}})");
    BOOST_TEST((missing.master.end == missing.master.start));
    const Event unspecified = read(resource(R"("endTimeUnspecified":true)"));
    BOOST_TEST((unspecified.master.end == unspecified.master.start));
}

BOOST_AUTO_TEST_CASE(a_series_holds_its_exceptions_and_cancelled_instances_R10_G6_G25) {
    const Event event = read(fixture("series.json"));
    BOOST_TEST(event.master.rules.size() == 1u);
    BOOST_REQUIRE(event.overrides.size() == 1u);
    BOOST_TEST(format_local(event.overrides[0].recurrence_id->local) == "2026-03-17T10:00:00");
    BOOST_TEST(format_local(event.overrides[0].start.local) == "2026-03-17T14:00:00");
    BOOST_REQUIRE(event.master.excluded_dates.size() == 1u);
    BOOST_TEST(format_local(event.master.excluded_dates[0].local) == "2026-03-24T10:00:00");
    BOOST_TEST(event.uid.value == "g0seriesd4t00001");
}

BOOST_AUTO_TEST_CASE(a_cancelled_exception_with_only_an_id_says_by_it_where_it_was_G5) {
    const Item stub = *read_item(R"({"id":"g0seriesd4t00001_20260324T090000Z","status":"cancelled"})");
    BOOST_TEST((stub.cancelled && stub.series == "g0seriesd4t00001"));
    Whole whole = *read_whole(fixture("event-master.json"));
    whole.exceptions.push_back(stub);
    const auto event = read_event(whole, context());
    BOOST_REQUIRE(event);
    BOOST_REQUIRE(event->master.excluded_dates.size() == 1u);
    BOOST_TEST((
        event->master.excluded_dates[0] == When{When::Kind::Zoned, *parse_local("2026-03-24T10:00:00"), "Europe/Berlin"}
    ));
}

BOOST_AUTO_TEST_CASE(the_version_of_a_series_covers_its_exceptions) {
    Whole whole = *read_whole(fixture("series.json"));
    const auto before = whole.version();
    whole.exceptions[0].version = Version{"\"another\""};
    BOOST_TEST((before && whole.version() && *before != *whole.version()));
    whole.exceptions[0].version.reset();
    BOOST_TEST(!whole.version());
}

BOOST_AUTO_TEST_CASE(a_missing_etag_is_replaced_by_what_says_the_same) {
    BOOST_TEST(
        (read_item(R"({"id":"abcde","updated":"2026-03-02T09:12:00.062Z"})")->version ==
         Version{"updated:2026-03-02T09:12:00.062Z"})
    );
    BOOST_TEST(!read_item(R"({"id":"abcde"})")->version);
    BOOST_TEST((is_strong(Version{"\"1\""}) && !is_strong(Version{"W/\"1\""}) && !is_strong(Version{"updated:2026"})));
}

const char* const kNoPages[] = {
    "",
    "{",
    "[]",
    "null",
    R"({"items":{}})",
    R"({"kind":"calendar#events"})",
    R"({"items":[{"status":"cancelled"}]})",
    R"({"items":[7]})",
    "<html>Sorry</html>",
    R"({"items":[{"id":"a)",
    "{\"items\":[{\"id\":\"\x80\"}]}",
};

BOOST_DATA_TEST_CASE(what_is_no_whole_page_is_an_error_and_never_empty_R1, kNoPages, body) {
    BOOST_TEST(!read_events_page(body));
}

BOOST_AUTO_TEST_CASE(hostile_depth_is_refused) {
    const std::string deep = R"({"items":[)" + std::string(100'000, '[') + std::string(100'000, ']') + "]}";
    BOOST_TEST(!read_events_page(deep));
    BOOST_TEST(!read_whole(std::string(1'000'000, '[')));
}

BOOST_AUTO_TEST_CASE(an_empty_page_that_goes_on_is_not_the_end_G7) {
    const auto page = read_events_page(fixture("events-empty-page.json"));
    BOOST_REQUIRE(page);
    BOOST_TEST((page->items.empty() && !page->next_page.empty() && page->next_sync.empty()));
}

BOOST_AUTO_TEST_CASE(a_cursor_that_was_changed_is_not_ours) {
    const Cursor cursor{"f00", "CPDA=", "EAEa", "abc", true};
    const SyncToken token = write_cursor(cursor);
    BOOST_TEST((read_cursor(token) == cursor));
    SyncToken other = token;
    other.value[12] = other.value[12] == 'a' ? 'b' : 'a';
    BOOST_TEST(!read_cursor(other));
    BOOST_TEST(!read_cursor(SyncToken{"https://sabre.io/ns/sync/1"}));
}

BOOST_AUTO_TEST_CASE(free_busy_calendars_say_so) {
    const auto page = read_calendars_page(
        R"({"items":[{"id":"a@x","summary":"Anna","accessRole":"freeBusyReader"},)"
        R"({"id":"b@x","summary":"Ben","accessRole":"writerWithoutPrivateAccess"},{"id":"c@x","deleted":true}]})"
    );
    BOOST_REQUIRE(page);
    BOOST_REQUIRE(page->calendars.size() == 2u);
    BOOST_TEST((page->calendars[0].name == "Anna (free/busy only)" && !page->calendars[0].writable));
    BOOST_TEST(!page->calendars[1].writable);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::google
