#define BOOST_TEST_MODULE architecture
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "tests/architecture/rules.hpp"

namespace bdata = boost::unit_test::data;
using namespace calgate::architecture;

namespace {

struct Source {
    std::string path;
    std::string text;
};

std::vector<Source> sources() {
    namespace fs = std::filesystem;
    const fs::path root(CALGATE_SOURCE_DIR);
    std::vector<Source> all;
    for (const char* folder : {"core", "connectors", "store", "scheduler", "gateway"}) {
        const auto before = all.size();
        for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
            const auto kind = entry.path().extension();
            if (kind != ".cpp" && kind != ".hpp") continue;
            std::ifstream file(entry.path(), std::ios::binary);
            std::string text{std::istreambuf_iterator<char>(file), {}};
            all.push_back({fs::relative(entry.path(), root).generic_string(), std::move(text)});
        }
        BOOST_REQUIRE_MESSAGE(all.size() > before, "no sources found under " << root / folder);
    }
    return all;
}

struct Row {
    const char* path;
    const char* text;
    bool refused;
};
std::ostream& operator<<(std::ostream& out, const Row& row) { return out << row.path << ": " << row.text; }

const std::vector<Row> kIncludes{
    {"core/a.cpp", "#include \"core/event.hpp\"", false},
    {"core/a.cpp", "#include \"store/store.hpp\"", true},
    {"core/a.cpp", "#include \"gateway/config.hpp\"", true},
    {"core/a.cpp", "#include \"tests/support/x.hpp\"", true},
    {"core/a.cpp", "#include \"event.hpp\"", true},
    {"core/a.cpp", "  #  include \"store/store.hpp\"", true},
    {"core/a.cpp", "// like #include \"store/store.hpp\"", false},
    {"core/a.cpp", "#include <libical/ical.h>", false},
    {"core/a.cpp", "#include <openssl/evp.h>", false},
    {"core/a.cpp", "#include <zlib.h>", false},
    {"core/a.cpp", "#include <nlohmann/json.hpp>", false},
    {"core/a.cpp", "#include <curl/curl.h>", true},
    {"core/a.cpp", "#include <sqlite3.h>", true},
    {"core/a.hpp", "#include <vector>", false},
    {"core/a.hpp", "#include <nlohmann/json.hpp>", true},
    {"core/a.hpp", "#include <libical/ical.h>", true},
    {"core/ical_handle.hpp", "#include <libical/ical.h>", false},
    {"core/ical_handle.hpp", "#include <curl/curl.h>", true},
    {"core/a.cpp", "#include \"core/ical_handle.hpp\"", false},
    {"core/a.hpp", "#include \"core/ical_handle.hpp\"", true},
    {"connectors/caldav/a.cpp", "#include \"core/ical_handle.hpp\"", true},
    {"connectors/caldav/a.cpp", "#include \"core/connector.hpp\"", false},
    {"connectors/caldav/a.cpp", "#include \"connectors/caldav/b.hpp\"", false},
    {"connectors/caldav/a.cpp", "#include \"connectors/http/transport.hpp\"", false},
    {"connectors/caldav/a.cpp", "#include \"connectors/memory/memory_connector.hpp\"", true},
    {"connectors/http/a.cpp", "#include \"connectors/caldav/b.hpp\"", true},
    {"connectors/http/a.cpp", "#include \"store/store.hpp\"", true},
    {"connectors/http/a.cpp", "#include \"scheduler/engine.hpp\"", true},
    {"connectors/http/a.cpp", "#include <curl/curl.h>", false},
    {"connectors/http/a.cpp", "#include <netinet/in.h>", false},
    {"connectors/http/a.hpp", "#include <curl/curl.h>", true},
    {"store/a.cpp", "#include \"core/model.hpp\"", false},
    {"store/a.cpp", "#include \"connectors/http/url.hpp\"", true},
    {"store/a.cpp", "#include \"scheduler/engine.hpp\"", true},
    {"store/sqlite/a.cpp", "#include <sqlite3.h>", false},
    {"store/sqlite/a.hpp", "#include <sqlite3.h>", true},
    {"store/sqlite/row_json.hpp", "#include <nlohmann/json.hpp>", false},
    {"store/sqlite/a.cpp", "#include \"store/sqlite/row_json.hpp\"", false},
    {"store/sqlite/a.hpp", "#include \"store/sqlite/row_json.hpp\"", true},
    {"gateway/a.cpp", "#include \"store/sqlite/row_json.hpp\"", true},
    {"scheduler/a.cpp", "#include \"store/store.hpp\"", false},
    {"scheduler/a.cpp", "#include \"connectors/http/transport.hpp\"", true},
    {"scheduler/a.cpp", "#include \"gateway/config.hpp\"", true},
    {"scheduler/a.cpp", "#include <nlohmann/json.hpp>", true},
    {"gateway/a.cpp", "#include \"scheduler/engine.hpp\"", false},
    {"gateway/a.cpp", "#include \"connectors/caldav/b.hpp\"", false},
    {"gateway/a.cpp", "#include \"tests/support/x.hpp\"", true},
    {"gateway/a.hpp", "#include <boost/asio.hpp>", false},
    {"gateway/a.cpp", "#include <sqlite3.h>", true},
};

const std::vector<Row> kClocks{
    {"core/a.cpp", "auto t = std::chrono::system_clock::now();", true},
    {"scheduler/a.cpp", "auto t = std::chrono::steady_clock::now();", true},
    {"store/a.cpp", "std::this_thread::sleep_for(1s);", true},
    {"gateway/a.cpp", "std::this_thread::sleep_until(t);", true},
    {"core/a.cpp", "int x = rand();", true},
    {"core/a.cpp", "srand(1);", true},
    {"core/a.cpp", "std::random_device seed;", true},
    {"gateway/serve.cpp", "std::random_device seed;", true},
    {"core/a.cpp", "auto t = clock.now();", false},
    {"core/a.cpp", "int x = operand(1);", false},
    {"core/a.cpp", "std::chrono::system_clock::time_point t;", false},
    {"core/a.cpp", "// never system_clock::now here", false},
    {"gateway/system_clock.cpp", "return std::chrono::system_clock::now();", false},
    {"gateway/system_random.hpp", "std::random_device source;", false},
    {"gateway/system_clock_view.cpp", "return std::chrono::system_clock::now();", true},
};

template <class Rule>
void check_tree(Rule rule) {
    for (const Source& source : sources()) {
        for (const std::string& wrong : rule(source.path, source.text)) BOOST_ERROR(wrong);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(layer_rules)

BOOST_DATA_TEST_CASE(the_rule, bdata::make(kIncludes), row) {
    BOOST_TEST(!wrong_includes(row.path, row.text).empty() == row.refused);
}
BOOST_AUTO_TEST_CASE(a_finding_names_its_line) {
    const auto wrong = wrong_includes("core/a.cpp", "#pragma once\n\n#include \"store/store.hpp\"\n");
    BOOST_REQUIRE(wrong.size() == 1u);
    BOOST_TEST(wrong[0] == "core/a.cpp:3: store/store.hpp points from core/ to store/.");
}
BOOST_AUTO_TEST_CASE(the_tree) { check_tree(wrong_includes); }

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(clock_rules)

BOOST_DATA_TEST_CASE(the_rule, bdata::make(kClocks), row) {
    BOOST_TEST(!real_time_and_chance(row.path, row.text).empty() == row.refused);
}
BOOST_AUTO_TEST_CASE(the_tree) { check_tree(real_time_and_chance); }

BOOST_AUTO_TEST_SUITE_END()
