#include "tests/gateway/api_stage.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <stdexcept>

namespace calgate::testing {

namespace {

constexpr int kPatienceMs = 20'000;

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return text;
}

}  // namespace

std::string Answer::header(const std::string& lower_name) const {
    for (const auto& [name, value] : headers) {
        if (name == lower_name) return value;
    }
    return {};
}

std::string Answer::detail() const {
    BOOST_TEST(header("content-type") == "application/problem+json");
    const Json problem = Json::parse(body, nullptr, false);
    BOOST_REQUIRE_MESSAGE(problem.is_object(), body);
    BOOST_TEST(problem.value("type", "") == "about:blank");
    BOOST_TEST(problem.value("status", 0) == status);
    BOOST_TEST(!problem.value("title", "").empty());
    const std::string sentence = problem.value("detail", "");
    BOOST_TEST(!sentence.empty());
    return sentence;
}

Wire::Wire(unsigned short port, const char* from) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::inet_addr(from);
    const bool bound = fd_ >= 0 && ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!bound || ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("no connection to the API");
}

Wire::~Wire() { ::close(fd_); }

bool Wire::send(std::string_view bytes) {
    while (!bytes.empty()) {
        pollfd ready{fd_, POLLOUT, 0};
        if (::poll(&ready, 1, kPatienceMs) != 1) return false;
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN) return false;
        bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    }
    return true;
}

void Wire::end_sending() { ::shutdown(fd_, SHUT_WR); }

bool Wire::fill() {
    pollfd ready{fd_, POLLIN, 0};
    if (::poll(&ready, 1, kPatienceMs) != 1) throw std::runtime_error("the API says nothing for 20 s");
    char bytes[16 * 1024];
    const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
}

Answer Wire::read(bool to_head) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!fill()) throw std::runtime_error("the API closed the connection without an answer");
    }
    Answer answer;
    const std::string head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    answer.status = std::stoi(head.substr(9, 3));
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
        const auto stop = head.find("\r\n", at);
        const auto colon = head.find(": ", at);
        answer.headers.emplace_back(lower(head.substr(at, colon - at)), head.substr(colon + 2, stop - colon - 2));
        at = stop + 2;
    }
    const std::string length = answer.header("content-length");
    const std::size_t size = to_head || length.empty() ? 0 : std::stoul(length);
    while (buffer_.size() < size) {
        if (!fill()) throw std::runtime_error("the API's answer breaks off");
    }
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
}

bool Wire::closed() { return buffer_.empty() && !fill(); }

std::string request_text(
    const std::string& method, const std::string& target, const std::string& body, const HeaderList& headers
) {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
    for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
}

ApiStage::ApiStage(HttpServer::Settings settings, Config config) : settings_(std::move(settings)) {
    config.name = "Salon";
    config.zone = "Europe/Berlin";
    const auto made = init_gateway(folder_.file("data"), config);
    if (!made) throw std::runtime_error(made.error().detail);
    made_ = *made;
    open();
}

ApiStage::~ApiStage() {
    if (server_) server_->stop();
}

void ApiStage::open() {
    auto opened = Gateway::open(folder_.file("data"));
    if (!opened) throw std::runtime_error(opened.error().detail);
    gateway_ = std::move(opened).value();
    api_ = std::make_unique<Api>(ApiParts{
        *gateway_->store,
        gateway_->index,
        *gateway_->engine,
        gateway_->connectors,
        gateway_->zones,
        gateway_->clock,
        gateway_->random,
        gateway_->keys,
        "",
        false,
        {gateway_->config.key_per_minute,
         gateway_->config.address_per_minute,
         gateway_->config.behind_proxy,
         gateway_->config.streams_per_key,
         std::max(1, gateway_->config.connections / 4)},
        gateway_->config.booking,
        gateway_->config.callbacks.url,
        std::chrono::milliseconds{gateway_->config.recheck_ms},
        {},
        gateway_->config.countries,
        gateway_->config.kit.target,
        gateway_->directory});
    server_ = std::make_unique<HttpServer>(
        settings_,
        [this](const HttpRequest& request) { return api_->lane(request); },
        [this](const HttpRequest& request) { return api_->handle(request); }
    );
    server_->start();
}

void ApiStage::reopen(const std::function<void()>& meanwhile) {
    server_->stop();
    server_.reset();
    api_.reset();
    gateway_.reset();
    if (meanwhile) meanwhile();
    open();
}

Answer ApiStage::call(const std::string& method, const std::string& target, const std::string& body, HeaderList headers)
    const {
    const bool signed_already =
        std::any_of(headers.begin(), headers.end(), [](const auto& header) { return header.first == "Authorization"; });
    if (!signed_already) headers.emplace_back("Authorization", authorization());
    const bool typed =
        std::any_of(headers.begin(), headers.end(), [](const auto& header) { return header.first == "Content-Type"; });
    if (!typed && !body.empty()) headers.emplace_back("Content-Type", "application/json");
    Wire wire(port());
    if (!wire.send(request_text(method, target, body, headers))) throw std::runtime_error("the API takes no request");
    return wire.read(method == "HEAD");
}

void ApiStage::add_staff(const std::string& id, int capacity) const {
    const auto made =
        call("PUT", "/v1/staff/" + id, Json{{"name", id}, {"zone", "Europe/Berlin"}, {"capacity", capacity}});
    BOOST_REQUIRE_EQUAL(made.status, 201);
}

Json booking(const std::string& staff, const std::string& start, const std::string& end) {
    return Json{{"staff", staff}, {"start", start}, {"end", end}, {"zone", "Europe/Berlin"}, {"title", "Cut"}};
}

}  // namespace calgate::testing
