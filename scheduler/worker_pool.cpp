#include "scheduler/worker_pool.hpp"

#include <algorithm>
#include <utility>

namespace calgate {
namespace {

constexpr std::chrono::milliseconds kLongestWait{1000};

}  // namespace

WorkerPool::WorkerPool(int workers, Step step) : workers_(std::max(1, workers)), step_(std::move(step)) {}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::start() {
    if (!threads_.empty()) return;
    for (int i = 0; i < workers_; ++i) threads_.emplace_back([this](const std::stop_token& stop) { loop(stop); });
}

void WorkerPool::stop() {
    for (auto& thread : threads_) thread.request_stop();
    notify();
    threads_.clear();
}

void WorkerPool::notify() {
    {
        const std::lock_guard lock(mutex_);
        ++signals_;
    }
    wakeup_.notify_all();
}

void WorkerPool::loop(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::uint64_t seen = 0;
        {
            const std::lock_guard lock(mutex_);
            seen = signals_;
        }
        const auto wait = std::min(step_(stop), kLongestWait);
        if (wait.count() <= 0) continue;
        std::unique_lock lock(mutex_);
        wakeup_.wait_for(lock, stop, wait, [&] { return signals_ != seen; });
    }
}

}  // namespace calgate
