/// What users of Exchange suffered from (E1 to E20), one test for each that no other file shows.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <ostream>

#include "connectors/ews/ews_errors.hpp"
#include "connectors/ews/ews_wire.hpp"
#include "tests/connectors/ews_mailbox.hpp"

namespace calgate::testing {

namespace {

ews::WireContext wire() { return {ews_zones(), "Europe/Berlin"}; }

Event meeting(const char* rule = "") { return EwsMailbox::meeting("copy-1", rule); }

/// What Exchange would show of what was written, as calgate reads it.
Result<Event> there_and_back(const Event& event) {
    CALGATE_TRY(const ews::Element item, ews::write_create(event, wire()));
    std::string xml = ews::write_xml(item);
    for (const char* tag : {"<t:", "</t:"})
        for (auto at = xml.find(tag); at != std::string::npos; at = xml.find(tag, at)) xml.erase(xml.find("t:", at), 2);
    return ews::read_event(xml, wire());
}

struct Offer {
    const char* name;
    http::Headers headers;
    const char* says;
};
std::ostream& operator<<(std::ostream& out, const Offer& row) { return out << row.name; }

const Offer kOffers[] = {
    {"only Windows sign-in", {{"WWW-Authenticate", "NTLM"}, {"WWW-Authenticate", "Negotiate"}}, "Extended Protection"},
    {"only Negotiate", {{"WWW-Authenticate", "Negotiate"}}, "Kerberos"},
    {"Basic too", {{"WWW-Authenticate", "NTLM"}, {"www-authenticate", "Basic realm=\"x\""}}, "user name or password"},
    {"nothing", {}, "user name or password"},
};

struct RuleRow {
    const char* rule;
    const char* written;  ///< Part of the pattern; empty: refused.
};
std::ostream& operator<<(std::ostream& out, const RuleRow& row) { return out << row.rule; }

// clang-format off
const RuleRow kRules[] = {
    {"FREQ=MONTHLY;BYMONTHDAY=-1",          "<t:AbsoluteMonthlyRecurrence><t:Interval>1</t:Interval><t:DayOfMonth>31</t:DayOfMonth>"},
    {"FREQ=MONTHLY;BYMONTHDAY=31",          ""},
    {"FREQ=MONTHLY;BYDAY=-1SA",             "<t:DaysOfWeek>Saturday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex>"},
    {"FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;BYSETPOS=-1", "<t:DaysOfWeek>Day</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex>"},
    {"FREQ=YEARLY;INTERVAL=2",              "<t:AbsoluteMonthlyRecurrence><t:Interval>24</t:Interval>"},
    {"FREQ=HOURLY",                         ""},
};

struct SpokenRow {
    const char* name;
    const char* pattern;
    const char* rule;
};
std::ostream& operator<<(std::ostream& out, const SpokenRow& row) { return out << row.name; }

const SpokenRow kSpoken[] = {
    {"the last day of each month is no daily rule E20", "<RelativeMonthlyRecurrence><Interval>1</Interval><DaysOfWeek>Day</DaysOfWeek><DayOfWeekIndex>Last</DayOfWeekIndex></RelativeMonthlyRecurrence>", "FREQ=MONTHLY;BYMONTHDAY=-1"},
    {"day 31 is the last of each month E14",            "<AbsoluteMonthlyRecurrence><Interval>1</Interval><DayOfMonth>31</DayOfMonth></AbsoluteMonthlyRecurrence>",                               "FREQ=MONTHLY;BYMONTHDAY=-1"},
};
// clang-format on

}  // namespace

BOOST_AUTO_TEST_SUITE(ews_traps)

BOOST_DATA_TEST_CASE(
    a_refused_windows_sign_in_names_what_usually_forbids_it_E1, boost::unit_test::data::make(kOffers), row
) {
    const http::Response refused{401, row.headers, "", EwsSim::url()};
    const Error error = ews::http_refusal(ews::Call::Read, refused, Instant{}, "mail.example.com");
    BOOST_TEST(to_string(error.code) == "unauthorized");
    BOOST_TEST(error.detail.find(row.says) != std::string::npos, error.detail);
}

BOOST_DATA_TEST_CASE(
    a_rule_is_written_as_exchange_means_it_or_refused_E14_E20, boost::unit_test::data::make(kRules), row
) {
    const auto written = ews::write_create(meeting(row.rule), wire());
    BOOST_TEST(written.has_value() == (*row.written != '\0'));
    if (!written) {
        BOOST_TEST(to_string(written.error().code) == "rejected");
        return;
    }
    const std::string text = ews::write_xml(*written);
    BOOST_TEST(text.find(row.written) != std::string::npos, text);
    const auto back = there_and_back(meeting(row.rule));
    BOOST_REQUIRE_MESSAGE(back, (back ? "" : back.error().detail));
    BOOST_TEST(back->master.rules.at(0) == row.rule);
}

BOOST_DATA_TEST_CASE(a_rule_of_somebody_else_is_read_as_exchange_means_it, boost::unit_test::data::make(kSpoken), row) {
    const auto event = ews::read_event(
        "<CalendarItem><ItemId "
        "Id=\"i\"/><Start>2026-01-31T08:00:00Z</Start><End>2026-01-31T09:00:00Z</End><Recurrence>" +
            std::string(row.pattern) +
            "<NoEndRecurrence><StartDate>2026-01-31</StartDate></NoEndRecurrence></Recurrence>"
            "<StartTimeZone Id=\"W. Europe Standard Time\"/></CalendarItem>",
        wire()
    );
    BOOST_REQUIRE_MESSAGE(event, (event ? "" : event.error().detail));
    BOOST_TEST(event->master.rules.at(0) == row.rule);
}

BOOST_AUTO_TEST_CASE(a_cancelled_meeting_that_stays_in_the_calendar_is_not_busy_E17) {
    const auto event = ews::read_event(
        "<CalendarItem><ItemId Id=\"i\"/><Subject>Canceled: review</Subject><Start>2026-06-10T07:00:00Z</Start>"
        "<End>2026-06-10T08:00:00Z</End><LegacyFreeBusyStatus>Busy</LegacyFreeBusyStatus><IsCancelled>true</"
        "IsCancelled>"
        "</CalendarItem>",
        wire()
    );
    BOOST_REQUIRE(event);
    BOOST_TEST((event->master.status == EventStatus::Cancelled));
}

BOOST_AUTO_TEST_CASE(what_is_in_utc_stays_in_utc_E19) {
    Event event = meeting();
    event.master.start = {When::Kind::Utc, *parse_local("2026-06-10T07:00:00"), {}};
    event.master.end = {When::Kind::Utc, *parse_local("2026-06-10T08:00:00"), {}};
    const auto back = there_and_back(event);
    BOOST_REQUIRE(back);
    BOOST_TEST((back->master.start == event.master.start));
    BOOST_TEST((back->master.end == event.master.end));
}

BOOST_AUTO_TEST_CASE(a_floating_time_is_written_in_the_mailboxs_zone_and_never_as_utc_E13) {
    Event event = meeting();
    event.master.start = {When::Kind::Floating, *parse_local("2026-06-10T09:00:00"), {}};
    event.master.end = {When::Kind::Floating, *parse_local("2026-06-10T10:00:00"), {}};
    const auto written = ews::write_create(event, wire());
    BOOST_REQUIRE(written);
    const std::string text = ews::write_xml(*written);
    BOOST_TEST(text.find("<t:Start>2026-06-10T09:00:00</t:Start>") != std::string::npos, text);
    BOOST_TEST(text.find("<t:StartTimeZone Id=\"W. Europe Standard Time\"/>") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_moved_copy_names_its_zone_in_the_request_and_at_both_ends_E12_E18) {
    EwsMailbox mailbox;
    RemoteEvent stored = mailbox.make(meeting());
    stored.event.master.end.local += std::chrono::minutes(30);
    BOOST_REQUIRE(
        mailbox.connector->update_event(mailbox.context(), stored.href, *stored.version, stored.event).has_value()
    );
    const std::string update = mailbox.sim.exchanges().back().body;
    BOOST_REQUIRE(update.find("<m:UpdateItem") != std::string::npos);
    for (const char* part : {"<t:TimeZoneContext>", "<t:StartTimeZone ", "<t:EndTimeZone ", "<t:Start>", "<t:End>"})
        BOOST_TEST(update.find(part) != std::string::npos, part);
    for (const auto& exchange : mailbox.sim.exchanges()) {
        BOOST_TEST(exchange.body.find("\"http://schemas.xmlsoap.org/soap/envelope/\"") != std::string::npos);
        BOOST_TEST(exchange.body.find("\"https://schemas") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(an_occurrence_that_the_server_counts_otherwise_is_neither_changed_nor_deleted_E8) {
    EwsMailbox mailbox;
    Event event = meeting("FREQ=WEEKLY;COUNT=5");
    const RemoteEvent stored = mailbox.make(event);
    Event without = stored.event;
    without.master.excluded_dates = {berlin("2026-02-07T09:00:00")};
    mailbox.between.asked = [](http::Request& request) {
        const auto index = request.body.find("InstanceIndex=\"2\"");
        if (index != std::string::npos) request.body.replace(index, 17, "InstanceIndex=\"3\"");
    };
    const auto refused = mailbox.connector->update_event(mailbox.context(), stored.href, *stored.version, without);
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().detail.find("counts the occurrences") != std::string::npos, refused.error().detail);
    mailbox.between.asked = {};
    const auto now = mailbox.connector->fetch_event(mailbox.context(), stored.href);
    BOOST_REQUIRE(now);
    BOOST_TEST(now->event.master.excluded_dates.empty());
    BOOST_TEST(now->event.overrides.empty());
}

BOOST_AUTO_TEST_CASE(an_item_that_the_server_cannot_read_itself_hides_no_other_E10) {
    EwsMailbox mailbox;
    for (const char* uid : {"copy-1", "copy-2", "copy-3"}) {
        Event event = meeting();
        event.uid = Uid{uid};
        mailbox.make(event);
    }
    mailbox.between.answered = [](const http::Request& request, http::Response& response) {
        if (asks(request, "GetItem")) refuse(response, "GetItem", "ErrorCorruptData");
    };
    const auto page = mailbox.connector->fetch_changes(mailbox.context(), mailbox.calendar, {}, {});
    BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().detail));
    BOOST_REQUIRE_EQUAL(page->changed.size(), 3u);
    const auto odd = std::count_if(page->changed.begin(), page->changed.end(), [](const RemoteEvent& one) {
        return one.unreadable.has_value();
    });
    BOOST_TEST(odd == 1);
    BOOST_TEST(page->removed.empty());
}

BOOST_AUTO_TEST_CASE(a_500_with_a_soap_answer_says_what_the_answer_says_E16) {
    EwsMailbox mailbox;
    mailbox.between.answered = [](const http::Request&, http::Response& response) {
        become_fault(
            response,
            "<faultcode>a:ErrorServerBusy</faultcode><faultstring>Busy.</faultstring><detail>"
            "<e:ResponseCode xmlns:e=\"e\">ErrorServerBusy</e:ResponseCode><t:MessageXml xmlns:t=\"t\">"
            "<t:Value Name=\"BackOffMilliseconds\">90000</t:Value></t:MessageXml></detail>"
        );
    };
    const auto pulled = mailbox.connector->fetch_changes(mailbox.context(), mailbox.calendar, {}, {});
    BOOST_REQUIRE(!pulled);
    BOOST_TEST(to_string(pulled.error().code) == "rate-limited", pulled.error().detail);
    BOOST_TEST((pulled.error().retry_after == std::chrono::seconds(90)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
