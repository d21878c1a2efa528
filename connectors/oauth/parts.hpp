#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/http/transport.hpp"
#include "connectors/oauth/token_source.hpp"

namespace calgate::oauth {

/// Answers to the parts of one request; a part that got none is absent.
using PartAnswers = std::vector<std::optional<http::Response>>;

/// Sends parts in one request. A service judges the token for each of them, whatever it says of the whole: parts that
/// refuse it are sent once more, when there is another token.
/// @param send `Result<PartAnswers>(const std::vector<Part>&)`, an answer for each part in order.
template <class Part, class Send>
Result<PartAnswers> send_parts(
    TokenSource& tokens, const Context& context, const std::vector<Part>& parts, const Send& send
) {
    CALGATE_TRY(const std::string token, tokens.access_token(context));
    CALGATE_TRY(PartAnswers answers, send(parts));
    std::vector<std::size_t> refused;
    std::vector<Part> again;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!answers[i] || answers[i]->status != 401) continue;
        refused.push_back(i);
        again.push_back(parts[i]);
    }
    if (again.empty()) return answers;
    tokens.refused(token);
    CALGATE_TRY(const std::string fresh, tokens.access_token(context));
    if (fresh == token) return answers;
    auto second = send(again);
    for (std::size_t i = 0; i < again.size(); ++i)
        answers[refused[i]] = second ? std::move((*second)[i]) : std::nullopt;
    return answers;
}

}  // namespace calgate::oauth
