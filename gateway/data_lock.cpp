#include "gateway/data_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace calgate {

namespace {

/// What root would leave in somebody else's folder, the service could not write any more.
bool belongs_to_another(const std::string& directory, uid_t me) {
    struct stat folder {};
    return me == 0 && ::stat(directory.c_str(), &folder) == 0 && folder.st_uid != 0;
}

}  // namespace

Result<DataLock> DataLock::take(const std::string& directory) {
    if (belongs_to_another(directory, ::geteuid())) {
        return Error{
            ErrorCode::Rejected,
            directory +
                " belongs to another user; run calgate as that one, with the package: sudo -u calgate calgate …",
            {}};
    }
    const std::string path = directory + "/lock";
    DataLock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (lock.descriptor_ < 0) {
        const std::string why = std::generic_category().message(errno);
        return Error{
            ErrorCode::Rejected,
            path + " cannot be opened (" + why + "); run `calgate init` or give --dir the data directory.",
            {}};
    }
    if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno == EWOULDBLOCK) {
        return Error{
            ErrorCode::Rejected,
            "Another calgate works on " + directory + "; stop it first, or use another --dir.",
            {}};
    }
    return Error{
        ErrorCode::Rejected,
        path + " cannot be locked (" + std::generic_category().message(errno) +
            "); put the data directory on a local disk.",
        {}};
}

DataLock::~DataLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

DataLock::DataLock(DataLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

DataLock& DataLock::operator=(DataLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

}  // namespace calgate
