#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace calgate::testing {

/// A disk that fails on demand, under SQLite. Wraps the system's VFS and remembers what was synced, so that a power cut
/// can forget the rest. Nothing is really synced, which keeps thousands of crashes cheap. One object may exist per
/// name. Thread-safe.
class FaultVfs {
public:
    explicit FaultVfs(const std::string& name);
    ~FaultVfs();
    FaultVfs(const FaultVfs&) = delete;
    FaultVfs& operator=(const FaultVfs&) = delete;

    const std::string& name() const;
    /// The n-th write from now (1 is the next) fails: with SQLITE_FULL when `full`, otherwise with an I/O error.
    void fail_write(std::int64_t n, bool full);
    /// The n-th sync from now fails once; what it should have kept is marked clean, as after a real failed fsync.
    void fail_sync(std::int64_t n);
    /// From the n-th write or sync on, nothing reaches the disk any more.
    void cut_power_at(std::int64_t n);
    /// Whether an armed fault struck. Disarms all.
    bool disarm();
    /// The machine comes back: files hold what was synced, plus a random choice of the 512-byte sectors that were not.
    /// No file may be open.
    void restore_power(std::uint64_t seed);
    std::int64_t syncs() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    friend struct FaultVfsCalls;
};

/// Makes SQLite's allocations fallible. Call once, before SQLite is used at all.
void install_fallible_allocator();
/// The n-th allocation of SQLite from now fails; 0 disarms. @return whether the one armed before struck.
bool fail_allocation(std::int64_t n);

/// A folder of its own, removed at the end.
class ScratchFolder {
public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    std::string file(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace calgate::testing
