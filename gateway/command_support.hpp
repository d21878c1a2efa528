#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "gateway/caller.hpp"

/// What the command line's verbs share.
namespace calgate {

/// Exit codes.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kWaits = 3;

/// Prints the sentence to standard error; returns the code.
int fail(const std::string& sentence, int code = kFailed);

/// Runs the work with a way to the API of this data directory.
int with_gateway(const std::string& directory, const std::function<int(Caller&)>& work);

/// The field, or empty when it is absent or no text.
std::string text_of(const nlohmann::json& record, const char* name);

/// "90", "90s", "15m", "18h", "7d". Nothing when it is no length of time up to 365 days.
std::optional<std::chrono::seconds> length_of(const std::string& text);

void pause_for(std::chrono::milliseconds time);

/// A POST that connects an account. The gateway connects one at a time: the others wait for their turn here, somewhat
/// longer than a silent service can take one.
Caller::Answer post_in_turn(Caller&, const std::string& path, const nlohmann::json& body);

}  // namespace calgate
