#include "connectors/graph/graph_wire.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "connectors/exchange/exchange_recurrence.hpp"
#include "connectors/graph/graph_cursor.hpp"
#include "connectors/graph/graph_errors.hpp"
#include "connectors/graph/graph_terms.hpp"
#include "connectors/graph/graph_text.hpp"
#include "core/busy.hpp"
#include "core/windows_zones.hpp"

using namespace calgate;
using namespace calgate::exchange;
using namespace calgate::graph;
namespace data = boost::unit_test::data;

namespace {

const ZoneResolver& zones() {
    static const ZoneResolver resolver;
    return resolver;
}

WireContext context() { return {zones(), "Europe/Berlin"}; }

LocalSeconds local(const std::string& text) {
    const auto parsed = parse_local(text);
    BOOST_REQUIRE(parsed.has_value());
    return *parsed;
}

When berlin(const std::string& text) { return {When::Kind::Zoned, local(text), "Europe/Berlin"}; }

struct ErrorRow {
    const char* name;
    Call call;
    int status;
    const char* code;
    ErrorCode expected;
};
std::ostream& operator<<(std::ostream& out, const ErrorRow& row) { return out << row.name; }

// clang-format off
constexpr ErrorRow kErrors[] = {
    {"token_410", Call::Delta, 410, "SyncStateNotFound", ErrorCode::SyncTokenExpired},
    {"token_410_spelled_as_documented", Call::Delta, 410, "syncStateNotFound", ErrorCode::SyncTokenExpired},
    {"token_410_resync", Call::Delta, 410, "resyncRequired", ErrorCode::SyncTokenExpired},
    {"token_410_without_body", Call::Delta, 410, "", ErrorCode::SyncTokenExpired},
    {"token_400_sync_state", Call::Delta, 400, "syncStateNotFound", ErrorCode::SyncTokenExpired},
    {"token_400", Call::Delta, 400, "BadRequest", ErrorCode::SyncTokenExpired},
    {"token_400_malformed", Call::Delta, 400, "ErrorInvalidIdMalformed", ErrorCode::SyncTokenExpired},
    {"token_404", Call::Delta, 404, "ErrorItemNotFound", ErrorCode::SyncTokenExpired},
    {"read_400_is_no_dead_token", Call::Read, 400, "BadRequest", ErrorCode::InvalidResponse},
    {"read_404", Call::Read, 404, "ErrorItemNotFound", ErrorCode::NotFound},
    {"read_404_by_a_proxy_proves_nothing", Call::Read, 404, "", ErrorCode::InvalidResponse},
    {"read_404_no_mailbox_is_no_deletion", Call::Read, 404, "MailboxNotEnabledForRESTAPI", ErrorCode::Forbidden},
    {"read_404_no_user_is_no_deletion", Call::Read, 404, "ErrorInvalidUser", ErrorCode::Forbidden},
    {"read_404_no_resource_is_no_deletion", Call::Read, 404, "ResourceNotFound", ErrorCode::Forbidden},
    {"update_404_no_resource_is_no_deletion", Call::Update, 404, "ResourceNotFound", ErrorCode::Forbidden},
    {"delete_404_no_resource_is_no_deletion", Call::Delete, 404, "ResourceNotFound", ErrorCode::Forbidden},
    {"delta_404_no_resource", Call::Delta, 404, "ResourceNotFound", ErrorCode::Forbidden},
    {"delta_404_no_mailbox", Call::Delta, 404, "MailboxNotEnabledForRESTAPI", ErrorCode::Forbidden},
    {"read_401", Call::Read, 401, "InvalidAuthenticationToken", ErrorCode::Unauthorized},
    {"read_403", Call::Read, 403, "ErrorAccessDenied", ErrorCode::Forbidden},
    {"create_403", Call::Create, 403, "ErrorAccessDenied", ErrorCode::Forbidden},
    {"create_403_page_of_a_proxy", Call::Create, 403, "", ErrorCode::InvalidResponse},
    {"update_403_page_of_a_proxy", Call::Update, 403, "", ErrorCode::InvalidResponse},
    {"delete_403_page_of_a_proxy", Call::Delete, 403, "", ErrorCode::InvalidResponse},
    {"create_400", Call::Create, 400, "ErrorPropertyValidationFailure", ErrorCode::Rejected},
    {"update_400_neighbours", Call::Update, 400, "ErrorOccurrenceCrossingBoundary", ErrorCode::Rejected},
    {"update_409", Call::Update, 409, "ErrorIrresolvableConflict", ErrorCode::VersionMismatch},
    {"update_412", Call::Update, 412, "ErrorIrresolvableConflict", ErrorCode::VersionMismatch},
    {"read_412_is_transient_M34", Call::Read, 412, "ErrorIrresolvableConflict", ErrorCode::Unavailable},
    {"read_429", Call::Read, 429, "ApplicationThrottled", ErrorCode::RateLimited},
    {"read_429_bare", Call::Read, 429, "", ErrorCode::RateLimited},
    {"read_503_throttled", Call::Read, 503, "ApplicationThrottled", ErrorCode::RateLimited},
    {"read_503", Call::Read, 503, "ServiceUnavailable", ErrorCode::Unavailable},
    {"read_504", Call::Read, 504, "", ErrorCode::Unavailable},
    {"read_509", Call::Read, 509, "BandwidthLimitExceeded", ErrorCode::Unavailable},
    {"create_504_may_have_happened", Call::Create, 504, "", ErrorCode::Timeout},
    {"create_500_may_have_happened", Call::Create, 500, "ErrorInternalServerError", ErrorCode::Timeout},
    {"create_503_did_not", Call::Create, 503, "", ErrorCode::Unavailable},
    {"create_full_mailbox", Call::Create, 403, "ErrorQuotaExceeded", ErrorCode::QuotaExceeded},
    {"create_507", Call::Create, 507, "", ErrorCode::QuotaExceeded},
    {"read_507", Call::Read, 507, "", ErrorCode::Unavailable},
    {"subscribe_404", Call::Subscribe, 404, "ResourceNotFound", ErrorCode::NotFound},
    {"subscribe_400", Call::Subscribe, 400, "ValidationError", ErrorCode::Rejected},
    {"read_302", Call::Read, 302, "", ErrorCode::InvalidResponse},
    {"read_424", Call::Read, 424, "FailedDependency", ErrorCode::Unavailable},
};
// clang-format on

struct RuleRow {
    const char* rule;
    const char* start;
    const char* shortest;  ///< As read back from Graph alone; empty: refused.
};
std::ostream& operator<<(std::ostream& out, const RuleRow& row) { return out << row.rule << " from " << row.start; }

// clang-format off
constexpr RuleRow kRules[] = {
    {"FREQ=DAILY;COUNT=5", "2026-06-10T09:00:00", "FREQ=DAILY;COUNT=5"},
    {"FREQ=DAILY;INTERVAL=3", "2026-06-10T09:00:00", "FREQ=DAILY;INTERVAL=3"},
    {"FREQ=DAILY;BYDAY=MO,WE", "2026-06-10T09:00:00", "FREQ=WEEKLY;BYDAY=MO,WE"},
    {"FREQ=DAILY;INTERVAL=2;BYDAY=MO,WE", "2026-06-10T09:00:00", ""},
    {"FREQ=WEEKLY;COUNT=10", "2026-06-10T09:00:00", "FREQ=WEEKLY;COUNT=10"},
    {"FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR;WKST=SU", "2026-06-10T09:00:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE,FR;WKST=SU"},
    {"FREQ=WEEKLY;BYDAY=MO", "2026-06-10T09:00:00", ""},
    {"FREQ=WEEKLY;UNTIL=20260801T070000Z", "2026-06-10T09:00:00", "FREQ=WEEKLY;UNTIL=20260801T070000Z"},
    {"FREQ=MONTHLY", "2026-06-10T09:00:00", "FREQ=MONTHLY"},
    {"FREQ=MONTHLY;BYDAY=2WE", "2026-06-10T09:00:00", "FREQ=MONTHLY;BYDAY=2WE"},
    {"FREQ=MONTHLY;BYDAY=-1TU", "2026-06-30T09:00:00", "FREQ=MONTHLY;BYDAY=-1TU"},
    {"FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=1", "2026-06-01T09:00:00", "FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=1"},
    {"FREQ=MONTHLY;BYDAY=5WE", "2026-07-29T09:00:00", ""},
    {"FREQ=MONTHLY;BYMONTHDAY=31", "2026-07-31T09:00:00", ""},
    {"FREQ=MONTHLY;BYMONTHDAY=-1", "2026-07-31T09:00:00", "FREQ=MONTHLY;BYMONTHDAY=-1"},
    {"FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1", "2026-06-30T09:00:00", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"},
    {"FREQ=MONTHLY;BYMONTHDAY=10,20", "2026-06-10T09:00:00", ""},
    {"FREQ=YEARLY", "2026-06-10T09:00:00", "FREQ=YEARLY"},
    {"FREQ=YEARLY", "2024-02-29T09:00:00", ""},
    {"FREQ=YEARLY;BYMONTH=6;BYDAY=2WE", "2026-06-10T09:00:00", "FREQ=YEARLY;BYMONTH=6;BYDAY=2WE"},
    {"FREQ=YEARLY;BYDAY=20MO", "2026-05-18T09:00:00", ""},
    {"FREQ=YEARLY;BYMONTH=6,7", "2026-06-10T09:00:00", ""},
    {"FREQ=HOURLY", "2026-06-10T09:00:00", ""},
    {"FREQ=MINUTELY", "2026-06-10T09:00:00", ""},
    {"nonsense", "2026-06-10T09:00:00", ""},
};
// clang-format on

std::string event_json(const std::string& more) {
    return R"({"id":"AAA=","@odata.etag":"W/\"k\"","iCalUId":"uid-1","type":"singleInstance","subject":"Haircut",)"
           R"("start":{"dateTime":"2026-03-10T09:00:00.0000000","timeZone":"UTC"},)"
           R"("end":{"dateTime":"2026-03-10T09:45:00.0000000","timeZone":"UTC"})" +
           (more.empty() ? "" : "," + more) + "}";
}

Event understood(const std::string& more) {
    const auto event = read_event(event_json(more), context());
    BOOST_REQUIRE_MESSAGE(event.has_value(), more);
    return *event;
}

struct BusyRow {
    const char* json;
    std::optional<BusyKind> expected;
};
std::ostream& operator<<(std::ostream& out, const BusyRow& row) { return out << row.json; }

const BusyRow kBusy[] = {
    {R"("showAs":"busy")", BusyKind::Busy},
    {R"("showAs":"unknown")", BusyKind::Busy},
    {R"("showAs":"unknownFutureValue")", BusyKind::Busy},
    {R"("showAs":7)", BusyKind::Busy},
    {R"("showAs":"oof")", BusyKind::Busy},
    {R"("showAs":"tentative")", BusyKind::Tentative},
    {R"("showAs":"free")", std::nullopt},
    {R"("showAs":"workingElsewhere")", std::nullopt},
    {R"("showAs":"busy","isCancelled":true)", std::nullopt},
    {R"("showAs":"busy","isDraft":true)", std::nullopt},
    {R"("showAs":"busy","responseStatus":{"response":"declined"})", std::nullopt},
    {R"("showAs":"busy","responseStatus":{"response":"notResponded"})", BusyKind::Busy},
    {R"("showAs":"tentative","responseStatus":{"response":"notResponded"})", BusyKind::Tentative},
    {R"("showAs":"busy","sensitivity":"private")", BusyKind::Busy},
};

struct ZoneRow {
    const char* iana;
    const char* windows;
};
std::ostream& operator<<(std::ostream& out, const ZoneRow& row) { return out << row.iana; }
constexpr ZoneRow kZones[] = {
    {"Europe/Berlin", "W. Europe Standard Time"},
    {"Europe/Vienna", "W. Europe Standard Time"},
    {"Asia/Kolkata", "India Standard Time"},
    {"Asia/Calcutta", "India Standard Time"},
    {"America/New_York", "Eastern Standard Time"},
    {"Pacific/Auckland", "New Zealand Standard Time"},
    {"UTC", "UTC"},
    {"Mars/Phobos", ""},
};

}  // namespace

