/// Servers that know less of EWS than Exchange, or answer otherwise.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <ostream>

#include "connectors/ews/ews_errors.hpp"
#include "connectors/ews/ews_wire.hpp"
#include "core/survival.hpp"
#include "tests/connectors/ews_mailbox.hpp"
#include "tests/support/batch_writes.hpp"

namespace calgate::testing {

namespace {

std::string erased(std::string text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at))
        text.erase(at, text.find(to, at) + to.size() - at);
    return text;
}

std::vector<EventWrite> two_creations() {
    return creations({EwsMailbox::meeting("copy-1"), EwsMailbox::meeting("copy-2")});
}

std::string foreign(const std::string& inside) {
    return "<CalendarItem><Subject>Theirs</Subject>" + inside +
           "<Start>2026-06-10T07:00:00Z</Start><End>2026-06-10T08:00:00Z</End></CalendarItem>";
}

struct FaultRow {
    const char* name;
    ews::Call call;
    const char* fault;
    const char* code;
};
std::ostream& operator<<(std::ostream& out, const FaultRow& row) { return out << row.name; }

// clang-format off
const FaultRow kFaults[] = {
    {"the server's own fault on a write",      ews::Call::Create, "<faultcode>s:Server</faultcode><faultstring>Oops</faultstring>",             "timeout"},
    {"with more words",                        ews::Call::Update, "<faultcode>s:Server.userException</faultcode><faultstring>Oops</faultstring>", "timeout"},
    {"of SOAP 1.2",                            ews::Call::Delete, "<Code><Value>s:Receiver</Value></Code><Reason><Text>Oops</Text></Reason>",   "timeout"},
    {"unnamed",                                ews::Call::Create, "<faultstring>Oops</faultstring>",                                            "timeout"},
    {"our own",                                ews::Call::Create, "<faultcode>s:Client</faultcode><faultstring>Oops</faultstring>",             "rejected"},
    {"the server's own fault on a read",       ews::Call::Read,   "<faultcode>s:Server</faultcode><faultstring>Oops</faultstring>",             "invalid-response"},
    {"a code beside it counts",                ews::Call::Create, "<faultcode>s:Server</faultcode><detail><ResponseCode>ErrorQuotaExceeded</ResponseCode></detail>", "quota-exceeded"},
};

struct VersionRow {
    const char* name;
    const char* body;  ///< Of the answer; "" makes a response message.
};
std::ostream& operator<<(std::ostream& out, const VersionRow& row) { return out << row.name; }

const VersionRow kVersions[] = {
    {"ErrorInvalidServerVersion", ""},
    {"ErrorIncorrectSchemaVersion", ""},
    {"ErrorInvalidSchemaVersionForMailboxVersion", ""},
    {"a page", "<html>The specified server version is invalid.</html>"},
};
// clang-format on

}  // namespace

BOOST_AUTO_TEST_SUITE(ews_servers)

BOOST_AUTO_TEST_CASE(a_server_that_shows_more_properties_than_were_asked_for_gets_no_doubles) {
    EwsMailbox mailbox;
    mailbox.sim.quirks().shows_all_properties = true;
    mailbox.make(EwsMailbox::meeting());
    mailbox.sim.put_item(
        mailbox.folder,
        foreign("<ExtendedProperty><ExtendedFieldURI PropertySetId=\"x\" PropertyName=\"Ticket\" "
                "PropertyType=\"String\"/><Value>t-1</Value></ExtendedProperty><UID>theirs</UID>")
    );
    const auto again = mailbox.connector->create_event(mailbox.context(), mailbox.calendar, EwsMailbox::meeting());
    BOOST_TEST((!again && again.error().code == ErrorCode::AlreadyExists));
    const auto written = mailbox.connector->batch()->write_events(mailbox.context(), mailbox.calendar, two_creations());
    BOOST_TEST((!written[0] && written[0].error().code == ErrorCode::AlreadyExists));
    BOOST_TEST(written[1].has_value());
    BOOST_TEST(mailbox.sim.count(mailbox.folder) == 3u);
    const auto theirs = mailbox.connector->find_event(mailbox.context(), mailbox.calendar, Uid{"theirs"});
    BOOST_TEST(theirs.has_value(), (theirs ? "" : theirs.error().detail));
    const auto absent = mailbox.connector->batch()->find_absent(
        mailbox.context(), mailbox.calendar, {Uid{"copy-1"}, Uid{"theirs"}, Uid{"nobody"}}
    );
    BOOST_TEST((!*absent[0] && !*absent[1] && *absent[2]));
}

