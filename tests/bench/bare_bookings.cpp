#include "tests/bench/bare_bookings.hpp"

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "core/identity.hpp"
#include "core/zone.hpp"
#include "store/booking.hpp"
#include "store/sqlite/sqlite_store.hpp"

namespace calgate::bench {
namespace {

constexpr int kPeople = 64;
constexpr std::int64_t kFirst = 1'798'761'600;  // 2027-01-01

/// One booking by the gateway's own code, as PUT /v1/appointments/{id} with an Idempotency-Key leaves it.
void book_one(const std::string& path) {
    const auto store = SqliteStore::open(path);
    const ZoneResolver zones;
    const Instant now{std::chrono::seconds{kFirst}};
    store->write([&](Writer& writer) {
        writer.put(Business{.id = "b1", .name = "Booked", .zone = "UTC", .epoch = "e1"});
        for (int n = 0; n < kPeople; ++n)
            writer.put(Staff{.id = {"p" + std::to_string(n)}, .name = "P", .zone = "UTC"});
        Appointment wanted;
        wanted.id = {"b-0-0-1"};
        wanted.staff = {"p0"};
        wanted.zone = "UTC";
        wanted.title = "Haircut";
        wanted.start = LocalSeconds{std::chrono::seconds{kFirst - 86'400}};
        wanted.end = wanted.start + std::chrono::minutes{30};
        place_appointment(writer, wanted, {}, zones, now, "api:first", "");
        writer.put_idempotent_answer("b-0-0-1", {sha256_hex("a request"), 201, std::string(390, 'x'), now});
    });
}

class Statement {
public:
    Statement(sqlite3* db, const char* sql) : db_(db) {
        if (sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr) != SQLITE_OK) fail();
    }
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    Statement& bind(int index, std::string_view text) {
        sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
        return *this;
    }
    Statement& bind(int index, std::int64_t number) {
        sqlite3_bind_int64(statement_, index, number);
        return *this;
    }
    void run() {
        if (sqlite3_step(statement_) != SQLITE_DONE) fail();
        sqlite3_reset(statement_);
    }
    std::string text() {
        const bool found = sqlite3_step(statement_) == SQLITE_ROW;
        const void* data = found ? sqlite3_column_blob(statement_, 0) : nullptr;
        if (!data) fail();
        std::string out(static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, 0)));
        sqlite3_reset(statement_);
        return out;
    }

private:
    [[noreturn]] void fail() const { throw std::runtime_error(sqlite3_errmsg(db_)); }
    sqlite3* db_;
    sqlite3_stmt* statement_ = nullptr;
};

std::int64_t number_of(sqlite3* db, const char* sql) { return std::stoll(Statement(db, sql).text()); }

class Loop {
public:
    explicit Loop(sqlite3* db) : db_(db), next_(number_of(db, "SELECT CAST(MAX(sequence) AS TEXT) FROM changes")) {}

    void commit(int bookings) {
        begin_.run();
        for (int i = 0; i < bookings; ++i) book(++next_);
        commit_.run();
    }

private:
    void book(std::int64_t number) {
        const std::string id = "b-0-1-" + std::to_string(number);
        const std::string person = "p" + std::to_string(number % kPeople);
        const std::int64_t start = kFirst + number / kPeople * 1800;
        appointment_.bind(1, id).bind(2, person).bind(3, start).bind(4, start + 1800).bind(5, body_).run();
        version_.bind(1, id).bind(2, body_).run();
        words_.bind(1, number).bind(2, salt_).bind(3, said_).run();
        change_.bind(1, number).bind(2, record_).bind(3, link_).run();
        answer_.bind(1, id).bind(2, kFirst).bind(3, answered_).run();
    }

    sqlite3* db_;
    std::int64_t next_;
    const std::string body_ = Statement(db_, "SELECT body FROM appointments LIMIT 1").text();
    const std::string salt_ = Statement(db_, "SELECT salt FROM change_words LIMIT 1").text();
    const std::string said_ = Statement(db_, "SELECT body FROM change_words LIMIT 1").text();
    const std::string record_ = Statement(db_, "SELECT body FROM changes LIMIT 1").text();
    const std::string link_ = Statement(db_, "SELECT link FROM changes LIMIT 1").text();
    const std::string answered_ = Statement(db_, "SELECT body FROM idempotent_answers LIMIT 1").text();
    Statement begin_{db_, "BEGIN IMMEDIATE"};
    Statement commit_{db_, "COMMIT"};
    Statement appointment_{db_, "INSERT INTO appointments VALUES (?, ?, 1, ?, ?, ?)"};
    Statement version_{db_, "INSERT INTO versions VALUES (?, 1, ?)"};
    Statement words_{db_, "INSERT INTO change_words VALUES (?, ?, ?)"};
    Statement change_{db_, "INSERT INTO changes (sequence, body, link) VALUES (?, ?, ?)"};
    Statement answer_{db_, "INSERT INTO idempotent_answers VALUES (?, ?, ?)"};
};

}  // namespace

double bare_bookings(const std::string& path, int per_commit) {
    using Clock = std::chrono::steady_clock;
    if (!std::filesystem::exists(path)) book_one(path);
    sqlite3* db = nullptr;
    if (sqlite3_open(path.c_str(), &db) != SQLITE_OK) throw std::runtime_error("The database cannot be opened.");
    sqlite3_exec(
        db,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON",
        nullptr,
        nullptr,
        nullptr
    );
    double rate = 0;
    {
        Loop loop(db);
        const auto began = Clock::now();
        int bookings = 0;
        for (; Clock::now() - began < std::chrono::seconds{2}; bookings += per_commit) loop.commit(per_commit);
        rate = bookings / std::chrono::duration<double>(Clock::now() - began).count();
    }
    sqlite3_close(db);
    return rate;
}

}  // namespace calgate::bench