BOOST_DATA_TEST_CASE(graph_refusal_means, data::make(kErrors), row) {
    const Error error = refusal(row.call, row.status, ErrorBody{row.code, {}, {}}, "graph.microsoft.com");
    BOOST_TEST(to_string(error.code) == to_string(row.expected));
    BOOST_TEST(error.detail.find("graph.microsoft.com ") == 0u);
}

BOOST_AUTO_TEST_CASE(graph_error_bodies_are_read_in_every_shape) {
    BOOST_TEST(
        parse_error(R"({"error":{"code":"A","innererror":{"code":"B","innerError":{"code":"C"}}}})").inner_code == "C"
    );
    BOOST_TEST(parse_error(R"({"error":{"code":"X","@event.existingEventId":"AAA="}})").existing_event_id == "AAA=");
    for (const char* odd : {"", "<html>", "null", "[]", R"({"error":"invalid_grant"})", R"({"error":{"code":4}})", "{"})
        BOOST_TEST(parse_error(odd).code.empty());
    BOOST_TEST(is_repeated_transaction(400, {"errorduplicatetransactionid", {}, {}}));
    BOOST_TEST(is_repeated_transaction(409, {"x", "ErrorDuplicateTransactionId", {}}));
    BOOST_TEST(!is_repeated_transaction(409, {"ErrorIrresolvableConflict", {}, {}}));
}

