#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
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
    std::set<HttpSession*> streams{};     ///< Whose answer goes on.
    bool stopping = false;
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
/// taking the answer, each, and `idle_timeout` to begin another request. A body that goes on takes a thread only while
/// a piece is made; a client that does not take a piece in `request_timeout` is cut.
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
    /// Ends a body that goes on, after the piece that is being written.
    void end_stream();

private:
    using Error = boost::beast::error_code;

    void await_request(std::chrono::seconds patience);
    void take_request();
    void read_head();
    void read_body();
    void on_request();
    void on_trouble(Error);
    void run_on(boost::asio::thread_pool&, HttpRequest, unsigned version, bool keep);
    void write(HttpResponse, unsigned version, bool keep);
    /// @return false: the rest, or all of it, is left.
    bool sent_at_once();
    void begin_stream(HttpResponse, unsigned version);
    void make_piece();
    void send_piece(std::optional<std::string> piece);
    void await_piece();
    void watch_for_leaving();
    void leave_streams();
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
    std::optional<boost::beast::http::response_serializer<boost::beast::http::string_body>> serializer_{};

    using StreamHead = boost::beast::http::response<boost::beast::http::empty_body>;
    std::shared_ptr<BodyStream> source_{};  ///< Shared with the piece that is being made; null: no stream, or over.
    std::optional<StreamHead> stream_head_{};
    std::optional<boost::beast::http::response_serializer<boost::beast::http::empty_body>> stream_serializer_{};
    boost::asio::steady_timer pause_;
    std::string piece_{};
    bool chunked_ = false, sending_ = false, ending_ = false;
};

}  // namespace calgate
