#include "gateway/data_lock.hpp"

#include <stdlib.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>

namespace calgate {
namespace {

struct Directory {
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "calgate-XXXXXX").string();
        BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Directory() { std::filesystem::remove_all(path); }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    std::string path{};
};

BOOST_AUTO_TEST_CASE(a_second_writer_is_refused_until_the_first_ends) {
    const Directory directory;
    {
        const auto first = DataLock::take(directory.path);
        BOOST_REQUIRE(first.has_value());
        const auto second = DataLock::take(directory.path);
        BOOST_REQUIRE(!second.has_value());
        BOOST_TEST(second.error().detail.starts_with("Another calgate works on " + directory.path));
    }
    BOOST_TEST(DataLock::take(directory.path).has_value());
}

BOOST_AUTO_TEST_CASE(a_missing_directory_is_named) {
    const Directory directory;
    const auto lock = DataLock::take(directory.path + "/nowhere");
    BOOST_REQUIRE(!lock.has_value());
    BOOST_TEST(lock.error().detail.find("calgate init") != std::string::npos);
}

}  // namespace
}  // namespace calgate
