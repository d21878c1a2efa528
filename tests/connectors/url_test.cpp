#include "connectors/http/url.hpp"

#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>

#include "connectors/http/address_guard.hpp"
#include "connectors/http/redirects.hpp"

using namespace calgate;
namespace data = boost::unit_test::data;

namespace {

struct ResolveRow {
    const char* name;
    const char* reference;
    const char* expected;  ///< Empty: refused.
};
std::ostream& operator<<(std::ostream& out, const ResolveRow& row) { return out << row.name; }
const ResolveRow kResolve[] = {
    {"absolute path", "/x/y.ics", "https://cal.example/x/y.ics"},
    {"relative", "y.ics", "https://cal.example/a/b/y.ics"},
    {"up", "../y.ics", "https://cal.example/a/y.ics"},
    {"above the root", "../../../../y", "https://cal.example/y"},
    {"other host with its default port", "https://p01.example:443/z/", "https://p01.example/z/"},
    {"same scheme", "//other.example/z", "https://other.example/z"},
    {"user information is dropped", "https://u:p@other.example/z", "https://other.example/z"},
    {"another scheme", "file:///etc/passwd", ""},
    {"port out of range", "https://h:70000/", ""},
    {"line break", "/a\r\nX: y", ""},
};

struct RedirectRow {
    const char* name;
    int status;
    const char* method;
    const char* from;
    const char* location;
    const char* expected;  ///< Empty: refused.
};
std::ostream& operator<<(std::ostream& out, const RedirectRow& row) { return out << row.name; }
const RedirectRow kRedirects[] = {
    {"same host", 301, "PROPFIND", "https://cal.example/a", "/b", "https://cal.example/b"},
    {"303 changes the resource", 303, "PROPFIND", "https://cal.example/a", "/b", ""},
    {"303 for a GET", 303, "GET", "https://cal.example/a", "/b", "https://cal.example/b"},
    {"foreign host", 307, "PUT", "https://cal.example/a", "https://evil.example/a", ""},
    {"other port", 307, "PUT", "https://cal.example/a", "https://cal.example:8443/a", ""},
    {"downgrade is tried on https",
     301,
     "PROPFIND",
     "https://cal.example/a",
     "http://cal.example/b",
     "https://cal.example/b"},
    {"downgrade to another host", 301, "PROPFIND", "https://cal.example/a", "http://other.example/b", ""},
    {"partition of iCloud",
     307,
     "PROPFIND",
     "https://caldav.icloud.com/",
     "https://p42-caldav.icloud.com/1/",
     "https://p42-caldav.icloud.com/1/"},
    {"looks like iCloud", 307, "PROPFIND", "https://caldav.icloud.com/", "https://px-caldav.icloud.com/1/", ""},
};

struct AddressRow {
    const char* name;
    std::vector<std::uint8_t> bytes;
    bool allowed;
};
std::ostream& operator<<(std::ostream& out, const AddressRow& row) { return out << row.name; }
const AddressRow kAddresses[] = {
    {"public", {93, 184, 216, 34}, true},
    {"loopback", {127, 0, 0, 1}, false},
    {"ten", {10, 1, 2, 3}, false},
    {"172.15 is public", {172, 15, 0, 1}, true},
    {"172.31 is private", {172, 31, 0, 1}, false},
    {"metadata service", {169, 254, 169, 254}, false},
    {"192.168", {192, 168, 0, 1}, false},
    {"multicast", {224, 0, 0, 1}, false},
    {"zero", {0, 0, 0, 0}, false},
    {"public v6", {0x26, 0x06, 0x28, 0, 2, 0x20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, true},
    {"loopback v6", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, false},
    {"mapped loopback", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}, false},
    {"mapped public", {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 93, 184, 216, 34}, true},
    {"link-local v6", {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, false},
    {"unique local v6", {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, false},
    {"cut short", {127, 0}, false},
};

}  // namespace

BOOST_DATA_TEST_CASE(resolve_reference, data::make(kResolve), row) {
    const auto url = http::resolve(*http::parse_url("https://cal.example/a/b/c?q"), row.reference);
    BOOST_TEST((url ? url->text() : "") == row.expected);
}

BOOST_DATA_TEST_CASE(redirect, data::make(kRedirects), row) {
    http::Response response;
    response.status = row.status;
    response.headers = {{"location", row.location}};
    const auto target = http::redirect_target(row.method, *http::parse_url(row.from), response);
    BOOST_TEST((target ? target->text() : "") == row.expected);
}

BOOST_DATA_TEST_CASE(address, data::make(kAddresses), row) {
    BOOST_TEST(http::forbidden_address(row.bytes).empty() == row.allowed);
}

BOOST_AUTO_TEST_CASE(two_spellings_of_a_path_are_one) {
    BOOST_TEST(http::canonical_path("/a%40b/%7Ec d%2fe") == "/a@b/~c%20d%2Fe");
}
