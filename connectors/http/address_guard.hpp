#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace calgate::http {

/// Why an address may not be connected to, as a short phrase; empty when it may: only global unicast addresses pass
/// (IANA special-purpose registries, RFC 6890). IPv4 inside IPv6 (mapped, compatible, 6to4, NAT64) is judged as IPv4.
/// @param address 4 or 16 bytes, network order; any other length is forbidden.
std::string forbidden_address(std::span<const std::uint8_t> address);

}  // namespace calgate::http
