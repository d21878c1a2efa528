#include "gateway/http_server.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/url.hpp>
#include <cctype>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

namespace calgate {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kLinger = std::chrono::seconds{2};
constexpr std::size_t kLingerBytes = 4u * 1024 * 1024;
constexpr auto kAcceptPause = std::chrono::milliseconds{100};
constexpr int kConnectionsToTell = 64;  ///< Beyond the limit, which are still told so.

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return out;
}

std::string_view find(const std::vector<std::pair<std::string, std::string>>& list, std::string_view name) {
    for (const auto& [key, value] : list) {
        if (key == name) return value;
    }
    return {};
}

std::optional<HttpRequest> translate(http::request<http::string_body>&& message) {
    const auto target = boost::urls::parse_origin_form(message.target());
    if (!target) return std::nullopt;
    HttpRequest request;
    request.method = std::string(message.method_string());
    boost::urls::encoding_opts plus;
    plus.space_as_plus = true;
    request.path = target->encoded_path().decode();
    for (const auto& parameter : target->encoded_params()) {
        request.query.emplace_back(
            parameter.key.decode(plus), parameter.has_value ? parameter.value.decode(plus) : std::string{}
        );
    }
    for (const auto& field : message)
        request.headers.emplace_back(
            lower(std::string_view(field.name_string().data(), field.name_string().size())), std::string(field.value())
        );
    request.body = std::move(message.body());
    return request;
}

}  // namespace

std::string_view HttpRequest::header(std::string_view lower_name) const { return find(headers, lower_name); }
std::string_view HttpRequest::parameter(std::string_view name) const { return find(query, name); }

HttpResponse problem(int status, const std::string& title, const std::string& detail) {
    HttpResponse response;
    response.status = status;
    response.type = "application/problem+json";
    response.body =
        nlohmann::json{{"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}}.dump(
            -1, ' ', false, nlohmann::json::error_handler_t::replace
        );
    return response;
}

struct HttpServer::Impl {
    Impl(const Settings& wanted, Chooser choose_lane, Handler handle_request)
        : settings(wanted),
          choose(std::move(choose_lane)),
          handle(std::move(handle_request)),
          acceptor(io),
          store_pool(static_cast<std::size_t>(wanted.store_threads)),
          provider_pool(static_cast<std::size_t>(wanted.provider_threads)) {
        boost::system::error_code error;
        const auto address = asio::ip::make_address(settings.host, error);
        if (error)
            throw std::runtime_error(
                "The listen address " + settings.host + " is no IP address; write one such as 127.0.0.1."
            );
        const tcp::endpoint endpoint(address, settings.port);
        acceptor.open(endpoint.protocol());
        acceptor.set_option(asio::socket_base::reuse_address(true));
        acceptor.bind(endpoint, error);
        if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
        if (error) {
            throw std::runtime_error(
                "The gateway cannot listen on " + settings.host + ":" + std::to_string(settings.port) + " (" +
                error.message() + "); choose another address in calgate.toml, key listen."
            );
        }
    }

    void accept();

    const Settings settings;
    Chooser choose;
    Handler handle;
    asio::io_context io{1};
    tcp::acceptor acceptor;
    asio::steady_timer accept_again{io};
    asio::thread_pool store_pool;
    asio::thread_pool provider_pool;
    std::atomic<int> open_connections{0};
    std::atomic<bool> stopped{false};
    std::jthread thread{};
};

namespace {

/// One connection. Shared: the pending operation keeps it alive.
class Session : public std::enable_shared_from_this<Session> {
public:
    Session(
        tcp::socket socket,
        HttpServer::Settings settings,
        const HttpServer::Chooser& choose,
        const HttpServer::Handler& handle,
        asio::thread_pool& store_pool,
        asio::thread_pool& provider_pool,
        std::atomic<int>& count
    )
        : stream_(std::move(socket)),
          settings_(std::move(settings)),
          choose_(choose),
          handle_(handle),
          store_pool_(store_pool),
          provider_pool_(provider_pool),
          count_(count) {
        ++count_;
        boost::system::error_code ignored;
        stream_.socket().set_option(tcp::no_delay(true), ignored);
        address_ = stream_.socket().remote_endpoint(ignored).address().to_string();
    }
    ~Session() { --count_; }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void read(std::chrono::seconds patience) {
        parser_.emplace();
        parser_->header_limit(static_cast<std::uint32_t>(settings_.header_bytes));
        parser_->body_limit(settings_.body_bytes);
        stream_.expires_after(patience);
        http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            self->on_read(error);
        });
    }

    void refuse(HttpResponse response) { write(std::move(response), 11, false); }

private:
    void on_read(beast::error_code error) {
        if (error == http::error::body_limit) {
            return refuse(problem(
                413,
                "Content Too Large",
                "The request's body is larger than " + std::to_string(settings_.body_bytes) +
                    " bytes; send less at once."
            ));
        }
        if (error == http::error::header_limit) {
            return refuse(problem(
                431,
                "Request Header Fields Too Large",
                "The request's headers are larger than " + std::to_string(settings_.header_bytes) +
                    " bytes; send fewer."
            ));
        }
        if (error == http::error::end_of_stream || error == beast::error::timeout ||
            error == asio::error::connection_reset || error == asio::error::operation_aborted ||
            error == http::error::partial_message) {
            return close();
        }
        if (error)
            return refuse(problem(
                400, "Bad Request", "This is no HTTP/1.1 request that the gateway understands; check the client."
            ));
        auto message = parser_->release();
        const unsigned version = message.version();
        const bool keep = message.keep_alive();
        head_ = message.method() == http::verb::head;
        auto request = translate(std::move(message));
        if (!request)
            return refuse(problem(400, "Bad Request", "The request's address cannot be understood; check its encoding.")
            );
        request->address = address_;
        if (head_) request->method = "GET";  // RFC 9110 9.3.2: as GET, without the content.
        stream_.expires_never();
        switch (choose_(*request)) {
            case Lane::Inline:
                return write(handle_(*request), version, keep);
            case Lane::Store:
                return run_on(store_pool_, std::move(*request), version, keep);
            case Lane::Provider:
                return run_on(provider_pool_, std::move(*request), version, keep);
        }
    }

    void run_on(asio::thread_pool& pool, HttpRequest request, unsigned version, bool keep) {
        asio::post(pool, [self = shared_from_this(), request = std::move(request), version, keep] {
            auto response = self->handle_(request);
            asio::post(self->stream_.get_executor(), [self, response = std::move(response), version, keep]() mutable {
                self->write(std::move(response), version, keep);
            });
        });
    }

    void write(HttpResponse response, unsigned version, bool keep) {
        response_.emplace(static_cast<http::status>(response.status), version);
        response_->set(http::field::content_type, response.type);
        response_->set(http::field::cache_control, "no-store");
        for (const auto& [name, value] : response.headers) response_->set(name, value);
        if (!head_) response_->body() = std::move(response.body);
        response_->keep_alive(keep);
        response_->prepare_payload();
        stream_.expires_after(settings_.request_timeout);
        http::async_write(stream_, *response_, [self = shared_from_this(), keep](beast::error_code error, std::size_t) {
            if (error) return self->close();
            if (!keep) return self->linger();
            self->read(self->settings_.idle_timeout);
        });
    }

    /// Closing with bytes unread would reset the connection and may take the answer back (RFC 9112 9.6): the rest is
    /// read and thrown away, within bounds.
    void linger() {
        close();
        stream_.expires_after(kLinger);
        drain(0);
    }

    void drain(std::size_t drained) {
        buffer_.clear();
        stream_.async_read_some(
            buffer_.prepare(16 * 1024),
            [self = shared_from_this(), drained](beast::error_code error, std::size_t more) {
                if (!error && drained + more < kLingerBytes) self->drain(drained + more);
            }
        );
    }

    void close() {
        beast::error_code ignored;
        stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    }

    beast::tcp_stream stream_;
    beast::flat_buffer buffer_{};
    const HttpServer::Settings settings_;
    const HttpServer::Chooser& choose_;
    const HttpServer::Handler& handle_;
    asio::thread_pool& store_pool_;
    asio::thread_pool& provider_pool_;
    std::atomic<int>& count_;
    std::string address_{};
    bool head_ = false;
    std::optional<http::request_parser<http::string_body>> parser_{};
    std::optional<http::response<http::string_body>> response_{};
};

}  // namespace

