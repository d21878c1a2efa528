/// NTLM signs in a connection (MS-NTHT 1.3.1), and HTTP/2 shares its connections: IIS answers HTTP_1_1_REQUIRED there.
#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <mutex>
#include <thread>

#include "connectors/http/curl_transport.hpp"
#include "gateway/system_clock.hpp"
#include "tests/sim/local_ca.hpp"
#include "tests/support/fault_vfs.hpp"

namespace calgate::testing {
namespace {

namespace asio = boost::asio;

/// A TLS server that lets nobody in, and notes for each connection which protocols it was offered (RFC 7301) and how
/// the caller signed in. It speaks HTTP/1.1 only.
class ClosedServer {
public:
    explicit ClosedServer(const TlsIdentity& identity) {
        context_.use_certificate_chain(asio::buffer(identity.certificate));
        context_.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
        SSL_CTX_set_alpn_select_cb(context_.native_handle(), &choose, this);
        thread_ = std::thread([this] {
            while (!ends_) serve();
        });
    }
    ~ClosedServer() {
        ends_ = true;
        boost::system::error_code ignored;
        asio::ip::tcp::socket(io_).connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }
    ClosedServer(const ClosedServer&) = delete;
    ClosedServer& operator=(const ClosedServer&) = delete;

    std::string url() const {
        return "https://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/EWS/Exchange.asmx";
    }
    /// One line a connection: "h2,http/1.1 Basic".
    std::vector<std::string> seen() const {
        const std::lock_guard lock(mutex_);
        return seen_;
    }

private:
    static int choose(
        SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned length, void* self
    ) {
        static const unsigned char kHttp11[] = "http/1.1";
        std::string& list = static_cast<ClosedServer*>(self)->offered_;
        list.clear();
        for (unsigned at = 0; at < length; at += 1u + offered[at]) {
            if (!list.empty()) list += ',';
            list.append(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
        }
        *out = kHttp11;
        *size = sizeof kHttp11 - 1;
        return SSL_TLSEXT_ERR_OK;
    }
    void serve() {
        boost::system::error_code failed;
        asio::ssl::stream<asio::ip::tcp::socket> stream(acceptor_.accept(io_), context_);
        offered_.clear();
        stream.handshake(asio::ssl::stream_base::server, failed);
        if (failed) return;
        std::string request;
        asio::read_until(stream, asio::dynamic_buffer(request, 64 * 1024), "\r\n\r\n", failed);
        if (failed) return;
        const auto at = request.find("Authorization: ");
        const std::string scheme =
            at == std::string::npos ? "" : request.substr(at + 15, request.find(' ', at + 15) - at - 15);
        {
            const std::lock_guard lock(mutex_);
            seen_.push_back(offered_ + " " + scheme);
        }
        const std::string answer =
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        asio::write(stream, asio::buffer(answer), failed);
        // The caller closes first: unread bytes of its request would reset the connection and take the answer with
        // them.
        std::array<char, 4096> rest{};
        while (!failed) stream.read_some(asio::buffer(rest), failed);
    }

    asio::io_context io_{};
    asio::ssl::context context_{asio::ssl::context::tls_server};
    asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::make_address("127.0.0.1"), 0}};
    std::atomic<bool> ends_{false};
    std::string offered_{};  ///< Of the connection that is served.
    mutable std::mutex mutex_{};
    std::vector<std::string> seen_{};
    std::thread thread_{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(windows_protocol)

BOOST_AUTO_TEST_CASE(ntlm_is_spoken_over_http_1_1_only_and_not_for_ever) {
    LocalCa ca;
    const ScratchFolder folder;
    std::ofstream(folder.file("ca.pem")) << ca.certificate();
    ClosedServer server(ca.issue({"127.0.0.1"}));
    const SystemClock clock;
    http::CurlTransport::Settings settings;
    settings.private_hosts = {"127.0.0.1"};
    settings.ca_file = folder.file("ca.pem");
    http::CurlTransport transport(settings, clock);
    http::Request request;
    request.method = "POST";
    request.url = server.url();
    request.body = "<envelope/>";
    request.credentials = http::Credentials{"CORP\\anna", "Sommer&2026"};
    const auto got = transport.send(request, {clock.steady() + std::chrono::seconds{20}, {}});
    // A proxy that ends connections is not asked over and over.
    BOOST_REQUIRE(!got.has_value());
    BOOST_TEST((got.error().code == ErrorCode::Timeout));
    BOOST_TEST(got.error().detail.find("keep connections open") != std::string::npos, got.error().detail);
    const auto seen = server.seen();
    BOOST_REQUIRE(seen.size() > 1u);
    BOOST_TEST(seen.size() <= 5u);
    BOOST_TEST(seen[0] == "h2,http/1.1 Basic");
    for (std::size_t i = 1; i < seen.size(); ++i) BOOST_TEST(seen[i] == "http/1.1 NTLM");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace calgate::testing
