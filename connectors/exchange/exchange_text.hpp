#pragma once

#include <string>
#include <string_view>

namespace calgate::exchange {

/// Bytes of the character at `at`, or 0 when it is no UTF-8 (RFC 3629).
std::size_t character_length(std::string_view text, std::size_t at);
/// Plain text of a body that came as HTML: tags dropped, line breaks kept, the common entities decoded.
std::string text_of_html(std::string_view html);
/// Line ends unified, no-break spaces as blanks, blanks at line ends and empty lines at the end dropped.
std::string plain_text(std::string_view text);
/// Every run of white space as one blank: equal for a text and what Exchange makes of it.
std::string loose_text(std::string_view text);

/// For sentences: the first characters, without anything that is not printable ASCII.
std::string printable(std::string_view text, std::size_t most);
/// Characters, not bytes.
std::size_t characters(std::string_view utf8);

}  // namespace calgate::exchange
