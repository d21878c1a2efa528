/// What is written to a server that answers otherwise than Exchange, or knows fewer zones.
#include "tests/connectors/ews_mailbox.hpp"
#include "tests/support/batch_writes.hpp"

namespace calgate::testing {

BOOST_AUTO_TEST_SUITE(ews_writing)

BOOST_AUTO_TEST_CASE(answers_in_another_order_are_tied_to_their_copies_by_what_was_stored) {
    EwsMailbox mailbox;
    mailbox.between.answered = [](const http::Request& request, http::Response& response) {
        if (!asks(request, "CreateItem")) return;
        const std::string begin = "<m:CreateItemResponseMessage", end = "</m:ResponseMessages>";
        const auto first = response.body.find(begin), second = response.body.find(begin, first + 1);
        if (second == std::string::npos) return;
        const auto last = response.body.find(end);
        response.body = response.body.substr(0, first) + response.body.substr(second, last - second) +
                        response.body.substr(first, second - first) + response.body.substr(last);
    };
    const auto written = mailbox.connector->batch()->write_events(
        mailbox.context(), mailbox.calendar, creations({EwsMailbox::meeting("copy-1"), EwsMailbox::meeting("copy-2")})
    );
    for (std::size_t i = 0; i < 2; ++i) {
        BOOST_REQUIRE_MESSAGE(written[i], (written[i] ? "" : written[i].error().detail));
        const auto read = mailbox.connector->fetch_event(mailbox.context(), written[i]->href);
        BOOST_REQUIRE(read);
        BOOST_TEST(read->event.uid.value == "copy-" + std::to_string(i + 1));
        BOOST_TEST((read->version == written[i]->version));
    }
}

BOOST_AUTO_TEST_CASE(ids_that_belong_to_nobody_are_looked_up) {
    EwsMailbox mailbox;
    mailbox.between.answered = [](const http::Request& request, http::Response& response) {
        if (asks(request, "GetItem")) refuse(response, "GetItem", "ErrorItemNotFound");
    };
    const auto written = mailbox.connector->batch()->write_events(
        mailbox.context(), mailbox.calendar, creations({EwsMailbox::meeting("copy-1"), EwsMailbox::meeting("copy-2")})
    );
    BOOST_TEST(
        ((written[0].has_value() ? 1 : 0) + (written[1].has_value() ? 1 : 0) == 1), "one was read back, one was not"
    );
    for (const auto& one : written)
        if (!one) BOOST_TEST(to_string(one.error().code) == "invalid-response", one.error().detail);
}

BOOST_AUTO_TEST_CASE(a_write_says_the_zone_of_its_event_and_zones_do_not_mix) {
    EwsMailbox mailbox;
    std::vector<Event> events{EwsMailbox::meeting("copy-1"), EwsMailbox::meeting("copy-2")};
    events[1].master.start.zone = events[1].master.end.zone = "America/New_York";
    const auto written =
        mailbox.connector->batch()->write_events(mailbox.context(), mailbox.calendar, creations(events));
    std::vector<std::string> zones;
    for (const auto& exchange : mailbox.sim.exchanges()) {
        if (!asks(exchange, "CreateItem")) continue;
        const auto at = exchange.body.find("<t:TimeZoneDefinition Id=\"") + 26;
        zones.push_back(exchange.body.substr(at, exchange.body.find('"', at) - at));
    }
    BOOST_TEST(zones == (std::vector<std::string>{"Eastern Standard Time", "W. Europe Standard Time"}));
    for (std::size_t i = 0; i < 2; ++i) {
        BOOST_REQUIRE_MESSAGE(written[i], (written[i] ? "" : written[i].error().detail));
        const auto read = mailbox.connector->fetch_event(mailbox.context(), written[i]->href);
        BOOST_TEST((read && read->event.master.start == events[i].master.start));
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_lacks_a_time_zone_gets_single_events_in_utc_and_no_series) {
    for (const char* code : {"ErrorCalendarInvalidTimeZone", "ErrorTimeZone"}) {
        EwsMailbox mailbox;
        const auto lacks = [&](const http::Request&, http::Response& response) {
            for (const char* said :
                 {"ErrorSendMeetingInvitationsRequired", "ErrorSendMeetingInvitationsOrCancellationsRequired"})
                for (auto at = response.body.find(said); at != std::string::npos; at = response.body.find(said, at))
                    response.body.replace(at, std::string_view(said).size(), code);
        };
        // What is refused is not done.
        mailbox.between.asked = [](http::Request& request) {
            if (!asks(request, "CreateItem") && !asks(request, "UpdateItem")) return;
            if (request.body.find("\"W. Europe Standard Time\"") == std::string::npos) return;
            const auto at = request.body.find(" SendMeetingInvitations");
            request.body.erase(at, request.body.find('"', request.body.find('"', at) + 1) + 1 - at);
        };
        mailbox.between.answered = lacks;
        RemoteEvent stored = mailbox.make(EwsMailbox::meeting());
        BOOST_TEST((stored.event.master.start.kind == When::Kind::Utc));
        BOOST_TEST(format_local(stored.event.master.start.local) == "2026-01-31T08:00:00");
        Event moved = EwsMailbox::meeting();
        moved.master.end.local += std::chrono::minutes(30);
        const auto updated = mailbox.connector->update_event(mailbox.context(), stored.href, *stored.version, moved);
        BOOST_REQUIRE_MESSAGE(updated, (updated ? "" : updated.error().detail));
        const auto now = mailbox.connector->fetch_event(mailbox.context(), stored.href);
        BOOST_TEST(format_local(now->event.master.end.local) == "2026-01-31T09:30:00");
        const auto series = mailbox.connector->create_event(
            mailbox.context(), mailbox.calendar, EwsMailbox::meeting("copy-2", "FREQ=WEEKLY;COUNT=5")
        );
        BOOST_TEST((!series && series.error().code == ErrorCode::Rejected));
        const auto written = mailbox.connector->batch()->write_events(
            mailbox.context(), mailbox.calendar, creations({EwsMailbox::meeting("a"), EwsMailbox::meeting("b")})
        );
        for (const auto& one : written) BOOST_TEST(one.has_value(), (one ? "" : one.error().detail));
        BOOST_TEST(mailbox.sim.count(mailbox.folder) == 3u);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
