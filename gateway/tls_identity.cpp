#include "gateway/tls_identity.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <boost/asio/ssl.hpp>
#include <ctime>

#include "gateway/keys.hpp"
#include "gateway/refused.hpp"

namespace calgate {
namespace ssl = boost::asio::ssl;

namespace {

constexpr std::size_t kMostPem = 256 * 1024;
// Of TLS 1.2; those of 1.3 are all good.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/// The client's list holds HTTP/1.1, or the handshake ends.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* offered, unsigned int size, void*) {
    static constexpr unsigned char kOurs[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, length, kOurs, sizeof kOurs - 1, offered, size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

void restrict_to_what_is_safe(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE
    );
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

}  // namespace

Result<std::shared_ptr<ssl::context>> load_tls(const TlsFiles& files) {
    CALGATE_TRY(const std::string certificate, read_file(files.certificate, kMostPem));
    CALGATE_TRY(const std::string key, read_secret_file(files.key, kMostPem));
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    restrict_to_what_is_safe(context->native_handle());
    if (SSL_CTX_set_cipher_list(context->native_handle(), kCiphers) != 1)
        return refused("This OpenSSL knows none of the ciphers that the API allows; install another one.");
    boost::system::error_code error;
    // Or OpenSSL would ask for a password at the terminal.
    context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
    context->use_certificate_chain(boost::asio::buffer(certificate), error);
    if (error) return refused("The file " + files.certificate + " holds no certificate; put a PEM file there.");
    context->use_private_key(boost::asio::buffer(key), ssl::context::pem, error);
    if (error)
        return refused(
            "The file " + files.key + " holds no private key of the certificate in " + files.certificate +
            "; put both from the same issue there, PEM, the key without a password."
        );
    return context;
}

std::optional<Instant> certificate_end(const TlsFiles& files) {
    const auto text = read_file(files.certificate, kMostPem);
    return text ? certificate_end(*text) : std::nullopt;
}

std::optional<Instant> certificate_end(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free
    );
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free
    );
    std::tm end{};
    if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) return std::nullopt;
    return Instant{std::chrono::seconds{::timegm(&end)}};
}

std::string stamp_of(const TlsFiles& files) {
    std::string stamp;
    for (const std::string& file : {files.certificate, files.key}) {
        struct stat info {};
        if (::stat(file.c_str(), &info) != 0) continue;
        for (const auto part :
             {static_cast<long long>(info.st_ino),
              static_cast<long long>(info.st_size),
              static_cast<long long>(info.st_mtim.tv_sec),
              static_cast<long long>(info.st_mtim.tv_nsec)})
            stamp += std::to_string(part) + ".";
        stamp += "/";
    }
    return stamp;
}

}  // namespace calgate
