#include "tests/support/fault_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

namespace calgate::testing {
namespace {

constexpr std::size_t kSector = 512;

/// A change to a file that no sync has covered yet.
struct Pending {
    sqlite3_int64 offset = 0;  ///< Of a truncation: the new length.
    std::string bytes{};
    bool truncation = false;
};

struct FileImage {
    std::string durable{};
    std::vector<Pending> pending{};
};

void put(std::string& image, std::size_t offset, const char* bytes, std::size_t count) {
    if (image.size() < offset + count) image.resize(offset + count);
    std::memcpy(image.data() + offset, bytes, count);
}

void apply(std::string& image, const Pending& change) {
    if (change.truncation)
        image.resize(static_cast<std::size_t>(change.offset));
    else
        put(image, static_cast<std::size_t>(change.offset), change.bytes.data(), change.bytes.size());
}

std::string content_of(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Counts down to the fault; 0 is disarmed.
struct Countdown {
    std::int64_t left = 0;
    bool strikes() { return left > 0 && --left == 0; }
};

}  // namespace

struct FaultVfs::Impl {
    std::string name;
    sqlite3_vfs vfs{};
    sqlite3_vfs* system = nullptr;
    std::mutex mutex{};
    std::map<std::string, FileImage> files{};
    Countdown write{};
    Countdown sync{};
    Countdown power{};
    bool full = false;
    bool struck = false;
    bool dark = false;
    std::int64_t syncs = 0;

    /// With the mutex held: whether this write or sync finds the power gone.
    bool powerless() {
        if (power.strikes()) dark = struck = true;
        return dark;
    }
};

/// The C functions that SQLite calls.
struct FaultVfsCalls {
    struct File {
        sqlite3_file base;
        FaultVfs::Impl* disk;
        std::string* path;  ///< Null for temporary files.
        sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    };
    static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
    static sqlite3_file* real(sqlite3_file* file) { return of(file).real(); }
    static FaultVfs::Impl& disk(sqlite3_vfs* vfs) { return *static_cast<FaultVfs::Impl*>(vfs->pAppData); }