BOOST_DATA_TEST_CASE(graph_rules_go_both_ways_or_are_refused_R10, data::make(kRules), row) {
    const When start = berlin(row.start);
    const auto pattern = pattern_of_rule(row.rule, start, zones());
    BOOST_TEST(pattern.has_value() == (*row.shortest != '\0'));
    if (!pattern) {
        BOOST_TEST((pattern.error().code == ErrorCode::Rejected && !pattern.error().detail.empty()));
        return;
    }
    const auto back = rule_of_pattern(*pattern, start, zones());
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST(*back == row.shortest);
    const auto again = pattern_of_rule(*back, start, zones());
    BOOST_TEST((again && *again == *pattern));
}

BOOST_DATA_TEST_CASE(graph_states_and_busy_time, data::make(kBusy), row) {
    BOOST_TEST((busy_kind(understood(row.json).master, false) == row.expected));
}

BOOST_DATA_TEST_CASE(windows_zone_names_go_both_ways, data::make(kZones), row) {
    BOOST_TEST(windows_of_iana(row.iana) == row.windows);
    if (*row.windows != '\0') BOOST_TEST(windows_of_iana(iana_of_windows(row.windows)) == row.windows);
}

BOOST_AUTO_TEST_CASE(graph_times_are_read_with_their_zone_M14_M15_R11) {
    const Event plain = understood(R"("originalStartTimeZone":"W. Europe Standard Time")");
    BOOST_TEST((plain.master.start == berlin("2026-03-10T10:00:00")));
    const std::string tokyo =
        R"({"id":"A","start":{"dateTime":"2026-03-10T18:00:00","timeZone":"Tokyo Standard Time"},)"
        R"("end":{"dateTime":"2026-03-10T18:45:00.12345678","timeZone":"Asia/Tokyo"},"originalStartTimeZone":"Europe/Berlin"})";
    const auto asked_elsewhere = read_event(tokyo, context());
    BOOST_REQUIRE(asked_elsewhere.has_value());
    BOOST_TEST((asked_elsewhere->master.start == berlin("2026-03-10T10:00:00")));
    BOOST_TEST((asked_elsewhere->master.end == berlin("2026-03-10T10:45:00")));
}

