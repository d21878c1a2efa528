#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/result.hpp"

namespace calgate::google {

/// One call of a batch request (Google: multipart/mixed, application/http).
struct BatchPart {
    std::string method{};
    std::string target{};  ///< Path and query; the host is that of the batch.
    std::string body{};
    std::string if_match{};  ///< Empty: unconditional.
};
struct BatchBody {
    std::string content_type{};
    std::string text{};
};
BatchBody write_batch(const std::vector<BatchPart>&);

/// The answers in the order of the parts; nothing where none came. @param parts how many were asked.
/// @return InvalidResponse when it is no batch answer at all. Never throws.
Result<std::vector<std::optional<http::Response>>> read_batch(const http::Response&, std::size_t parts);

}  // namespace calgate::google
