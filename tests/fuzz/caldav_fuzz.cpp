#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connectors/caldav/caldav_wire.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    if (const auto content = calgate::caldav::parse_multistatus(body))
        static_cast<void>(calgate::caldav::refused_status(*content));
    static_cast<void>(calgate::caldav::error_elements(body));
    return 0;
}
