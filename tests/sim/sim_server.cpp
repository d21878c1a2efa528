#include "tests/sim/sim_server.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/version.hpp>
#include <deque>
#include <future>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/sim/sim_encoding.hpp"
#include "tests/sim/sim_feed.hpp"
#include "tests/sim/sim_listener.hpp"

namespace calgate::testing {

namespace {

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::chrono::seconds kIdle{60};
constexpr std::uint64_t kMaxBody = 64u * 1024 * 1024;

class AnySession {
public:
    virtual ~AnySession() = default;
    virtual void abort() = 0;
    virtual std::string host() = 0;  ///< That the client named in its handshake; empty: none.
};

bool tells_of_the_connection(const std::string& name) {
    return beast::iequals(name, "Content-Length") || beast::iequals(name, "Transfer-Encoding") ||
           beast::iequals(name, "Connection");
}

template <class Stream>
class Session final : public AnySession, public Outlet, public std::enable_shared_from_this<Session<Stream>> {
public:
    Session(Stream stream, const SimHandler& handler, std::set<AnySession*>& open)
        : stream_(std::move(stream)), handler_(handler), open_(open) {
        open_.insert(this);
        beast::error_code ignored;
        socket().socket().set_option(tcp::no_delay(true), ignored);
    }
    ~Session() override { open_.erase(this); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void begin() {
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            socket().expires_after(kIdle);
            stream_.async_handshake(
                asio::ssl::stream_base::server,
                [self = this->shared_from_this()](beast::error_code error) {
                    if (!error) self->read();
                }
            );
        } else {
            read();
        }
    }

    void abort() override {
        timer_.cancel();
        in_flight_.reset();
        socket().close();
    }

    std::string host() override {
        if constexpr (std::is_same_v<Stream, TlsStream>) {
            const char* const name = SSL_get_servername(stream_.native_handle(), TLSEXT_NAMETYPE_host_name);
            return name ? name : "";
        }
        return {};
    }

private:
    beast::tcp_stream& socket() { return beast::get_lowest_layer(stream_); }
    static std::string scheme() { return std::is_same_v<Stream, TlsStream> ? "https" : "http"; }

    void read() {
        parser_.emplace();
        parser_->body_limit(kMaxBody);
        socket().expires_after(kIdle);
        bhttp::async_read(
            stream_,
            buffer_,
            *parser_,
            [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                if (!error) self->answer();
            }
        );
    }

    void answer() {
        auto message = parser_->release();
        keep_ = message.keep_alive();
        const bool head = message.method() == bhttp::verb::head;
        http::Request request = translated(std::move(message), scheme());
        auto refused = undo_encoding(request, kMaxBody);
        SimReply reply = refused ? SimReply{SimReply::Kind::Answer, std::move(*refused)} : handler_(std::move(request));
        if (reply.kind == SimReply::Kind::Drop) return abort();
        if (reply.kind == SimReply::Kind::Silence) return wait_for_client();
        if (reply.kind == SimReply::Kind::Stream) return go_on(std::move(reply));
        prepare(std::move(reply.response), head);
        if (reply.kind == SimReply::Kind::CutShort) return write_half();
        if (reply.delay.count() == 0 && !reply.hold) return write_response();
        if (!reply.waits_in_body)
            return write_later(reply, [self = this->shared_from_this()] { self->write_response(); });
        std::ostringstream text;
        text << *response_;
        half_ = text.str();
        rest_ = half_.substr(half_.size() - response_->body().size() / 2);
        half_.resize(half_.size() - rest_.size());
        asio::async_write(
            stream_,
            asio::buffer(half_),
            [self = this->shared_from_this(),
             waiting = std::move(reply)](beast::error_code error, std::size_t) mutable {
                if (error) return self->abort();
                self->write_later(waiting, [self] { self->write_rest(); });
            }
        );
    }

    void write_rest() {
        asio::async_write(
            stream_,
            asio::buffer(rest_),
            [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                if (error || !self->keep_) return self->finish();
                self->read();
            }
        );
    }

