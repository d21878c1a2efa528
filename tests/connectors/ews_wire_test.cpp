#include "connectors/ews/ews_wire.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "connectors/ews/ews_cursor.hpp"
#include "connectors/ews/ews_errors.hpp"

using namespace calgate;
using namespace calgate::ews;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver kZones;
    return kZones;
}
const WireContext& wire() {
    static const WireContext kWire{zones(), "Europe/Berlin"};
    return kWire;
}

struct Refused {
    const char* name;
    Call call;
    const char* code;
    ErrorCode expected;
};
std::ostream& operator<<(std::ostream& out, const Refused& row) { return out << row.name; }

// clang-format off
constexpr Refused kRefused[] = {
    {"busy", Call::Read, "ErrorServerBusy", ErrorCode::RateLimited},
    {"bad_state", Call::Sync, "ErrorInvalidSyncStateData", ErrorCode::SyncTokenExpired},
    {"stale", Call::Update, "ErrorIrresolvableConflict", ErrorCode::VersionMismatch},
    {"gone", Call::Read, "ErrorItemNotFound", ErrorCode::NotFound},
    {"moved_mailbox_is_no_deletion", Call::Read, "ErrorInvalidId", ErrorCode::InvalidResponse},
    {"unknown_fate_of_a_write", Call::Create, "ErrorInternalServerError", ErrorCode::Timeout},
    {"trouble_on_a_read", Call::Read, "ErrorInternalServerError", ErrorCode::Unavailable},
    {"full", Call::Create, "ErrorQuotaExceeded", ErrorCode::QuotaExceeded},
    {"no_rights", Call::Update, "ErrorAccessDenied", ErrorCode::Forbidden},
    {"may_not_act_for", Call::Read, "ErrorImpersonateUserDenied", ErrorCode::Forbidden},
    {"unknown_on_a_write", Call::Create, "ErrorOfTomorrow", ErrorCode::Rejected},
    {"unknown_on_a_read", Call::Read, "ErrorOfTomorrow", ErrorCode::InvalidResponse},
};
// clang-format on

std::string item(const std::string& inside) {
    return "<CalendarItem><ItemId Id=\"i\" ChangeKey=\"k\"/><Subject>S</Subject>" + inside + "</CalendarItem>";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ews_wire)

BOOST_DATA_TEST_CASE(a_response_code_says_what_happens_next, kRefused, row) {
    const Error error = refusal(row.call, {row.code, "Text of the server.", {}}, "mail.example.com");
    BOOST_TEST(to_string(error.code) == to_string(row.expected));
    BOOST_TEST(error.detail.find(row.code) != std::string::npos);
}

/// A throttled server hides its word in a general error under HTTP 200.
BOOST_AUTO_TEST_CASE(an_inner_error_counts_with_its_back_off) {
    const auto message = parse_xml(
        "<m:X xmlns:m=\"m\" ResponseClass=\"Error\"><m:MessageXml><t:Value xmlns:t=\"t\" Name=\"BackOffMilliseconds\">"
        "1500</t:Value><t:Value xmlns:t=\"t\" Name=\"InnerErrorResponseCode\">ErrorServerBusy</t:Value></m:MessageXml>"
        "<m:ResponseCode>ErrorInternalServerError</m:ResponseCode></m:X>"
    );
    BOOST_REQUIRE(message);
    const Verdict verdict = verdict_of(*message);
    BOOST_TEST(verdict.code == "ErrorServerBusy");
    BOOST_TEST((verdict.back_off == std::chrono::seconds(2)));
}

BOOST_AUTO_TEST_CASE(what_is_no_xml_is_an_error_and_never_hangs) {
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += "<a>";
    for (const std::string& text :
         {std::string(), std::string("<a>"), std::string("no"), deep, std::string("<a/><b"), std::string("\xFF\xFE")})
        BOOST_TEST(!parse_xml(text));
}

BOOST_AUTO_TEST_CASE(odd_bytes_spoil_no_other_text) {
    const auto root = parse_xml("<!DOCTYPE z [<!ENTITY e \"x\">]><a x:y=\"1\"><b>&#1;\xC3\xBC\xFF&e;</b><c/></a>");
    BOOST_REQUIRE(root);
    BOOST_TEST(root->word("b") == "\xC3\xBC\xEF\xBF\xBD&e;");
    BOOST_TEST(root->attribute("y") == "1");
}

