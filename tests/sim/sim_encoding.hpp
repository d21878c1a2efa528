#pragma once

#include <optional>
#include <string>

#include "connectors/http/transport.hpp"

namespace calgate::testing {

/// Undoes the Content-Encoding of a body (RFC 9110 8.4), gzip or deflate, and drops the header. @param most bytes of
/// the plain body. @return the refusal: 415 for another coding, 413 for a larger body, 400 for one that is broken; the
/// request is as it was then.
std::optional<http::Response> undo_encoding(http::Request&, std::size_t most);

}  // namespace calgate::testing