    /// Whoever holds it up may forget about it: the session lives with its timer.
    void write_later(SimReply& reply, std::function<void()> go) {
        in_flight_ = std::move(reply.in_flight);
        socket().expires_never();
        if (reply.hold)
            timer_.expires_at(std::chrono::steady_clock::time_point::max());
        else
            timer_.expires_after(reply.delay);
        timer_.async_wait([self = this->shared_from_this(), go = std::move(go)](beast::error_code) {
            self->in_flight_.reset();
            go();
        });
        if (!reply.hold) return;
        reply.hold([held = this->weak_from_this()] {
            if (const auto self = held.lock()) self->timer_.cancel();
        });
    }

    void write_response() {
        socket().expires_after(kIdle);
        bhttp::async_write(
            stream_,
            *response_,
            [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                if (error || !self->keep_) return self->finish();
                self->read();
            }
        );
    }

    void prepare(http::Response answer, bool head) {
        response_.emplace(static_cast<bhttp::status>(answer.status), 11);
        for (const auto& [name, value] : answer.headers)
            if (!tells_of_the_connection(name)) response_->insert(name, value);
        response_->keep_alive(keep_);
        if (head) {
            response_->content_length(answer.body.size());
            return;
        }
        response_->body() = std::move(answer.body);
        response_->prepare_payload();
    }

    void write_half() {
        std::ostringstream text;
        text << *response_;
        half_ = text.str();
        half_.resize(half_.size() - response_->body().size() / 2 - 1);
        asio::async_write(
            stream_,
            asio::buffer(half_),
            [self = this->shared_from_this()](beast::error_code, std::size_t) { self->abort(); }
        );
    }

    /// Ends when the client gives up, the server stops, or somebody drops the connections.
    void wait_for_client() {
        socket().expires_never();
        stream_.async_read_some(buffer_.prepare(1), [self = this->shared_from_this()](beast::error_code, std::size_t) {
            self->leave();
        });
    }

    /// Its headers wait for the first piece: what is refused is no stream.
    void go_on(SimReply reply) {
        socket().expires_never();
        tick_ = std::move(reply.tick);
        auto opened = reply.open(std::make_shared<Feed>(std::static_pointer_cast<Outlet>(this->shared_from_this())));
        if (!opened) return abort();
        if (!over_) going_on_ = std::move(*opened);
        if (!streaming_) return;
        keep_time();
        wait_for_client();
    }

    void give(std::string_view piece) override {
        if (!streaming_)
            out_.push_back(
                "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
            );
        streaming_ = true;
        std::ostringstream size;
        size << std::hex << piece.size();
        out_.push_back(size.str() + "\r\n" + std::string(piece) + "\r\n");
        write_next();
    }

    void give_end(const Result<http::Response>& how) override {
        over_ = true;
        timer_.cancel();
        if (!streaming_ && how) {
            prepare(*how, false);
            return write_response();
        }
        if (!how) return abort();
        out_.emplace_back("0\r\n\r\n");
        write_next();
    }

    void write_next() {
        if (writing_ || out_.empty()) return;
        writing_ = true;
        asio::async_write(
            stream_,
            asio::buffer(out_.front()),
            [self = this->shared_from_this()](beast::error_code error, std::size_t) {
                self->writing_ = false;
                self->out_.pop_front();
                if (error) return self->leave();
                if (self->out_.empty() && self->over_) return self->finish();
                self->write_next();
            }
        );
    }

    void keep_time() {
        timer_.expires_after(std::chrono::milliseconds(250));
        timer_.async_wait([self = this->shared_from_this()](beast::error_code error) {
            if (error || self->over_) return;
            if (self->tick_) self->tick_();
            self->keep_time();
        });
    }

    void leave() {
        over_ = true;
        timer_.cancel();
        going_on_.reset();
        abort();
    }

    void finish() {
        beast::error_code ignored;
        socket().socket().shutdown(tcp::socket::shutdown_send, ignored);
    }

