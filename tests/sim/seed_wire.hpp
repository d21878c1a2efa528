#pragma once

#include <optional>

#include "connectors/http/transport.hpp"
#include "tests/support/seeded_random.hpp"

namespace calgate::seeds {

/// Passes requests of a connector on to its service, and does to one of them what networks do.
class FaultyWire final : public http::HttpTransport {
public:
    explicit FaultyWire(http::HttpTransport& inner) : inner_(inner) {}

    Result<http::Response> send(const http::Request&, const Context&) override;
    /// A fault for the next request, or the next write.
    void arm(testing::SeededRandom&);
    void clear() { armed_.reset(); }

private:
    enum class Kind : std::uint8_t {
        NoConnection,
        Refusal,
        WebPage,
        LostAnswer,
        BrokenOff,
        HalfABody,
        ControlCharacters,
    };
    struct Armed {
        Kind kind{};
        int status = 503;
        bool says_when = false;
        bool writes_only = false;
    };

    http::HttpTransport& inner_;
    std::optional<Armed> armed_{};
};

}  // namespace calgate::seeds
