#include "tests/support/loopback_server.hpp"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "connectors/http/curl_transport.hpp"
#include "gateway/system_clock.hpp"

namespace calgate::testing {

namespace {

constexpr int kAttempts = 5;
constexpr std::chrono::seconds kPatience{30};

const SystemClock& machine_clock() {
    static const SystemClock clock;
    return clock;
}

Context within(std::chrono::milliseconds time) { return {machine_clock().steady() + time, {}}; }

http::CurlTransport::Settings loopback_only() {
    http::CurlTransport::Settings settings;
    settings.private_hosts = {"127.0.0.1"};
    return settings;
}

/// In memory where the machine offers that: these servers sync every write, which is not what is tested.
std::filesystem::path fresh_folder(const std::string& name) {
    const std::filesystem::path memory = "/dev/shm";
    const bool in_memory = ::access(memory.c_str(), W_OK | X_OK) == 0;
    std::string pattern = ((in_memory ? memory : std::filesystem::temp_directory_path()) / (name + "-XXXXXX")).string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("Cannot make a temporary folder " + pattern + ".");
    return pattern;
}

/// The program binds it a moment later; a clash shows and is tried again.
int free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound = probe >= 0 && ::bind(probe, generic, size) == 0 && ::getsockname(probe, generic, &size) == 0;
    if (probe >= 0) ::close(probe);
    if (!bound) throw std::runtime_error("No free port on 127.0.0.1.");
    return ntohs(address.sin_port);
}

}  // namespace

std::string required_program(const std::string& path, const std::string& debian_package) {
    if (::access(path.c_str(), R_OK) != 0)
        throw std::runtime_error(path + " is missing; install the Debian package " + debian_package + ".");
    return path;
}

LoopbackServer::LoopbackServer(std::string name, std::string home, http::Credentials credentials)
    : name_(std::move(name)),
      home_(std::move(home)),
      credentials_(std::move(credentials)),
      folder_(fresh_folder("calgate-" + name_)),
      transport_(std::make_unique<http::CurlTransport>(loopback_only(), machine_clock())) {}

LoopbackServer::~LoopbackServer() {
    process_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string LoopbackServer::origin() const { return "http://127.0.0.1:" + std::to_string(port_); }

std::string LoopbackServer::last_log_lines() const {
    std::ifstream in(folder_ / "log.txt");
    std::ostringstream text;
    text << in.rdbuf();
    const std::string all = text.str();
    return all.size() > 2000 ? all.substr(all.size() - 2000) : all;
}

bool LoopbackServer::answers() {
    http::Request propfind{"PROPFIND", origin() + "/", {{"Depth", "0"}}, {}, credentials_};
    const auto response = transport_->send(propfind, within(std::chrono::seconds(2)));
    return response && response->status == 207;
}

bool LoopbackServer::try_start() {
    process_ = std::make_unique<ChildProcess>(command(port_), (folder_ / "log.txt").string());
    const auto end = machine_clock().steady() + kPatience;
    while (process_->running()) {
        if (answers() && process_->running()) return true;
        if (machine_clock().steady() > end)
            throw std::runtime_error(
                name_ + " does not answer on " + origin() + ". Its log ends with:\n" + last_log_lines()
            );
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
}

void LoopbackServer::start() {
    if (process_ && process_->running()) return;
    const bool port_is_settled = port_ != 0;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (!port_is_settled) port_ = free_port();
        if (try_start()) return;
    }
    throw std::runtime_error(name_ + " ends at once. Its log ends with:\n" + last_log_lines());
}

void LoopbackServer::stop() {
    if (!process_) return;
    process_->signal(SIGTERM);
    process_->wait_for_end(std::chrono::seconds(5));
    process_.reset();
}

void LoopbackServer::kill() { process_.reset(); }

void LoopbackServer::freeze() {
    if (process_) process_->signal(SIGSTOP);
}

void LoopbackServer::thaw() {
    if (process_) process_->signal(SIGCONT);
}

http::Response LoopbackServer::request(
    const std::string& method, const std::string& url, http::Headers headers, std::string body
) {
    const http::Request request{method, url, std::move(headers), std::move(body), credentials_};
    auto response = transport_->send(request, within(std::chrono::seconds(10)));
    if (!response) throw std::runtime_error(name_ + ", " + method + " " + url + ": " + response.error().detail);
    return std::move(*response);
}

Href LoopbackServer::make_calendar(const std::string& name) {
    const std::string url = home_url() + name + "/";
    const std::string body =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<c:mkcalendar xmlns:d=\"DAV:\" "
        "xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:set><d:prop><d:displayname>" +
        name + "</d:displayname></d:prop></d:set></c:mkcalendar>\n";
    const auto response = request("MKCALENDAR", url, {{"Content-Type", "application/xml; charset=utf-8"}}, body);
    if (response.status != 201)
        throw std::runtime_error(
            name_ + " made no calendar (" + std::to_string(response.status) + "): " + response.body
        );
    return Href{url};
}

}  // namespace calgate::testing