    Stream stream_;
    const SimHandler& handler_;
    std::set<AnySession*>& open_;
    beast::flat_buffer buffer_{};
    std::optional<bhttp::request_parser<bhttp::string_body>> parser_{};
    std::optional<bhttp::response<bhttp::string_body>> response_{};
    std::string half_{}, rest_{};
    bool keep_ = true;
    std::deque<std::string> out_{};  ///< Of a stream, not written yet.
    bool streaming_ = false, writing_ = false, over_ = false;
    std::unique_ptr<http::OpenStream> going_on_{};
    std::function<void()> tick_{};
    std::shared_ptr<void> in_flight_{};
    asio::steady_timer timer_{stream_.get_executor()};
};

}  // namespace

struct SimServer::Impl {
    std::set<AnySession*> open{};  ///< Before `io`, whose end destroys sessions that still wait.
    asio::io_context io{1};
    std::vector<std::unique_ptr<Listener>> listeners{};
    std::jthread thread{};

    Listener& listen(SimHandler handler) {
        auto& listener = *listeners.emplace_back(std::make_unique<Listener>(io, std::move(handler)));
        listener.acceptor.open(tcp::v4());
        listener.acceptor.bind({asio::ip::address_v4::loopback(), 0});
        listener.acceptor.listen();
        return listener;
    }

    void accept(Listener& listener) {
        listener.acceptor.async_accept([this, &listener](beast::error_code error, tcp::socket socket) {
            if (error == asio::error::operation_aborted) return;
            if (!error) welcome(listener, std::move(socket));
            accept(listener);
        });
    }

    void welcome(Listener& listener, tcp::socket socket) {
        if (listener.contexts.empty()) {
            std::make_shared<Session<PlainStream>>(PlainStream(std::move(socket)), listener.handler, open)->begin();
        } else {
            TlsStream stream(std::move(socket), *listener.contexts.front());
            std::make_shared<Session<TlsStream>>(std::move(stream), listener.handler, open)->begin();
        }
    }
};

SimServer::SimServer() : impl_(std::make_unique<Impl>()) {}

SimServer::~SimServer() { stop(); }

std::uint16_t SimServer::listen_plain(SimHandler handler) {
    return impl_->listen(std::move(handler)).acceptor.local_endpoint().port();
}

std::uint16_t SimServer::listen_tls(
    const std::vector<TlsHost>& hosts, SimHandler handler, std::function<bool(const std::string&)> admits
) {
    Listener& listener = impl_->listen(std::move(handler));
    listener.admits = std::move(admits);
    for (const auto& host : hosts) {
        auto& context = listener.contexts.emplace_back(context_for(host.identity));
        for (const auto& name : host.names) listener.by_name[name] = context.get();
    }
    SSL_CTX* const first = listener.contexts.at(0)->native_handle();
    SSL_CTX_set_tlsext_servername_callback(first, choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(first, &listener);
    return listener.acceptor.local_endpoint().port();
}

void SimServer::start() {
    for (auto& listener : impl_->listeners) impl_->accept(*listener);
    impl_->thread = std::jthread([this] { impl_->io.run(); });
}

void SimServer::stop() {
    if (!impl_->thread.joinable()) return;
    asio::post(impl_->io, [this] {
        for (auto& listener : impl_->listeners) listener->acceptor.close();
        for (AnySession* session : impl_->open) session->abort();
    });
    impl_->thread.join();
}

void SimServer::drop_refused() {
    for (AnySession* session : impl_->open) {
        const std::string host = session->host();
        const bool refused =
            !host.empty() && std::any_of(impl_->listeners.begin(), impl_->listeners.end(), [&](const auto& one) {
                return one->admits && !one->admits(host);
            });
        if (refused) session->abort();
    }
}

void SimServer::run(const std::function<void()>& work) {
    std::packaged_task<void()> task(work);
    auto done = task.get_future();
    asio::post(impl_->io, [&task] { task(); });
    done.get();
}

}  // namespace calgate::testing
