#include "tests/support/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace calgate::testing {

namespace {

/// Only calls that are safe between fork and exec.
[[noreturn]] void become(char* const* arguments, int log) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execv(arguments[0], arguments);
    ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, const std::string& log_path) {
    std::vector<std::string> words = command;
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) throw std::runtime_error("Cannot write " + log_path + ": " + std::strerror(errno));
    pid_ = ::fork();
    if (pid_ == 0) become(arguments.data(), log);
    const int failure = errno;
    ::close(log);
    if (pid_ < 0) throw std::runtime_error("Cannot start " + command.front() + ": " + std::strerror(failure));
    ::setpgid(pid_, pid_);  // Also here: a signal may be sent before the child has done it.
}

ChildProcess::~ChildProcess() { kill(); }

bool ChildProcess::reap(bool block) {
    if (ended_) return true;
    pid_t got = 0;
    do {
        got = ::waitpid(pid_, nullptr, block ? 0 : WNOHANG);
    } while (got < 0 && errno == EINTR);
    ended_ = got == pid_ || (got < 0 && errno == ECHILD);
    return ended_;
}

bool ChildProcess::running() { return !reap(false); }

void ChildProcess::signal(int number) {
    if (running()) ::kill(-pid_, number);
}

bool ChildProcess::wait_for_end(std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!reap(false)) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

void ChildProcess::kill() {
    if (!running()) return;
    ::kill(-pid_, SIGKILL);
    reap(true);
}

}  // namespace calgate::testing
