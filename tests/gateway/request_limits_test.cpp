#include "gateway/request_limits.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace calgate;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SteadyInstant kStart{std::chrono::hours{1}};

struct Client {
    const char* name;
    std::string address;
    std::string forwarded;
    bool behind_proxy;
    std::string same_as;  ///< An address that counts as the same one.
};
std::ostream& operator<<(std::ostream& out, const Client& client) { return out << client.name; }

const Client kClients[] = {
    {"an_address", "203.0.113.7", "", false, "203.0.113.7"},
    {"a_mapped_one", "::ffff:203.0.113.7", "", false, "203.0.113.7"},
    {"a_network", "2001:db8:1:2:3:4:5:6", "", false, "2001:db8:1:2::1"},
    {"no_proxy_is_expected", "127.0.0.1", "203.0.113.7", false, "127.0.0.1"},
    {"the_proxy_on_this_machine", "127.0.0.1", "203.0.113.7", true, "203.0.113.7"},
    {"the_proxy_over_ipv6", "::1", "2001:db8:1:2::9", true, "2001:db8:1:2::1"},
    {"what_the_client_wrote_before_it_counts_nothing", "127.0.0.1", "198.51.100.1, 203.0.113.7", true, "203.0.113.7"},
    {"a_stranger_who_plays_proxy", "203.0.113.7", "198.51.100.1", true, "203.0.113.7"},
    {"a_proxy_that_says_no_address", "127.0.0.1", "unknown", true, "127.0.0.1"},
    {"a_proxy_that_says_nothing", "127.0.0.1", "", true, "127.0.0.1"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(request_limits)

BOOST_AUTO_TEST_CASE(a_minutes_worth_may_come_at_once_then_as_many_as_come_back) {
    RequestLimits limits(30);
    for (int i = 0; i < 30; ++i) BOOST_TEST(limits.take("a", kStart).count() == 0);
    BOOST_TEST(limits.take("a", kStart).count() == 2);
    BOOST_TEST(limits.take("b", kStart).count() == 0);
    BOOST_TEST(limits.take("a", kStart + milliseconds{1900}).count() == 1);
    BOOST_TEST(limits.take("a", kStart + seconds{2}).count() == 0);
    BOOST_TEST(limits.take("a", kStart + seconds{2}).count() == 2);
    int after_a_day = 0;
    while (limits.take("a", kStart + std::chrono::hours{24}).count() == 0) ++after_a_day;
    BOOST_TEST(after_a_day == 30);
}

BOOST_AUTO_TEST_CASE(zero_is_no_limit) {
    RequestLimits limits(0);
    for (int i = 0; i < 10'000; ++i) BOOST_REQUIRE(limits.take("a", kStart).count() == 0);
    BOOST_TEST(limits.callers() == 0u);
}

BOOST_AUTO_TEST_CASE(F39_many_addresses_take_no_more_memory_and_share_what_one_may) {
    RequestLimits limits(10, 100);
    int passed = 0;
    for (int i = 0; i < 5000; ++i) passed += limits.take("robot " + std::to_string(i), kStart).count() == 0;
    BOOST_TEST(limits.callers() == 100u);
    BOOST_TEST(passed == 110);
    // Those that came to rest make room again.
    BOOST_TEST(limits.take("customer", kStart + seconds{60}).count() == 0);
    BOOST_TEST(limits.callers() == 1u);
}

BOOST_DATA_TEST_CASE(a_request_is_counted_for_whoever_sent_it, boost::unit_test::data::make(kClients), client) {
    HttpRequest request;
    request.address = client.address;
    if (!client.forwarded.empty()) request.headers = {{"x-forwarded-for", client.forwarded}};
    HttpRequest other;
    other.address = client.same_as;
    BOOST_TEST(client_of(request, client.behind_proxy) == client_of(other, false));
}

BOOST_AUTO_TEST_SUITE_END()
