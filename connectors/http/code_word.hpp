#pragma once

#include <string>
#include <string_view>

namespace calgate::http {

/// A service's own name for what went wrong, for a sentence: letters, `.`, `_` and `-`, at most 60 of them, or up to
/// four digits. Anything else is no such name and gives nothing: free text of a service may repeat what it was sent,
/// and what is said of an error is stored, logged and shown (I25).
std::string code_word(std::string_view text);

}  // namespace calgate::http