void HttpServer::Impl::accept() {
    acceptor.async_accept([this](beast::error_code error, tcp::socket socket) {
        if (stopped) return;
        if (error) {  // No descriptor is left, most likely: some have to close first.
            accept_again.expires_after(kAcceptPause);
            accept_again.async_wait([this](beast::error_code) {
                if (!stopped) accept();
            });
            return;
        }
        const int open = open_connections;
        if (open < settings.connections + kConnectionsToTell) {
            const bool full = open >= settings.connections;
            auto session = std::make_shared<Session>(
                std::move(socket), settings, choose, handle, store_pool, provider_pool, open_connections
            );
            if (full) {
                auto busy =
                    problem(503, "Service Unavailable", "Too many connections are open; try again in a moment.");
                busy.headers.emplace_back("Retry-After", "1");
                session->refuse(std::move(busy));
            } else {
                session->read(settings.request_timeout);
            }
        }
        accept();
    });
}

HttpServer::HttpServer(const Settings& settings, Chooser choose, Handler handle)
    : impl_(std::make_unique<Impl>(settings, std::move(choose), std::move(handle))) {}

HttpServer::~HttpServer() { stop(); }

unsigned short HttpServer::port() const { return impl_->acceptor.local_endpoint().port(); }

void HttpServer::start() {
    impl_->accept();
    impl_->thread = std::jthread([this] { impl_->io.run(); });
}

void HttpServer::stop() {
    if (impl_->stopped.exchange(true)) return;
    asio::post(impl_->io, [this] {
        boost::system::error_code ignored;
        impl_->acceptor.close(ignored);
    });
    impl_->store_pool.join();
    impl_->provider_pool.join();
    // What the pools answered is still written: one more turn of the loop, then the end.
    asio::post(impl_->io, [this] { impl_->io.stop(); });
    if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace calgate
