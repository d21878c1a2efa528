#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/time.hpp"

namespace calgate::http {

/// The preferred form of a date (RFC 9110 5.6.7), "Sun, 06 Nov 1994 08:49:37 GMT". Nothing when it is none.
std::optional<Instant> http_date(const std::string& text);

/// A Retry-After header: seconds or an HTTP date (RFC 9110 10.2.3), between nothing and an hour. Nothing when it is
/// neither.
std::optional<std::chrono::seconds> retry_after(const std::string& header, Instant now);

}  // namespace calgate::http