BOOST_AUTO_TEST_CASE(graph_custom_zone_falls_back_and_says_so_M17) {
    const Event event = understood(R"("originalStartTimeZone":"tzone://Microsoft/Custom")");
    BOOST_TEST((event.master.start == berlin("2026-03-10T10:00:00")));
    BOOST_TEST(event.warnings.size() == 1u);
    BOOST_TEST((understood(R"("originalStartTimeZone":"tzone://Microsoft/Utc")").master.start.kind == When::Kind::Utc));
}

BOOST_AUTO_TEST_CASE(graph_whole_days_are_dates_in_whatever_zone_they_come_M16) {
    for (const char* zone : {"UTC", "Pacific/Auckland", "Pacific Standard Time"}) {
        const std::string json =
            R"({"id":"A","isAllDay":true,"start":{"dateTime":"2026-04-06T00:00:00.0000000","timeZone":")" +
            std::string(zone) + R"("},"end":{"dateTime":"2026-04-07T00:00:00.0000000","timeZone":")" + zone + R"("}})";
        const auto event = read_event(json, context());
        BOOST_REQUIRE(event.has_value());
        BOOST_TEST((event->master.start == When{When::Kind::Date, local("2026-04-06"), {}}));
        BOOST_TEST((event->master.end == When{When::Kind::Date, local("2026-04-07"), {}}));
    }
}

