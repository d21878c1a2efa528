#include "store/exposure.hpp"

#include <sqlite3.h>

#include <boost/test/unit_test.hpp>
#include <random>

#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

Exposure kept(Store& store) {
    return read(store, [](const Reader& r) { return r.exposure(); });
}

/// Counted over every row.
Exposure counted(Store& store) {
    Exposure out;
    store.read([&](const Reader& reader) {
        for (const Appointment& a : reader.appointments({}, 100'000)) {
            bool waits = false, held = false;
            for (const Mirror& mirror : reader.mirrors_of(a.id)) {
                waits = waits || (mirror.open() && reader.calendar(mirror.calendar)->mirror);
                held = held || mirror.confirmed >= a.revision;
            }
            if (!waits || held) continue;
            ++out.appointments;
            out.oldest = out.oldest ? std::min(*out.oldest, a.changed) : a.changed;
        }
    });
    return out;
}

void expect_counted(Store& store) {
    const Exposure by_store = kept(store), by_hand = counted(store);
    BOOST_TEST(by_store.appointments == by_hand.appointments);
    BOOST_TEST((by_store.oldest == by_hand.oldest));
}

void switch_target(Writer& writer, const CalendarId& id, bool mirror) {
    auto row = writer.calendar(id);
    if (!row) return;
    row->mirror = mirror;
    writer.put(*row);
}

/// One of the things that happen to appointments and copies.
void do_something(Writer& writer, std::mt19937& random, int minute) {
    const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    const std::string id = "a" + std::to_string(pick(30));
    const std::string person = pick(2) == 0 ? "ann" : "bob";
    const Instant now = kNow + std::chrono::minutes{minute};
    switch (pick(8)) {
        case 0:
        case 1:
        case 2:
            (void)place_appointment(writer, hour_of(id, pick(200), person), {}, zones(), now, "api", "test");
            break;
        case 3:
            (void)cancel_appointment(writer, {id}, {}, zones(), now, "api", "test");
            break;
        case 4:
            for (Mirror& mirror : writer.mirrors_of({id})) {
                mirror.confirmed = mirror.wanted;
                if (mirror.wanted_gone) mirror.state = MirrorState::Removed;
                writer.put(mirror);
            }
            break;
        case 5:
            writer.erase_mirror({id}, {"cal-" + person});
            break;
        case 6:
            for (Mirror& mirror : writer.mirrors_of({id})) {
                mirror.attempts += 1;
                writer.put(mirror);
            }
            break;
        default:
            if (pick(4) == 0) switch_target(writer, {"cal-" + person}, pick(3) > 0);
    }
}

/// What the database did to take one more appointment, in steps of its machine.
int steps_to_take(const std::string& file, const std::string& id, std::int64_t start_s) {
    sqlite3* connection = nullptr;
    BOOST_REQUIRE(sqlite3_open(file.c_str(), &connection) == SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    const std::string sql = "INSERT INTO appointments (id, staff, live, start_s, end_s, body) VALUES ('" + id +
                            "', 'ann', 1, " + std::to_string(start_s) + ", " + std::to_string(start_s + 900) +
                            ", '{}')";
    BOOST_REQUIRE(sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    BOOST_TEST(sqlite3_step(statement) == SQLITE_DONE, sqlite3_errmsg(connection));
    const int steps = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(statement);
    sqlite3_close(connection);
    return steps;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unmirrored)

BOOST_AUTO_TEST_CASE(what_no_calendar_holds_is_counted_with_every_change) {
    const ScratchFolder folder;
    auto store = SqliteStore::open(folder.file("store.db"));
    store->write([](Writer& writer) { set_up(writer); });
    std::mt19937 random(7);
    std::int64_t most = 0;
    for (int minute = 0; minute < 600; ++minute) {
        store->write([&](Writer& writer) { do_something(writer, random, minute); });
        expect_counted(*store);
        most = std::max(most, kept(*store).appointments);
    }
    BOOST_TEST(most > 5);
    store.reset();
    store = SqliteStore::open(folder.file("store.db"));
    expect_counted(*store);
    store->write([](Writer& writer) { writer.erase(CalendarId{"cal-ann"}); });
    expect_counted(*store);
    store->write([](Writer& writer) { writer.erase(CalendarId{"cal-bob"}); });
    BOOST_TEST(kept(*store).appointments == 0);
    BOOST_TEST(!kept(*store).oldest.has_value());
    BOOST_TEST(store->check_integrity() == "");
}

BOOST_AUTO_TEST_CASE(a_long_outage_is_counted_to_the_last_appointment) {
    const auto store = SqliteStore::open(":memory:");
    store->write([](Writer& writer) {
        set_up(writer);
        for (int i = 0; i < 5000; ++i)
            (void)place_appointment(
                writer, hour_of("a" + std::to_string(i), i), {}, zones(), kNow + std::chrono::seconds{i}, "api", ""
            );
    });
    BOOST_TEST(kept(*store).appointments == 5000);
    BOOST_TEST((kept(*store).oldest == kNow));
    store->write([](Writer& writer) { confirm(writer, "a0", "cal-ann"); });
    BOOST_TEST(kept(*store).appointments == 4999);
    BOOST_TEST((kept(*store).oldest == kNow + std::chrono::seconds{1}));
}

BOOST_AUTO_TEST_CASE(a_file_of_version_11_is_upgraded_and_counts_what_waits) {
    const ScratchFolder folder;
    {
        sqlite::Database old(folder.file("store.db"), {});
        sqlite::migrate(old, 11);
        old.execute("INSERT INTO staff VALUES ('ann', 1, '{\"id\":\"ann\",\"capacity\":1}')");
        old.execute("INSERT INTO accounts VALUES ('acc', '{\"id\":\"acc\"}')");
        old.execute("INSERT INTO calendars VALUES ('c', 'acc', '{\"id\":\"c\",\"account\":\"acc\",\"mirror\":true}')");
        for (const std::string id : {"1", "2", "3"}) {
            old.execute(
                "INSERT INTO appointments VALUES ('" + id + "', 'ann', 1, " + id + "00, " + id + "90, '{\"id\":\"" +
                id + "\",\"staff\":\"ann\",\"revision\":2,\"changed\":" + id + "}')"
            );
            old.execute(
                "INSERT INTO mirrors VALUES ('" + id + "', 'c', 'u" + id + "', " + (id == "1" ? "0" : "1") +
                ", 0, 0, '{\"appointment\":\"" + id +
                "\",\"calendar\":\"c\",\"wanted\":2,\"confirmed\":" + (id == "1" ? "2" : "1") + "}')"
            );
        }
    }
    const auto store = SqliteStore::open(folder.file("store.db"));
    BOOST_TEST(kept(*store).appointments == 2);
    BOOST_TEST((kept(*store).oldest == Instant{std::chrono::seconds{2}}));
    // There is no room within what was there before.
    Appointment second;
    second.id = {"4"};
    second.staff = {"ann"};
    const Interval same{Instant{std::chrono::seconds{280}}, Instant{std::chrono::seconds{285}}};
    BOOST_CHECK_THROW(store->write([&](Writer& writer) { writer.put(second, same); }), StoreFailure);
    store->read([&](const Reader& r) { BOOST_TEST(r.appointments_of({"ann"}, same).size() == 1u); });
}

BOOST_AUTO_TEST_CASE(a_booking_does_not_read_what_is_booked_later) {
    const ScratchFolder folder;
    const auto file = folder.file("store.db");
    const auto fill = [&](int from, int to) {
        SqliteStore::open(file)->write([&](Writer& writer) {
            if (from == 0) set_up(writer);
            for (int i = from; i < to; ++i) {
                Appointment a;
                a.id.value = "a" + std::to_string(i);
                a.staff.value = "ann";
                const Instant start = kNow + std::chrono::hours{1 + i};
                writer.put(a, {start, start + std::chrono::minutes{30}});
            }
        });
    };
    const std::int64_t first = kNow.time_since_epoch().count();
    fill(0, 20);
    const int few = steps_to_take(file, "first", first);
    fill(20, 4000);
    const int many = steps_to_take(file, "second", first + 1800);
    BOOST_TEST_MESSAGE(few << " steps beside 20 later appointments, " << many << " beside 4,000");
    BOOST_TEST(many <= 2 * few);
}

BOOST_AUTO_TEST_SUITE_END()
