#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>

#if defined(__SANITIZE_ADDRESS__)
// GCC ships the library without its header.
extern "C" int __sanitizer_install_malloc_and_free_hooks(
    void (*)(const volatile void*, std::size_t), void (*)(const volatile void*)
);
extern "C" std::size_t __sanitizer_get_allocated_size(const volatile void*);
#endif

namespace calgate::testing {

/// What a piece of work took, in a process of its own.
struct Spent {
    bool ended = false;      ///< By itself, within the limit of CPU time.
    bool good = false;       ///< What the work said.
    std::size_t memory = 0;  ///< Bytes at the worst moment, beyond what there was before.
    double cpu_ms = 0;       ///< Told, never judged but by the limit: a busy machine and sanitizers make it longer.
};

namespace detail {

inline std::atomic<std::ptrdiff_t>& living() {
    static std::atomic<std::ptrdiff_t> bytes{0};
    return bytes;
}
inline std::atomic<std::ptrdiff_t>& most() {
    static std::atomic<std::ptrdiff_t> bytes{0};
    return bytes;
}

#if defined(__SANITIZE_ADDRESS__)
/// What the program asked for; the sanitizer's own margins and its store of freed memory do not count.
inline void count_memory() {
    __sanitizer_install_malloc_and_free_hooks(
        [](const volatile void*, std::size_t size) {
            const auto now = living() += static_cast<std::ptrdiff_t>(size);
            if (now > most()) most() = now;
        },
        [](const volatile void* place) {
            if (place != nullptr) living() -= static_cast<std::ptrdiff_t>(__sanitizer_get_allocated_size(place));
        }
    );
}
inline std::size_t counted_memory(long) { return static_cast<std::size_t>(std::max<std::ptrdiff_t>(most(), 0)); }
inline long memory_now() { return 0; }
#else
inline void count_memory() {}
inline long memory_now() {
    long pages = 0, resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}
inline std::size_t counted_memory(long before_kib) {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    return static_cast<std::size_t>(std::max(0L, used.ru_maxrss - before_kib)) * 1024;
}
#endif

}  // namespace detail

/// Runs `work` in a child, which is killed after `seconds` of CPU time.
inline Spent spent_by(const std::function<bool()>& work, rlim_t seconds = 20) {
    struct Told {
        bool good;
        std::size_t memory;
    } told{};
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("no child");
    if (child == 0) {
        const rlimit limit{seconds, seconds};
        ::setrlimit(RLIMIT_CPU, &limit);
        const long before = detail::memory_now();
        detail::count_memory();
        told.good = work();
        told.memory = detail::counted_memory(before);
        ::_exit(::write(ends[1], &told, sizeof told) == sizeof told ? 0 : 1);
    }
    ::close(ends[1]);
    Spent spent;
    const auto got = ::read(ends[0], &told, sizeof told);
    ::close(ends[0]);
    int status = 0;
    rusage used{};
    ::wait4(child, &status, 0, &used);
    spent.ended = got == sizeof told && WIFEXITED(status);
    spent.good = told.good;
    spent.memory = told.memory;
    const auto ms = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
    };
    spent.cpu_ms = ms(used.ru_utime) + ms(used.ru_stime);
    return spent;
}

constexpr std::size_t kBombMemory = 64u * 1024 * 1024;

}  // namespace calgate::testing
