#include "store/sqlite/sqlite_store.hpp"

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/result.hpp"
#include "store/sqlite/database.hpp"
#include "store/sqlite/schema.hpp"
#include "store/sqlite/sqlite_reader.hpp"

namespace calgate {
namespace {

using sqlite::Database;
using sqlite::TemporaryFailure;

constexpr int kCheckpointFrames = 1000;
/// What a savepoint keeps for a job's undoing would else be a file as soon as it is larger than a few pages.
constexpr const char* kUndoInMemory = "PRAGMA temp_store = MEMORY";

/// Where one thread sleeps until its work is done. Each sleeps on its own: one sign for a whole batch would have all of
/// them queue for one mutex.
struct Bed {
    std::mutex mutex{};
    std::condition_variable woken{};
    bool done = false;
};

/// One caller's work; lives on the caller's stack until it is done.
struct Job {
    const std::function<void(Writer&)>* work = nullptr;  ///< Null: rewrite the file.
    std::exception_ptr failure{};
    std::shared_ptr<Bed> bed{};  ///< Shared: its thread may end while it is still being woken.
};

std::shared_ptr<Bed> bed_of_this_thread() {
    thread_local const std::shared_ptr<Bed> kBed = std::make_shared<Bed>();
    kBed->done = false;
    return kBed;
}

/// The job is its caller's again from here on.
void finish(const Job& job) {
    const std::shared_ptr<Bed> bed = job.bed;
    {
        const std::lock_guard lock(bed->mutex);
        bed->done = true;
    }
    bed->woken.notify_one();
}

}  // namespace

struct SqliteStore::Impl {
    /// @param original what a store in memory begins as; null: empty.
    Impl(const std::string& path, const Settings& wanted, const Database* original = nullptr)
        : settings(wanted),
          in_memory(path == ":memory:"),
          database(path, {wanted.vfs, false, std::chrono::seconds{5}}),
          rows(database) {
        if (original) copy_from(*original);
        database.execute("PRAGMA foreign_keys = ON");
        if (!in_memory) database.execute("PRAGMA journal_mode = WAL");
        database.execute("PRAGMA synchronous = FULL");
        database.execute("PRAGMA secure_delete = ON");
        // What a log holds after a failed sync may lie in the page cache only: copied and synced before anything builds
        // on it.
        if (!in_memory) database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        sqlite::migrate(database);
        database.execute(kUndoInMemory);
        for (std::size_t i = 0; !in_memory && i < wanted.readers; ++i) {
            readers.push_back(
                std::make_unique<Database>(path, Database::Settings{wanted.vfs, true, std::chrono::seconds{5}})
            );
        }
        writer = std::jthread([this](const std::stop_token& stop) { write_loop(stop); });
    }

    ~Impl() {
        {
            const std::lock_guard lock(mutex);  // Or the writer could miss it between its check and its sleep.
            writer.request_stop();
        }
        work_came.notify_all();
        writer.join();
        if (closed) database.keep_log_on_close();
    }

    void copy_from(const Database& original) {
        sqlite3_backup* backup = sqlite3_backup_init(database.handle(), "main", original.handle(), "main");
        if (backup) sqlite3_backup_step(backup, -1);
        if (!backup || sqlite3_backup_finish(backup) != SQLITE_OK)
            sqlite::fail(database.handle(), "copying the store into memory");
    }

    void submit(const std::function<void(Writer&)>* work) {
        CALGATE_ASSERT(std::this_thread::get_id() != writer.get_id());
        Job job{work, {}, bed_of_this_thread()};
        {
            const std::lock_guard lock(mutex);
            if (queue.size() >= settings.waiting)
                throw TemporaryFailure("Too many changes wait to be stored; try again in a moment.");
            queue.push_back(&job);
        }
        work_came.notify_one();
        {
            std::unique_lock lock(job.bed->mutex);
            job.bed->woken.wait(lock, [&] { return job.bed->done; });
        }
        if (job.failure) std::rethrow_exception(job.failure);
    }

    void write_loop(const std::stop_token& stop) {
        std::unique_lock lock(mutex);
        while (true) {
            work_came.wait(lock, [&] { return stop.stop_requested() || !queue.empty(); });
            if (queue.empty()) return;
            std::vector<Job*> batch;
            while (!queue.empty() && batch.size() < settings.batch) {
                batch.push_back(queue.front());
                queue.pop_front();
            }
            lock.unlock();
            run(batch);
            for (Job* job : batch) {
                if (!job->work && !job->failure) compact(*job);
            }
            for (const Job* job : batch) finish(*job);
            checkpoint();
            lock.lock();
        }
    }

    /// One transaction for the batch, a savepoint for each job: a job that throws undoes only itself.
    void run(const std::vector<Job*>& batch) {
        try {
            if (closed)
                throw StoreFailure(
                    "The disk failed earlier, so nothing more is stored; check the disk, then restart the gateway."
                );
            sqlite::run(database.statement("BEGIN IMMEDIATE"));
            for (Job* job : batch) {
                if (job->work) run_one(*job);
            }
            sqlite::run(database.statement("COMMIT"));
        } catch (const StoreFailure& failure) {
            if (!dynamic_cast<const TemporaryFailure*>(&failure)) closed = true;  // Never retry a failed sync (I4).
            database.reset_statements();
            abandon();
            for (Job* job : batch) job->failure = std::current_exception();
        }
    }

