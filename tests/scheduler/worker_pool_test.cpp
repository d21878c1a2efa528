#include "scheduler/worker_pool.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <latch>

namespace calgate {

BOOST_AUTO_TEST_SUITE(worker_pool)

BOOST_AUTO_TEST_CASE(work_is_done_by_no_more_threads_than_given_and_stop_joins) {
    std::atomic<int> left{100}, running{0}, most{0};
    std::latch done(100);
    WorkerPool pool(3, [&](std::stop_token) {
        if (left.fetch_sub(1) <= 0) return std::chrono::milliseconds{1000};
        const int now = ++running;
        for (int seen = most.load(); seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        --running;
        done.count_down();
        return std::chrono::milliseconds{0};
    });
    pool.start();
    done.wait();
    pool.stop();
    BOOST_TEST(most.load() <= 3);
    BOOST_TEST(running.load() == 0);
}

BOOST_AUTO_TEST_CASE(a_signal_ends_a_wait) {
    std::atomic<bool> ready{false};
    std::latch idle(1), worked(1);
    std::atomic<bool> first{true}, counted{false};
    WorkerPool pool(1, [&](std::stop_token) {
        if (first.exchange(false)) idle.count_down();
        if (ready && !counted.exchange(true)) worked.count_down();
        return std::chrono::milliseconds{1000};
    });
    pool.start();
    idle.wait();
    ready = true;
    pool.notify();
    worked.wait();
    pool.stop();
    BOOST_TEST(counted.load());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
