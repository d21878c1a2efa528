#include <boost/test/unit_test.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/gateway/api_stage.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

std::string text_of_file(const std::string& path) {
    const std::ifstream in(CALGATE_SOURCE_DIR "/" + path);
    BOOST_REQUIRE_MESSAGE(in, path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::set<std::string> found_in(const std::string& text, const std::string& pattern) {
    const std::regex expression(pattern);
    std::set<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) found.insert((*at)[1]);
    return found;
}

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(alert_rules_and_docs_name_the_metrics_that_there_are_and_no_other) {
    ApiStage stage;
    const auto there = found_in(stage.call("GET", "/metrics").body, "# TYPE (calgate_[a-z_]+) ");
    BOOST_TEST(there.size() > 10u);
    const auto documented = found_in(text_of_file("docs/operating.md"), "\\n\\| `(calgate_[a-z_]+)");
    BOOST_TEST(documented == there, boost::test_tools::per_element());
    const auto alerted = found_in(text_of_file("gateway/package/calgate.rules.yml"), "[^a-z_](calgate_[a-z_]+)");
    BOOST_TEST(alerted.size() > 8u);
    for (const std::string& name : alerted) BOOST_TEST(there.contains(name), name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
