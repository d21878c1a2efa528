#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/clock.hpp"

namespace calgate::http {

enum class Authentication : std::uint8_t;
struct Exchange;
struct Url;

/// HTTP over libcurl. One thread owns all transfers and connections; callers hand over a request and wait. A caller
/// returns by its deadline whatever the network does. Redirects are answers; TLS certificates are always verified.
/// Credentials over plain http are refused unless the host is this machine.
class CurlTransport final : public HttpTransport {
public:
    struct Settings {
        std::chrono::milliseconds connect_timeout{10'000};
        int max_streams = 200;
        bool allow_private_addresses = false;      ///< The operator trusts every configured host.
        std::vector<std::string> private_hosts{};  ///< Hosts the operator put into a private network himself.
        std::string ca_file{};                     ///< Empty: the system's.
        std::string user_agent = "calgate/0.1";
        std::vector<std::string> connect_to{};  ///< As curl's --connect-to: "host:port:to-host:to-port".
    };
    CurlTransport(Settings, const Clock&);
    /// Ends what still runs with Cancelled.
    ~CurlTransport() override;
    CurlTransport(const CurlTransport&) = delete;
    CurlTransport& operator=(const CurlTransport&) = delete;

    Result<Response> send(const Request&, const Context&) override;
    std::vector<Result<Response>> send_together(const std::vector<Request>&, const Context&) override;
    Result<std::unique_ptr<OpenStream>>
    open_stream(const Request&, std::shared_ptr<StreamListener>, const StreamLimits&) override;

private:
    class Loop;
    class Stream;
    std::shared_ptr<Exchange> prepared(const Request&, const Url&, Authentication) const;
    Result<std::shared_ptr<Exchange>> begin(const Request&, const Url&, const Context&, Authentication);
    Result<Response> outcome_of(Exchange&, const Context&);
    Result<Response> exchange(const Request&, const Url&, const Context&, Authentication);
    /// After what came for the first request: the same again, where another sign-in is asked for.
    Result<Response> signed_in(
        const Request&, const Url&, const Context&, Authentication known, Result<Response> first
    );

    Settings settings_;
    const Clock& clock_;
    std::shared_ptr<std::atomic<int>> streams_ =
        std::make_shared<std::atomic<int>>(0);  ///< Shared: streams outlive us.
    std::unique_ptr<Loop> loop_;
};

}  // namespace calgate::http
