#include "store/sqlite/database.hpp"

#include <sqlite3.h>

#include <map>

namespace calgate::sqlite {

void fail(sqlite3* connection, const std::string& during) {
    const int code = connection ? sqlite3_errcode(connection) & 0xff : SQLITE_NOMEM;
    const std::string detail = connection ? sqlite3_errmsg(connection) : "out of memory";
    switch (code) {
        case SQLITE_FULL:
            throw TemporaryFailure("The disk is full; nothing of this change was kept. Free some space and try again.");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            throw TemporaryFailure("The store is busy; nothing of this change was kept. Try again.");
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            throw DoubtfulDisk(
                "The store's file is damaged (" + detail + "); stop the gateway and bring back a backup."
            );
        case SQLITE_CANTOPEN:
            throw StoreFailure(
                "The store's file cannot be opened (" + detail + "); check the folder and its permissions."
            );
        case SQLITE_CONSTRAINT:
            throw TemporaryFailure("The store refused a change against its own rules: " + detail + ".");
        case SQLITE_NOMEM:
            throw TemporaryFailure("There is too little memory; nothing of this change was kept. Try again.");
        case SQLITE_IOERR:
            throw DoubtfulDisk(
                "The disk failed while " + during + ": " + detail + ". Check the disk, then restart the gateway."
            );
        default:
            throw StoreFailure(
                "The store failed while " + during + ": " + detail + ". Check the disk, then restart the gateway."
            );
    }
}

Statement::Statement(sqlite3* connection, std::string_view sql) : connection_(connection) {
    if (sqlite3_prepare_v3(
            connection, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement_, nullptr
        ) != SQLITE_OK) {
        fail(connection, "preparing a statement");
    }
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int index, std::string_view text) {
    if (sqlite3_bind_text64(
            statement_, index, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT, SQLITE_UTF8
        ) != SQLITE_OK) {
        fail(connection_, "binding a value");
    }
    return *this;
}

Statement& Statement::bind(int index, std::int64_t number) {
    if (sqlite3_bind_int64(statement_, index, number) != SQLITE_OK) fail(connection_, "binding a value");
    return *this;
}

Statement& Statement::bind_null(int index) {
    if (sqlite3_bind_null(statement_, index) != SQLITE_OK) fail(connection_, "binding a value");
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail(connection_, "reading or writing a row");
}

void Statement::reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

std::string Statement::text(int column) const {
    const void* data = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return data ? std::string(static_cast<const char*>(data), static_cast<std::size_t>(size)) : std::string{};
}

std::int64_t Statement::number(int column) const { return sqlite3_column_int64(statement_, column); }
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

struct Database::Cache {
    std::map<std::string, std::unique_ptr<Statement>, std::less<>> statements{};
};

Database::Database(const std::string& path, const Settings& settings) : cache_(std::make_unique<Cache>()) {
    const int flags = (settings.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code =
        sqlite3_open_v2(path.c_str(), &connection_, flags, settings.vfs.empty() ? nullptr : settings.vfs.c_str());
    try {
        if (code != SQLITE_OK) fail(connection_, "opening " + path);
        sqlite3_wal_hook(  // In place of SQLite's own, which checkpoints and hides a failed sync.
            connection_,
            [](void* frames, sqlite3*, const char*, int count) {
                *static_cast<int*>(frames) = count;
                return SQLITE_OK;
            },
            &log_frames_
        );
        sqlite3_busy_timeout(connection_, static_cast<int>(settings.busy_timeout.count()));
    } catch (...) {
        sqlite3_close(connection_);
        throw;
    }
}

Database::~Database() {
    cache_.reset();
    sqlite3_close(connection_);
}

void Database::reset_statements() {
    for (auto& [sql, statement] : cache_->statements) statement->reset();
}

void Database::end_reading() {
    reset_statements();
    sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);  // Fails only when SQLite ended it already.
}

void Database::keep_log_on_close() { sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

void Database::execute(const std::string& sql) {
    if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        fail(connection_, "running a command");
}

Statement& Database::statement(std::string_view sql) const {
    auto found = cache_->statements.find(sql);
    if (found == cache_->statements.end()) {
        found = cache_->statements.emplace(std::string(sql), std::make_unique<Statement>(connection_, sql)).first;
    }
    found->second->reset();
    return *found->second;
}

}  // namespace calgate::sqlite
