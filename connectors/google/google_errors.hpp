#pragma once

#include <optional>
#include <string>

#include "connectors/http/transport.hpp"
#include "core/result.hpp"
#include "core/time.hpp"

namespace calgate::google {

/// What was asked; the same status means different things. A 410 to a list and one to a delete have nothing in common.
enum class Call : std::uint8_t {
    ListCalendars,
    Read,          ///< events.get
    List,          ///< events.list without a token
    ContinueList,  ///< events.list with a pageToken
    ListSince,     ///< events.list with a syncToken
    Create,
    Update,
    Delete,
    Watch,
    StopChannel,
};

/// What Google's error object says (error.errors[0].reason, newer ones error.status and error.details[].reason).
struct Refusal {
    int status = 0;
    std::string reason{};   ///< Empty when the body is no error object.
    std::string message{};  ///< At most 200 characters. Repeated nowhere: it may hold what was sent (I25).
};
Refusal parse_refusal(int status, std::string_view body);

/// What a refusal means; the reason decides a 403 (trap G32). `where` is the host, for the sentence.
Error meaning(Call, const Refusal&, const std::string& where);

/// The same from an answer, with its Retry-After (seconds or a date, at most an hour).
Error meaning(Call, const http::Response&, Instant now);

/// The id of a create is taken, whatever status says so.
bool is_duplicate(const Refusal&);

}  // namespace calgate::google
