/// Habits of CalDAV services that would make a copy lost, doubled or stuck, one test each.
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "connectors/caldav/caldav_connector.hpp"
#include "connectors/caldav/caldav_objects.hpp"
#include "connectors/http/url.hpp"
#include "tests/sim/caldav_sim.hpp"
#include "tests/support/batch_writes.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate::testing {

namespace {

using caldav::CaldavConnector;
using caldav::CaldavSettings;

const ZoneResolver& zones() {
    static const ZoneResolver kZones;
    return kZones;
}

struct Service {
    explicit Service(const std::string& profile = "rfc") : sim(service_clock, quirks_of(profile)) {
        calendar = sim.make_calendar("Bookings");
        connector.emplace(sim, clock, zones(), settings(sim.account_url()));
    }
    static CaldavSettings settings(const std::string& url) {
        CaldavSettings out;
        out.url = url;
        out.user = CaldavSim::credentials().user;
        out.password = CaldavSim::credentials().password;
        return out;
    }
    Context context() const { return {clock.steady() + std::chrono::minutes(5), {}}; }
    static Event event(const std::string& uid) {
        Event out;
        out.uid = Uid{uid};
        out.master.start = {When::Kind::Utc, *parse_local("2026-06-10T09:00:00"), {}};
        out.master.end = {When::Kind::Utc, *parse_local("2026-06-10T10:00:00"), {}};
        out.master.title = "Haircut";
        return out;
    }
    Result<WriteReceipt> create(const std::string& uid) {
        return connector->create_event(context(), calendar, event(uid));
    }
    std::vector<Result<WriteReceipt>> create_together(const std::vector<std::string>& uids) {
        std::vector<Event> events;
        for (const auto& uid : uids) events.push_back(event(uid));
        return connector->batch()->write_events(context(), calendar, creations(events));
    }
    std::string text(const std::string& uid, const std::string& more = "") const {
        return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:" + uid +
               "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260610T090000Z\r\nDTEND:20260610T100000Z\r\n" + more +
               "END:VEVENT\r\nEND:VCALENDAR\r\n";
    }
    void page_instead_of(const std::string& method) {
        SimFault page;
        page.kind = SimFault::Kind::HtmlPage;
        page.status = 200;
        page.method = method;
        sim.fail_next(page);
    }
    Result<ChangeSet> pull() { return connector->fetch_changes(context(), calendar, {}, {}); }

    /// Both clocks.
    void wait(std::chrono::seconds time) {
        clock.advance(time);
        service_clock.advance(time);
    }

