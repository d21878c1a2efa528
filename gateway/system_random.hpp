#pragma once

#include "core/clock.hpp"

namespace calgate {

/// OpenSSL's generator. Any thread. @throws std::runtime_error when the system has no randomness to give.
class SystemRandom final : public Random {
public:
    std::uint64_t next() override;
    void fill(std::span<unsigned char> bytes) override;
};

}  // namespace calgate
