#include "gateway/http_session.hpp"

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/url.hpp>
#include <cctype>

namespace calgate {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kLinger = std::chrono::seconds{2};
constexpr std::size_t kLingerBytes = 4u * 1024 * 1024;
constexpr std::size_t kFirstBytes = 4 * 1024;

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return out;
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

std::optional<HttpRequest> request_in(std::string_view bytes, const HttpServer::Settings& settings) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(settings.header_bytes));
    parser.body_limit(settings.body_bytes);
    parser.eager(true);
    beast::error_code error;
    while (!bytes.empty() && !parser.is_done()) {
        const auto taken = parser.put(asio::buffer(bytes), error);
        if (error || taken == 0) return std::nullopt;
        bytes.remove_prefix(taken);
    }
    if (!parser.is_done()) return std::nullopt;
    return translate(parser.release());
}

HttpSession::HttpSession(
    tcp::socket socket,
    std::string address,
    std::string network,
    std::shared_ptr<asio::ssl::context> tls,
    const HttpSessionParts& parts
)
    : parts_(parts),
      address_(std::move(address)),
      network_(std::move(network)),
      stream_(std::move(socket)),
      context_(std::move(tls)),
      pause_(stream_.get_executor()) {
    ++parts_.connections.open;
    ++parts_.connections.by_network[network_];
    boost::system::error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
    stream_.socket().non_blocking(true, ignored);
    if (context_) tls_.emplace(stream_, *context_);
}

HttpSession::~HttpSession() {
    leave_strangers();
    leave_streams();
    --parts_.connections.open;
    const auto mine = parts_.connections.by_network.find(network_);
    if (--mine->second == 0) parts_.connections.by_network.erase(mine);
}

void HttpSession::start() {
    place_ = parts_.connections.strangers.insert(parts_.connections.strangers.end(), this);
    if (!tls_) return await_request(parts_.settings.request_timeout);
    stream_.expires_after(parts_.settings.request_timeout);
    tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](Error error) {
        if (error) return self->close();
        self->await_request(self->parts_.settings.request_timeout);
    });
}

void HttpSession::refuse(HttpResponse response) {
    if (tls_ && parser_ == std::nullopt) return close();
    write(std::move(response), 11, false);
}

void HttpSession::cut() {
    leave_strangers();
    stream_.cancel();
}

void HttpSession::leave_strangers() {
    if (place_) parts_.connections.strangers.erase(*place_);
    place_.reset();
}

void HttpSession::await_request(std::chrono::seconds patience) {
    // Pipelined. Answers go out at once, so a call from here would nest as deep as there are requests.
    if (buffer_.size() > 0)
        return asio::post(stream_.get_executor(), [self = shared_from_this()] { self->take_request(); });
    stream_.expires_after(patience);
    over([&](auto& stream) {
        stream.async_read_some(buffer_.prepare(kFirstBytes), [self = shared_from_this()](Error error, std::size_t got) {
            if (error) return self->close();
            self->buffer_.commit(got);
            self->take_request();
        });
    });
}

/// Most requests come in one piece: those take no further waiting.
void HttpSession::take_request() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(parts_.settings.header_bytes));
    parser_->body_limit(parts_.settings.body_bytes);
    parser_->eager(true);
    Error error;
    while (!parser_->is_done() && buffer_.size() > 0) {
        buffer_.consume(parser_->put(buffer_.data(), error));
        if (error == http::error::need_more) return read_head();
        if (error) return on_trouble(error);
    }
    if (parser_->is_done()) return on_request();
    read_head();
}

void HttpSession::read_head() {
    stream_.expires_after(parts_.settings.request_timeout);
    over([&](auto& stream) {
        http::async_read_header(stream, buffer_, *parser_, [self = shared_from_this()](Error error, std::size_t) {
            if (error) return self->on_trouble(error);
            self->read_body();
        });
    });
}

void HttpSession::read_body() {
    stream_.expires_after(parts_.settings.request_timeout);
    over([&](auto& stream) {
        http::async_read(stream, buffer_, *parser_, [self = shared_from_this()](Error error, std::size_t) {
            if (error) return self->on_trouble(error);
            self->on_request();
        });
    });
}

