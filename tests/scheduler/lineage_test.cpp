#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <map>

#include "tests/scheduler/old_backup.hpp"

using namespace std::chrono_literals;
namespace bdata = boost::unit_test::data;

namespace calgate::testing {
namespace {

/// How the store finds out that it is old: by the marker, or by the copies before the marker was written again.
const std::chrono::seconds kLater[] = {11min, 1min};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lineage, OldBackup)

BOOST_DATA_TEST_CASE_F(
    OldBackup, I21_an_old_backup_writes_nothing_until_it_has_what_the_calendars_hold, bdata::make(kLater), later
) {
    show(CopyDetail::kBusy);
    for (const char* id : {"a", "gone"}) book(id, id[0] == 'a' ? 10 : 12, 9);
    book("first", 14, 9);
    book("second", 14, 10);
    settle();
    SecondGateway old(*this);
    // The life of the store that is lost then. One appointment makes room for another.
    move("a", 10, 11);
    move("second", 14, 11);
    move("first", 14, 10);
    auto named = appointment("a");
    named.title = "Colour";
    named.notes = "allergic";
    calgate::write(store, [&](Writer& w) { return place_appointment(w, named, {}, zones, clock.now(), "api", ""); });
    book("new", 11, 9);
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"gone"}, {}, zones, clock.now(), "api", "");
    });
    clock.advance(later);
    settle();
    const auto before = texts();

    // The old store gets a booking of its own.
    old.book("own", 20, 9);
    old.pass();
    BOOST_REQUIRE(old.stands().has_value());
    BOOST_TEST((old.stands()->lineage == Lineage::Behind));
    BOOST_TEST((texts() == before));
    old.pass();
    BOOST_TEST(!old.stands().has_value());
    BOOST_REQUIRE(old.appointment("new").has_value());
    BOOST_TEST((old.appointment("new")->start == at(11, 9)));
    BOOST_TEST((old.appointment("a")->start == at(10, 11)));
    BOOST_TEST(old.appointment("a")->title == "Colour");
    BOOST_TEST(old.appointment("a")->notes == "allergic");
    BOOST_TEST((old.appointment("first")->start == at(14, 10)));
    BOOST_TEST((old.appointment("second")->start == at(14, 11)));
    BOOST_TEST(old.appointment("a")->revision == appointment("a").revision);
    for (int i = 0; i < 4; ++i, clock.advance(16min)) old.pass();
    // Who cancelled is not known any more.
    BOOST_TEST((old.appointment("gone")->state == AppointmentState::Confirmed));
    BOOST_TEST(old.open_conflicts() == 1u);
    BOOST_TEST(!old.stands().has_value());
    BOOST_TEST(service.count(href) == 6u);  // Five copies and the marker.
    BOOST_TEST(old.engine.verify(calendar).findings.size() == 1u);
}

BOOST_AUTO_TEST_CASE(I21_every_target_is_read_before_any_is_written) {
    const Href other = service.add_calendar("Rooms");
    store.write([&](Writer& writer) {
        auto second = *writer.calendar(calendar);
        second.id = {"rooms"};
        second.href = other;
        writer.put(second);
        add_target(writer, second, zones, clock.now());
    });
    book("a", 10, 9);
    settle();
    engine.run_pass({"rooms"});
    SecondGateway old(*this);
    move("a", 10, 11);
    settle();
    old.book("own", 20, 9);
    for (int i = 0; i < 3; ++i) old.pass();
    BOOST_TEST(old.stands().has_value());
    BOOST_TEST(service.count(href) == 2u);
    for (int i = 0; i < 2; ++i) old.engine.run_pass({"rooms"});
    BOOST_TEST(!old.stands().has_value());
    old.pass();
    BOOST_TEST(service.count(href) == 3u);
    BOOST_TEST(service.count(other) == 3u);
}

BOOST_AUTO_TEST_CASE(I21_what_comes_back_from_one_target_gets_a_copy_at_those_that_were_read_before) {
    const Href other = service.add_calendar("Rooms");
    store.write([&](Writer& writer) {
        auto second = *writer.calendar(calendar);
        second.id = {"rooms"};
        second.href = other;
        writer.put(second);
        add_target(writer, second, zones, clock.now());
    });
    book("a", 10, 9);
    settle();
    engine.run_pass({"rooms"});
    SecondGateway old(*this);
    // The second target is not reached any more.
    book("new", 11, 9);
    clock.advance(11min);
    settle();
    BOOST_REQUIRE(service.count(other) == 2u);
    old.pass();
    BOOST_REQUIRE(old.stands().has_value());
    for (int i = 0; i < 2; ++i) {
        old.engine.run_pass({"rooms"});
        old.pass();
    }
    BOOST_REQUIRE(!old.stands().has_value());
    BOOST_REQUIRE(old.appointment("new").has_value());
    old.engine.run_pass({"rooms"});
    BOOST_TEST(service.count(other) == 3u);
    BOOST_TEST(old.engine.verify({"rooms"}).findings.empty());
}

