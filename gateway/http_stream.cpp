// The part of a session that answers with a body which goes on.
#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio.hpp>

#include "gateway/http_session.hpp"

namespace calgate {
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t kUnaskedBytes = 512;

/// RFC 9112 7.1.
std::string as_chunk(const std::string& piece) {
    std::array<char, 20> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", piece.size());
    return size.data() + piece + "\r\n";
}

}  // namespace

void HttpSession::begin_stream(HttpResponse response, unsigned version) {
    if (parts_.connections.stopping) return close();
    source_ = std::move(response.stream);
    chunked_ = version >= 11;  // Before, the end of the connection is the end of the body.
    stream_head_.emplace(static_cast<http::status>(response.status), version);
    stream_head_->set(http::field::content_type, response.type);
    stream_head_->set(http::field::cache_control, "no-store");
    stream_head_->set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) stream_head_->set(name, value);
    stream_head_->keep_alive(false);
    if (chunked_) stream_head_->chunked(true);
    stream_serializer_.emplace(*stream_head_);
    parts_.connections.streams.insert(this);
    sending_ = true;
    stream_.expires_after(parts_.settings.request_timeout);
    over([&](auto& stream) {
        http::async_write_header(stream, *stream_serializer_, [self = shared_from_this()](Error error, std::size_t) {
            self->sending_ = false;
            if (error) return self->leave_streams();
            self->stream_.expires_never();
            self->watch_for_leaving();
            self->make_piece();
        });
    });
}

void HttpSession::make_piece() {
    if (ending_) return end_stream();
    if (!source_) return;
    asio::post(parts_.store_pool, [self = shared_from_this(), source = source_]() mutable {
        std::optional<std::string> piece;
        try {
            piece = source->next();
        } catch (const std::exception& error) {
            spdlog::warn("event=stream_ended what=\"{} The client goes on from its last event.\"", error.what());
        }
        source.reset();
        const auto home = self->stream_.get_executor();
        asio::post(home, [self = std::move(self), piece = std::move(piece)]() mutable {
            self->send_piece(std::move(piece));
        });
    });
}

void HttpSession::send_piece(std::optional<std::string> piece) {
    if (!source_) return;  // The client left meanwhile.
    if (!piece || ending_) return end_stream();
    if (piece->empty()) return await_piece();
    piece_ = chunked_ ? as_chunk(*piece) : std::move(*piece);
    sending_ = true;
    stream_.expires_after(parts_.settings.request_timeout);
    over([&](auto& stream) {
        asio::async_write(stream, asio::buffer(piece_), [self = shared_from_this()](Error error, std::size_t) {
            self->sending_ = false;
            if (error) return self->leave_streams();
            self->make_piece();
        });
    });
}

void HttpSession::await_piece() {
    pause_.expires_after(parts_.settings.stream_pause);
    pause_.async_wait([self = shared_from_this()](Error error) {
        if (!error) self->make_piece();
    });
}

/// A client that only listens sends nothing: what arrives is its end.
void HttpSession::watch_for_leaving() {
    buffer_.clear();
    over([&](auto& stream) {
        stream.async_read_some(buffer_.prepare(kUnaskedBytes), [self = shared_from_this()](Error error, std::size_t) {
            if (!self->source_) return;
            if (error) return self->leave_streams();
            self->watch_for_leaving();
        });
    });
}

void HttpSession::end_stream() {
    ending_ = true;
    if (!source_ || sending_) return;
    source_.reset();
    pause_.cancel();
    parts_.connections.streams.erase(this);
    piece_ = chunked_ ? "0\r\n\r\n" : "";
    stream_.expires_after(parts_.settings.request_timeout);
    over([&](auto& stream) {
        asio::async_write(stream, asio::buffer(piece_), [self = shared_from_this()](Error, std::size_t) {
            self->close();
        });
    });
}

/// The client is gone, or too slow: nothing more is made for it.
void HttpSession::leave_streams() {
    if (parts_.connections.streams.erase(this) == 0) return;
    source_.reset();
    pause_.cancel();
    Error ignored;
    stream_.socket().close(ignored);
}

}  // namespace calgate