    void run_one(Job& job) {
        sqlite::run(database.statement("SAVEPOINT job"));
        try {
            (*job.work)(rows);
            sqlite::run(database.statement("RELEASE job"));
        } catch (const sqlite::DoubtfulDisk&) {
            throw;
        } catch (...) {
            job.failure = std::current_exception();
            database.reset_statements();
            // SQLite gave up the whole transaction (disk full, I/O error): nobody's work in it stands.
            if (sqlite3_get_autocommit(database.handle())) throw_store_failure();
            database.execute("ROLLBACK TO job");
            database.execute("RELEASE job");
        }
    }

    void compact(Job& job) {
        if (in_memory) return;
        try {
            database.reset_statements();
            database.execute("PRAGMA temp_store = DEFAULT");  // The copy of the whole store goes through a file.
            database.execute("VACUUM");
            database.execute(kUndoInMemory);
            sqlite::Statement& emptied = database.statement("PRAGMA wal_checkpoint(TRUNCATE)");
            const bool busy = emptied.step() && emptied.number(0) != 0;
            emptied.reset();
            if (busy) throw TemporaryFailure("The store is being read, so its log could not be emptied; try again.");
        } catch (const StoreFailure& failure) {
            if (!dynamic_cast<const TemporaryFailure*>(&failure)) closed = true;
            job.failure = std::current_exception();
        }
    }

    /// Moves the log into the file once it is long. Callers have their answer already; only later ones learn of a
    /// failure.
    void checkpoint() {
        if (in_memory || closed || database.log_frames() < kCheckpointFrames) return;
        try {
            database.execute("PRAGMA wal_checkpoint(PASSIVE)");
        } catch (const TemporaryFailure&) {  // Full or busy: the log stays, the next batch tries again.
        } catch (const StoreFailure&) {
            closed = true;
        }
    }

    [[noreturn]] static void throw_store_failure() {
        try {
            throw;
        } catch (const StoreFailure&) {
            throw;
        } catch (const std::exception& error) {
            throw StoreFailure(std::string("The store gave up a transaction: ") + error.what());
        }
    }

    void abandon() {
        if (sqlite3_get_autocommit(database.handle())) return;
        try {
            database.execute("ROLLBACK");
        } catch (const StoreFailure&) {
            closed = true;
        }
    }

    /// Hands out a reading connection, waits for one when all are in use.
    std::unique_ptr<Database> borrow() {
        std::unique_lock lock(readers_mutex);
        reader_came.wait(lock, [&] { return !readers.empty(); });
        auto reader = std::move(readers.back());
        readers.pop_back();
        return reader;
    }

    void give_back(std::unique_ptr<Database> reader) {
        const std::lock_guard lock(readers_mutex);
        readers.push_back(std::move(reader));
        reader_came.notify_one();
    }

    struct Lease {
        explicit Lease(Impl& owner) : impl(owner), database(owner.borrow()) {}
        ~Lease() { impl.give_back(std::move(database)); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        Impl& impl;
        std::unique_ptr<Database> database;
    };

    const Settings settings;
    const bool in_memory;
    Database database;  ///< The writer's thread only, once it runs.
    sqlite::RowWriter rows;
    std::atomic<bool> closed{false};

    std::mutex mutex{};
    std::condition_variable work_came{};
    std::deque<Job*> queue{};

    std::mutex readers_mutex{};
    std::condition_variable reader_came{};
    std::vector<std::unique_ptr<Database>> readers{};

    std::jthread writer{};  ///< Last: it ends before what it uses.
};

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;

std::unique_ptr<SqliteStore> SqliteStore::open(const std::string& path, const Settings& settings) {
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::make_unique<Impl>(path, settings)));
}

void SqliteStore::write(const std::function<void(Writer&)>& work) { impl_->submit(&work); }

void SqliteStore::compact() { impl_->submit(nullptr); }

void SqliteStore::read(const std::function<void(const Reader&)>& work) const {
    if (impl_->in_memory) {
        const std::function<void(Writer&)> reading = [&](Writer& writer) { work(writer); };
        return impl_->submit(&reading);
    }
    const Impl::Lease lease(*impl_);
    Database& database = *lease.database;
    database.execute("BEGIN");
    try {
        work(sqlite::RowReader<Reader>(database));
    } catch (const sqlite::DoubtfulDisk&) {
        impl_->closed = true;
        database.end_reading();
        throw;
    } catch (...) {
        database.end_reading();
        throw;
    }
    database.end_reading();
}

bool SqliteStore::writable() const { return !impl_->closed; }

std::unique_ptr<Store> SqliteStore::scratch_copy() const {
    if (impl_->in_memory) throw StoreFailure("A store in memory has no copies; open it from a file.");
    const Impl::Lease lease(*impl_);
    return std::unique_ptr<Store>(new SqliteStore(std::make_unique<Impl>(":memory:", Settings{}, lease.database.get()))
    );
}

std::string SqliteStore::check_integrity() const {
    std::string found;
    const auto check = [&](const Database& database) {
        sqlite::Statement& statement = database.statement("PRAGMA integrity_check(5)");
        while (statement.step()) {
            if (statement.text(0) != "ok") found += (found.empty() ? "" : "; ") + statement.text(0);
        }
        statement.reset();
    };
    if (impl_->in_memory) {
        const std::function<void(Writer&)> work = [&](Writer&) { check(impl_->database); };
        impl_->submit(&work);
        return found;
    }
    const Impl::Lease lease(*impl_);
    check(*lease.database);
    return found;
}

}  // namespace calgate
