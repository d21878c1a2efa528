#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/result.hpp"

namespace calgate::graph {

/// One call of a $batch (Graph: JSON batching). Nothing of the request around it holds for it but the access token.
struct BatchPart {
    std::string method{};
    std::string url{};  ///< Below the version root, "/me/…".
    http::Headers headers{};
    std::string body{};  ///< JSON; empty: none.
};
std::string write_batch(const std::vector<BatchPart>&);

/// The answers in the order of the parts, in whatever order they came; nothing where none did. @param parts how many
/// were asked. @return InvalidResponse when it is no batch answer at all. Never throws.
Result<std::vector<std::optional<http::Response>>> read_batch(const http::Response&, std::size_t parts);

}  // namespace calgate::graph
