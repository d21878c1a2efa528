#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "tests/sim/local_ca.hpp"

namespace calgate::testing {

/// What becomes of a request that reached a SimServer.
struct SimReply {
    enum class Kind : std::uint8_t {
        Answer,
        Silence,   ///< The connection stays open and nothing comes.
        Drop,      ///< The connection ends without an answer.
        CutShort,  ///< Half of the answer, then the end.
        Stream,    ///< `open` makes an answer that goes on.
    };
    using Open = std::function<Result<std::unique_ptr<http::OpenStream>>(std::shared_ptr<http::StreamListener>)>;
    Kind kind = Kind::Answer;
    http::Response response{};
    Open open{};
    std::function<void()> tick{};  ///< Of a stream: called four times a second while it is open.
    /// Until the answer goes out: so long after it was made, and once `hold` was given something that lets it go.
    std::chrono::milliseconds delay{0};
    std::function<void(std::function<void()> release)> hold{};
    bool waits_in_body = false;         ///< The head and half of the body go out at once, and the rest then.
    std::shared_ptr<void> in_flight{};  ///< Dropped when the answer goes out, or nobody waits for it any more.
};

/// A request as it came in, its body unpacked; `url` is built from the scheme, the Host header and the target.
using SimHandler = std::function<SimReply(http::Request&&)>;

/// A certificate for some host names.
struct TlsHost {
    std::vector<std::string> names{};
    TlsIdentity identity{};
};

/// HTTP/1.1 and HTTPS on free ports of 127.0.0.1. All handlers run on one thread, the server's own, so simulators need
/// no locks. Bodies up to 64 MiB, also once they are unpacked; an idle connection ends after 60 s. Throws
/// std::runtime_error when it cannot listen.
class SimServer {
public:
    SimServer();
    /// Ends every connection at once and joins.
    ~SimServer();
    SimServer(const SimServer&) = delete;
    SimServer& operator=(const SimServer&) = delete;

    /// @return the port. Only before start().
    std::uint16_t listen_plain(SimHandler);
    /// The name that the client asks for (SNI) chooses the certificate; a client that asks for none gets the first.
    /// @param admits asked at each handshake on the server's thread; false breaks it off, as when a host is away, and
    /// drop_refused() ends what was open before.
    std::uint16_t listen_tls(
        const std::vector<TlsHost>&, SimHandler, std::function<bool(const std::string& host)> admits
    );

    void start();
    void stop();
    /// Ends the connections to hosts that are no longer admitted. Only on the server's thread.
    void drop_refused();
    /// Runs `work` on the server's thread, between two requests, and waits for it.
    void run(const std::function<void()>& work);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace calgate::testing
