#pragma once

#include <string>
#include <string_view>

#include "connectors/http/transport.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace calgate::graph {

/// What was asked; the same status means different things.
enum class Call : std::uint8_t { Read, Delta, Create, Update, Delete, Subscribe };

/// `error.code` and what belongs to it (Graph: error responses); all empty when the body is none.
struct ErrorBody {
    std::string code{};
    std::string inner_code{};         ///< The innermost innerError.code; empty: none.
    std::string existing_event_id{};  ///< @event.existingEventId of ErrorDuplicateTransactionId.
};
/// Never throws; anything that is no Graph error gives empty members.
ErrorBody parse_error(std::string_view body);

/// What a refusal means, from status and code, never from the message. @param where host, for the sentence.
Error refusal(Call, int status, const ErrorBody&, const std::string& where);
/// The same from an answer, with its Retry-After.
Error refusal(Call, const http::Response&, Instant now);

/// A repeated transactionId, in any dialect that is an error (400 or 409).
bool is_repeated_transaction(int status, const ErrorBody&);

}  // namespace calgate::graph
