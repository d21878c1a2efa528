#include "connectors/http/address_guard.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "connectors/http/curl_transport.hpp"
#include "connectors/http/redirects.hpp"
#include "connectors/http/url.hpp"
#include "tests/support/manual_clock.hpp"

namespace calgate {
namespace {

/// Listens on this machine, as a database or an administrator's page does, and tells whether anybody came.
class InternalService {
public:
    /// @param port 0: any.
    explicit InternalService(int family, int port = 0) : fd_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_addr = in6addr_loopback;
        six.sin6_port = htons(static_cast<std::uint16_t>(port));
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* address = family == AF_INET ? reinterpret_cast<sockaddr*>(&four) : reinterpret_cast<sockaddr*>(&six);
        socklen_t size = family == AF_INET ? sizeof four : sizeof six;
        here_ = fd_ >= 0 && ::bind(fd_, address, size) == 0 && ::listen(fd_, 64) == 0 &&
                ::getsockname(fd_, address, &size) == 0;
        port_ = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
    }
    ~InternalService() {
        if (fd_ >= 0) ::close(fd_);
    }
    InternalService(const InternalService&) = delete;
    InternalService& operator=(const InternalService&) = delete;

    bool here() const { return here_; }
    int number() const { return port_; }
    std::string port() const { return std::to_string(port_); }
    /// A connection that was made waits here, whatever became of it.
    bool was_reached() const {
        pollfd caller{fd_, POLLIN, 0};
        return ::poll(&caller, 1, 0) != 0;
    }

private:
    int fd_;
    int port_ = 0;
    bool here_ = false;
};

struct Vector {
    const char* name;
    const char* url;            ///< "PORT" is that of the service.
    const char* resolves = "";  ///< What the name leads to; empty: the host itself says.
    bool unknown = false;       ///< Taken for no address of anything, or for another host.
};

// clang-format off
const Vector kVectors[] = {
    {"loopback", "http://127.0.0.1:PORT/"},
    {"loopback over tls", "https://127.0.0.1:PORT/"},
    {"loopback elsewhere in its network", "http://127.8.9.10:PORT/"},
    {"last of the loopback network", "http://127.255.255.254:PORT/"},
    {"decimal", "http://2130706433:PORT/"},
    {"hexadecimal", "http://0x7f000001:PORT/"},
    {"hexadecimal in capitals", "http://0X7F000001:PORT/"},
    {"hexadecimal by parts", "http://0x7f.0x0.0x0.0x1:PORT/"},
    {"octal", "http://017700000001:PORT/"},
    {"octal by parts", "http://0177.0.0.1:PORT/"},
    {"octal with more zeros", "http://0000177.0.0.01:PORT/"},
    {"mixed parts", "http://0x7f.0.0.01:PORT/"},
    {"two parts", "http://127.1:PORT/"},
    {"three parts", "http://127.0.1:PORT/"},
    {"this network", "http://0.0.0.0:PORT/"},
    {"zero", "http://0:PORT/"},
    {"zero in hexadecimal", "http://0x0:PORT/"},
    {"localhost", "http://localhost:PORT/"},
    {"localhost in capitals", "http://LOCALHOST:PORT/"},
    {"a dot at the end of a name that leads to this machine", "http://rebound.example./", "127.0.0.1:PORT"},
    {"user information", "http://www.example.com@127.0.0.1:PORT/"},
    {"user and password", "http://www.example.com:80@127.0.0.1:PORT/"},
    {"two of them", "http://a@www.example.com:80@127.0.0.1:PORT/", "", true},
    {"an encoded at sign", "http://www.example.com%40127.0.0.1:PORT/"},
    {"a backslash before the at sign", "http://127.0.0.1:PORT\\@www.example.com/", "", true},
    {"a fragment before the at sign", "http://127.0.0.1:PORT#@www.example.com/"},
    {"a question mark before the at sign", "http://127.0.0.1:PORT?@www.example.com/"},
    {"percent-encoded digits", "http://%31%32%37.0.0.1:PORT/"},
    {"percent-encoded dots", "http://127%2e0%2e0%2e1:PORT/"},
    {"full-width digits", "http://１２７.0.0.1:PORT/", "", true},
    {"digits in circles", "http://①②⑦.⓪.⓪.①:PORT/", "", true},
    {"ideographic dots", "http://127。0。0。1:PORT/", "", true},
    {"letters in circles", "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ:PORT/", "", true},
    {"soft hyphen", "http://local\u00adhost:PORT/", "", true},
    {"a tab within", "http://127.0.0\t.1:PORT/"},
    {"a space before", "http:// 127.0.0.1:PORT/"},
    {"a line break and a second request", "http://127.0.0.1:PORT/\r\nX: y"},
    {"one slash", "http:/127.0.0.1:PORT/"},
    {"three slashes", "http:///127.0.0.1:PORT/"},
    {"backslashes", "http:\\\\127.0.0.1:PORT\\"},
    {"no scheme", "//127.0.0.1:PORT/"},
    {"gopher", "gopher://127.0.0.1:PORT/_x"},
    {"ftp", "ftp://127.0.0.1:PORT/x"},
    {"file", "file:///etc/passwd"},
    {"dict", "dict://127.0.0.1:PORT/d:x"},
    {"ldap", "ldap://127.0.0.1:PORT/"},
    {"scheme within a scheme", "http+unix://%2Fvar%2Frun%2Fdocker.sock/"},
    {"v6 loopback", "http://[::1]:PORT/"},
    {"v6 loopback in full", "http://[0:0:0:0:0:0:0:1]:PORT/"},
    {"v6 unspecified", "http://[::]:PORT/"},
    {"mapped", "http://[::ffff:127.0.0.1]:PORT/"},
    {"mapped in hexadecimal", "http://[::ffff:7f00:1]:PORT/"},
    {"mapped in full", "http://[0:0:0:0:0:ffff:7f00:0001]:PORT/"},
    {"v4 compatible", "http://[::127.0.0.1]:PORT/"},
    {"translated by NAT64", "http://[64:ff9b::7f00:1]:PORT/"},
    {"translated by NAT64, dotted", "http://[64:ff9b::10.0.0.1]:PORT/"},
    {"translated by a NAT64 of one's own", "http://[64:ff9b:1::7f00:1]:PORT/"},
    {"SIIT", "http://[::ffff:0:127.0.0.1]:PORT/"},
    {"6to4 of loopback", "http://[2002:7f00:1::]:PORT/"},
    {"6to4 of a private network", "http://[2002:a00:1::1]:PORT/"},
    {"Teredo", "http://[2001:0:7f00:1::1]:PORT/"},
    {"ISATAP of a link-local network", "http://[fe80::5efe:127.0.0.1]:PORT/"},
    {"zone id of the loopback", "http://[::1%25lo]:PORT/"},
    {"zone id, not encoded", "http://[fe80::1%lo]:PORT/"},
    {"link-local with a zone id", "http://[fe80::1%25eth0]:PORT/"},
    {"site-local", "http://[fec0::1]:PORT/"},
    {"unique local", "http://[fd12:3456:789a::1]:PORT/"},
    {"multicast v6", "http://[ff02::1]:PORT/"},
    {"discard-only", "http://[100::1]:PORT/"},
    {"documentation v6", "http://[2001:db8::1]:PORT/"},
    {"ten", "http://10.0.0.1:PORT/"},
    {"172.16", "http://172.16.0.1:PORT/"},
    {"172.31", "http://172.31.255.254:PORT/"},
    {"192.168", "http://192.168.1.1:PORT/"},
    {"carrier-grade NAT", "http://100.64.0.1:PORT/"},
    {"metadata of a cloud", "http://169.254.169.254/latest/meta-data/"},
    {"metadata in decimal", "http://2852039166/latest/meta-data/"},
    {"metadata, mapped", "http://[::ffff:a9fe:a9fe]/latest/meta-data/"},
    {"metadata v6", "http://[fd00:ec2::254]/latest/meta-data/"},
    {"protocol assignments", "http://192.0.0.192:PORT/"},
    {"benchmarks", "http://198.18.0.1:PORT/"},
    {"reserved", "http://240.0.0.1:PORT/"},
    {"broadcast", "http://255.255.255.255:PORT/"},
    {"multicast", "http://224.0.0.1:PORT/"},
    {"a public name that leads to this machine", "http://rebound.example/", "127.0.0.1:PORT"},
    {"the same over tls", "https://rebound.example/", "127.0.0.1:PORT"},
    {"a public name that leads to v6 loopback", "http://rebound.example/", "[::1]:PORT"},
    {"a public name that leads to a mapped address", "http://rebound.example/", "[::ffff:127.0.0.1]:PORT"},
    {"a public name that leads to a private network", "http://rebound.example/", "10.0.0.1:80"},
    {"a public name that leads to the metadata", "http://rebound.example/", "169.254.169.254:80"},
};

/// Where a public host may not send us on to.
const char* const kRedirects[] = {
    "http://127.0.0.1:PORT/", "https://127.0.0.1:PORT/", "//127.0.0.1:PORT/", "http://localhost:PORT/", "https://[::1]:PORT/",
    "https://2130706433:PORT/", "https://169.254.169.254/", "https://cal.example.evil.example/", "https://cal.example@127.0.0.1:PORT/",
    "https://cal.example:8443/", "file:///etc/passwd", "gopher://127.0.0.1:PORT/_x", "https://cal.example\\@127.0.0.1:PORT/",
    "https://cal.example.:443/", "\thttps://127.0.0.1:PORT/", "https:\\\\127.0.0.1:PORT/",
};
// clang-format on

std::string with_port(std::string text, const std::string& port) {
    for (auto at = text.find("PORT"); at != std::string::npos; at = text.find("PORT")) text.replace(at, 4, port);
    return text;
}

/// A clock that stands still: no call is ended for its sake.
Result<http::Response> ask(const std::string& url, http::CurlTransport::Settings settings) {
    const testing::ManualClock clock;
    settings.connect_timeout = std::chrono::seconds{5};
    http::CurlTransport transport(std::move(settings), clock);
    http::Request request;
    request.method = "GET";
    request.url = url;
    return transport.send(request, {clock.steady() + std::chrono::seconds{10}, {}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(address_guard)

BOOST_AUTO_TEST_CASE(I26_no_spelling_of_an_internal_address_is_reached) {
    static_assert(std::size(kVectors) >= 60);
    // On one port, so that a spelling reaches it whatever it is taken for.
    const InternalService four(AF_INET), six(AF_INET6, four.number());
    BOOST_REQUIRE(four.here());
    for (const Vector& vector : kVectors) {
        const std::string port = four.port();
        http::CurlTransport::Settings settings;
        // Nobody is asked where this is; it is the operator's own, and nothing runs there.
        settings.connect_to = {"www.example.com::127.0.0.1:1"};
        if (*vector.resolves != '\0')
            for (const char* name : {"rebound.example::", "rebound.example.::"})
                settings.connect_to.push_back(name + with_port(vector.resolves, port));
        // An operator's own host is let in; nobody else is by looking like it.
        settings.private_hosts = {"www.example.com", "nas.example"};
        const auto answer = ask(with_port(vector.url, port), settings);
        BOOST_TEST(!answer.has_value(), vector.name);
        // Refused, and not just out of reach.
        const bool refused = !answer && answer.error().code == ErrorCode::Rejected;
        BOOST_TEST((refused || vector.unknown), vector.name << ": " << (answer ? "" : answer.error().detail));
        BOOST_TEST(!four.was_reached(), vector.name);
        BOOST_TEST((!six.here() || !six.was_reached()), vector.name);
    }
}

BOOST_AUTO_TEST_CASE(what_the_operator_put_there_himself_is_reached) {
    const InternalService four(AF_INET);
    http::CurlTransport::Settings settings;
    settings.connect_timeout = std::chrono::seconds{5};
    settings.private_hosts = {"127.0.0.1"};
    const testing::ManualClock clock;
    http::CurlTransport transport(settings, clock);
    http::Request request;
    request.method = "GET";
    request.url = "http://127.0.0.1:" + four.port() + "/";
    // Nobody answers: that it was reached is all that is asked.
    BOOST_TEST(!transport.send(request, {clock.steady() + std::chrono::milliseconds{500}, {}}).has_value());
    BOOST_TEST(four.was_reached());
}

BOOST_AUTO_TEST_CASE(I26_no_redirect_leads_to_an_internal_address) {
    for (const char* location : kRedirects) {
        for (const int status : {301, 302, 303, 307, 308}) {
            http::Response response;
            response.status = status;
            response.headers = {{"Location", with_port(location, "8080")}};
            const auto target = http::redirect_target("GET", *http::parse_url("https://cal.example/a"), response);
            const bool same = target && target->host == "cal.example" && target->port == 443;
            BOOST_TEST((!target || same), status << " to " << location);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate
