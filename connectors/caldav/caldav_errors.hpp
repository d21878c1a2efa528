#pragma once

#include <string>
#include <vector>

#include "connectors/http/transport.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace calgate::caldav {

/// What was asked; the same status means different things.
enum class Call : std::uint8_t { Discover, Read, SyncWithToken, Create, Update, Delete };

/// What a refusal means. The condition element decides before the status (RFC 4918 16).
/// @param elements as `error_elements` names them. @param where host, for the sentence.
Error refusal(Call, int status, const std::vector<std::string>& elements, const std::string& where);

/// The same from an answer, with its Retry-After (seconds or a date, at most an hour).
Error refusal(Call, const http::Response&, Instant now);

}  // namespace calgate::caldav
