#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/provider.h>

#include <atomic>
#include <boost/test/unit_test.hpp>

#include "connectors/http/curl_transport.hpp"
#include "gateway/http_server.hpp"
#include "gateway/system_clock.hpp"

using namespace calgate;

namespace {

constexpr const char* kChallenge = "\x01\x23\x45\x67\x89\xab\xcd\xef";

std::string base64(const std::string& bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        static_cast<int>(bytes.size())
    );
    out.resize(static_cast<std::size_t>(size));
    return out;
}

std::string from_base64(const std::string& text) {
    std::string out(text.size(), '\0');
    const int size = EVP_DecodeBlock(
        reinterpret_cast<unsigned char*>(out.data()),
        reinterpret_cast<const unsigned char*>(text.data()),
        static_cast<int>(text.size())
    );
    out.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return out;
}

std::string little_endian(std::uint32_t number, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
    return out;
}

std::string utf16(const std::string& ascii) {
    std::string out;
    for (const char c : ascii) out += std::string{c, '\0'};
    return out;
}

/// CHALLENGE_MESSAGE with a target's name (MS-NLMP 2.2.1.2).
std::string challenge() {
    const std::string target = utf16("CORP");
    const std::string pairs = little_endian(2, 2) + little_endian(static_cast<std::uint32_t>(target.size()), 2) +
                              target + little_endian(0, 4);
    const auto size = [](const std::string& text) {
        const auto length = static_cast<std::uint32_t>(text.size());
        return little_endian(length, 2) + little_endian(length, 2);
    };
    return std::string("NTLMSSP\0", 8) + little_endian(2, 4) + size(target) + little_endian(48, 4) +
           little_endian(0xe2898215u, 4) + std::string(kChallenge, 8) + std::string(8, '\0') + size(pairs) +
           little_endian(48 + static_cast<std::uint32_t>(target.size()), 4) + target + pairs;
}

/// A field of an AUTHENTICATE_MESSAGE (MS-NLMP 2.2.1.3) by the place of its description.
std::string field(const std::string& message, std::size_t at) {
    if (message.size() < at + 8) return {};
    const auto number = [&](std::size_t from, int bytes) {
        std::size_t value = 0;
        for (int i = bytes - 1; i >= 0; --i)
            value = value << 8 | static_cast<unsigned char>(message[from + static_cast<std::size_t>(i)]);
        return value;
    };
    const std::size_t length = number(at, 2), offset = number(at + 4, 4);
    return offset + length <= message.size() ? message.substr(offset, length) : std::string();
}

std::string hmac_md5(const std::string& key, const std::string& text) {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    HMAC(
        EVP_md5(),
        key.data(),
        static_cast<int>(key.size()),
        reinterpret_cast<const unsigned char*>(text.data()),
        text.size(),
        out,
        &size
    );
    return {reinterpret_cast<char*>(out), size};
}

std::string md4(const std::string& text) {
    static OSSL_PROVIDER* const legacy = OSSL_PROVIDER_load(nullptr, "legacy");
    static OSSL_PROVIDER* const usual = OSSL_PROVIDER_load(nullptr, "default");
    BOOST_REQUIRE(legacy && usual);
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_MD* const kind = EVP_MD_fetch(nullptr, "MD4", nullptr);
    BOOST_REQUIRE(kind && EVP_Digest(text.data(), text.size(), out, &size, kind, nullptr) == 1);
    EVP_MD_free(kind);
    return {reinterpret_cast<char*>(out), size};
}

/// A server that lets CORP\anna in, by NTLMv2 and nothing else (MS-NLMP 3.3.2).
struct WindowsServer {
    const std::string password = "Sommer&2026";
    const std::string offers;
    std::atomic<int> basic = 0, first = 0, last = 0;
    HttpServer server;

    explicit WindowsServer(std::string schemes)
        : offers(std::move(schemes)),
          server(
              HttpServer::Settings{},
              [](const HttpRequest&) { return Lane::Store; },
              [this](const HttpRequest& request) { return answer(request); }
          ) {
        server.start();
    }
    ~WindowsServer() { server.stop(); }
    WindowsServer(const WindowsServer&) = delete;
    WindowsServer& operator=(const WindowsServer&) = delete;

    bool proves(const std::string& message) const {
        const std::string proof = field(message, 20), domain = field(message, 28), user = field(message, 36);
        if (proof.size() < 16 || domain != utf16("CORP") || user != utf16("anna")) return false;
        const std::string key = hmac_md5(md4(utf16(password)), utf16("ANNA") + domain);
        return hmac_md5(key, std::string(kChallenge, 8) + proof.substr(16)) == proof.substr(0, 16);
    }
    HttpResponse answer(const HttpRequest& request) {
        const std::string given(request.header("authorization"));
        HttpResponse response;
        response.status = 401;
        response.type = "text/plain";
        if (given.starts_with("NTLM ")) {
            const std::string message = from_base64(given.substr(5));
            const char kind = message.size() > 8 ? message[8] : '\0';
            if (kind == 1) {
                ++first;
                response.headers = {{"WWW-Authenticate", "NTLM " + base64(challenge())}};
                return response;
            }
            ++last;
            if (kind == 3 && proves(message)) {
                response.status = 200;
                response.body = request.method + " " + request.body;
                return response;
            }
        } else if (!given.empty()) {
            ++basic;
        }
        response.headers = {{"WWW-Authenticate", offers}};
        return response;
    }
};

struct Fixture {
    SystemClock clock{};
    http::CurlTransport::Settings settings{.private_hosts = {"127.0.0.1"}};
    http::CurlTransport transport{settings, clock};

    Result<http::Response> post(const WindowsServer& to, const std::string& password) {
        http::Request request;
        request.method = "POST";
        request.url = "http://127.0.0.1:" + std::to_string(to.server.port()) + "/EWS/Exchange.asmx";
        request.body = "<envelope/>";
        request.credentials = http::Credentials{"CORP\\anna", password};
        return transport.send(request, {clock.steady() + std::chrono::seconds{20}, {}});
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(windows_sign_in, Fixture)

BOOST_AUTO_TEST_CASE(a_server_without_basic_is_signed_in_to_by_ntlm) {
    WindowsServer server("Negotiate, NTLM");
    const auto got = post(server, server.password);
    BOOST_REQUIRE(got.has_value());
    BOOST_TEST(got->status == 200);
    BOOST_TEST(got->body == "POST <envelope/>");
    BOOST_TEST(server.basic == 1);
    BOOST_TEST(post(server, server.password)->status == 200);
    BOOST_TEST(server.basic == 1);  // It is remembered.
}

BOOST_AUTO_TEST_CASE(a_wrong_password_is_tried_once_by_ntlm) {
    WindowsServer server("NTLM");
    const auto got = post(server, "wrong");
    BOOST_REQUIRE(got.has_value());
    BOOST_TEST(got->status == 401);
    BOOST_TEST(server.last == 1);
}

BOOST_AUTO_TEST_CASE(where_basic_is_offered_ntlm_is_not_tried) {
    WindowsServer server("NTLM, Basic realm=\"mail\"");
    BOOST_TEST(post(server, server.password)->status == 401);
    BOOST_TEST(server.first == 0);
}

BOOST_AUTO_TEST_CASE(schemes_that_need_a_ticket_are_not_tried) {
    WindowsServer server("Negotiate");
    BOOST_TEST(post(server, server.password)->status == 401);
    BOOST_TEST(server.first + server.last == 0);
}

BOOST_AUTO_TEST_SUITE_END()
