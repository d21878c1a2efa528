#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/time.hpp"

namespace calgate::http {

/// A Retry-After header: seconds or an HTTP date (RFC 9110 10.2.3), between nothing and an hour. Nothing when it is
/// neither.
std::optional<std::chrono::seconds> retry_after(const std::string& header, Instant now);

}  // namespace calgate::http
