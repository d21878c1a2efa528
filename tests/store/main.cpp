#define BOOST_TEST_MODULE store
#include <boost/test/unit_test.hpp>

#include "tests/support/fault_vfs.hpp"

struct FallibleAllocator {
    FallibleAllocator() { calgate::testing::install_fallible_allocator(); }
};
BOOST_TEST_GLOBAL_FIXTURE(FallibleAllocator);
