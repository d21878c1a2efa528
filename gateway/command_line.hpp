#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "gateway/caller.hpp"

/// What the command line's verbs share.
namespace calgate {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kWaits = 3;

/// Prints the sentence. @return `code`.
int fail(const std::string& sentence, int code = kFailed);
/// Runs `work` against the running gateway, or the store itself. @return its exit code.
int with_gateway(const std::string& directory, const std::function<int(Caller&)>& work);
/// A text field; empty when it is absent or no text.
std::string text_of(const nlohmann::json& record, const char* name);

}  // namespace calgate
