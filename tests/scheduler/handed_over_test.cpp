/// What an older backup does not know of a second person.
#include <boost/test/unit_test.hpp>

#include "scheduler/restore.hpp"
#include "tests/scheduler/old_backup.hpp"

namespace calgate::testing {
namespace {

/// A second person with a calendar of their own.
struct Colleague : OldBackup {
    Colleague() {
        store.write([&](Writer& writer) {
            writer.put(Staff{.id = {"ben"}, .name = "Ben", .zone = "Europe/Berlin"});
            auto row = *writer.calendar(calendar);
            row.id = ben;
            row.href = theirs;
            row.staff = {"ben"};
            writer.put(row);
        });
        book("a", 10, 9);
        Appointment first = appointment("a");
        first.id = {"b"};
        first.staff = {"ben"};
        first.start = at(12, 9);
        first.end = at(12, 10);
        place(store, first);
        settle();
        engine.run_pass(ben);
    }
    void place(Store& into, const Appointment& wanted) {
        calgate::write(into, [&](Writer& w) {
            return place_appointment(w, wanted, {}, zones, clock.now(), "api", "");
        });
    }
    void hand_over(const std::string& id) {
        auto wanted = appointment(id);
        wanted.staff = {"ben"};
        place(store, wanted);
    }
    void live(SecondGateway& old) {
        for (int i = 0; i < 4; ++i, clock.advance(16min)) {
            old.engine.run_pass(ben);
            old.pass();
        }
    }
    CalendarId ben{"ben"};
    Href theirs = service.add_calendar("Ben");
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(handed_over, Colleague)

BOOST_AUTO_TEST_CASE(I21_what_was_handed_to_another_person_since_the_backup_is_theirs) {
    SecondGateway old(*this);
    hand_over("a");
    engine.run_pass(ben);  // Neither marker was written again, and the first person's copy is there still.
    BOOST_REQUIRE(service.count(theirs) == 3u);
    live(old);
    BOOST_TEST(!old.stands().has_value());
    BOOST_TEST(old.appointment("a")->staff.value == "ben");
    BOOST_TEST(service.count(theirs) == 3u);
    BOOST_TEST(service.count(href) == 1u);
}

BOOST_AUTO_TEST_CASE(I6_what_was_handed_over_and_changed_in_the_old_store_at_once_has_one_copy) {
    SecondGateway old(*this);
    hand_over("a");
    for (int i = 0; i < 2; ++i, clock.advance(16min)) engine.run_pass(ben);  // The marker is written again.
    Appointment other = *old.appointment("a");
    other.title = "Cut differently";
    place(*old.store, other);
    BOOST_REQUIRE(old.appointment("a")->revision == appointment("a").revision);
    live(old);
    BOOST_TEST(!old.stands().has_value());
    const bool handed_over = old.appointment("a")->staff.value == "ben";
    BOOST_TEST(service.count(theirs) == (handed_over ? 3u : 2u));
    BOOST_TEST(service.count(href) == (handed_over ? 1u : 2u));
    for (const CalendarId& id : {calendar, ben}) BOOST_TEST(old.engine.verify(id).findings.empty());
}

BOOST_AUTO_TEST_CASE(I21_what_was_handed_over_and_has_no_room_is_told_of_once) {
    SecondGateway old(*this);
    hand_over("a");
    engine.run_pass(ben);
    Appointment own = *old.appointment("a");
    own.id = {"own"};
    own.staff = {"ben"};
    place(*old.store, own);
    live(old);
    BOOST_TEST(!old.stands().has_value());
    const auto told = [&] {
        int count = 0;
        old.store->read([&](const Reader& reader) {
            for (const auto& change : reader.changes_about("a", 100)) count += change.kind == kLeftOut ? 1 : 0;
        });
        return count;
    };
    BOOST_TEST(told() == 1);
    for (const auto& event : service.events(theirs))
        if (event.event.master.title == "Cut a")
            service.edit(event.href, [](Event& seen) { seen.master.place = "Chair 2"; });
    live(old);
    BOOST_TEST(told() == 1);
    BOOST_TEST(!old.stands().has_value());
}

BOOST_AUTO_TEST_CASE(I21_what_came_back_without_a_marker_brings_its_person) {
    SecondGateway old(*this);
    store.write([&](Writer& writer) {
        writer.put(Staff{.id = {"cleo"}, .name = "Cleo", .zone = "Europe/Berlin"});
        auto row = *writer.calendar(ben);
        row.staff = {"cleo"};
        writer.put(row);
    });
    Appointment wanted = appointment("a");
    wanted.id = {"new"};
    wanted.staff = {"cleo"};
    place(store, wanted);
    engine.run_pass(ben);
    const Href marker = *calgate::read(store, [&](const Reader& r) { return r.calendar(ben)->marker; });
    service.erase(marker);
    live(old);
    BOOST_TEST(!old.stands().has_value());
    BOOST_REQUIRE(old.appointment("new").has_value());
    BOOST_TEST(calgate::read(*old.store, [](const Reader& r) { return r.staff(StaffId{"cleo"}).has_value(); }));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