BOOST_AUTO_TEST_CASE(I21_a_copy_that_was_written_anew_since_the_backup_is_no_deletion) {
    const auto decides = [&](DeletionPolicy policy) {
        store.write([&](Writer& writer) {
            auto business = *writer.business();
            business.deletions = policy;
            writer.put(business);
        });
    };
    decides(DeletionPolicy::Cancel);
    book("a", 10, 9);
    settle();
    SecondGateway old(*this);
    decides(DeletionPolicy::Restore);
    service.erase(*mirror("a").href);
    book("b", 11, 9);
    for (int i = 0; i < 4; ++i, clock.advance(16min)) pass();
    BOOST_REQUIRE(mirror("a").generation == 2);
    BOOST_REQUIRE(service.count(href) == 3u);
    for (int i = 0; i < 4; ++i, clock.advance(16min)) old.pass();
    BOOST_TEST(!old.stands().has_value());
    BOOST_TEST((old.appointment("a")->state == AppointmentState::Confirmed));
    BOOST_TEST(old.open_conflicts() == 0u);
    BOOST_TEST(service.count(href) == 3u);
    old.store->read([&](const Reader& reader) {
        BOOST_TEST(reader.mirror({"a"}, calendar)->generation == 2);
        BOOST_TEST(reader.cached_events(calendar).empty());
    });
}

BOOST_AUTO_TEST_CASE(I8_I21_what_a_person_made_of_a_copy_since_the_backup_stays_theirs) {
    book("a", 10, 9);
    settle();
    SecondGateway old(*this);
    move("a", 10, 11);
    clock.advance(11min);
    settle();
    Event twin;
    for (const auto& event : service.events(href))
        if (event.href == *mirror("a").href) twin = event.event;
    twin.uid = {"copied-by-hand"};
    twin.source.clear();
    service.put(href, twin);
    service.erase(*mirror("a").href);
    const auto theirs = [&] {
        for (const auto& event : service.events(href))
            if (event.event.uid.value == "copied-by-hand") return event.event.source;
        return std::string("gone");
    };
    const std::string before = theirs();
    for (int i = 0; i < 6; ++i, clock.advance(16min)) old.pass();
    BOOST_TEST(!old.stands().has_value());
    BOOST_TEST(theirs() == before);
    old.store->read([&](const Reader& reader) {
        BOOST_TEST(reader.mirror({"a"}, calendar)->uid.value != "copied-by-hand");
    });
}

BOOST_AUTO_TEST_CASE(I21_a_booking_of_the_minutes_before_the_loss_comes_back_from_its_copy) {
    book("a", 10, 9);
    settle();
    SecondGateway old(*this);
    book("new", 11, 9);
    settle();  // The marker was not written again.
    for (int i = 0; i < 3; ++i) old.pass();
    BOOST_TEST(!old.stands().has_value());
    BOOST_REQUIRE(old.appointment("new").has_value());
    BOOST_TEST(service.count(href) == 3u);
}

BOOST_DATA_TEST_CASE_F(OldBackup, I21_what_was_cancelled_and_booked_again_comes_back, bdata::make(kLater), later) {
    book("a", 10, 9);
    settle();
    calgate::write(store, [&](Writer& w) { return cancel_appointment(w, {"a"}, {}, zones, clock.now(), "api", ""); });
    settle();
    BOOST_REQUIRE(service.count(href) == 1u);
    SecondGateway old(*this);
    book("a", 10, 11);
    clock.advance(later);
    pass();
    BOOST_REQUIRE(service.count(href) == 2u);
    for (int i = 0; i < 4; ++i, clock.advance(1min)) old.pass();
    BOOST_TEST(!old.stands().has_value());
    BOOST_TEST((old.appointment("a")->state == AppointmentState::Confirmed));
    BOOST_TEST((old.appointment("a")->start == at(10, 11)));
    BOOST_TEST(service.count(href) == 2u);
    BOOST_TEST(old.engine.verify(calendar).findings.empty());
}

