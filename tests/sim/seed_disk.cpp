#include "tests/sim/seed_disk.hpp"

#include <sqlite3.h>

#include <filesystem>

#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "tests/sim/seed_fault.hpp"

namespace calgate::seeds {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> answers(const sqlite::Database& database, const std::string& query) {
    sqlite::Statement& asked = database.statement(query);
    std::vector<std::string> all;
    while (asked.step()) all.push_back(asked.text(0));
    asked.reset();
    return all;
}

/// What `now` holds, as the version before this one laid it down.
void write_as_before(const std::string& now, const std::string& before) {
    sqlite::Database database(before, {});
    sqlite::migrate(database, sqlite::kSchemaVersion - 1);
    const auto triggers = answers(database, "SELECT sql FROM sqlite_master WHERE type = 'trigger'");
    for (const auto& name : answers(database, "SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        database.execute("DROP TRIGGER " + name);
    database.execute("PRAGMA foreign_keys = OFF");
    database.execute("ATTACH '" + now + "' AS now");
    database.execute("BEGIN");
    for (const auto& table : answers(database, "SELECT name FROM main.sqlite_master WHERE type = 'table'")) {
        std::string columns;
        for (const auto& column : answers(database, "SELECT name FROM pragma_table_info('" + table + "')"))
            columns += (columns.empty() ? "" : ", ") + column;
        database.execute("DELETE FROM main." + table);
        database.execute("INSERT INTO main." + table + " (" + columns + ") SELECT " + columns + " FROM now." + table);
    }
    for (const auto& trigger : triggers) database.execute(trigger);
    database.execute("COMMIT");
}

}  // namespace

Disk::Disk(std::uint64_t seed) {
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed % 1'000'000) + 1, nullptr);
}

std::unique_ptr<Store> Disk::open() {
    SqliteStore::Settings settings;
    settings.vfs = vfs_.name();
    return SqliteStore::open(file(), settings);
}

void Disk::cut_power_soon(int writes_and_syncs) {
    vfs_.cut_power_at(writes_and_syncs);
    power_ = true;
}

void Disk::fail_next(testing::SeededRandom& random) {
    if (power_) return;
    if (random.one_in(2)) return vfs_.fail_sync(1);
    vfs_.fail_write(random.between(1, 3), random.one_in(2));
}

bool Disk::come_back(std::uint64_t chance) {
    const bool struck = vfs_.disarm() && power_;
    power_ = false;
    if (struck) vfs_.restore_power(chance);
    return struck;
}

void Disk::try_as_newer() {
    const auto set_version = [this](int version) {
        vfs_.restore_power(0);
        sqlite::Database(file(), {}).execute("PRAGMA user_version = " + std::to_string(version));
    };
    set_version(sqlite::kSchemaVersion + 1);
    try {
        open();
    } catch (const StoreFailure& refusal) {
        if (std::string(refusal.what()).find("newer calgate") == std::string::npos)
            throw Violation("I1", std::string("a newer store was refused for another reason: ") + refusal.what());
        return set_version(sqlite::kSchemaVersion);
    }
    throw Violation("I1", "a store of a newer version was opened");
}

bool Disk::cut_upgrade_off(int writes_and_syncs, std::uint64_t chance) {
    const auto before = folder_.file("before.db");
    fs::remove(before);
    vfs_.restore_power(0);
    write_as_before(file(), before);
    put_in_place(before);
    vfs_.cut_power_at(writes_and_syncs);
    try {
        open();
    } catch (const StoreFailure&) {  // The machine is off.
    }
    const bool struck = vfs_.disarm();
    if (struck) vfs_.restore_power(chance);
    return struck;
}

void Disk::keep_copy() {
    const auto copy = folder_.file("copy.db");
    for (const char* part : {"", "-wal"}) {
        fs::remove(copy + part);
        if (fs::exists(file() + part)) fs::copy_file(file() + part, copy + part);
    }
}

void Disk::put_back() { put_in_place(folder_.file("copy.db")); }

void Disk::put_in_place(const std::string& copy) {
    vfs_.restore_power(0);  // Forgets what it knows of the file.
    for (const char* part : {"", "-wal"}) {
        fs::remove(file() + part);
        if (fs::exists(copy + part)) fs::copy_file(copy + part, file() + part);
    }
}

}  // namespace calgate::seeds