    ManualClock clock{}, service_clock{};
    CaldavSim sim;
    Href calendar{};
    std::optional<CaldavConnector> connector{};
};

template <class Outcome>
void is_refused_as(const Outcome& outcome, ErrorCode code) {
    BOOST_REQUIRE(!outcome);
    BOOST_TEST(to_string(outcome.error().code) == to_string(code), outcome.error().detail);
}

struct Clocks {
    const char* name;
    bool dated;
    std::chrono::seconds ahead, service_ahead;
};
std::ostream& operator<<(std::ostream& out, const Clocks& row) { return out << row.name; }
const Clocks kClocks[] = {
    {"one_time", true, {}, {}},
    {"one_time_undated", false, {}, {}},
    {"service_behind", true, std::chrono::seconds(600), {}},
    {"service_ahead", true, {}, std::chrono::seconds(600)},
};

struct Guests {
    const char* name;
    std::string text;
    bool guests;
};
std::ostream& operator<<(std::ostream& out, const Guests& row) { return out << row.name; }

const Guests kGuests[] = {
    {"nobody", "SUMMARY:a\r\n", false},
    {"organizer alone", "ORGANIZER:mailto:anna@salon.example\r\n", false},
    {"the owner as the only attendee",
     "ORGANIZER:mailto:anna@salon.example\r\nATTENDEE:mailto:Anna@Salon.example\r\n",
     false},
    {"a guest", "ORGANIZER:mailto:anna@salon.example\r\nATTENDEE:mailto:ben@x.example\r\n", true},
    {"a folded guest",
     "ORGANIZER;CN=A:mailto:anna@salon.example\r\nATTENDEE;CN=\"Ben: the\r\n  tall\":MAILTO:ben@x.exam\r\n ple\r\n",
     true},
    {"a guest beside the owner",
     "attendee:mailto:anna@salon.example\nattendee:mailto:ben@x.example\norganizer:mailto:c@x.example\n",
     true},
    {"a guest without a mail address", "ORGANIZER:mailto:anna@salon.example\r\nATTENDEE:/principals/ben/\r\n", true},
    {"words in a note",
     "DESCRIPTION:x\r\n ATTENDEE:mailto:ben@x.example\r\nORGANIZER:mailto:anna@salon.example\r\n",
     false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(caldav_strange)

BOOST_AUTO_TEST_CASE(a_web_page_under_200_is_neither_a_success_nor_an_event_I11) {
    Service service;
    service.page_instead_of("PUT");
    is_refused_as(service.create("a"), ErrorCode::InvalidResponse);
    BOOST_TEST(service.sim.count(service.calendar) == 0u);

    const auto made = service.create("a");
    BOOST_REQUIRE(made);
    service.page_instead_of("GET");
    is_refused_as(service.connector->fetch_event(service.context(), made->href), ErrorCode::InvalidResponse);
    service.page_instead_of("DELETE");
    is_refused_as(
        service.connector->delete_event(service.context(), made->href, *made->version), ErrorCode::InvalidResponse
    );
    BOOST_TEST(service.sim.count(service.calendar) == 1u);
    service.sim.quirks().query_finds_nothing = true;
    service.page_instead_of("GET");
    is_refused_as(
        service.connector->find_event(service.context(), service.calendar, Uid{"a"}), ErrorCode::InvalidResponse
    );
}

BOOST_AUTO_TEST_CASE(a_bare_200_to_a_write_that_left_nothing_behind_is_looked_up) {
    Service service;
    SimFault empty;
    empty.kind = SimFault::Kind::Refusal;
    empty.status = 200;
    empty.method = "PUT";
    service.sim.fail_next(empty);
    is_refused_as(service.create("a"), ErrorCode::InvalidResponse);
}

BOOST_AUTO_TEST_CASE(an_object_that_the_service_cannot_give_hides_no_other_R20_T25) {
    Service service;
    for (int i = 0; i < 60; ++i)
        service.sim.put_text(
            service.calendar, (i == 31 ? "poison" : "e" + std::to_string(i)) + ".ics", service.text(std::to_string(i))
        );
    service.sim.quirks().poisoned = true;
    const auto page = service.pull();
    BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().detail));
    BOOST_TEST(page->changed.size() == 59u);
    BOOST_REQUIRE_EQUAL(page->unread.size(), 1u);
    BOOST_TEST(page->unread.front().value.ends_with("poison.ics"));
    BOOST_TEST(page->removed.empty());
}

BOOST_AUTO_TEST_CASE(a_service_that_gives_no_content_at_all_is_in_trouble) {
    Service service;
    for (int i = 0; i < 30; ++i)
        service.sim.put_text(service.calendar, "poison" + std::to_string(i) + ".ics", service.text(std::to_string(i)));
    service.sim.quirks().poisoned = true;
    is_refused_as(service.pull(), ErrorCode::Unavailable);
    BOOST_TEST(service.sim.requests().size() < 12u);
}

BOOST_AUTO_TEST_CASE(the_version_that_is_read_is_one_that_a_write_may_name) {
    Service service("proxied");
    const auto made = service.create("a");
    BOOST_REQUIRE(made);
    const auto read = service.connector->fetch_event(service.context(), made->href);
    BOOST_REQUIRE(read);
    BOOST_TEST(read->version->value == made->version->value);
    BOOST_REQUIRE(service.connector->delete_event(service.context(), made->href, *read->version));
    BOOST_TEST(service.sim.count(service.calendar) == 0u);
}

BOOST_AUTO_TEST_CASE(a_uid_that_is_taken_is_found_out_when_the_service_does_not_say_so_T12) {
    Service service("proxied");
    service.sim.put_text(service.calendar, "other%20name.ics", service.text("a"));
    is_refused_as(service.create("a"), ErrorCode::AlreadyExists);
    // What is refused for another reason stays refused.
    SimFault refused;
    refused.kind = SimFault::Kind::Refusal;
    refused.status = 400;
    refused.method = "PUT";
    service.sim.fail_next(refused);
    is_refused_as(service.create("b"), ErrorCode::Rejected);
}

BOOST_AUTO_TEST_CASE(names_with_blanks_under_another_scheme_are_events_of_this_calendar) {
    Service service("proxied");
    service.sim.put_text(service.calendar, "week%201.ics", service.text("a"));
    const auto calendars = service.connector->list_calendars(service.context());
    BOOST_REQUIRE(calendars);
    BOOST_REQUIRE_EQUAL(calendars->size(), 1u);
    BOOST_TEST(calendars->front().href.value == service.calendar.value);
    const auto page = service.pull();
    BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().detail));
    BOOST_REQUIRE_EQUAL(page->changed.size(), 1u);
    BOOST_TEST(page->changed.front().href.value == service.calendar.value + "week%201.ics");
}

