#include <boost/test/data/test_case.hpp>

#include "connectors/ews/ews_availability.hpp"
#include "tests/services/salon.hpp"
#include "tests/sim/ews_sim.hpp"

/// The busy time of an Exchange mailbox that may not be read.
namespace calgate::testing {

namespace {

void says(const std::string& sentence, const std::string& part) {
    BOOST_TEST(sentence.find(part) != std::string::npos, "\"" << sentence << "\" does not say \"" << part << "\"");
}

/// Anna's office plus a room that may not be read, which blocks her time.
struct Room : Salon {
    Room() : Salon("ews") {
        room = server().make_calendar("room1@corp.example");
        put("2026-03-12T08:00:00Z", "2026-03-12T08:45:00Z", "Busy");
        put("2026-03-12T10:00:00Z", "2026-03-12T11:00:00Z", "Free");
        put("2026-06-15T10:00:00Z", "2026-06-15T11:00:00Z", "WorkingElsewhere");
        store.write([&](Writer& writer) {
            Calendar row;
            row.id = {"room"};
            row.account = {"acc"};
            row.staff = {"anna"};
            row.href = ews::availability_href("room1@corp.example");
            row.busy = true;
            writer.put(row);
        });
        engine->poll_now({"room"});
        run(30s);
    }
    EwsSim& server() { return dynamic_cast<EwsBackstage&>(*service).server(); }
    void put(const std::string& start, const std::string& end, const std::string& type) {
        server().put_item(
            room,
            "<CalendarItem><Subject>Secret</Subject><Start>" + start + "</Start><End>" + end +
                "</End><LegacyFreeBusyStatus>" + type + "</LegacyFreeBusyStatus></CalendarItem>"
        );
    }
    bool busy_at(const std::string& utc) const {
        const Instant at = *parse_instant(utc);
        return !busy_within(*index.person({"anna"}), {at, at + 1min}).empty();
    }
    SourceState::Freshness freshness() const { return index.person({"anna"})->sources.at("room").freshness; }
    std::string room{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(exchange_availability, Room)

BOOST_AUTO_TEST_CASE(a_room_that_may_not_be_read_blocks_time) {
    BOOST_TEST(busy_at("2026-03-12T08:30:00Z"));
    BOOST_TEST(!busy_at("2026-03-12T08:50:00Z"));
    BOOST_TEST(!busy_at("2026-03-12T10:30:00Z"));
    BOOST_TEST(busy_at("2026-06-15T10:30:00Z"), "what somebody does elsewhere is not free");
    put("2026-03-13T08:00:00Z", "2026-03-13T09:00:00Z", "Tentative");
    put("2027-12-01T08:00:00Z", "2027-12-01T09:00:00Z", "Busy");
    for (const std::string& id : server().item_ids(room))
        if (server().item_xml(id).find("2026-03-12T08:00:00Z") != std::string::npos) server().erase_item(id);
    run(370s, 5s);
    BOOST_TEST(busy_at("2026-03-13T08:30:00Z"));
    BOOST_TEST(!busy_at("2026-03-12T08:30:00Z"));
    BOOST_TEST(busy_at("2027-12-01T08:30:00Z"), "as far ahead as anything can be booked");
}

BOOST_AUTO_TEST_CASE(digits_alone_block_time_too) {
    server().quirks().digits_only = true;
    put("2026-03-13T08:07:00Z", "2026-03-13T09:00:00Z", "Busy");
    run(370s, 5s);
    BOOST_TEST(busy_at("2026-03-13T08:30:00Z"));
    BOOST_TEST(busy_at("2026-03-12T08:30:00Z"));
    BOOST_TEST(!busy_at("2026-03-12T10:30:00Z"));
}

/// I18: what is not known is never free, and says nothing about the other calendars of the account.
BOOST_AUTO_TEST_CASE(a_mailbox_whose_time_nobody_may_see_keeps_what_was_known_and_is_not_live) {
    BOOST_TEST((freshness() == SourceState::Freshness::Live));
    server().quirks().without_free_busy = {"room1@corp.example"};
    book("a", at(20, 9));
    run(400s, 5s);
    BOOST_TEST(busy_at("2026-03-12T08:30:00Z"));
    BOOST_TEST((freshness() == SourceState::Freshness::Cached));
    BOOST_TEST(waiting() == 0);
    BOOST_TEST(events().size() == 1u);
    std::string sentence;
    for (const auto& one : engine->health())
        if (one.calendar.value == "room") sentence = one.trouble;
    says(sentence, "does not let this account see when the mailbox is busy");
}

BOOST_AUTO_TEST_CASE(a_mailbox_that_the_server_does_not_know_is_told_and_deletes_nothing) {
    server().remove_calendar(room);
    run(400s, 5s);
    BOOST_TEST(busy_at("2026-03-12T08:30:00Z"));
    BOOST_TEST((calgate::read(store, [](const Reader& r) {
                    return r.calendar({"room"})->state;
                }) != CalendarState::Gone));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

const char* const kView =
    "<FreeBusyResponse><ResponseMessage ResponseClass=\"Success\"><ResponseCode>NoError</ResponseCode>"
    "</ResponseMessage><FreeBusyView>";
struct Said {
    const char* name;
    const char* view;
    int blocks;  ///< -1: an error.
};
std::ostream& operator<<(std::ostream& out, const Said& row) { return out << row.name; }
const Said kSaid[] = {
    {"nothing_at_all", "", -1},
    {"a_view_of_none", "<FreeBusyViewType>None</FreeBusyViewType>", -1},
    {"none_with_digits", "<FreeBusyViewType>None</FreeBusyViewType><MergedFreeBusy>0000</MergedFreeBusy>", -1},
    {"free_by_digits", "<FreeBusyViewType>MergedOnly</FreeBusyViewType><MergedFreeBusy>0000</MergedFreeBusy>", 0},
    {"two_runs_of_digits", "<MergedFreeBusy>0110200</MergedFreeBusy>", 2},
    {"a_digit_nobody_knows_is_busy", "<MergedFreeBusy>0090</MergedFreeBusy>", 1},
    {"no_data_is_busy", "<MergedFreeBusy>4444</MergedFreeBusy>", 1},
    {"an_entry_that_cannot_be_read",
     "<CalendarEventArray><CalendarEvent><StartTime>x</StartTime></CalendarEvent></CalendarEventArray>",
     -1},
    {"a_type_nobody_knows_is_busy",
     "<CalendarEventArray><CalendarEvent><StartTime>2026-01-12T08:00:00</StartTime><EndTime>2026-01-12T09:00:00</"
     "EndTime>"
     "<BusyType>Asleep</BusyType></CalendarEvent></CalendarEventArray>",
     1},
    {"free_entries",
     "<CalendarEventArray><CalendarEvent><StartTime>2026-01-12T08:00:00</StartTime><EndTime>2026-01-12T09:00:00</"
     "EndTime>"
     "<BusyType>Free</BusyType></CalendarEvent></CalendarEventArray>",
     0},
};

}  // namespace

BOOST_DATA_TEST_CASE(what_is_not_known_is_never_free, boost::unit_test::data::make(kSaid), row) {
    const ZoneResolver zones;
    const auto response = ews::parse_xml(std::string(kView) + row.view + "</FreeBusyView></FreeBusyResponse>");
    BOOST_REQUIRE(response);
    const auto blocks = ews::read_availability(*response, *parse_instant("2026-01-12T00:00:00Z"), zones, "mail");
    BOOST_TEST(blocks.has_value() == (row.blocks >= 0));
    if (blocks) BOOST_TEST(static_cast<int>(blocks->size()) == row.blocks);
}

}  // namespace calgate::testing
