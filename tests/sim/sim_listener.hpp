#pragma once

#include <openssl/ssl.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/detail/base64.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/sim_server.hpp"

namespace calgate::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using tcp = asio::ip::tcp;

/// A port, who answers there, and its certificates by the names that they are for.
struct Listener {
    Listener(asio::io_context& io, SimHandler given) : acceptor(io), handler(std::move(given)) {}

    tcp::acceptor acceptor;
    SimHandler handler;
    std::function<bool(const std::string&)> admits{};
    std::vector<std::unique_ptr<asio::ssl::context>> contexts{};
    std::map<std::string, asio::ssl::context*> by_name{};
};

/// OpenSSL calls it in the middle of a handshake; `given` is the Listener.
inline int choose_certificate(SSL* connection, int*, void* given) {
    const auto& listener = *static_cast<Listener*>(given);
    const char* const asked = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
    const std::string name = asked ? asked : "";
    if (listener.admits && !listener.admits(name)) return SSL_TLSEXT_ERR_ALERT_FATAL;
    if (name.empty()) return SSL_TLSEXT_ERR_OK;
    const auto found = listener.by_name.find(name);
    if (found == listener.by_name.end()) return SSL_TLSEXT_ERR_ALERT_FATAL;
    SSL_set_SSL_CTX(connection, found->second->native_handle());
    return SSL_TLSEXT_ERR_OK;
}

inline std::unique_ptr<asio::ssl::context> context_for(const TlsIdentity& identity) {
    auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
    context->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    context->use_certificate_chain(asio::buffer(identity.certificate));
    context->use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
    return context;
}

inline std::optional<http::Credentials> basic_credentials(std::string_view authorization) {
    constexpr std::string_view kBasic = "Basic ";
    if (!authorization.starts_with(kBasic)) return std::nullopt;
    const std::string_view encoded = authorization.substr(kBasic.size());
    std::string plain(beast::detail::base64::decoded_size(encoded.size()), '\0');
    plain.resize(beast::detail::base64::decode(plain.data(), encoded.data(), encoded.size()).first);
    const auto colon = plain.find(':');
    if (colon == std::string::npos) return std::nullopt;
    return http::Credentials{plain.substr(0, colon), plain.substr(colon + 1)};
}

/// As simulators see it; `url` is built from the scheme, the Host header and the target.
inline http::Request translated(bhttp::request<bhttp::string_body>&& message, const std::string& scheme) {
    http::Request request;
    request.method = std::string(message.method_string());
    request.url = scheme + "://" + std::string(message[bhttp::field::host]) + std::string(message.target());
    for (const auto& field : message)
        request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    request.credentials = basic_credentials(std::string_view(message[bhttp::field::authorization]));
    request.body = std::move(message.body());
    return request;
}

}  // namespace calgate::testing