BOOST_AUTO_TEST_CASE(a_calendar_is_kept_under_the_name_by_which_its_events_are_listed) {
    Service service("proxied");
    CaldavConnector typed(
        service.sim, service.clock, zones(), Service::settings(service.sim.account_url() + "my/Bookings/")
    );
    const auto calendars = typed.list_calendars(service.context());
    BOOST_REQUIRE_MESSAGE(calendars, (calendars ? "" : calendars.error().detail));
    BOOST_REQUIRE_EQUAL(calendars->size(), 1u);
    BOOST_TEST(calendars->front().href.value == service.calendar.value);
    // Under its other name our copies would look like twins of themselves.
    const Href alias{service.sim.account_url() + "my/Bookings/"};
    is_refused_as(typed.fetch_changes(service.context(), alias, {}, {}), ErrorCode::NotFound);
}

BOOST_AUTO_TEST_CASE(a_search_that_always_fails_is_missing_and_one_that_fails_once_is_not) {
    Service service;
    BOOST_REQUIRE(service.create("a"));
    service.sim.quirks().search_fails = true;
    const auto find = [&](const char* uid) {
        return service.connector->find_event(service.context(), service.calendar, Uid{uid});
    };
    // An outage says nothing about the search.
    service.sim.set_down(true);
    for (int i = 0; i < 5; ++i) is_refused_as(find("unknown"), ErrorCode::Unavailable);
    service.sim.set_down(false);
    is_refused_as(find("unknown"), ErrorCode::Unavailable);
    is_refused_as(find("unknown"), ErrorCode::Unavailable);
    is_refused_as(find("unknown"), ErrorCode::NotFound);
    BOOST_TEST(find("a").has_value());
    service.sim.quirks().search_fails = false;
    BOOST_TEST(find("a").has_value());
    service.sim.quirks().search_fails = true;
    is_refused_as(find("unknown"), ErrorCode::Unavailable);
}

BOOST_AUTO_TEST_CASE(an_object_without_an_address_of_its_own_is_read_by_a_report_I11) {
    Service service;
    const auto made = service.create("a");
    BOOST_REQUIRE(made);
    service.sim.quirks().hides_objects = true;
    const auto read = service.connector->fetch_event(service.context(), made->href);
    BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.error().detail));
    BOOST_TEST(read->event.uid.value == "a");
    BOOST_REQUIRE(service.connector->delete_event(service.context(), made->href, *read->version));
    BOOST_TEST(service.sim.count(service.calendar) == 0u);
    is_refused_as(service.connector->fetch_event(service.context(), made->href), ErrorCode::NotFound);
    // While the report fails nothing is said to be gone.
    SimFault away;
    away.kind = SimFault::Kind::Refusal;
    away.method = "REPORT";
    service.sim.fail_next(away);
    is_refused_as(service.connector->fetch_event(service.context(), made->href), ErrorCode::Unavailable);
    away.kind = SimFault::Kind::TruncatedXml;
    service.sim.fail_next(away);
    is_refused_as(service.connector->fetch_event(service.context(), made->href), ErrorCode::InvalidResponse);
}

BOOST_DATA_TEST_CASE(what_changes_twice_in_a_second_is_told_twice, boost::unit_test::data::make(kClocks), row) {
    Service service("sogo");
    service.sim.quirks().without_date = !row.dated;
    service.clock.set_now(service.clock.now() + row.ahead);
    service.service_clock.set_now(service.service_clock.now() + row.service_ahead);
    service.wait(std::chrono::seconds(60));
    BOOST_REQUIRE(service.create("a"));
    const auto first = service.pull();
    BOOST_REQUIRE(first && first->changed.size() == 1u);
    BOOST_REQUIRE(service.create("b"));
    service.wait(std::chrono::seconds(60));
    const auto later = service.connector->fetch_changes(service.context(), service.calendar, first->next, {});
    BOOST_REQUIRE_MESSAGE(later, (later ? "" : later.error().detail));
    const bool told = std::any_of(later->changed.begin(), later->changed.end(), [](const RemoteEvent& event) {
        return event.event.uid.value == "b";
    });
    BOOST_TEST(told);
    BOOST_REQUIRE(service.create("c"));
    const auto third = service.connector->fetch_changes(service.context(), service.calendar, later->next, {});
    BOOST_REQUIRE(third && third->changed.size() == 1u);
    BOOST_REQUIRE(service.create("d"));
    service.wait(std::chrono::seconds(60));
    const auto last = service.connector->fetch_changes(service.context(), service.calendar, third->next, {});
    BOOST_REQUIRE(last && last->changed.size() == 2u);
    const auto rest = service.connector->fetch_changes(service.context(), service.calendar, last->next, {});
    BOOST_TEST((rest && rest->changed.empty()));
}

