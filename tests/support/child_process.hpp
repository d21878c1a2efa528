#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace calgate::testing {

/// A program of its own process group; it ends with this object, and with this process however that ends.
class ChildProcess {
public:
    /// @param command absolute path of the program, then its arguments. @param log_path receives its output, appended.
    /// Throws std::runtime_error when it cannot be started at all.
    ChildProcess(const std::vector<std::string>& command, const std::string& log_path);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    bool running();
    /// To the whole group; nothing once it has ended.
    void signal(int number);
    /// @return false when it still runs after `patience`.
    bool wait_for_end(std::chrono::milliseconds patience);
    /// SIGKILL to the group; returns when it is gone.
    void kill();

private:
    bool reap(bool block);

    pid_t pid_ = -1;
    bool ended_ = false;
};

}  // namespace calgate::testing