    static int close(sqlite3_file* file) {
        const int code = real(file)->pMethods->xClose(real(file));
        delete of(file).path;
        return code;
    }
    static int read(sqlite3_file* file, void* out, int count, sqlite3_int64 offset) {
        return real(file)->pMethods->xRead(real(file), out, count, offset);
    }
    static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
        FaultVfs::Impl& on = *of(file).disk;
        const std::lock_guard lock(on.mutex);
        if (on.powerless()) return SQLITE_IOERR_WRITE;
        if (on.write.strikes()) {
            on.struck = true;
            return on.full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
        }
        const int code = real(file)->pMethods->xWrite(real(file), bytes, count, offset);
        if (code == SQLITE_OK && of(file).path) {
            on.files[*of(file).path].pending.push_back(
                {offset, std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(count)), false}
            );
        }
        return code;
    }
    static int truncate(sqlite3_file* file, sqlite3_int64 size) {
        FaultVfs::Impl& on = *of(file).disk;
        const std::lock_guard lock(on.mutex);
        if (on.dark) return SQLITE_IOERR_TRUNCATE;
        const int code = real(file)->pMethods->xTruncate(real(file), size);
        if (code == SQLITE_OK && of(file).path) on.files[*of(file).path].pending.push_back({size, {}, true});
        return code;
    }
    static int sync(sqlite3_file* file, int) {
        FaultVfs::Impl& on = *of(file).disk;
        const std::lock_guard lock(on.mutex);
        ++on.syncs;
        if (on.powerless()) return SQLITE_IOERR_FSYNC;
        if (!of(file).path) return SQLITE_OK;
        FileImage& image = on.files[*of(file).path];
        const bool fails = on.sync.strikes();
        if (fails) {
            on.struck = true;  // The kernel drops the dirty flag: a later sync succeeds without having kept these.
        } else {
            for (const Pending& change : image.pending) apply(image.durable, change);
        }
        image.pending.clear();
        return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    }
    static int size(sqlite3_file* file, sqlite3_int64* out) { return real(file)->pMethods->xFileSize(real(file), out); }
    static int lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
    static int unlock(sqlite3_file* file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
    static int reserved(sqlite3_file* file, int* out) {
        return real(file)->pMethods->xCheckReservedLock(real(file), out);
    }
    static int control(sqlite3_file* file, int op, void* argument) {
        return real(file)->pMethods->xFileControl(real(file), op, argument);
    }
    static int sector(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
    static int traits(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
    static int shm_map(sqlite3_file* file, int page, int bytes, int extend, void volatile** out) {
        return real(file)->pMethods->xShmMap(real(file), page, bytes, extend, out);
    }
    static int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
        return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
    }
    static void shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
    static int shm_unmap(sqlite3_file* file, int erase) { return real(file)->pMethods->xShmUnmap(real(file), erase); }

    static const sqlite3_io_methods* methods() {
        static const sqlite3_io_methods table = {
            2,
            close,
            read,
            write,
            truncate,
            sync,
            size,
            lock,
            unlock,
            reserved,
            control,
            sector,
            traits,
            shm_map,
            shm_lock,
            shm_barrier,
            shm_unmap,
            nullptr,
            nullptr};
        return &table;
    }

    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
        FaultVfs::Impl& on = disk(vfs);
        File& ours = of(file);
        ours.base.pMethods = nullptr;
        ours.disk = &on;
        ours.path = nullptr;
        const std::lock_guard lock(on.mutex);
        if (on.dark) return SQLITE_CANTOPEN;
        const int code = on.system->xOpen(on.system, path, ours.real(), flags, out_flags);
        if (code != SQLITE_OK) return code;
        if (path) {
            ours.path = new std::string(path);
            if (!on.files.count(path)) on.files[path].durable = content_of(path);
        }
        ours.base.pMethods = methods();
        return SQLITE_OK;
    }
    static int erase(sqlite3_vfs* vfs, const char* path, int sync_folder) {
        FaultVfs::Impl& on = disk(vfs);
        const std::lock_guard lock(on.mutex);
        if (on.dark) return SQLITE_IOERR_DELETE;
        on.files.erase(path);
        return on.system->xDelete(on.system, path, sync_folder);
    }
};

FaultVfs::FaultVfs(const std::string& name) : impl_(std::make_unique<Impl>()) {
    impl_->name = name;
    impl_->system = sqlite3_vfs_find(nullptr);
    impl_->vfs = *impl_->system;
    impl_->vfs.pNext = nullptr;
    impl_->vfs.zName = impl_->name.c_str();
    impl_->vfs.pAppData = impl_.get();
    impl_->vfs.szOsFile = impl_->system->szOsFile + static_cast<int>(sizeof(FaultVfsCalls::File));
    impl_->vfs.xOpen = FaultVfsCalls::open;
    impl_->vfs.xDelete = FaultVfsCalls::erase;
    if (sqlite3_vfs_register(&impl_->vfs, 0) != SQLITE_OK) throw std::runtime_error("SQLite refused the test VFS.");
}

FaultVfs::~FaultVfs() { sqlite3_vfs_unregister(&impl_->vfs); }

const std::string& FaultVfs::name() const { return impl_->name; }

void FaultVfs::fail_write(std::int64_t n, bool full) {
    const std::lock_guard lock(impl_->mutex);
    impl_->write.left = n;
    impl_->full = full;
}

void FaultVfs::fail_sync(std::int64_t n) {
    const std::lock_guard lock(impl_->mutex);
    impl_->sync.left = n;
}

void FaultVfs::cut_power_at(std::int64_t n) {
    const std::lock_guard lock(impl_->mutex);
    impl_->power.left = n;
}

bool FaultVfs::disarm() {
    const std::lock_guard lock(impl_->mutex);
    impl_->write = impl_->sync = impl_->power = {};
    return std::exchange(impl_->struck, false);
}

void FaultVfs::restore_power(std::uint64_t seed) {
    const std::lock_guard lock(impl_->mutex);
    std::mt19937_64 random(seed);
    const auto kept = [&] { return (random() & 1) == 0; };
    for (auto& [path, image] : impl_->files) {
        for (const Pending& change : image.pending) {
            if (change.truncation) {
                if (kept()) apply(image.durable, change);
                continue;
            }
            for (std::size_t at = 0; at < change.bytes.size(); at += kSector) {
                const std::size_t count = std::min(kSector, change.bytes.size() - at);
                if (kept())
                    put(image.durable, static_cast<std::size_t>(change.offset) + at, change.bytes.data() + at, count);
            }
        }
        std::ofstream(path, std::ios::binary | std::ios::trunc) << image.durable;
        std::filesystem::remove(path + "-shm");
    }
    impl_->files.clear();
    impl_->dark = false;
}

std::int64_t FaultVfs::syncs() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->syncs;
}

ScratchFolder::ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "calgate-XXXXXX").string();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("No scratch folder could be made; check TMPDIR.");
    path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace calgate::testing