/// Verified by others against Exchange.
BOOST_AUTO_TEST_CASE(a_global_object_id_is_as_exchange_makes_it) {
    const std::string uid = "261cbc18-1f65-5a0a-bd11-23b1e224cc2f";
    BOOST_TEST(
        global_object_id(uid) ==
        "BAAAAIIA4AB0xbcQGoLgCAAAAAAAAAAAAAAAAAAAAAAAAAAAMQAAAHZDYWwtVWlkAQAAADI2MWNiYzE4LTFmNjUtNWEwYS1iZDExLTIzYjFlMj"
        "I0Y2MyZgA="
    );
    BOOST_TEST(
        uid_of("040000008200E00074C5B7101A82E00800000000000000000000000000000000000000000E0000007643616C2D5569640100000"
               "0610"
               "0") == "a"
    );
    BOOST_TEST(uid_of("plain@example.com") == "plain@example.com");
}

BOOST_AUTO_TEST_CASE(our_words_survive_and_foreign_ones_are_ignored) {
    const CopyWords words{"cg1/mark", "capsule", "Europe/Vienna", "FREQ=DAILY", "a b\nc=d", "100"};
    BOOST_TEST((read_copy_words(write_copy_words(words)) == words));
    BOOST_TEST((read_copy_words("mark marker=x = notes=*** \n") == CopyWords{}));
}

/// E7: midnight comes as an instant, in whatever zone.
BOOST_AUTO_TEST_CASE(whole_days_are_those_of_the_items_zone) {
    const auto event = read_event(
        item("<Start>2026-05-31T22:00:00Z</Start><End>2026-06-02T22:00:00Z</End><IsAllDayEvent>true</IsAllDayEvent>"
             "<StartTimeZone Id=\"W. Europe Standard Time\"/>"),
        wire()
    );
    BOOST_REQUIRE(event);
    BOOST_TEST(format_date(event->master.start.local) == "2026-06-01");
    BOOST_TEST(format_date(event->master.end.local) == "2026-06-03");
}

/// E6: the slot of an exception is the rule's, also when the service names it an hour beside.
BOOST_AUTO_TEST_CASE(an_exception_an_hour_beside_its_slot_still_belongs_there_E6_E15) {
    const std::string master =
        "<CalendarItem><ItemId Id=\"i\"/><Start>2026-03-02T08:00:00Z</Start><End>2026-03-02T09:00:00Z</End><Recurrence>"
        "<NumberedRecurrence><NumberOfOccurrences>9</NumberOfOccurrences><StartDate>2026-03-02+01:00</StartDate>"
        "</NumberedRecurrence><WeeklyRecurrence><DaysOfWeek>Monday</DaysOfWeek><Interval>1</Interval></"
        "WeeklyRecurrence>"
        "</Recurrence><DeletedOccurrences><DeletedOccurrence><Start>2026-03-16T09:00:00Z</Start></DeletedOccurrence>"
        "</DeletedOccurrences><StartTimeZone Id=\"W. Europe Standard Time\"/></CalendarItem>";
    const auto event = read_event(
        "<Series>" + master + "<Exception OriginalStart=\"2026-03-30T08:00:00Z\">" +
            item("<Start>2026-03-31T09:00:00Z</Start><End>2026-03-31T09:30:00Z</End>") + "</Exception></Series>",
        wire()
    );
    BOOST_REQUIRE(event);
    BOOST_REQUIRE_EQUAL(event->overrides.size(), 1u);
    BOOST_TEST(format_local(event->overrides[0].recurrence_id->local) == "2026-03-30T09:00:00");
    BOOST_TEST(format_local(event->master.excluded_dates.at(0).local) == "2026-03-16T09:00:00");
    BOOST_TEST(event->master.rules.at(0) == "FREQ=WEEKLY;COUNT=9");
}