BOOST_AUTO_TEST_CASE(a_copy_is_known_by_its_uid_where_named_properties_are_dropped) {
    EwsMailbox mailbox;
    const auto written = ews::write_create(EwsMailbox::meeting(), {ews_zones(), "Europe/Berlin"});
    BOOST_REQUIRE(written);
    const std::string text = ews::write_xml(*written);
    BOOST_TEST(text.find("</t:ExtendedProperty><t:UID>copy-1</t:UID><t:Start>") != std::string::npos, text);
    mailbox.between.asked = [](http::Request& request) {
        if (asks(request, "CreateItem"))
            request.body = erased(request.body, "<t:ExtendedProperty>", "</t:ExtendedProperty>");
    };
    const RemoteEvent read = mailbox.make(EwsMailbox::meeting());
    BOOST_TEST(read.event.uid.value == "copy-1");
    BOOST_TEST(read.event.mark.empty());
    const auto found = mailbox.connector->find_event(mailbox.context(), mailbox.calendar, Uid{"copy-1"});
    BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().detail));
    BOOST_TEST(found->href.value == read.href.value);
    const auto absent = mailbox.connector->batch()->find_absent(mailbox.context(), mailbox.calendar, {Uid{"copy-1"}});
    BOOST_TEST((absent[0] && !*absent[0]));
}

BOOST_AUTO_TEST_CASE(a_server_that_keeps_neither_property_nor_uid_is_unfit_for_copies) {
    EwsMailbox mailbox;
    mailbox.between.asked = [](http::Request& request) {
        if (asks(request, "CreateItem"))
            request.body = erased(request.body, "<t:ExtendedProperty>", "</t:ExtendedProperty>");
    };
    Event written = EwsMailbox::meeting();
    written.mark.clear();  // In the notes then, which others look after.
    const RemoteEvent kept = mailbox.make(written);
    BOOST_TEST((survived(written, Carrier::Notes, kept, kept.version).carrier == Carrier::Notes));
    mailbox.between.answered = [](const http::Request&, http::Response& response) {
        response.body = erased(response.body, "<t:UID>", "</t:UID>");
    };
    written.uid = Uid{"copy-2"};
    const RemoteEvent renamed = mailbox.make(written);
    const Survival survival = survived(written, Carrier::Notes, renamed, renamed.version);
    BOOST_TEST((survival.carrier == Carrier::None));
    BOOST_TEST(!unusable(survival).empty());
}

BOOST_AUTO_TEST_CASE(a_series_in_the_place_of_its_occurrence_is_neither_moved_nor_deleted) {
    EwsMailbox mailbox;
    const RemoteEvent stored = mailbox.make(EwsMailbox::meeting("copy-1", "FREQ=WEEKLY;COUNT=5"));
    mailbox.between.asked = [](http::Request& request) {
        const auto at = request.body.find("<t:OccurrenceItemId RecurringMasterId=");
        if (at == std::string::npos) return;
        const auto index = request.body.find(" InstanceIndex", at);
        request.body.erase(index, request.body.find("/>", index) - index);
        request.body.replace(at, 37, "<t:ItemId Id");
    };
    Event without = stored.event, moved = stored.event;
    without.master.excluded_dates = {without.master.start};
    EventInstance first = moved.master;
    first.rules.clear();
    first.recurrence_id = first.start;
    first.end.local += std::chrono::minutes(30);
    moved.overrides = {first};
    for (const Event& wanted : {without, moved}) {
        const auto refused = mailbox.connector->update_event(mailbox.context(), stored.href, *stored.version, wanted);
        BOOST_REQUIRE(!refused);
        BOOST_TEST(refused.error().detail.find("counts the occurrences") != std::string::npos, refused.error().detail);
    }
    const auto now = mailbox.connector->fetch_event(mailbox.context(), stored.href);
    BOOST_REQUIRE_MESSAGE(now, (now ? "" : now.error().detail));
    BOOST_TEST((now->version == stored.version));
}

