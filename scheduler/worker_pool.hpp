#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace calgate {

/// A bounded set of threads that ask for work. Thread-safe; start and stop by one owner.
class WorkerPool {
public:
    /// Does one piece of work and returns zero, or returns how long there will be none.
    using Step = std::function<std::chrono::milliseconds(std::stop_token)>;

    WorkerPool(int workers, Step step);
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    void start();
    /// Asks running work to end and joins.
    void stop();
    /// There may be work: idle threads ask again.
    void notify();

private:
    void loop(const std::stop_token&);

    int workers_;
    Step step_;
    std::mutex mutex_{};
    std::condition_variable_any wakeup_{};
    std::uint64_t signals_ = 0;  ///< Guarded by mutex_.
    std::vector<std::jthread> threads_{};
};

}  // namespace calgate