BOOST_AUTO_TEST_CASE(our_words_count_only_while_graph_says_the_same) {
    EventInstance cancelled;
    cancelled.status = EventStatus::Cancelled;
    const std::string word = state_word(cancelled);
    EventInstance read;
    BOOST_TEST(apply_state_word(word, "free", read));
    BOOST_TEST((read.status == EventStatus::Cancelled));
    BOOST_TEST(!apply_state_word(word, "busy", read));
    for (const char* odd : {"", "9", "999", "zzzz", "0"}) BOOST_TEST(!apply_state_word(odd, "busy", read));
}

BOOST_AUTO_TEST_CASE(a_create_asks_for_no_mail_and_holds_nothing_else_R21_R22) {
    Event event;
    event.uid = Uid{"copy-1"};
    event.master.start = berlin("2026-03-10T10:00:00");
    event.master.end = berlin("2026-03-10T10:45:00");
    event.master.title = "Busy";
    const auto body = write_create(event, "copy-1", context());
    BOOST_REQUIRE(body.has_value());
    for (const char* there :
         {R"("isReminderOn":false)",
          R"("responseRequested":false)",
          R"("transactionId":"copy-1")",
          R"("timeZone":"W. Europe Standard Time")",
          R"("dateTime":"2026-03-10T10:00:00")",
          R"("subject":"Busy")"})
        BOOST_TEST(body->find(there) != std::string::npos, there);
    for (const char* absent : {"attendees", "organizer", "recurrence", "calgateMark", "calgateWording"})
        BOOST_TEST(body->find(absent) == std::string::npos, absent);
}