/// A zone of somebody's own, with Berlin's rules but for its dates, and two without any change.
BOOST_AUTO_TEST_CASE(a_series_in_a_customized_zone_is_read_by_the_rules_that_come_with_it) {
    const std::string periods =
        "<Periods><Period Bias=\"-PT1H\" Name=\"Standard\" Id=\"Std\"/><Period Bias=\"-PT2H\" Name=\"Daylight\" "
        "Id=\"Dlt\"/></Periods>";
    const auto to = [](const char* kind, const char* id) {
        return "<To Kind=\"" + std::string(kind) + "\">" + id + "</To>";
    };
    const auto on = [&](const char* id, const char* month, const char* which) {
        return "<RecurringDayTransition>" + to("Period", id) + "<TimeOffset>PT2H</TimeOffset><Month>" + month +
               "</Month><DayOfWeek>Sunday</DayOfWeek><Occurrence>" + which + "</Occurrence></RecurringDayTransition>";
    };
    const std::string groups = "<TransitionsGroups><TransitionsGroup Id=\"0\"><Transition>" + to("Period", "Std") +
                               "</Transition></TransitionsGroup><TransitionsGroup Id=\"1\">" + on("Std", "11", "1") +
                               on("Dlt", "5", "-1") + "</TransitionsGroup></TransitionsGroups>";
    const std::string order = "<Transitions><Transition>" + to("Group", "0") + "</Transition><AbsoluteDateTransition>" +
                              to("Group", "1") +
                              "<DateTime>2020-01-01T00:00:00</DateTime></AbsoluteDateTransition></Transitions>";
    const auto read = [&](const char* name, const std::string& rules) {
        return read_event(
            "<CalendarItem><UID>u</UID><Start>2026-05-20T07:00:00Z</Start><End>2026-05-20T08:00:00Z</End><Recurrence>"
            "<WeeklyRecurrence><Interval>1</Interval><DaysOfWeek>Wednesday</DaysOfWeek></WeeklyRecurrence>"
            "<NumberedRecurrence><StartDate>2026-05-20</StartDate><NumberOfOccurrences>9</NumberOfOccurrences>"
            "</NumberedRecurrence></Recurrence><StartTimeZone Id=\"" +
                std::string(name) + "\">" + rules + "</StartTimeZone></CalendarItem>",
            {zones(), "America/New_York"}
        );
    };
    const auto instant = [&](const EventInstance& master, const char* local) {
        When when = master.start;
        when.local = *parse_local(local);
        return format_instant(zones().to_instant(when, "UTC"));
    };
    for (const char* name : {"Customized Time Zone", "tzone://Microsoft/Custom", ""}) {
        const auto event = read(name, periods + groups + order);
        BOOST_REQUIRE_MESSAGE(event, (event ? "" : event.error().detail));
        BOOST_TEST(!event->partial);
        BOOST_TEST(event->warnings.empty());
        BOOST_TEST(format_local(event->master.start.local) == "2026-05-20T08:00:00");
        BOOST_TEST(instant(event->master, "2026-05-27T08:00:00") == "2026-05-27T07:00:00Z");
        BOOST_TEST(instant(event->master, "2026-06-03T08:00:00") == "2026-06-03T06:00:00Z");
        BOOST_TEST(instant(event->master, "2026-11-04T08:00:00") == "2026-11-04T07:00:00Z");
    }
    const auto fixed = read("Customized Time Zone", "<Periods><Period Bias=\"PT3H30M\" Id=\"Std\"/></Periods>");
    BOOST_REQUIRE(fixed);
    BOOST_TEST(format_local(fixed->master.start.local) == "2026-05-20T03:30:00");
    // What cannot be used is said, and the mailbox's own zone is taken.
    for (const std::string& odd :
         {std::string(),
          periods,
          groups + order,
          periods + "<TransitionsGroups><TransitionsGroup Id=\"0\">" + on("Std", "13", "1") +
              "</TransitionsGroup></TransitionsGroups>",
          periods + "<TransitionsGroups><TransitionsGroup Id=\"0\">" + on("Nobody", "3", "1") +
              "</TransitionsGroup></TransitionsGroups>"}) {
        const auto guessed = read("Customized Time Zone", odd);
        BOOST_REQUIRE(guessed);
        BOOST_TEST(guessed->partial);
        BOOST_TEST(guessed->master.start.zone == "America/New_York");
    }
}

BOOST_AUTO_TEST_CASE(an_item_without_a_time_is_unreadable_and_says_so) {
    for (const char* text :
         {"<CalendarItem/>", "<Task/>", "nothing", "<CalendarItem><UID>u</UID><Start>soon</Start></CalendarItem>"}) {
        const auto event = read_event(text, wire());
        BOOST_REQUIRE(!event);
        BOOST_TEST(!event.error().detail.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_cursor_that_was_touched_is_none) {
    const Cursor cursor{false, "H4sI/+==\n", "0123", {mark_of_item("a"), mark_of_item("b")}};
    const SyncToken token = write_cursor(cursor);
    BOOST_TEST((read_cursor(token) == cursor));
    for (std::size_t at = 0; at < token.value.size(); at += 7) {
        SyncToken touched = token;
        touched.value[at] = touched.value[at] == 'x' ? 'y' : 'x';
        BOOST_TEST(!read_cursor(touched));
    }
}

BOOST_AUTO_TEST_SUITE_END()