BOOST_AUTO_TEST_CASE(I21_a_newer_booking_that_has_no_room_in_the_older_store_is_told_of) {
    book("first", 10, 9);
    settle();
    SecondGateway old(*this);
    calgate::write(store, [&](Writer& w) {
        return cancel_appointment(w, {"first"}, {}, zones, clock.now(), "api", "");
    });
    book("second", 10, 9);
    clock.advance(11min);
    settle();
    for (int i = 0; i < 3; ++i) old.pass();
    BOOST_REQUIRE(!old.stands().has_value());
    BOOST_TEST(!old.appointment("second").has_value());
    const auto told = calgate::read(*old.store, [](const Reader& r) { return r.changes_about("second", 10); });
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST(told[0].kind == "copy.left_out");
    BOOST_TEST(told[0].why.find("anna, 2026-03-10T09:00:00 Europe/Berlin") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(I21_two_gateways_on_one_target_both_stop_until_a_person_chooses) {
    book("a", 10, 9);
    settle();
    SecondGateway twin(*this);
    book("x", 11, 9);
    clock.advance(11min);
    settle();
    for (int i = 0; i < 3; ++i, clock.advance(11min)) twin.pass();
    BOOST_TEST(!twin.stands().has_value());
    BOOST_TEST(twin.appointment("x").has_value());
    pass();
    BOOST_REQUIRE(stands().has_value());
    BOOST_TEST((stands()->lineage == Lineage::Rival));
    twin.pass();
    BOOST_REQUIRE(twin.stands().has_value());
    BOOST_TEST((twin.stands()->lineage == Lineage::Rival));
    book("y", 12, 9);
    const auto before = service.count(href);
    for (int i = 0; i < 3; ++i, clock.advance(11min)) {
        pass();
        twin.pass();
    }
    BOOST_TEST(service.count(href) == before);

    take_over(store, random, clock.now(), "cli");
    for (int i = 0; i < 3; ++i, clock.advance(11min)) {
        pass();
        twin.pass();
    }
    BOOST_TEST(!stands().has_value());
    BOOST_TEST(engine.verify(calendar).findings.empty());
    BOOST_REQUIRE(twin.stands().has_value());
    BOOST_TEST((twin.stands()->lineage == Lineage::Replaced));
}

BOOST_AUTO_TEST_CASE(I21_a_process_that_has_read_nothing_asks_the_marker_before_it_writes) {
    book("a", 10, 9);
    settle();
    SecondGateway old(*this);
    book("x", 11, 9);
    clock.advance(11min);
    settle();
    const auto before = texts();
    calgate::write(*old.store, [&](Writer& w) {
        return cancel_appointment(w, {"a"}, {}, zones, clock.now(), "api", "");
    });
    // Reading fails in a way that lets writing go on.
    service.fail_next({memory::Operation::Changes, {ErrorCode::InvalidResponse, "No calendar.", {}}});
    old.pass();
    BOOST_TEST((texts() == before));
    BOOST_TEST(old.stands().has_value());
}

BOOST_AUTO_TEST_CASE(R7_copies_whose_rows_are_gone_are_found_before_anything_is_written) {
    book("a", 10, 9);
    book("b", 11, 9);
    settle();
    // "a" has a copy under its second name.
    service.erase(*mirror("a").href);
    store.write([](Writer& writer) {
        auto business = *writer.business();
        business.deletions = DeletionPolicy::Restore;
        writer.put(business);
    });
    for (int i = 0; i < 3; ++i, clock.advance(16min)) pass();
    BOOST_REQUIRE(mirror("a").generation == 2);
    book("c", 12, 9);  // Without a copy as yet.
    store.write([&](Writer& writer) {
        for (const auto& row : writer.mirrors_on(calendar)) writer.erase_mirror(row.appointment, calendar);
    });
    SecondGateway again(*this);
    for (int i = 0; i < 3; ++i, clock.advance(60s)) again.pass();
    BOOST_TEST(!again.stands().has_value());
    BOOST_TEST(service.count(href) == 4u);
    BOOST_TEST(again.engine.verify(calendar).findings.empty());
    const auto row = calgate::read(*again.store, [&](const Reader& r) { return r.mirror({"a"}, calendar); });
    BOOST_REQUIRE(row.has_value());
    BOOST_TEST(row->generation == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
