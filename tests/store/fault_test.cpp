#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <functional>
#include <set>

#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

constexpr int kBookings = 6;

/// What the workload was told, and so what must be there afterwards.
struct Acknowledged {
    bool set_up = false;
    std::set<int> booked{};
    std::set<int> cancelled{};
};

/// One reader: what a connection does when it opens is the same in each.
SqliteStore::Settings on(const FaultVfs& disk) {
    SqliteStore::Settings settings;
    settings.vfs = disk.name();
    settings.readers = 1;
    return settings;
}

void work(const std::string& path, const FaultVfs& disk, Acknowledged& told) {
    const auto store = SqliteStore::open(path, on(disk));
    store->write([](Writer& writer) { testing::set_up(writer); });
    told.set_up = true;
    for (int i = 0; i < kBookings; ++i) {
        try {
            store->write([&](Writer& writer) { book(writer, hour_of(std::to_string(i), i)); });
            told.booked.insert(i);
            if (i % 2 == 0) continue;
            store->write([&](Writer& writer) { cancel(writer, std::to_string(i)); });
            told.cancelled.insert(i);
        } catch (const StoreFailure&) {
        }
    }
}

/// Every acknowledged change is there; each appointment has its mirror and its feed entries, or is not there at all.
void judge(const std::string& path, const FaultVfs& disk, const Acknowledged& told) {
    const auto store = SqliteStore::open(path, on(disk));
    BOOST_TEST(store->check_integrity() == "");
    store->read([&](const Reader& reader) {
        BOOST_TEST((!told.set_up || reader.business().has_value()));
        const auto feed = reader.changes(0, 1000);
        for (int i = 0; i < kBookings; ++i) {
            const AppointmentId id{std::to_string(i)};
            const auto appointment = reader.appointment(id);
            const auto mirror = reader.mirror(id, {"cal-ann"});
            const auto entries =
                std::count_if(feed.begin(), feed.end(), [&](const Change& c) { return c.subject == id.value; });
            if (told.booked.count(i)) BOOST_TEST(appointment.has_value(), "acknowledged booking " << i << " is lost");
            if (told.cancelled.count(i)) {
                BOOST_TEST(
                    (appointment && appointment->state == AppointmentState::Cancelled),
                    "cancellation " << i << " is lost"
                );
            }
            BOOST_TEST(appointment.has_value() == mirror.has_value());
            BOOST_TEST(entries == (appointment ? appointment->revision : 0));
            if (appointment && mirror) {
                BOOST_TEST(mirror->wanted == appointment->revision);
                BOOST_TEST(mirror->wanted_gone == (appointment->state == AppointmentState::Cancelled));
            }
        }
    });
}

struct Fault {
    const char* name;
    void (*arm)(FaultVfs&, std::int64_t n);
    bool power;
};
std::ostream& operator<<(std::ostream& out, const Fault& fault) { return out << fault.name; }

const Fault kFaults[] = {
    {"write-fails", [](FaultVfs& disk, std::int64_t n) { disk.fail_write(n, false); }, false},
    {"disk-full", [](FaultVfs& disk, std::int64_t n) { disk.fail_write(n, true); }, false},
    {"sync-fails", [](FaultVfs& disk, std::int64_t n) { disk.fail_sync(n); }, false},
    {"sync-fails-then-power-cut", [](FaultVfs& disk, std::int64_t n) { disk.fail_sync(n); }, true},
    {"power-cut", [](FaultVfs& disk, std::int64_t n) { disk.cut_power_at(n); }, true},
};

/// Strikes at place n of `act`, for every n until it passes unharmed, and looks after each. Both are given the path of
/// a store, another for each n.
void each_place(
    const Fault& row,
    FaultVfs& disk,
    const std::function<void(const std::string&)>& act,
    const std::function<void(const std::string&, bool struck)>& look
) {
    std::int64_t n = 0;
    for (bool struck = true; struck;) {
        BOOST_TEST_REQUIRE(++n < 5000);
        const ScratchFolder folder;
        const std::string path = folder.file("store.db");
        row.arm(disk, n);
        try {
            act(path);
        } catch (const StoreFailure&) {
        }
        struck = disk.disarm();
        if (row.power) disk.restore_power(static_cast<std::uint64_t>(n));
        BOOST_TEST_CONTEXT(row.name << " at " << n) { look(path, struck); }
    }
    BOOST_TEST(n > 5);
}

/// Lets allocation n of `act` fail until none does, and looks after each: n = 1 to 200, then by `stride`, a prime,
/// since there are thousands. Both are given the path of a store, another for each n.
void each_allocation(
    std::int64_t stride,
    const std::function<void(const std::string&)>& act,
    const std::function<void(const std::string&)>& look
) {
    std::int64_t n = 0;
    for (bool struck = true; struck;) {
        n += n < 200 ? 1 : stride;
        BOOST_TEST_REQUIRE(n < 500'000);
        const ScratchFolder folder;
        const std::string path = folder.file("store.db");
        fail_allocation(n);
        try {
            act(path);
        } catch (const StoreFailure&) {
        }
        struck = fail_allocation(0);
        BOOST_TEST_CONTEXT("allocation " << n) { look(path); }
    }
    BOOST_TEST(n > 200);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fault)

/// Of what makes the tables, apart: the work below would repeat that for each place of its own.
BOOST_DATA_TEST_CASE(every_place_of_a_new_store, kFaults, row) {
    FaultVfs disk(row.name);
    each_place(
        row,
        disk,
        [&](const std::string& path) { SqliteStore::open(path, on(disk)); },
        [&](const std::string& path, bool) { judge(path, disk, {}); }
    );
}

BOOST_DATA_TEST_CASE(every_place_of_work, kFaults, row) {
    FaultVfs disk(row.name);
    const ScratchFolder made_once;
    const std::string empty = made_once.file("empty.db");
    SqliteStore::open(empty, on(disk));
    Acknowledged told;
    each_place(
        row,
        disk,
        [&](const std::string& path) {
            std::filesystem::copy_file(empty, path);
            told = {};
            work(path, disk, told);
        },
        [&](const std::string& path, bool struck) {
            judge(path, disk, told);
            if (!struck) BOOST_TEST(told.booked.size() == static_cast<std::size_t>(kBookings));
        }
    );
}

/// What a store needs to make its tables, of which the work below would repeat each a thousand times.
BOOST_AUTO_TEST_CASE(every_allocation_of_a_new_store) {
    FaultVfs disk("allocation");
    each_allocation(
        31,
        [&](const std::string& path) { SqliteStore::open(path, on(disk)); },
        [&](const std::string& path) { BOOST_TEST(SqliteStore::open(path, on(disk))->check_integrity() == ""); }
    );
}

BOOST_AUTO_TEST_CASE(every_allocation_of_work) {
    FaultVfs disk("allocation");
    const ScratchFolder made_once;
    const std::string empty = made_once.file("empty.db");
    SqliteStore::open(empty, on(disk));
    Acknowledged told;
    each_allocation(
        7,
        [&](const std::string& path) {
            std::filesystem::copy_file(empty, path);
            told = {};
            work(path, disk, told);
        },
        [&](const std::string& path) { judge(path, disk, told); }
    );
    BOOST_TEST(told.booked.size() == static_cast<std::size_t>(kBookings));
}

BOOST_AUTO_TEST_SUITE_END()
