#include <sqlite3.h>

#include <atomic>
#include <stdexcept>

#include "tests/support/fault_vfs.hpp"

namespace calgate::testing {
namespace {

sqlite3_mem_methods system_methods{};
std::atomic<std::int64_t> left{0};
std::atomic<bool> struck{false};

bool refuse() {
    if (left.load(std::memory_order_relaxed) <= 0) return false;
    if (left.fetch_sub(1) != 1) return false;
    struck = true;
    return true;
}

void* allocate(int bytes) { return refuse() ? nullptr : system_methods.xMalloc(bytes); }
void* reallocate(void* old, int bytes) { return refuse() ? nullptr : system_methods.xRealloc(old, bytes); }

}  // namespace

void install_fallible_allocator() {
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_methods) != SQLITE_OK)
        throw std::runtime_error("SQLite is already in use.");
    sqlite3_mem_methods ours = system_methods;
    ours.xMalloc = allocate;
    ours.xRealloc = reallocate;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK) throw std::runtime_error("SQLite is already in use.");
}

bool fail_allocation(std::int64_t n) {
    left = n;
    return struck.exchange(false);
}

}  // namespace calgate::testing
