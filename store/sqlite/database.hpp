#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "store/store.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace calgate::sqlite {

/// A StoreFailure that a later write may outlive: the disk was full or the database busy, nothing is in doubt.
class TemporaryFailure : public StoreFailure {
public:
    using StoreFailure::StoreFailure;
};

/// The disk or the file failed: from here on nothing more may be acknowledged (I4).
class DoubtfulDisk : public StoreFailure {
public:
    using StoreFailure::StoreFailure;
};

/// A prepared statement. Belongs to the thread of its Database.
class Statement {
public:
    Statement(sqlite3* connection, std::string_view sql);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    Statement& bind(int index, std::string_view text);
    Statement& bind(int index, std::int64_t number);
    Statement& bind_null(int index);
    /// @return true while there is a row. @throws StoreFailure.
    bool step();
    void reset();
    std::string text(int column) const;
    std::int64_t number(int column) const;
    bool is_null(int column) const;

private:
    sqlite3* connection_;
    sqlite3_stmt* statement_ = nullptr;
};

/// For a statement that answers nothing.
inline void run(Statement& statement) {
    statement.step();
    statement.reset();
}

/// One connection; used by one thread at a time.
class Database {
public:
    struct Settings {
        std::string vfs{};
        bool read_only = false;
        std::chrono::milliseconds busy_timeout{5000};
    };
    /// @throws StoreFailure with what to do.
    Database(const std::string& path, const Settings& settings);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    void execute(const std::string& sql);
    /// Prepared once per text, kept; reset before it is handed out.
    Statement& statement(std::string_view sql) const;
    sqlite3* handle() const { return connection_; }
    /// Ends every statement's reading; one that was left in the middle would hold its snapshot.
    void reset_statements();
    /// Ends a reading transaction. Never throws.
    void end_reading();
    /// Pages in the log after the last commit through this connection.
    int log_frames() const { return log_frames_; }
    /// Closing will neither sync nor checkpoint: after a failed sync that would be a retry (I4).
    void keep_log_on_close();

private:
    sqlite3* connection_ = nullptr;
    int log_frames_ = 0;
    struct Cache;
    std::unique_ptr<Cache> cache_;
};

/// Turns an SQLite result code into the exception that says what to do.
[[noreturn]] void fail(sqlite3* connection, const std::string& during);

}  // namespace calgate::sqlite
