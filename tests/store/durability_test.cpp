#include <atomic>
#include <boost/test/unit_test.hpp>
#include <latch>
#include <thread>

#include "store/sqlite/sqlite_store.hpp"
#include "tests/store/small_business.hpp"
#include "tests/support/fault_vfs.hpp"

using namespace calgate;
using namespace calgate::testing;

BOOST_AUTO_TEST_SUITE(durability)

/// All wait behind one slow change, so that they are committed together.
BOOST_AUTO_TEST_CASE(many_writers_share_a_sync) {
    const ScratchFolder folder;
    FaultVfs disk("shared-sync");
    SqliteStore::Settings settings;
    settings.vfs = disk.name();
    const auto store = SqliteStore::open(folder.file("store.db"), settings);
    constexpr int kThreads = 32;
    std::latch first_runs(1);
    std::atomic<int> submitted{0};
    std::jthread first([&] {
        store->write([&](Writer& writer) {
            first_runs.count_down();
            while (submitted < kThreads) std::this_thread::yield();
            writer.put_setting("first", "1");
        });
    });
    first_runs.wait();
    const std::int64_t before = disk.syncs();
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            ++submitted;
            store->write([&](Writer& writer) { writer.put_setting("s" + std::to_string(i), "1"); });
        });
    }
    threads.clear();
    first.join();
    BOOST_TEST(disk.syncs() - before < kThreads / 2);
    store->read([](const Reader& reader) {
        for (int i = 0; i < kThreads; ++i) BOOST_TEST(reader.setting("s" + std::to_string(i)).has_value());
    });
}

BOOST_AUTO_TEST_CASE(a_reader_sees_one_moment) {
    const ScratchFolder folder;
    const auto store = SqliteStore::open(folder.file("store.db"));
    store->write([](Writer& writer) { writer.put_setting("n", "1"); });
    store->read([&](const Reader& reader) {
        BOOST_TEST(reader.setting("n").value() == "1");
        store->write([](Writer& writer) { writer.put_setting("n", "2"); });
        BOOST_TEST(reader.setting("n").value() == "1");
    });
    store->read([](const Reader& reader) { BOOST_TEST(reader.setting("n").value() == "2"); });
}

BOOST_AUTO_TEST_CASE(a_failed_sync_closes_the_store_for_writing) {
    const ScratchFolder folder;
    FaultVfs disk("failed-sync");
    SqliteStore::Settings settings;
    settings.vfs = disk.name();
    auto store = SqliteStore::open(folder.file("store.db"), settings);
    store->write([](Writer& writer) { writer.put_setting("kept", "1"); });
    disk.fail_sync(1);
    const std::int64_t before = disk.syncs();
    BOOST_CHECK_THROW(store->write([](Writer& writer) { writer.put_setting("lost", "1"); }), StoreFailure);
    BOOST_TEST(disk.disarm());
    BOOST_TEST(!store->writable());
    BOOST_CHECK_THROW(store->write([](Writer& writer) { writer.put_setting("later", "1"); }), StoreFailure);
    store->read([](const Reader& reader) { BOOST_TEST(reader.setting("kept").has_value()); });
    store.reset();
    BOOST_TEST(disk.syncs() - before == 1, "a failed sync is not tried again, not when closing either");
}

/// A kernel that marked the lost pages clean: what comes after the restart must not build on them.
BOOST_AUTO_TEST_CASE(what_follows_a_failed_sync_and_a_restart_survives_a_power_cut) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const ScratchFolder folder;
        FaultVfs disk("after-failed-sync");
        SqliteStore::Settings settings;
        settings.vfs = disk.name();
        auto store = SqliteStore::open(folder.file("store.db"), settings);
        store->write([](Writer& writer) { writer.put_setting("first", "1"); });
        disk.fail_sync(1);
        BOOST_CHECK_THROW(store->write([](Writer& writer) { writer.put_setting("lost", "1"); }), StoreFailure);
        disk.disarm();
        store.reset();
        store = SqliteStore::open(folder.file("store.db"), settings);
        store->write([](Writer& writer) { writer.put_setting("second", "1"); });
        disk.cut_power_at(1);
        BOOST_CHECK_THROW(store->write([](Writer& writer) { writer.put_setting("dark", "1"); }), StoreFailure);
        store.reset();
        disk.disarm();
        disk.restore_power(seed);
        store = SqliteStore::open(folder.file("store.db"), settings);
        store->read([](const Reader& reader) {
            BOOST_TEST(reader.setting("first").has_value());
            BOOST_TEST(reader.setting("second").has_value());
        });
    }
}

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_and_recovers) {
    const ScratchFolder folder;
    FaultVfs disk("full-disk");
    SqliteStore::Settings settings;
    settings.vfs = disk.name();
    const auto store = SqliteStore::open(folder.file("store.db"), settings);
    disk.fail_write(1, true);
    BOOST_CHECK_THROW(store->write([](Writer& writer) { writer.put_setting("lost", "1"); }), StoreFailure);
    BOOST_TEST(disk.disarm());
    BOOST_TEST(store->writable());
    store->write([](Writer& writer) { writer.put_setting("kept", "1"); });
    store->read([](const Reader& reader) {
        BOOST_TEST(!reader.setting("lost"));
        BOOST_TEST(reader.setting("kept").has_value());
    });
}

BOOST_AUTO_TEST_CASE(a_long_log_is_moved_into_the_file) {
    const ScratchFolder folder;
    FaultVfs disk("long-log");
    SqliteStore::Settings settings;
    settings.vfs = disk.name();
    const auto store = SqliteStore::open(folder.file("store.db"), settings);
    const std::string big(200'000, 'x');
    const auto grow = [&](int i) {
        store->write([&](Writer& writer) { writer.put_setting("big" + std::to_string(i), big); });
    };
    for (int i = 0; i < 30; ++i) grow(i);
    disk.fail_sync(2);  // The commit's own comes first, then the checkpoint's.
    for (int i = 30; i < 60 && store->writable(); ++i) {
        try {
            grow(i);
        } catch (const StoreFailure&) {
        }
    }
    BOOST_TEST(disk.disarm());
    BOOST_TEST(!store->writable());
}

BOOST_AUTO_TEST_SUITE_END()
