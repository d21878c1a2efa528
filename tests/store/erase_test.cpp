#include "store/erase.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/identity.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"
#include "tests/support/manual_clock.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

const std::string kName = "Quendolina Vexberger";
const std::string kKey(32, 'r');

/// A store on disk with a customer in every table that can name one.
struct Named {
    ScratchFolder folder{};
    std::unique_ptr<SqliteStore> store = SqliteStore::open(folder.file("store.db"));
    ManualClock clock{};

    Named() {
        clock.set_now(kNow + std::chrono::hours{5});
        store->write([](Writer& writer) {
            set_up(writer);
            for (int i = 0; i < 45; ++i) {
                Appointment a = hour_of("a" + std::to_string(i), i);
                a.customer = i % 5 == 4 ? "Somebody else" : kName;
                a.title = "Cut of " + a.customer;
                a.notes = "Notes on " + a.customer;
                book(writer, a);
                a.place = "Home of " + a.customer;
                book(writer, a);
            }
            Mirror mirror = *writer.mirror({"a0"}, {"cal-ann"});
            mirror.href = Href{"/ann/a0.ics"};
            mirror.confirmed = mirror.wanted;
            mirror.remote_text = mirror.written_text = "SUMMARY:Cut of " + kName;
            mirror.base = Shown{{}, {}, "Cut of " + kName, "", "", false};
            writer.put(mirror);
            BookingLink link;
            link.id = "l1";
            link.customer = kName;
            link.expires = kNow + std::chrono::hours{24};
            writer.put(link);
            Conflict conflict;
            conflict.appointment = {"a0"};
            conflict.calendar = {"cal-ann"};
            conflict.why = "Two say something else about " + kName;
            conflict.theirs = mirror.base;
            conflict.created = kNow;
            writer.add(conflict);
            CachedEvent event;
            event.calendar = {"cal-ann"};
            event.href = {"/ann/own.ics"};
            event.text = "SUMMARY:Call Quendolina\r\n  Vexberger";
            event.busy = {{kNow, kNow + std::chrono::hours{1}, BusyKind::Busy}};
            writer.put(event);
            const std::string body = "{\"id\":\"a0\",\"customer\":\"" + kName + "\"}";
            writer.put_idempotent_answer("key", {"digest", 201, body, kNow});
            writer.put_idempotent_answer("no JSON", {"digest", 200, "done", kNow});
        });
    }
    EraseParts parts() const {
        return {*store, zones(), clock, kKey, [](const Appointment& a) { return "{\"id\":\"" + a.id.value + "\"}"; }};
    }
    void begin() {
        store->write([&](Writer& w) { begin_erasure(w, erased_name(kName, kKey), clock.now(), "api"); });
    }
    Erasure erasure() const {
        return read(*store, [](const Reader& reader) { return reader.erasures().at(0); });
    }
    /// The copy of a0 was written again.
    void rewrite() {
        store->write([](Writer& writer) {
            Mirror mirror = *writer.mirror({"a0"}, {"cal-ann"});
            mirror.confirmed = mirror.wanted;
            writer.put(mirror);
        });
    }
    bool anywhere(const std::string& words) const {
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            std::ifstream in(entry.path(), std::ios::binary);
            std::ostringstream out;
            out << in.rdbuf();
            if (out.str().find(words) != std::string::npos) return true;
        }
        return false;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(erase, Named)

BOOST_AUTO_TEST_CASE(I28_no_file_of_the_store_has_the_name_and_others_stay) {
    BOOST_REQUIRE(anywhere("Vexberger"));
    const Mentions found = read(*store, [](const Reader& reader) { return mentions_of(reader, kName); });
    BOOST_TEST(found.appointments == 36);
    BOOST_TEST(found.revisions == 72);
    BOOST_TEST(found.conflicts == 1);
    BOOST_TEST(found.copies == 1);
    BOOST_TEST(found.foreign.size() == 1u);
    begin();
    const auto woken = go_on_erasing(parts());
    BOOST_TEST(woken.size() == 1u);
    BOOST_TEST(!anywhere("Vexberger"));
    BOOST_TEST(anywhere("Somebody else"));
    BOOST_TEST(!erasure().done);
    store->read([&](const Reader& reader) {
        BOOST_TEST(copies_left(reader, reader.erasures()[0]).size() == 1u);
        BOOST_TEST(awaits_erasure(reader, *reader.mirror({"a0"}, {"cal-ann"})));
        const auto a = reader.appointment({"a0"});
        BOOST_TEST(is_nameless(*a));
        BOOST_TEST((a->start == hour_of("a0", 0).start));
        BOOST_TEST(a->revision == 3);
        BOOST_TEST(reader.mirror({"a0"}, {"cal-ann"})->wanted == 3);
        BOOST_TEST((reader.conflicts(false)[0].state == ConflictState::ResolvedOurs));
        BOOST_TEST(reader.cached_event({"cal-ann"}, {"/ann/own.ics"})->busy.size() == 1u);
        BOOST_TEST(reader.idempotent_answer("key")->body == "{\"id\":\"a0\"}");
        BOOST_TEST(reader.idempotent_answer("no JSON")->body == "done");
        BOOST_TEST(reader.appointment({"a4"})->revision == 2);
        BOOST_TEST(reader.check_audit().findings.empty());
        BOOST_TEST(reader.changes_about("a0", 1)[0].kind == "appointment.erased");
    });
    rewrite();
    go_on_erasing(parts());
    BOOST_TEST(erasure().done);
    BOOST_TEST(erasure().waiting.empty());
    BOOST_TEST(!anywhere("Vexberger"));
}

BOOST_AUTO_TEST_CASE(I28_an_erasure_that_died_halfway_goes_on_without_being_told_the_name) {
    begin();
    struct Died {};
    int answers = 0;
    EraseParts dying = parts();
    dying.answer = [&](const Appointment& a) {
        if (++answers == 25) throw Died{};
        return "{\"id\":\"" + a.id.value + "\"}";
    };
    BOOST_CHECK_THROW(go_on_erasing(dying), Died);
    store.reset();
    store = SqliteStore::open(folder.file("store.db"));
    BOOST_REQUIRE(anywhere("Vexberger"));
    go_on_erasing(parts());
    rewrite();
    go_on_erasing(parts());
    BOOST_TEST(erasure().done);
    BOOST_TEST(!anywhere("Vexberger"));
}

BOOST_AUTO_TEST_CASE(a_later_booking_or_link_of_the_same_customer_is_not_meant) {
    BookingLink later;
    later.id = "l2";
    later.customer = kName;
    later.created = clock.now() + std::chrono::hours{1};
    store->write([&](Writer& writer) { writer.put(later); });
    begin();
    go_on_erasing(parts());
    rewrite();
    go_on_erasing(parts());
    clock.set_now(clock.now() + std::chrono::hours{1});
    store->write([&](Writer& writer) {
        Appointment a = hour_of("new", 100);
        a.customer = kName;
        place_appointment(writer, a, {}, zones(), clock.now(), "api", "");
        BOOST_TEST(!take_erasures(writer, writer.erasures()));
        BOOST_TEST(take_erasures(writer, {{"another", kNow, false, {}}}));
    });
    go_on_erasing(parts());
    store->read([](const Reader& reader) {
        BOOST_TEST(reader.appointment({"new"})->customer == kName);
        BOOST_TEST(!reader.booking_link("l1").has_value());
        BOOST_TEST(reader.booking_link("l2").has_value());
    });
}

BOOST_AUTO_TEST_CASE(a_full_person_does_not_hold_up_an_erasure) {
    store->write([](Writer& writer) {
        Staff ann = *writer.staff({"ann"});
        ann.capacity = 2;
        writer.put(ann);
        Appointment beside = hour_of("beside", 0);
        beside.customer = kName;
        book(writer, beside);
        ann.capacity = 1;
        writer.put(ann);
    });
    begin();
    go_on_erasing(parts());
    BOOST_TEST(!anywhere("Vexberger"));
    store->read([](const Reader& reader) { BOOST_TEST(reader.staff({"ann"})->capacity == 1); });
}

BOOST_AUTO_TEST_SUITE_END()
