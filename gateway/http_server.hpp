#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

struct HttpResponse {
    int status = 200;
    std::string type = "application/json";
    std::string body{};
    std::vector<std::pair<std::string, std::string>> headers{};
};

/// How a request is run: at once on the I/O thread, on the pool that writes, or on the one that may wait for providers.
enum class Lane : std::uint8_t { Inline, Store, Provider };

/// HTTP/1.1 with keep-alive and pipelining in order. Every size, count and time is bounded.
class HttpServer {
public:
    struct Settings {
        std::string host = "127.0.0.1";
        unsigned short port = 0;  ///< 0: any free one.
        std::size_t header_bytes = 16 * 1024;
        std::size_t body_bytes = 256 * 1024;
        int connections = 1000;
        std::chrono::seconds request_timeout{10};
        std::chrono::seconds idle_timeout{60};
        int store_threads = 16;
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
    /// Takes no new connection, ends what runs, joins. Idempotent.
    void stop();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// RFC 9457.
HttpResponse problem(int status, const std::string& title, const std::string& detail);

}  // namespace calgate
