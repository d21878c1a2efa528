#include "connectors/http/address_guard.hpp"

#include <algorithm>
#include <array>

namespace calgate::http {

namespace {

using Bytes = std::span<const std::uint8_t>;

struct Range {
    std::array<std::uint8_t, 16> prefix;
    unsigned bits;
    const char* what;
};

constexpr Range kForbidden4[] = {
    {{0}, 8, "this network"},
    {{10}, 8, "a private network"},
    {{100, 64}, 10, "a provider's internal network"},
    {{127}, 8, "this machine"},
    {{169, 254}, 16, "a link-local network"},
    {{172, 16}, 12, "a private network"},
    {{192, 0, 0}, 24, "a protocol assignment"},
    {{192, 0, 2}, 24, "a documentation network"},
    {{192, 88, 99}, 24, "a relay"},
    {{192, 168}, 16, "a private network"},
    {{198, 18}, 15, "a benchmark network"},
    {{198, 51, 100}, 24, "a documentation network"},
    {{203, 0, 113}, 24, "a documentation network"},
    {{224}, 4, "a multicast group"},
    {{240}, 4, "a reserved network"},
};

constexpr Range kForbidden6[] = {
    {{0x20, 0x01}, 23, "a protocol assignment"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "a documentation network"},
    {{0x3f, 0xff}, 20, "a documentation network"},
};

bool inside(Bytes address, const Range& range) {
    for (unsigned bit = 0; bit < range.bits; ++bit) {
        const auto mask = static_cast<std::uint8_t>(0x80u >> (bit % 8));
        if ((address[bit / 8] & mask) != (range.prefix[bit / 8] & mask)) return false;
    }
    return true;
}

std::string judged(Bytes address, std::span<const Range> ranges) {
    for (const Range& range : ranges)
        if (inside(address, range)) return range.what;
    return {};
}

bool all_zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

std::string judged6(Bytes a) {
    if (all_zero(a.first(15)) && a[15] <= 1) return a[15] == 1 ? "this machine" : "no address";
    const bool mapped = all_zero(a.first(10)) && a[10] == 0xff && a[11] == 0xff;
    if (mapped || all_zero(a.first(12))) return judged(a.last(4), kForbidden4);
    if (a[0] == 0x20 && a[1] == 0x02) return judged(a.subspan(2, 4), kForbidden4);
    if (inside(a, {{0x00, 0x64, 0xff, 0x9b}, 96, ""})) return judged(a.last(4), kForbidden4);
    if (inside(a, {{0xfe, 0x80}, 10, ""})) return "a link-local network";
    if (inside(a, {{0xfc}, 7, ""}) || inside(a, {{0xfe, 0xc0}, 10, ""})) return "a private network";
    if (a[0] == 0xff) return "a multicast group";
    if (!inside(a, {{0x20}, 3, ""})) return "a reserved network";
    return judged(a, kForbidden6);
}

}  // namespace

std::string forbidden_address(Bytes address) {
    if (address.size() == 4) return judged(address, kForbidden4);
    if (address.size() == 16) return judged6(address);
    return "not an internet address";
}

}  // namespace calgate::http
