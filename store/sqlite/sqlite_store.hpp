#pragma once

#include <memory>
#include <string>

#include "store/store.hpp"

namespace calgate {

/// The store in one SQLite file: WAL, synchronous=FULL, one writing connection owned by one thread that commits for all
/// who wait (group commit) and is the only one that checkpoints; readers beside it. Thread-safe, except that neither
/// read() nor write() may be called from inside the function given to one of them.
class SqliteStore final : public Store {
public:
    struct Settings {
        std::string vfs{};           ///< Empty: the system's.
        std::size_t batch = 256;     ///< Most changes that share one sync.
        std::size_t waiting = 4096;  ///< Most changes that may wait; more are refused.
        std::size_t readers = 4;
    };
    /// @param path a file, or ":memory:" (then reads run on the writer's thread).
    /// @throws StoreFailure with one sentence that says what to do.
    static std::unique_ptr<SqliteStore> open(const std::string& path, const Settings& settings);
    static std::unique_ptr<SqliteStore> open(const std::string& path) { return open(path, Settings{}); }
    ~SqliteStore() override;

    void write(const std::function<void(Writer&)>& work) override;
    void read(const std::function<void(const Reader&)>& work) const override;
    bool writable() const override;
    std::unique_ptr<Store> scratch_copy() const override;
    void compact() override;

    /// Empty when SQLite finds the file sound; otherwise what it says. Reads the whole file.
    std::string check_integrity() const;

private:
    struct Impl;
    explicit SqliteStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace calgate
