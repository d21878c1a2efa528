#include <sys/stat.h>

#include <array>
#include <boost/asio/ssl.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "gateway/keys.hpp"
#include "gateway/tls_identity.hpp"
#include "tests/gateway/api_stage.hpp"
#include "tests/sim/local_ca.hpp"

using namespace calgate;
using namespace calgate::testing;

namespace {

struct Ran {
    int code = 0;
    std::string output{};
    bool says(const std::string& text) const { return output.find(text) != std::string::npos; }
};

/// A program of Debian's, by the shell; nothing waits longer than ten seconds.
Ran run(const std::string& command) {
    FILE* pipe = ::popen(("timeout 10 " + command + " 2>&1").c_str(), "r");
    BOOST_REQUIRE(pipe != nullptr);
    Ran ran;
    std::array<char, 4096> bytes{};
    for (std::size_t got = 0; (got = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;)
        ran.output.append(bytes.data(), got);
    ran.code = ::pclose(pipe);
    return ran;
}

/// Files of a certificate authority and of a server's certificate.
struct Certificates {
    Certificates() {
        std::ofstream(folder.file("ca.pem")) << ca.certificate();
        issue("salon.example");
    }
    void issue(const std::string& name) {
        const auto identity = ca.issue({name, "127.0.0.1"});
        BOOST_REQUIRE(write_private_file(files.certificate, identity.certificate).has_value());
        BOOST_REQUIRE(write_private_file(files.key, identity.key).has_value());
    }
    HttpServer::Settings settings() const {
        HttpServer::Settings wanted;
        wanted.tls = files;
        wanted.request_timeout = std::chrono::seconds{1};
        wanted.certificate_check = std::chrono::milliseconds{50};
        return wanted;
    }

    LocalCa ca{};
    ScratchFolder folder{};
    TlsFiles files{folder.file("api.pem"), folder.file("api.key")};
};

struct TlsStage : Certificates, ApiStage {
    TlsStage() : Certificates(), ApiStage(Certificates::settings()) {}
    std::string place() const { return "127.0.0.1:" + std::to_string(port()); }
    Ran curl(const std::string& options, const std::string& path) const {
        return run(
            "curl -sS --cacert " + Certificates::folder.file("ca.pem") + " -w '\\n%{http_code}' " + options +
            " https://" + place() + path
        );
    }
    Ran s_client(const std::string& options) const {
        return run("openssl s_client -connect " + place() + " " + options + " < /dev/null");
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tls)

BOOST_FIXTURE_TEST_CASE(curl_calls_the_api_over_verified_tls, TlsStage) {
    for (const char* version : {"--tlsv1.2 --tls-max 1.2", "--tlsv1.3"}) {
        const auto live = curl(version, "/live");
        BOOST_TEST(live.code == 0, live.output);
        BOOST_TEST(live.says("\n200"), live.output);
        const auto staff = curl(std::string(version) + " -H 'Authorization: " + authorization() + "'", "/v1/staff");
        BOOST_TEST(staff.says("{\"staff\":[]}\n200"), staff.output);
        BOOST_TEST(curl(version, "/v1/staff").says("\n401"));
    }
    const auto stranger = run("curl -sS https://" + place() + "/live");
    BOOST_TEST(stranger.code != 0);
    BOOST_TEST(stranger.says("certificate"), stranger.output);
}

BOOST_FIXTURE_TEST_CASE(nothing_below_tls_1_2_and_nothing_without_forward_secrecy, TlsStage) {
    for (const char* good : {"-tls1_2", "-tls1_3", "-tls1_2 -alpn http/1.1", "-tls1_2 -cipher ECDHE+CHACHA20"}) {
        const auto met = s_client(good);
        BOOST_TEST(met.code == 0, good << ": " << met.output);
        BOOST_TEST(met.says("BEGIN CERTIFICATE"), good);
    }
    for (const char* bad :
         {"-tls1 -cipher ALL:@SECLEVEL=0",
          "-tls1_1 -cipher ALL:@SECLEVEL=0",
          "-tls1_2 -cipher AES128-SHA",
          "-tls1_2 -cipher AES256-GCM-SHA384",
          "-tls1_2 -cipher ECDHE-RSA-AES256-SHA384",
          "-alpn h2"}) {
        const auto met = s_client(bad);
        BOOST_TEST(met.code != 0, bad);
        BOOST_TEST(met.says("alert"), bad << ": " << met.output);
    }
    const auto again = s_client("-tls1_2 -sess_out /dev/null");
    BOOST_TEST(!again.says("TLS session ticket:"), again.output);
}

BOOST_FIXTURE_TEST_CASE(a_plain_request_gets_no_answer_and_a_silent_handshake_ends, TlsStage) {
    Wire plain(port()), silent(port()), half(port());
    plain.send(request_text("GET", "/live"));
    half.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
    BOOST_TEST(curl("", "/live").says("\n200"));
    BOOST_CHECK_THROW(plain.read(), std::runtime_error);
    BOOST_TEST(silent.closed());
    BOOST_TEST(half.closed());
    BOOST_TEST(curl("", "/live").says("\n200"));
}

BOOST_FIXTURE_TEST_CASE(a_new_certificate_is_shown_without_a_restart_and_a_bad_one_never, TlsStage) {
    const auto shows = [&](const std::string& name) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (std::chrono::steady_clock::now() < until) {
            if (s_client("").says("CN = " + name)) return true;
        }
        return false;
    };
    BOOST_TEST(shows("salon.example"));
    issue("new.example");
    BOOST_TEST(shows("new.example"));
    BOOST_REQUIRE(write_private_file(files.key, ca.issue({"other.example"}).key).has_value());
    for (int i = 0; i < 5; ++i) BOOST_TEST(s_client("").says("CN = new.example"));
    BOOST_TEST(curl("", "/live").says("\n200"));
    issue("third.example");
    BOOST_TEST(shows("third.example"));
}

BOOST_FIXTURE_TEST_CASE(what_is_no_certificate_is_refused_with_a_sentence, Certificates) {
    BOOST_TEST(load_tls(files).has_value());
    BOOST_TEST((certificate_end(files).value() > Instant{std::chrono::hours{24}}));
    const auto refusal = [&](const TlsFiles& wrong) {
        const auto loaded = load_tls(wrong);
        return loaded ? std::string("it was taken") : loaded.error().detail;
    };
    BOOST_TEST(refusal({folder.file("none.pem"), files.key}).find("cannot be read") != std::string::npos);
    BOOST_TEST(refusal({files.key, files.key}).find("holds no certificate") != std::string::npos);
    BOOST_TEST(
        refusal({folder.file("ca.pem"), files.key}).find("no private key of the certificate") != std::string::npos
    );
    BOOST_TEST(refusal({files.certificate, files.certificate}).find("no private key") != std::string::npos);
    ::chmod(files.key.c_str(), 0644);
    BOOST_TEST(refusal(files).find("chmod 600") != std::string::npos);
    HttpServer::Settings wanted = settings();
    BOOST_CHECK_THROW(
        HttpServer(
            wanted, [](const HttpRequest&) { return Lane::Inline; }, [](const HttpRequest&) { return HttpResponse{}; }
        ),
        std::runtime_error
    );
}

BOOST_AUTO_TEST_SUITE_END()
