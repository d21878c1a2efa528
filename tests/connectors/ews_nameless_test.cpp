/// Errors that do not say what they are about: of a server that knows less of EWS than Exchange, or of an outage.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "core/batch.hpp"
#include "tests/connectors/ews_mailbox.hpp"
#include "tests/sim/ews_sim_state.hpp"

namespace calgate::testing {

namespace {

/// How servers say that they do not know a search, or that something broke.
void break_down(http::Response& response, int status) {
    if (status == 200) {
        response.body = ews_fault("ErrorInternalServerError");
        response.status = 500;
        return;
    }
    response.status = status;
    response.body = status == 500 ? "" : "<html>Not implemented</html>";
}

constexpr int kWays[] = {200, 500, 501};

}  // namespace

BOOST_AUTO_TEST_SUITE(ews_nameless)

BOOST_DATA_TEST_CASE(a_search_that_breaks_down_is_looked_through_and_remembered, kWays, way) {
    EwsMailbox mailbox;
    int searches = 0;
    mailbox.between.answered = [&](const http::Request& request, http::Response& response) {
        if (!asks(request, "FindItem") || !asks(request, "Restriction")) return;
        ++searches;
        break_down(response, way);
    };
    BOOST_REQUIRE(mailbox.connector->list_calendars(mailbox.context()));
    mailbox.make(EwsMailbox::meeting());
    BOOST_TEST(searches == 1);
    const auto again = mailbox.connector->create_event(mailbox.context(), mailbox.calendar, EwsMailbox::meeting());
    BOOST_TEST((!again && again.error().code == ErrorCode::AlreadyExists));
    BOOST_TEST(searches == 1, "asked once");
    BOOST_TEST(mailbox.sim.count(mailbox.folder) == 1u);
    const auto nobody = mailbox.connector->find_event(mailbox.context(), mailbox.calendar, Uid{"nobody"});
    BOOST_TEST((!nobody && nobody.error().code == ErrorCode::NotFound));
}

BOOST_DATA_TEST_CASE(an_outage_never_looks_like_a_missing_search, kWays, way) {
    EwsMailbox mailbox;
    mailbox.make(EwsMailbox::meeting());
    bool down = true;
    mailbox.between.answered = [&](const http::Request&, http::Response& response) {
        if (down) break_down(response, way);
    };
    const auto before = mailbox.calls();
    for (int i = 0; i < 3; ++i) {
        const auto none = mailbox.connector->find_event(mailbox.context(), mailbox.calendar, Uid{"copy-1"});
        BOOST_REQUIRE(!none);
        BOOST_TEST(to_string(none.error().code) == "unavailable", none.error().detail);
        const auto absent =
            mailbox.connector->batch()->find_absent(mailbox.context(), mailbox.calendar, {Uid{"copy-1"}});
        BOOST_TEST((!absent[0] && absent[0].error().code == ErrorCode::Unavailable));
    }
    BOOST_TEST(mailbox.calls() - before == 7u, "the other way is tried once, after an answer that was well");
    BOOST_TEST(!mailbox.connector->list_calendars(mailbox.context()));
    down = false;
    int everything = 0;
    mailbox.between.answered = [&](const http::Request& request, http::Response&) {
        everything += asks(request, "FindItem") && !asks(request, "Restriction") ? 1 : 0;
    };
    BOOST_TEST(mailbox.connector->find_event(mailbox.context(), mailbox.calendar, Uid{"copy-1"}).has_value());
    BOOST_TEST(everything == 0, "the search is believed to work");
}

BOOST_DATA_TEST_CASE(a_list_of_folders_that_breaks_down_leaves_the_default_calendar, kWays, way) {
    EwsMailbox mailbox;
    mailbox.between.answered = [&](const http::Request& request, http::Response& response) {
        if (asks(request, "FindFolder") && asks(request, "Restriction")) break_down(response, way);
    };
    const auto all = mailbox.connector->list_calendars(mailbox.context());
    BOOST_REQUIRE_MESSAGE(all, (all ? "" : all.error().detail));
    BOOST_TEST(all->size() == 2u);
    mailbox.between.answered = [&](const http::Request& request, http::Response& response) {
        if (asks(request, "FindFolder")) break_down(response, way);
    };
    const auto one = mailbox.connector->list_calendars(mailbox.context());
    BOOST_REQUIRE_MESSAGE(one, (one ? "" : one.error().detail));
    BOOST_TEST(one->size() == 1u);
    // Once nothing is answered any more, it is an outage.
    bool found = false;
    mailbox.between.answered = [&](const http::Request& request, http::Response& response) {
        found |= asks(request, "FindFolder");
        if (found) break_down(response, way);
    };
    const auto none = mailbox.connector->list_calendars(mailbox.context());
    BOOST_TEST((!none && none.error().code == ErrorCode::Unavailable));
}

/// EWS: ErrorTimeoutExpired asks for smaller batches.
BOOST_AUTO_TEST_CASE(a_server_that_takes_too_long_is_asked_for_half_as_much) {
    EwsMailbox mailbox;
    for (int i = 0; i < 8; ++i) mailbox.make(EwsMailbox::meeting("copy-" + std::to_string(i)));
    const auto ids_in = [](const http::Request& request) {
        std::size_t count = 0;
        for (auto at = request.body.find("<t:ItemId "); at != std::string::npos;
             at = request.body.find("<t:ItemId ", at + 1))
            ++count;
        return count;
    };
    std::vector<std::size_t> asked;
    mailbox.between.answered = [&](const http::Request& request, http::Response& response) {
        if (!asks(request, "GetItem")) return;
        asked.push_back(ids_in(request));
        if (asked.back() <= 2) return;
        response.status = 500;
        response.body = ews_fault("ErrorTimeoutExpired");
    };
    for (int tries = 0; tries < 2; ++tries) {
        const auto page = mailbox.connector->fetch_changes(mailbox.context(), mailbox.calendar, {}, {});
        BOOST_REQUIRE(!page);
        BOOST_TEST(to_string(page.error().code) == "unavailable", page.error().detail);
    }
    const auto page = mailbox.connector->fetch_changes(mailbox.context(), mailbox.calendar, {}, {});
    BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().detail));
    BOOST_TEST(page->changed.size() == 8u);
    BOOST_TEST((asked == std::vector<std::size_t>{8, 4, 2, 2, 2, 2}));
    // For one of them alone, as with a server that is busy: the rest comes.
    bool late = true;
    mailbox.between.answered = [&](const http::Request& request, http::Response& response) {
        if (asks(request, "GetItem") && std::exchange(late, false)) refuse(response, "GetItem", "ErrorTimeoutExpired");
    };
    const auto rest = mailbox.connector->fetch_changes(mailbox.context(), mailbox.calendar, {}, {});
    BOOST_REQUIRE_MESSAGE(rest, (rest ? "" : rest.error().detail));
    BOOST_TEST((rest->changed.size() == 8u && rest->unread.empty()));
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_body_does_not_clear_the_notes) {
    EwsMailbox mailbox;
    Event written = EwsMailbox::meeting();
    written.master.notes = "Bring the old photograph.";
    written.master.place = "Room 7";
    const RemoteEvent whole = mailbox.make(written);
    BOOST_TEST(whole.event.master.notes == written.master.notes);
    const auto without = [&](const char* from, const char* to) {
        mailbox.between.answered = [from, to](const http::Request& request, http::Response& response) {
            if (!asks(request, "GetItem")) return;
            const auto at = response.body.find(from);
            if (at != std::string::npos)
                response.body.erase(at, response.body.find(to, at) + std::string(to).size() - at);
        };
        const auto read = mailbox.connector->fetch_event(mailbox.context(), whole.href);
        BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().detail));
        return read->event.master;
    };
    BOOST_TEST(without("<t:Body", "</t:Body>").notes == written.master.notes);
    // Exchange has neither element where nothing stands in it.
    BOOST_TEST(without("<t:Location>", "</t:Location>").place == "");
    BOOST_TEST(without("<t:Subject>", "</t:Subject>").title == "");
    // A person who clears the notes leaves an empty Body.
    mailbox.between.answered = nullptr;
    mailbox.sim.patch_item(
        mailbox.sim.item_ids(mailbox.folder).front(), "<CalendarItem><Body BodyType=\"Text\"></Body></CalendarItem>"
    );
    const auto cleared = mailbox.connector->fetch_event(mailbox.context(), whole.href);
    BOOST_REQUIRE(cleared);
    BOOST_TEST(cleared->event.master.notes == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
