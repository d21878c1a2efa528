#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "core/time.hpp"

namespace boost::asio::ssl {
class context;
}

namespace calgate {

/// Where the certificate that a server shows lies, with its chain, and its private key; both PEM.
struct TlsFiles {
    std::string certificate{};
    std::string key{};
    bool given() const { return !certificate.empty(); }
};

/// TLS 1.2 and 1.3, forward secrecy only, no renegotiation, HTTP/1.1 by ALPN.
/// @return Rejected with a sentence: missing, key readable by others, no PEM, or the key belongs to another
/// certificate.
Result<std::shared_ptr<boost::asio::ssl::context>> load_tls(const TlsFiles&);
/// Until when the certificate is valid; nothing when it cannot be read.
std::optional<Instant> certificate_end(const TlsFiles&);
std::optional<Instant> certificate_end(const std::string& pem);  ///< Of the first certificate in it.
/// Differs after either file was replaced or written.
std::string stamp_of(const TlsFiles&);

}  // namespace calgate