BOOST_AUTO_TEST_CASE(a_server_that_refuses_a_search_is_looked_through) {
    EwsMailbox mailbox;
    mailbox.sim.put_item(mailbox.folder, foreign("<UID>theirs</UID>"));
    mailbox.between.answered = [](const http::Request& request, http::Response& response) {
        if (asks(request, "FindItem") && asks(request, "Restriction"))
            refuse(response, "FindItem", "ErrorUnsupportedPathForQuery");
    };
    mailbox.make(EwsMailbox::meeting());
    const auto written = mailbox.connector->batch()->write_events(mailbox.context(), mailbox.calendar, two_creations());
    BOOST_TEST((!written[0] && written[0].error().code == ErrorCode::AlreadyExists));
    BOOST_TEST(written[1].has_value(), (written[1] ? "" : written[1].error().detail));
    const auto absent = mailbox.connector->batch()->find_absent(
        mailbox.context(), mailbox.calendar, {Uid{"copy-1"}, Uid{"theirs"}, Uid{"nobody"}}
    );
    BOOST_TEST((!*absent[0] && !*absent[1] && *absent[2]));
}

BOOST_AUTO_TEST_CASE(a_server_without_any_search_by_global_id_is_asked_by_our_property) {
    EwsMailbox mailbox;
    mailbox.between.answered = [](const http::Request& request, http::Response& response) {
        if (asks(request, "FindItem") && request.body.find("PropertyId=\"35\"") != std::string::npos)
            refuse(response, "FindItem", "ErrorInvalidExtendedProperty");
    };
    mailbox.make(EwsMailbox::meeting());
    const auto nobody = mailbox.connector->find_event(mailbox.context(), mailbox.calendar, Uid{"nobody"});
    BOOST_REQUIRE(!nobody);
    BOOST_TEST(to_string(nobody.error().code) == "not-found", nobody.error().detail);
    const auto absent =
        mailbox.connector->batch()->find_absent(mailbox.context(), mailbox.calendar, {Uid{"copy-1"}, Uid{"nobody"}});
    BOOST_TEST((!*absent[0] && *absent[1]));
    // Garbage is no refusal: nothing is known then.
    mailbox.between.answered = [](const http::Request& request, http::Response& response) {
        if (request.body.find("PropertyId=\"35\"") != std::string::npos) response.body = "<html/>";
    };
    const auto garbled = mailbox.connector->find_event(mailbox.context(), mailbox.calendar, Uid{"nobody"});
    BOOST_TEST((!garbled && garbled.error().code == ErrorCode::InvalidResponse));
    BOOST_TEST(!*mailbox.connector->batch()->find_absent(mailbox.context(), mailbox.calendar, {Uid{"nobody"}})[0]);
}

BOOST_AUTO_TEST_CASE(one_refused_sign_in_is_no_wrong_password_unless_the_account_is_locked) {
    EwsMailbox mailbox;
    BOOST_TEST(mailbox.connector->capabilities().sign_in_tries == 2);
    const char* said = "";
    mailbox.between.answered = [&](const http::Request&, http::Response& response) {
        if (!said) return;
        response.status = 401;
        response.body = said;
    };
    BOOST_TEST(!mailbox.connector->list_calendars(mailbox.context()));
    BOOST_TEST(mailbox.connector->capabilities().sign_in_tries == 2);
    said = "The referenced account is currently locked out";
    const auto locked = mailbox.connector->list_calendars(mailbox.context());
    BOOST_TEST((!locked && locked.error().code == ErrorCode::Unauthorized));
    BOOST_TEST(mailbox.connector->capabilities().sign_in_tries == 1);
    said = nullptr;
    BOOST_TEST(mailbox.connector->list_calendars(mailbox.context()).has_value());
    BOOST_TEST(mailbox.connector->capabilities().sign_in_tries == 2);
}

