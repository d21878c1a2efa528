#pragma once

#include <random>

#include "core/clock.hpp"

namespace calgate::testing {

/// The same numbers for the same seed on every machine. For one thread.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t next() override { return engine_(); }
    void fill(std::span<unsigned char> bytes) override {
        for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(engine_());
    }
    /// Uniform enough for tests, both ends included.
    int between(int low, int high) {
        return low + static_cast<int>(next() % static_cast<std::uint64_t>(high - low + 1));
    }
    bool one_in(int n) { return between(1, n) == 1; }

private:
    std::mt19937_64 engine_;
};

}  // namespace calgate::testing
