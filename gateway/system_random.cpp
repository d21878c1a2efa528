#include "gateway/system_random.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <bit>
#include <stdexcept>

namespace calgate {

std::uint64_t SystemRandom::next() {
    std::array<unsigned char, sizeof(std::uint64_t)> bytes{};
    fill(bytes);
    return std::bit_cast<std::uint64_t>(bytes);
}

void SystemRandom::fill(std::span<unsigned char> bytes) {
    constexpr std::size_t kMost = 1u << 20;
    while (!bytes.empty()) {
        const auto part = bytes.first(std::min(bytes.size(), kMost));
        if (RAND_bytes(part.data(), static_cast<int>(part.size())) != 1) {
            throw std::runtime_error("The system gives no random bytes; check that /dev/urandom can be read.");
        }
        bytes = bytes.subspan(part.size());
    }
}

}  // namespace calgate