BOOST_DATA_TEST_CASE(a_fault_that_names_no_code_says_whose_it_is, boost::unit_test::data::make(kFaults), row) {
    const auto fault = ews::parse_xml("<Fault>" + erased(row.fault, "s:", ":") + "</Fault>");
    BOOST_REQUIRE(fault);
    const Error error = ews::refusal(row.call, ews::verdict_of_fault(*fault), "mail.example.com");
    BOOST_TEST(to_string(error.code) == row.code, error.detail);
}

BOOST_AUTO_TEST_CASE(a_broken_item_is_named_with_its_version_and_read_no_more) {
    for (const char* code : {"ErrorCorruptData", "ErrorItemCorrupt", "ErrorAccessDenied"}) {
        EwsMailbox mailbox;
        const RemoteEvent whole = mailbox.make(EwsMailbox::meeting("copy-2"));
        const RemoteEvent other = mailbox.make(EwsMailbox::meeting("copy-1"));
        mailbox.between.answered = [&](const http::Request& request, http::Response& response) {
            if (asks(request, "GetItem")) refuse(response, "GetItem", code);
        };
        const auto page = mailbox.connector->fetch_changes(mailbox.context(), mailbox.calendar, {}, {});
        BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().detail));
        BOOST_REQUIRE_EQUAL(page->changed.size(), 2u);
        BOOST_TEST(page->unread.empty());
        const RemoteEvent& broken = page->changed.back();
        BOOST_TEST(broken.unreadable.value_or("").find(code) != std::string::npos);
        BOOST_TEST(broken.href.value == whole.href.value);
        BOOST_TEST((broken.version == whole.version));
        BOOST_TEST(page->changed.front().href.value == other.href.value);
        const auto before = mailbox.calls();
        const auto next =
            mailbox.connector->fetch_changes(mailbox.context(), mailbox.calendar, {}, [&](const Href& href) {
                return href == broken.href ? broken.version : other.version;
            });
        BOOST_REQUIRE(next);
        BOOST_TEST(next->unchanged.size() == 2u);
        BOOST_TEST(mailbox.calls() - before == 2u, "where the folder lies, and what is in it");
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_gets_busy_within_a_batch_is_asked_less_and_then_left_alone) {
    EwsMailbox mailbox;
    for (int i = 0; i < 8; ++i) mailbox.make(EwsMailbox::meeting("copy-" + std::to_string(i)));
    std::size_t most = 3;
    mailbox.between.answered = [&](const http::Request& request, http::Response& response) {
        if (!asks(request, "GetItem")) return;
        std::size_t count = 0, at = 0;
        while ((at = response.body.find("<m:GetItemResponseMessage ", at)) != std::string::npos) {
            if (++count > most) {
                http::Response rest = response;
                rest.body = response.body.substr(at);
                refuse(rest, "GetItem", "ErrorServerBusy");
                response.body = response.body.substr(0, at) + rest.body;
            }
            ++at;
        }
    };
    const auto before = mailbox.calls();
    const auto page = mailbox.connector->fetch_changes(mailbox.context(), mailbox.calendar, {}, {});
    BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().detail));
    BOOST_TEST(page->changed.size() == 8u);
    BOOST_TEST(page->unread.empty());
    // Where the folder lies, a listing, then of 8 items 3, of 4 again 3, of 2 the rest.
    BOOST_TEST(mailbox.calls() - before == 5u);
    most = 0;
    const auto busy = mailbox.connector->fetch_changes(mailbox.context(), mailbox.calendar, {}, {});
    BOOST_TEST((!busy && busy.error().code == ErrorCode::RateLimited));
}