BOOST_AUTO_TEST_CASE(a_weekly_rule_says_where_its_week_begins_M39) {
    for (const char* rule : {"FREQ=WEEKLY", "FREQ=WEEKLY;WKST=SU", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=4"}) {
        Event event;
        event.uid = Uid{"copy-1"};
        event.master.start = berlin("2026-03-10T10:00:00");
        event.master.end = berlin("2026-03-10T10:45:00");
        event.master.rules = {rule};
        const auto body = write_create(event, "copy-1", context());
        BOOST_REQUIRE(body.has_value());
        BOOST_TEST(body->find(R"("firstDayOfWeek":")") != std::string::npos, rule);
        BOOST_TEST(body->find(R"("recurrenceTimeZone":"W. Europe Standard Time")") != std::string::npos, rule);
    }
}

BOOST_AUTO_TEST_CASE(graph_cannot_hold_and_says_so) {
    Event event;
    event.uid = Uid{"copy-1"};
    event.master.start = berlin("2026-03-10T10:00:00");
    event.master.end = berlin("2026-03-10T10:45:00");
    const auto refused = [&](const Event& odd) {
        const auto body = write_create(odd, "t", context());
        return !body && body.error().code == ErrorCode::Rejected && !body.error().detail.empty();
    };
    BOOST_TEST(!refused(event));
    Event odd = event;
    odd.master.title = std::string(256, 'x');
    BOOST_TEST(refused(odd));
    odd = event;
    odd.master.end = berlin("2026-03-10T09:00:00");
    BOOST_TEST(refused(odd));
    odd = event;
    odd.master.rules = {"FREQ=DAILY", "FREQ=WEEKLY"};
    BOOST_TEST(refused(odd));
    odd = event;
    odd.master.rules = {"FREQ=DAILY"};
    odd.master.extra_dates = {{berlin("2026-05-10T10:00:00"), {}}};
    BOOST_TEST(refused(odd));
    odd = event;
    odd.partial = true;
    BOOST_TEST(refused(odd));
    odd = event;
    odd.has_master = false;
    BOOST_TEST(refused(odd));
}

BOOST_AUTO_TEST_CASE(one_odd_event_does_not_spoil_its_page_R20) {
    const std::string page =
        "{\"value\":[{\"id\":\"A\",\"subject\":\"bad \xff\x01 byte\"},{\"id\":\"B\",\"subject\":"
        "\"\\ud83d alone\"},{\"no\":\"id\"},7,null,{\"id\":\"C\",\"start\":5}]}";
    const auto read = parse_page(page);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->items.size() == 3u);
    BOOST_TEST(!read_event(read->items[2].json, context()).has_value());
}

BOOST_AUTO_TEST_CASE(broken_pages_are_no_pages_F7) {
    for (const std::string odd :
         {"", "{", "[]", "null", "{\"value\":7}", "<html></html>", "{\"value\":[{\"id\":\"A\"}", "{\"values\":[]}"}) {
        BOOST_TEST(!parse_page(odd).has_value(), odd);
        BOOST_TEST(!parse_item(odd).has_value(), odd);
        BOOST_TEST(!parse_calendars(odd).has_value(), odd);
        BOOST_TEST(!read_event(odd, context()).has_value(), odd);
    }
    BOOST_TEST(!parse_page(std::string(100000, '[')).has_value());
}

BOOST_AUTO_TEST_CASE(html_bodies_are_read_as_text) {
    BOOST_TEST(
        text_of_html("<html><head><style>p{}</style></head><body>Hello<br>A &amp; B &lt;3</body></html>") ==
        "Hello\nA & B <3"
    );
    BOOST_TEST(text_of_html("<p>unclosed <b") == "unclosed");
    BOOST_TEST(loose_text("a \r\n\n b\xC2\xA0 c ") == "a b c");
}

BOOST_AUTO_TEST_CASE(a_graph_cursor_survives_its_writing_and_no_change) {
    Cursor cursor;
    cursor.phase = Cursor::Phase::List;
    cursor.link = "https://graph.microsoft.com/v1.0/me/x?$skip=3";
    cursor.base = "https://graph.microsoft.com/v1.0/me/x?$deltatoken=R0";
    cursor.window_end = Instant{std::chrono::sys_days{std::chrono::year{2027} / 4 / 5}};
    cursor.bound_to = "abc";
    SyncToken token = write_cursor(cursor);
    BOOST_TEST((read_cursor(token) == cursor));
    for (std::size_t i = 0; i < token.value.size(); ++i) {
        SyncToken changed = token;
        changed.value[i] = changed.value[i] == 'z' ? 'y' : 'z';
        BOOST_TEST(!read_cursor(changed).has_value());
    }
}
