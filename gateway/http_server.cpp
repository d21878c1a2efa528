#include "gateway/http_server.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/asio.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "gateway/http_session.hpp"
#include "gateway/request_limits.hpp"

namespace calgate {
namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kAcceptPause = std::chrono::milliseconds{100};
/// For streams that still send when the server stops: this often, this long.
constexpr int kLooks = 400;
constexpr auto kLookPause = std::chrono::milliseconds{5};
constexpr int kConnectionsToTell = 64;  ///< Beyond the limit, which are still told so.

std::string_view find(const std::vector<std::pair<std::string, std::string>>& list, std::string_view name) {
    for (const auto& [key, value] : list) {
        if (key == name) return value;
    }
    return {};
}

HttpResponse too_full(int status, const char* title, const char* detail) {
    auto refusal = problem(status, title, detail);
    refusal.headers.emplace_back("Retry-After", "1");
    return refusal;
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
        if (settings.tls.given()) {
            tls_stamp = stamp_of(settings.tls);
            auto loaded = load_tls(settings.tls);
            if (!loaded) throw std::runtime_error(loaded.error().detail);
            tls = std::move(loaded).value();
        }
        listen();
    }

    void listen();
    void accept();
    void serve(tcp::socket);
    bool make_room();
    void watch_certificate();
    void load_certificate();
    /// Ends the loop once no stream is left, or after so many looks.
    void finish(int looks);

    const Settings settings;
    Chooser choose;
    Handler handle;
    HttpConnections connections{};              ///< Outlives io, whose operations hold sessions.
    std::shared_ptr<asio::ssl::context> tls{};  ///< Of connections to come; null: plain. I/O thread only.
    std::string tls_stamp{};                    ///< I/O thread only.
    asio::io_context io{1};
    tcp::acceptor acceptor;
    asio::steady_timer accept_again{io};
    asio::steady_timer look_again{io};
    asio::steady_timer finish_again{io};
    asio::thread_pool store_pool;
    asio::thread_pool provider_pool;
    std::atomic<bool> stopped{false};
    std::jthread thread{};
};

void HttpServer::Impl::listen() {
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
        serve(std::move(socket));
        accept();
    });
}

void HttpServer::Impl::serve(tcp::socket socket) {
    if (connections.open >= settings.connections + kConnectionsToTell) return;
    boost::system::error_code gone;
    const std::string address = socket.remote_endpoint(gone).address().to_string();
    if (gone) return;
    const std::string network = network_of(address).value_or(address);
    const auto others = connections.by_network.find(network);
    const bool limited = settings.connections_per_address > 0 && !(settings.behind_proxy && is_loopback(address));
    const bool many =
        limited && others != connections.by_network.end() && others->second >= settings.connections_per_address;
    const bool full = connections.open >= settings.connections && (many || !make_room());
    auto session = std::make_shared<HttpSession>(
        std::move(socket),
        address,
        network,
        tls,
        HttpSessionParts{settings, choose, handle, store_pool, provider_pool, connections}
    );
    if (many)
        session->refuse(
            too_full(429, "Too Many Requests", "Too many connections from your address are open; close some.")
        );
    else if (full)
        session->refuse(too_full(503, "Service Unavailable", "Too many connections are open; try again in a moment."));
    else
        session->start();
}

/// Cuts whoever has kept the server waiting longest without a first request. @return false: nobody does.
bool HttpServer::Impl::make_room() {
    if (connections.strangers.empty()) return false;
    connections.strangers.front()->cut();
    return true;
}

void HttpServer::Impl::watch_certificate() {
    if (!settings.tls.given()) return;
    look_again.expires_after(settings.certificate_check);
    look_again.async_wait([this](beast::error_code) {
        if (stopped) return;
        if (stamp_of(settings.tls) != tls_stamp) load_certificate();
        watch_certificate();
    });
}

/// Connections that are open keep what they have; when the files are no good, the next ones do too.
void HttpServer::Impl::load_certificate() {
    tls_stamp = stamp_of(settings.tls);
    auto loaded = load_tls(settings.tls);
    if (!loaded) {
        spdlog::error("event=certificate_refused what=\"{} The one before is still shown.\"", loaded.error().detail);
        return;
    }
    tls = std::move(loaded).value();
    const auto end = certificate_end(settings.tls);
    spdlog::info("event=certificate_loaded until={}", end ? format_instant(*end) : "unknown");
}

void HttpServer::Impl::finish(int looks) {
    if (connections.streams.empty() || looks == 0) {
        asio::post(io, [this] { io.stop(); });
        return;
    }
    finish_again.expires_after(kLookPause);
    finish_again.async_wait([this, looks](boost::system::error_code) { finish(looks - 1); });
}

HttpServer::HttpServer(const Settings& settings, Chooser choose, Handler handle)
    : impl_(std::make_unique<Impl>(settings, std::move(choose), std::move(handle))) {}

HttpServer::~HttpServer() { stop(); }

unsigned short HttpServer::port() const { return impl_->acceptor.local_endpoint().port(); }

void HttpServer::start() {
    impl_->accept();
    impl_->watch_certificate();
    impl_->thread = std::jthread([this] { impl_->io.run(); });
}

void HttpServer::reload_certificate() {
    if (!impl_->settings.tls.given()) return;
    asio::post(impl_->io, [this] { impl_->load_certificate(); });
}

void HttpServer::stop() {
    if (impl_->stopped.exchange(true)) return;
    asio::post(impl_->io, [this] {
        boost::system::error_code ignored;
        impl_->acceptor.close(ignored);
        impl_->connections.stopping = true;
        const auto streams = impl_->connections.streams;  // Each takes itself out of the list.
        for (HttpSession* session : streams) session->end_stream();
    });
    impl_->store_pool.join();
    impl_->provider_pool.join();
    // What the pools answered is still written, and streams end whole, each after the piece that is on its way.
    asio::post(impl_->io, [this] { impl_->finish(kLooks); });
    if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace calgate
