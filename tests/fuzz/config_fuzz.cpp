#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/config.hpp"

/// calgate.toml: whatever stands there, it is read or refused with a sentence, and what was read is written so that it
/// reads the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace calgate;
    static const ZoneResolver zones;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = read_config(text, "calgate.toml", zones);
    if (!config) {
        if (!config.error().detail.starts_with("calgate.toml:")) std::abort();
        return 0;
    }
    const std::string written = write_config(*config);
    const auto again = read_config(written, "calgate.toml", zones);
    if (!again || write_config(*again) != written) std::abort();
    return 0;
}
