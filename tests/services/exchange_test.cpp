#include "connectors/http/url.hpp"
#include "tests/services/salon.hpp"
#include "tests/sim/ews_sim.hpp"

/// What an operator meets with an Exchange server, each with the sentence that says what to do.
namespace calgate::testing {

namespace {

struct Office : Salon {
    explicit Office(const std::string& name = "ews") : Salon(name) {
        for (int i = 0; i < 6; ++i) book("a" + std::to_string(i), at(20 + i, 9));
        run(30s);
        BOOST_REQUIRE(waiting() == 0);
    }
    EwsSim& server() { return dynamic_cast<EwsBackstage&>(*service).server(); }
    const std::string& folder() { return dynamic_cast<EwsBackstage&>(*service).folder(); }
    Calendar row() const {
        return calgate::read(store, [&](const Reader& r) { return *r.calendar(calendar); });
    }
    Account account() const {
        return calgate::read(store, [&](const Reader& r) { return *r.account({"acc"}); });
    }
    std::string trouble() const {
        for (const auto& one : engine->health())
            if (one.calendar == calendar) return one.trouble;
        return {};
    }
    void all_are_confirmed() const {
        for (int i = 0; i < 6; ++i)
            BOOST_TEST((appointment("a" + std::to_string(i)).state == AppointmentState::Confirmed));
    }
};

void says(const std::string& sentence, const std::string& part) {
    BOOST_TEST(sentence.find(part) != std::string::npos, "\"" << sentence << "\" does not say \"" << part << "\"");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exchange)

BOOST_AUTO_TEST_CASE(a_password_revoked_in_mid_run_waits_with_one_alarm_and_lands_afterwards) {
    Office office;
    bool once = true;
    office.wire.after = [&](const http::Request& request) {
        if (request.body.find("<m:CreateItem") != std::string::npos && std::exchange(once, false))
            office.service->revoke();
    };
    for (int i = 0; i < 3; ++i) office.book("b" + std::to_string(i), Salon::at(10 + i, 9));
    office.run(30s);
    BOOST_TEST(office.noted("account.attention") == 0, "a throttled server says the same");
    office.run(300s);
    BOOST_TEST(office.noted("account.attention") == 1);
    BOOST_TEST((office.account().state == AccountState::NeedsAttention));
    says(office.account().detail, "does not accept the user name or password");
    says(office.account().detail, "calgate connect");
    const int before = office.wire.calls;
    office.run(600s, 5s);
    BOOST_TEST(office.wire.calls == before, "nobody hammers with a refused password");
    BOOST_TEST(office.server().open_streams() == 0u);
    office.service->admit();
    office.store.write([](Writer& writer) {
        auto account = *writer.account({"acc"});
        account.state = AccountState::Active;
        account.detail.clear();
        ++account.sign_ins;
        writer.put(account);
    });
    office.run(60s);
    BOOST_TEST(office.waiting() == 0);
    BOOST_TEST(office.events().size() == 9u);
    office.all_are_confirmed();
}

BOOST_AUTO_TEST_CASE(a_sign_in_refused_once_is_throttling_and_no_alarm) {
    Office office;
    SimFault refused;
    refused.kind = SimFault::Kind::Refusal;
    refused.status = 401;
    office.server().fail_next(refused);
    office.book("new", Salon::at(12, 9));
    office.run(300s);
    BOOST_TEST(office.noted("account.attention") == 0);
    BOOST_TEST((office.account().state == AccountState::Active));
    BOOST_TEST(office.waiting() == 0);
    BOOST_TEST(office.events().size() == 7u);
}

BOOST_AUTO_TEST_CASE(a_locked_account_waits_for_a_person_at_once) {
    Office office;
    SimFault locked;
    locked.kind = SimFault::Kind::Refusal;
    locked.status = 401;
    locked.body = "The referenced account is currently locked out and may not be logged on to.";
    office.server().fail_next(locked);
    office.run(400s);
    BOOST_TEST(office.noted("account.attention") == 1);
    says(office.account().detail, "is locked");
}

/// E4: an assistant of Exchange's touches each item right after it was written.
BOOST_AUTO_TEST_CASE(a_version_that_moves_by_itself_is_no_conflict) {
    Office office("ews_assistant");
    for (int i = 0; i < 3; ++i) office.book("b" + std::to_string(i), Salon::at(10 + i, 9));
    office.run(120s);
    for (int i = 0; i < 3; ++i) office.book("b" + std::to_string(i), Salon::at(10 + i, 11));
    office.run(300s);
    BOOST_TEST(office.waiting() == 0);
    BOOST_TEST(office.noted("copy.parked") == 0);
    BOOST_TEST(office.events().size() == 9u);
    office.all_are_confirmed();
}

BOOST_AUTO_TEST_CASE(a_mailbox_over_quota_parks_what_is_new_and_goes_on_with_the_rest) {
    Office office;
    office.server().set_full(true);
    office.book("new", Salon::at(12, 9));
    office.book("a0", Salon::at(13, 9));
    office.cancel("a1");
    office.run(60s);
    BOOST_TEST((office.mirror("new").state == MirrorState::Parked));
    says(office.mirror("new").detail, "the mailbox is full; make room in it.");
    BOOST_TEST(office.noted("copy.parked") == 1);
    BOOST_TEST(!office.mirror("a0").open());
    BOOST_TEST(office.events().size() == 5u);
    office.run(900s, 5s);
    BOOST_TEST(office.noted("copy.parked") == 1);
    office.server().set_full(false);
    office.book("new", Salon::at(12, 10));
    office.run(60s);
    BOOST_TEST(!office.mirror("new").open());
    BOOST_TEST(office.events().size() == 6u);
}

BOOST_AUTO_TEST_CASE(once_there_is_room_in_the_mailbox_what_was_refused_lands_by_itself) {
    Office office;
    office.server().set_full(true);
    for (const char* id : {"b0", "b1", "b2"}) office.book(id, Salon::at(10 + id[1] - '0', 9));
    office.run(60s);
    const auto parked = [&](const char* id) { return office.mirror(id).state == MirrorState::Parked; };
    BOOST_TEST((parked("b0") && parked("b1") && parked("b2")));
    BOOST_TEST(office.noted("copy.parked") == 3);
    office.run(2h + 5min, 5s);
    BOOST_TEST(office.noted("copy.parked") == 3, "the same refusal is no other alarm");
    BOOST_TEST((parked("b0") && parked("b1") && parked("b2")));
    office.server().set_full(false);
    office.run(1h + 5min, 5s);
    BOOST_TEST((!parked("b0") && !parked("b1") && !parked("b2")));
    BOOST_TEST(office.waiting() == 0);
    BOOST_TEST(office.events().size() == 9u);
    BOOST_TEST(office.mirror("b0").detail == "");
    BOOST_TEST(office.noted("copy.parked") == 3);
}

/// R20: another version of the gateway may write what this one could not.
BOOST_AUTO_TEST_CASE(what_was_refused_is_tried_once_when_the_gateway_starts) {
    Office office;
    SimFault refused;
    refused.kind = SimFault::Kind::Refusal;
    refused.status = 413;
    refused.method = "CreateItem";
    refused.times = -1;
    office.server().fail_next(refused);
    office.book("new", Salon::at(12, 9));
    office.run(60s);
    BOOST_TEST((office.mirror("new").state == MirrorState::Parked));
    const auto start_again = [&] {
        office.engine = std::make_unique<Engine>(
            EngineParts{
                office.store,
                office.index,
                office,
                office.zones,
                office.clock,
                office.random,
                office.keys,
                [](const std::string&) {}},
            office.settings
        );
        office.engine->load();
        office.engine->poll_now(office.calendar);
    };
    start_again();
    const auto creations = [&] {
        int count = 0;
        for (const auto& request : office.server().exchanges())
            count += request.body.find("<m:CreateItem") != std::string::npos ? 1 : 0;
        return count;
    };
    const int before = creations();
    office.run(2h, 5s);
    BOOST_TEST(creations() == before + 1, "a refusal that stays is not asked for again");
    BOOST_TEST((office.mirror("new").state == MirrorState::Parked));
    BOOST_TEST(office.noted("copy.parked") == 1);
    office.server().clear_faults();
    start_again();
    office.run(60s);
    BOOST_TEST((office.mirror("new").state == MirrorState::Active));
    BOOST_TEST(office.waiting() == 0);
    BOOST_TEST(office.events().size() == 7u);
}

/// Between our reading and our writing: a server that does not look at ChangeKeys lets both through (I10).
BOOST_AUTO_TEST_CASE(an_edit_that_such_a_server_lets_through_is_read_afterwards_and_kept) {
    for (const char* profile : {"ews", "ews_lax", "ews_stranger"}) {
        Office office(profile);
        const std::string id =
            http::percent_decode(office.mirror("a0").href->value.substr(office.mirror("a0").href->value.rfind('/') + 1)
            );
        bool once = true;
        office.wire.instead = [&](const http::Request& request) -> std::optional<http::Response> {
            if (request.body.find("<m:UpdateItem") != std::string::npos && std::exchange(once, false))
                office.server().patch_item(id, "<CalendarItem><Location>Room 7</Location></CalendarItem>");
            return std::nullopt;
        };
        office.book("a0", Salon::at(13, 9));
        office.run(120s);
        BOOST_TEST(!once);
        BOOST_TEST_CONTEXT(profile) BOOST_TEST(office.appointment("a0").place == "Room 7");
        BOOST_TEST((office.appointment("a0").start == Salon::at(13, 9)));
        office.book("a1", Salon::at(14, 9));
        office.run(120s);
        BOOST_TEST(office.server().item_xml(id).find("Room 7") != std::string::npos);
        BOOST_TEST(office.waiting() == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_goes_busy_with_a_back_off_hint_is_left_alone_so_long) {
    Office office;
    office.server().busy_for(1, 120'000);
    office.book("new", Salon::at(12, 9));
    office.run(10s);
    const int before = office.wire.calls;
    says(office.trouble(), "is busy and asks us to wait");
    office.run(100s);
    BOOST_TEST(office.wire.calls == before, "nothing is asked before the hint is over");
    office.run(60s);
    BOOST_TEST(office.waiting() == 0);
    BOOST_TEST(office.events().size() == 7u);
    BOOST_TEST(office.trouble() == "");
}

/// F17: neither the folder's end nor the new ids of what was in it say anything about an appointment.
BOOST_AUTO_TEST_CASE(a_calendar_folder_that_was_moved_is_parked_with_one_alarm_and_deletes_nothing) {
    Office office;
    office.block("theirs", Salon::at(12, 14));
    const std::string moved = office.server().move_calendar(office.folder());
    const std::size_t items = office.server().count(moved);
    office.book("a0", Salon::at(14, 9));
    office.run(1800s, 5s);
    BOOST_TEST((office.row().state == CalendarState::Gone));
    says(office.row().detail, "no longer lists this calendar");
    BOOST_TEST(office.noted("calendar.attention") == 1);
    office.all_are_confirmed();
    BOOST_TEST(office.server().count(moved) == items);
    // Chosen again at its new place, its copies are taken over.
    office.store.write([&](Writer& writer) {
        auto row = *writer.calendar(office.calendar);
        row.href = Href{"folders/" + http::percent_encode(moved)};
        row.state = CalendarState::Active;
        row.detail.clear();
        row.sync_token.reset();
        row.full_listing.reset();
        row.marker.reset();
        writer.put(row);
    });
    office.engine->poll_now(office.calendar);
    office.run(1800s, 5s);
    BOOST_TEST(office.waiting() == 0);
    office.all_are_confirmed();
    int copies = 0;
    for (const std::string& id : office.server().item_ids(moved))
        copies += office.server().item_xml(id).find("<Subject>Cut ") != std::string::npos ? 1 : 0;
    BOOST_TEST(copies == 6);
}

/// A folder keeps its id in the Deleted Items, and goes on answering.
BOOST_AUTO_TEST_CASE(a_calendar_folder_in_the_deleted_items_is_parked_with_one_alarm_and_deletes_nothing) {
    Office office;
    const std::size_t items = office.server().count(office.folder());
    office.server().put_into_deleted_items(office.folder());
    office.run(600s, 5s);
    BOOST_TEST((office.row().state == CalendarState::Active), "asked at a listing, not at each poll");
    office.run(26h, 60s);
    BOOST_TEST((office.row().state == CalendarState::Gone));
    says(office.row().detail, "lies in the Deleted Items; move it back in Outlook");
    BOOST_TEST(office.noted("calendar.attention") == 1);
    office.all_are_confirmed();
    BOOST_TEST(office.server().count(office.folder()) == items);
}

BOOST_AUTO_TEST_CASE(a_calendar_folder_that_was_deleted_is_parked_with_one_alarm_and_deletes_nothing) {
    Office office;
    office.server().remove_calendar(office.folder());
    office.run(1800s, 5s);
    BOOST_TEST((office.row().state == CalendarState::Gone));
    says(office.row().detail, "Connect another one or restore it there.");
    BOOST_TEST(office.noted("calendar.attention") == 1);
    office.all_are_confirmed();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