BOOST_AUTO_TEST_CASE(a_series_of_ours_is_whole_without_its_zone_and_an_empty_recurrence_is_none) {
    EwsMailbox mailbox;
    std::vector<Event> series(3, EwsMailbox::meeting("copy-1", "FREQ=WEEKLY;COUNT=5"));
    series[1].uid = Uid{"copy-2"};
    series[1].master.start = {When::Kind::Date, *parse_local("2026-01-31T00:00:00"), {}};
    series[1].master.end = {When::Kind::Date, *parse_local("2026-02-01T00:00:00"), {}};
    series[2].uid = Uid{"copy-3"};
    series[2].master.start = {When::Kind::Utc, *parse_local("2026-01-31T09:00:00"), {}};
    series[2].master.end = {When::Kind::Utc, *parse_local("2026-01-31T10:00:00"), {}};
    mailbox.between.answered = [](const http::Request&, http::Response& response) {
        response.body = erased(response.body, "<t:StartTimeZone", "</t:StartTimeZone>");
    };
    mailbox.settings.default_zone = "America/New_York";
    ews::EwsConnector elsewhere(mailbox.between, mailbox.clock, ews_zones(), mailbox.settings);
    for (const Event& event : series) {
        const auto read = elsewhere.fetch_event(mailbox.context(), mailbox.make(event).href);
        BOOST_REQUIRE(read);
        BOOST_TEST(!read->event.partial, event.uid.value);
        BOOST_TEST((read->event.master.start == event.master.start), event.uid.value);
    }
    mailbox.between.answered = [](const http::Request&, http::Response& response) {
        const auto at = response.body.find("<t:StartTimeZone");
        if (at != std::string::npos) response.body.insert(at, "<t:Recurrence/>");
    };
    const RemoteEvent single = mailbox.make(EwsMailbox::meeting("copy-4"));
    BOOST_TEST(!single.event.partial);
    BOOST_TEST(single.event.source.find("<Series>") == std::string::npos);
    const auto before = mailbox.calls();
    const auto written =
        mailbox.connector->batch()->write_events(mailbox.context(), mailbox.calendar, {update_of(single, "Moved")});
    BOOST_TEST(written[0].has_value(), (written[0] ? "" : written[0].error().detail));
    BOOST_TEST(mailbox.calls() - before == 2u, "as a single event it goes with others");
}

BOOST_DATA_TEST_CASE(an_older_server_is_spoken_to_in_its_version, boost::unit_test::data::make(kVersions), row) {
    EwsMailbox mailbox;
    mailbox.between.answered = [&](const http::Request& request, http::Response& response) {
        if (request.body.find("\"Exchange2013_SP1\"") != std::string::npos) return;
        if (*row.body != '\0') {
            response.status = 500;
            response.body = row.body;
        } else {
            refuse(response, "FindItem", row.name);
        }
    };
    const auto absent = mailbox.connector->batch()->find_absent(mailbox.context(), mailbox.calendar, {Uid{"copy-1"}});
    BOOST_REQUIRE_MESSAGE(absent[0], (absent[0] ? "" : absent[0].error().detail));
    BOOST_TEST(mailbox.calls() == 3u, "once too new, then twice as it is");
}

BOOST_AUTO_TEST_CASE(a_server_that_knows_no_list_of_folders_has_its_own_calendar) {
    EwsMailbox mailbox;
    mailbox.between.answered = [](const http::Request& request, http::Response& response) {
        if (asks(request, "FindFolder"))
            become_fault(response, "<faultcode>s:Client</faultcode><faultstring>Unknown request</faultstring>");
    };
    const auto calendars = mailbox.connector->list_calendars(mailbox.context());
    BOOST_REQUIRE_MESSAGE(calendars, (calendars ? "" : calendars.error().detail));
    BOOST_REQUIRE_EQUAL(calendars->size(), 1u);
    BOOST_TEST(calendars->front().name == "Calendar");
    // What is no answer at all hides no calendar.
    mailbox.between.answered = [](const http::Request& request, http::Response& response) {
        if (asks(request, "FindFolder")) response.body = "<html/>";
    };
    BOOST_TEST(!mailbox.connector->list_calendars(mailbox.context()));
}

BOOST_AUTO_TEST_CASE(a_wait_is_rounded_up_to_whole_seconds) {
    for (const auto& [said, meant] : {std::pair{"1000", 1}, {"1001", 2}, {"0", 0}, {"9223372036854775807", 3600}}) {
        const auto message = ews::parse_xml(
            "<M><ResponseCode>ErrorServerBusy</ResponseCode><MessageXml><Value Name=\"BackOffMilliseconds\">" +
            std::string(said) + "</Value></MessageXml></M>"
        );
        BOOST_TEST((ews::verdict_of(*message).back_off == std::chrono::seconds(meant)), said);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
