#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/tls_identity.hpp"

namespace calgate {

struct HttpRequest {
    std::string method{};
    std::string path{};                                          ///< Decoded, without the query.
    std::vector<std::pair<std::string, std::string>> query{};    ///< Decoded.
    std::vector<std::pair<std::string, std::string>> headers{};  ///< Names in lower case.
    std::string body{};
    std::string address{};  ///< Of the caller; empty: from within this process.

    std::string_view header(std::string_view lower_name) const;
    /// Empty when absent.
    std::string_view parameter(std::string_view name) const;
};

/// A body that goes on for as long as the client wants it, piece by piece.
class BodyStream {
public:
    virtual ~BodyStream() = default;
    /// The next piece; empty: nothing new now, ask again after a moment; absent: it is over. May read the store. One
    /// call at a time, from any thread.
    virtual std::optional<std::string> next() = 0;
};

struct HttpResponse {
    int status = 200;
    std::string type = "application/json";
    std::string body{};
    std::vector<std::pair<std::string, std::string>> headers{};
    std::shared_ptr<BodyStream> stream{};  ///< Instead of `body`; shared with the piece that is being made.
};

/// How a request is run: at once on the I/O thread, on the pool that writes, or on the one that may wait for providers.
enum class Lane : std::uint8_t { Inline, Store, Provider };

/// HTTP/1.1 with keep-alive and pipelining in order, plain or over TLS. Every size, count and time is bounded. When all
/// connections are taken, whoever has waited longest without sending a first request makes room for the next.
class HttpServer {
public:
    struct Settings {
        std::string host = "127.0.0.1";
        unsigned short port = 0;  ///< 0: any free one.
        std::size_t header_bytes = 16 * 1024;
        std::size_t body_bytes = 256 * 1024;
        int connections = 1000;
        int connections_per_address = 0;           ///< Of IPv6 per /64; 0: no limit.
        bool behind_proxy = false;                 ///< Then connections from this machine are not one client's.
        std::chrono::seconds request_timeout{10};  ///< For a handshake, a head, a body and taking an answer, each.
        std::chrono::seconds idle_timeout{60};
        TlsFiles tls{};                                     ///< Not given: plain.
        std::chrono::milliseconds certificate_check{2000};  ///< How often the files are looked at.
        int store_threads = 64;  ///< Each waits for the commit that its change shares with the others.
        std::chrono::milliseconds stream_pause{200};  ///< Between two questions whether a stream has something new.
        int provider_threads = 2;
    };
    using Handler = std::function<HttpResponse(const HttpRequest&)>;
    using Chooser = std::function<Lane(const HttpRequest&)>;

    /// Listens at once. @throws std::runtime_error with a sentence when it cannot.
    HttpServer(const Settings&, Chooser, Handler);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    unsigned short port() const;
    /// Starts the threads; returns at once.
    void start();
    /// Reads the certificate anew, for connections to come. Files that are no good are logged, and the certificate from
    /// before stays. Any thread.
    void reload_certificate();
    /// Takes no new connection, ends what runs and what streams, joins. Idempotent.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// RFC 9457.
HttpResponse problem(int status, const std::string& title, const std::string& detail);

}  // namespace calgate
