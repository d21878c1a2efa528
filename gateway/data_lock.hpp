#pragma once

#include <string>

#include "core/result.hpp"

namespace calgate {

/// Held by whoever opens the store of a data directory for writing; ends with the process, however it ends.
class DataLock {
public:
    /// @return Rejected with a sentence when another process holds it, the directory cannot be written,
    /// or root works in a folder of another user.
    static Result<DataLock> take(const std::string& directory);
    ~DataLock();
    DataLock(DataLock&&) noexcept;
    DataLock& operator=(DataLock&&) noexcept;

private:
    explicit DataLock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

}  // namespace calgate
