#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "gateway/api.hpp"
#include "gateway/gateway.hpp"
#include "tests/support/fault_vfs.hpp"

namespace calgate::testing {

using Json = nlohmann::json;
using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct Answer {
    int status = 0;
    HeaderList headers{};  ///< Names in lower case.
    std::string body{};
    std::string header(const std::string& lower_name) const;
    Json json() const { return Json::parse(body); }
    /// The sentence of a problem document; checks its shape (RFC 9457).
    std::string detail() const;
};

/// A plain TCP connection to 127.0.0.1, byte by byte as the test wants it. Reading gives up after 20 s.
class Wire {
public:
    /// @param from one of this machine's addresses, such as "127.0.0.2".
    explicit Wire(unsigned short port, const char* from = "127.0.0.1");
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// @return false once the other side takes no more.
    bool send(std::string_view bytes);
    void end_sending();
    /// @param to_head the answer has no body. @throws std::runtime_error when none comes.
    Answer read(bool to_head = false);
    /// The other side closed, and nothing came before.
    bool closed();
    int fd() const { return fd_; }

private:
    bool fill();

    int fd_ = -1;
    std::string buffer_{};
};

/// One request as bytes. A body gets its Content-Length.
std::string request_text(
    const std::string& method, const std::string& target, const std::string& body = {}, const HeaderList& headers = {}
);

/// A gateway on a data directory of its own, its API on a free port of 127.0.0.1. The engine's workers are not
/// started: a sync runs in the request and answers with its report.
class ApiStage {
public:
    ApiStage() : ApiStage(HttpServer::Settings{}) {}
    explicit ApiStage(HttpServer::Settings settings, Config config = {});
    ~ApiStage();

    /// Closes everything and opens it again from the disk. @param meanwhile runs while all is closed.
    void reopen(const std::function<void()>& meanwhile = {});
    /// One request on a connection of its own, with the key unless `headers` bring an Authorization.
    Answer call(
        const std::string& method, const std::string& target, const std::string& body = {}, HeaderList headers = {}
    ) const;
    Answer call(const std::string& method, const std::string& target, const Json& body, HeaderList headers = {}) const {
        return call(method, target, body.dump(), std::move(headers));
    }
    std::string authorization() const { return "Bearer " + made_.api_key; }
    unsigned short port() const { return server_->port(); }
    Gateway& gateway() { return *gateway_; }
    Api& api() { return *api_; }
    const std::string& folder() const { return folder_.path(); }

    /// A person in Europe/Berlin.
    void add_staff(const std::string& id, int capacity = 1) const;

private:
    void open();

    ScratchFolder folder_{};
    HttpServer::Settings settings_;
    InitResult made_{};
    std::unique_ptr<Gateway> gateway_{};
    std::unique_ptr<Api> api_{};
    std::unique_ptr<HttpServer> server_{};
};

/// A booking of one hour for `staff` in Europe/Berlin. @param start "2027-03-01T09:00:00"
Json booking(const std::string& staff, const std::string& start, const std::string& end);

}  // namespace calgate::testing