BOOST_AUTO_TEST_CASE(one_refused_sign_in_after_a_success_is_tried_again_at_once) {
    Service service;
    SimFault refused;
    refused.kind = SimFault::Kind::Refusal;
    refused.status = 401;
    service.sim.fail_next(refused);
    is_refused_as(service.pull(), ErrorCode::Unauthorized);
    BOOST_REQUIRE(service.pull());
    service.sim.fail_next(refused);
    BOOST_TEST(service.pull().has_value());
    refused.times = 2;
    service.sim.fail_next(refused);
    is_refused_as(service.pull(), ErrorCode::Unauthorized);
}

BOOST_AUTO_TEST_CASE(of_writes_together_one_refused_sign_in_hits_none) {
    Service service;
    BOOST_REQUIRE(service.pull());
    SimFault refused;
    refused.kind = SimFault::Kind::Refusal;
    refused.status = 401;
    service.sim.fail_next(refused);
    for (const auto& outcome : service.create_together({"a", "b", "c"})) BOOST_TEST(outcome.has_value());
    BOOST_TEST(service.sim.count(service.calendar) == 3u);
    refused.times = -1;
    service.sim.fail_next(refused);
    for (const auto& outcome : service.create_together({"d", "e"})) is_refused_as(outcome, ErrorCode::Unauthorized);
}

/// Servers lock out who goes on trying.
BOOST_AUTO_TEST_CASE(of_writes_together_few_show_a_password_that_is_refused) {
    Service service;
    std::vector<std::string> uids;
    for (int i = 0; i < 16; ++i) uids.push_back("n" + std::to_string(i));
    for (const auto& outcome : service.create_together(uids)) BOOST_REQUIRE(outcome.has_value());
    const auto page = service.pull();
    BOOST_REQUIRE((page && page->changed.size() == uids.size()));
    std::vector<EventWrite> updates, deletions;
    for (const auto& read : page->changed) {
        updates.push_back(update_of(read, "Ours"));
        deletions.push_back(deletion_of(read));
    }
    service.sim.unauthorized_after(0);
    for (const auto& writes : {updates, deletions}) {
        const std::size_t before = service.sim.requests().size();
        for (const auto& outcome :
             service.connector->batch()->write_events(service.context(), service.calendar, writes))
            is_refused_as(outcome, ErrorCode::Unauthorized);
        BOOST_TEST(service.sim.requests().size() - before <= 5u);
    }
    BOOST_TEST(service.sim.count(service.calendar) == uids.size());
}

BOOST_AUTO_TEST_CASE(of_writes_together_each_follows_its_redirect) {
    Service service;
    const auto url = http::parse_url(service.calendar.value);
    service.calendar.value = url->origin() + "/r307" + url->path;
    for (const auto& outcome : service.create_together({"a", "b"})) BOOST_TEST(outcome.has_value());
    service.calendar.value = url->text();
    BOOST_TEST(service.sim.count(service.calendar) == 2u);
    service.calendar.value = url->origin() + "/r307-foreign" + url->path;
    for (const auto& outcome : service.create_together({"c"})) is_refused_as(outcome, ErrorCode::InvalidResponse);
}

BOOST_AUTO_TEST_CASE(of_writes_together_what_has_guests_is_not_sent_I14) {
    Service service;
    service.sim.put_text(service.calendar, "a.ics", service.text("a"));
    service.sim.put_text(
        service.calendar, "b.ics", service.text("b", "ORGANIZER:mailto:x@a.example\r\nATTENDEE:mailto:y@b.example\r\n")
    );
    const auto page = service.pull();
    BOOST_REQUIRE((page && page->changed.size() == 2u));
    std::vector<EventWrite> writes;
    for (const auto& read : page->changed) writes.push_back(update_of(read, "Ours"));
    const auto outcomes = service.connector->batch()->write_events(service.context(), service.calendar, writes);
    for (std::size_t i = 0; i < writes.size(); ++i) {
        const bool with_guests = writes[i].event.uid.value == "b";
        BOOST_TEST(outcomes[i].has_value() != with_guests);
        const bool changed = service.sim.text(writes[i].href).find("Ours") != std::string::npos;
        BOOST_TEST(changed != with_guests);
    }
}

BOOST_DATA_TEST_CASE(who_is_a_guest_I14, boost::unit_test::data::make(kGuests), row) {
    BOOST_TEST(caldav::has_guests(row.text, {"anna@salon.example"}) == row.guests);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
