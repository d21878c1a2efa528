#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/http_server.hpp"

namespace calgate {

class HttpSession;

/// The connections of one server. I/O thread only.
struct HttpConnections {
    int open = 0;
    std::map<std::string, int> by_network{};
    std::list<HttpSession*> strangers{};  ///< That have not sent one whole request yet; who came first is first.
};

/// What all connections of one server work with; outlives them.
struct HttpSessionParts {
    const HttpServer::Settings& settings;
    const HttpServer::Chooser& choose;
    const HttpServer::Handler& handle;
    boost::asio::thread_pool& store_pool;
    boost::asio::thread_pool& provider_pool;
    HttpConnections& connections;
};

/// The request that stands in bytes, read as a session reads it from its connection: what fuzzing starts from.
/// @return nothing where a session would wait for more, or refuse it.
std::optional<HttpRequest> request_in(std::string_view bytes, const HttpServer::Settings&);

/// One connection, from its first byte to its last. I/O thread only; requests run where their lane says. The operation
/// that is pending keeps it alive. A client has `request_timeout` for the handshake, for the head, for the body and for
/// taking the answer, each, and `idle_timeout` to begin another request.
class HttpSession : public std::enable_shared_from_this<HttpSession> {
public:
    /// @param network whom it counts for. @param tls null: plain.
    HttpSession(boost::asio::ip::tcp::socket, std::string address, std::string network, std::shared_ptr<boost::asio::ssl::context> tls, const HttpSessionParts&);
    ~HttpSession();
    HttpSession(const HttpSession&) = delete;
    HttpSession& operator=(const HttpSession&) = delete;

    void start();
    /// Says why nothing is served, and ends; without a word over TLS, where that would cost a handshake.
    void refuse(HttpResponse);
    /// Ends it, so that another has room.
    void cut();

private:
    using Error = boost::beast::error_code;

    void await_request(std::chrono::seconds patience);
    void read_head();
    void read_body();
    void on_request();
    void on_trouble(Error);
    void run_on(boost::asio::thread_pool&, HttpRequest, unsigned version, bool keep);
    void write(HttpResponse, unsigned version, bool keep);
    void linger();
    void drain(std::size_t drained);
    void close();
    void leave_strangers();
    /// Over TLS or plainly: work(stream).
    template <class Work>
    void over(Work&& work) {
        if (tls_)
            work(*tls_);
        else
            work(stream_);
    }

    const HttpSessionParts parts_;
    const std::string address_;
    const std::string network_;
    boost::beast::tcp_stream stream_;
    const std::shared_ptr<boost::asio::ssl::context> context_;
    std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_{};
    std::optional<std::list<HttpSession*>::iterator> place_{};  ///< Among the strangers.
    boost::beast::flat_buffer buffer_{};
    bool head_ = false;
    std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_{};
    std::optional<boost::beast::http::response<boost::beast::http::string_body>> response_{};
};

}  // namespace calgate
