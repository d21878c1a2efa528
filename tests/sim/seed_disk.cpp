#include "tests/sim/seed_disk.hpp"

#include <sqlite3.h>

#include <filesystem>

#include "store/sqlite/sqlite_store.hpp"

namespace calgate::seeds {

namespace fs = std::filesystem;

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

void Disk::keep_copy() {
    const auto copy = folder_.file("copy.db");
    for (const char* part : {"", "-wal"}) {
        fs::remove(copy + part);
        if (fs::exists(file() + part)) fs::copy_file(file() + part, copy + part);
    }
}

void Disk::put_back() {
    vfs_.restore_power(0);  // Forgets what it knows of the file.
    for (const char* part : {"", "-wal"}) {
        fs::remove(file() + part);
        if (fs::exists(folder_.file("copy.db") + part)) fs::copy_file(folder_.file("copy.db") + part, file() + part);
    }
}

}  // namespace calgate::seeds