void HttpSession::on_trouble(Error error) {
    if (error == http::error::body_limit) {
        return refuse(problem(
            413,
            "Content Too Large",
            "The request's body is larger than " + std::to_string(parts_.settings.body_bytes) +
                " bytes; send less at once."
        ));
    }
    if (error == http::error::header_limit) {
        return refuse(problem(
            431,
            "Request Header Fields Too Large",
            "The request's headers are larger than " + std::to_string(parts_.settings.header_bytes) +
                " bytes; send fewer."
        ));
    }
    if (error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
        return refuse(
            problem(400, "Bad Request", "This is no HTTP/1.1 request that the gateway understands; check the client.")
        );
    }
    close();
}

void HttpSession::on_request() {
    leave_strangers();
    auto message = parser_->release();
    const unsigned version = message.version();
    const bool keep = message.keep_alive();
    head_ = message.method() == http::verb::head;
    auto request = translate(std::move(message));
    if (!request)
        return refuse(problem(400, "Bad Request", "The request's address cannot be understood; check its encoding."));
    request->address = address_;
    if (head_) request->method = "GET";  // RFC 9110 9.3.2: as GET, without the content.
    stream_.expires_never();
    switch (parts_.choose(*request)) {
        case Lane::Inline:
            return write(parts_.handle(*request), version, keep);
        case Lane::Store:
            return run_on(parts_.store_pool, std::move(*request), version, keep);
        case Lane::Provider:
            return run_on(parts_.provider_pool, std::move(*request), version, keep);
    }
}

void HttpSession::run_on(asio::thread_pool& pool, HttpRequest request, unsigned version, bool keep) {
    // Moved back whole: the pool's thread must not be the one that ends it.
    asio::post(pool, [self = shared_from_this(), request = std::move(request), version, keep]() mutable {
        auto response = self->parts_.handle(request);
        const auto home = self->stream_.get_executor();
        asio::post(home, [self = std::move(self), response = std::move(response), version, keep]() mutable {
            self->write(std::move(response), version, keep);
        });
    });
}

void HttpSession::write(HttpResponse response, unsigned version, bool keep) {
    if (response.stream && !head_) return begin_stream(std::move(response), version);
    response_.emplace(static_cast<http::status>(response.status), version);
    response_->set(http::field::content_type, response.type);
    response_->set(http::field::cache_control, "no-store");
    response_->set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) response_->set(name, value);
    if (!head_) response_->body() = std::move(response.body);
    response_->keep_alive(keep);
    response_->prepare_payload();
    serializer_.emplace(*response_);
    if (!tls_ && sent_at_once()) return keep ? await_request(parts_.settings.idle_timeout) : linger();
    stream_.expires_after(parts_.settings.request_timeout);
    over([&](auto& stream) {
        http::async_write(stream, *serializer_, [self = shared_from_this(), keep](Error error, std::size_t) {
            if (error) return self->close();
            if (!keep) return self->linger();
            self->await_request(self->parts_.settings.idle_timeout);
        });
    });
}

/// As much as the connection takes without waiting.
bool HttpSession::sent_at_once() {
    Error error;
    std::size_t sent = 0;
    serializer_->next(error, [&](Error& failed, const auto& buffers) {
        sent = stream_.socket().write_some(buffers, failed);
    });
    serializer_->consume(sent);
    return serializer_->is_done();
}

/// Closing with bytes unread would reset the connection and may take the answer back (RFC 9112 9.6): the rest is read
/// and thrown away, within bounds.
void HttpSession::linger() {
    stream_.expires_after(kLinger);
    if (!tls_) {
        close();
        return drain(0);
    }
    tls_->async_shutdown([self = shared_from_this()](Error) {
        self->close();
        self->drain(0);
    });
}

void HttpSession::drain(std::size_t drained) {
    buffer_.clear();
    stream_.async_read_some(
        buffer_.prepare(16 * 1024),
        [self = shared_from_this(), drained](Error error, std::size_t more) {
            if (!error && drained + more < kLingerBytes) self->drain(drained + more);
        }
    );
}

void HttpSession::close() {
    Error ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace calgate
