#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "store/store.hpp"
#include "tests/support/fault_vfs.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::seeds {

/// Where the store lies: in one SQLite file on a disk that fails on demand. What is said about an open store holds for
/// the one that `open` gave last.
class Disk {
public:
    /// @param seed of all that SQLite draws: salts of its log and of the audit.
    explicit Disk(std::uint64_t seed);
    /// @throws StoreFailure.
    std::unique_ptr<Store> open();
    /// At one of the coming writes and syncs the machine loses its power (F32).
    void cut_power_soon(int writes_and_syncs);
    /// The next sync fails, or the next write: badly, or for want of room (F30, F31).
    void fail_next(testing::SeededRandom&);
    /// The store is closed: the machine has its power back, if it lost it, and forgets what was not synced, some of its
    /// sectors excepted. @return whether it had lost it.
    bool come_back(std::uint64_t chance);
    /// A newer program was started on the file of a closed store and taken back: this one has to leave it alone (F36).
    /// @throws Violation.
    void try_as_newer();
    /// The file of a closed store becomes what the version before wrote, and the upgrade is cut off (F36).
    /// @param writes_and_syncs after which the machine loses its power. @return whether it came that far.
    bool cut_upgrade_off(int writes_and_syncs, std::uint64_t chance);
    /// Takes a copy of the file of a closed store.
    void keep_copy();
    /// Puts it in the place of a closed store.
    void put_back();

private:
    std::string file() const { return folder_.file("store.db"); }
    void put_in_place(const std::string& copy);

    testing::ScratchFolder folder_{};
    testing::FaultVfs vfs_{"seeds"};
    bool power_ = false;  ///< A power cut is due.
};

}  // namespace calgate::seeds
