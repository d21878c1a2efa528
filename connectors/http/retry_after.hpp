#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/time.hpp"

namespace calgate::http {

/// The header's seconds or date (RFC 9110 10.2.3), at most an hour; nothing when it is neither.
std::optional<std::chrono::seconds> retry_after(const std::string& header, Instant now);

}  // namespace calgate::http
