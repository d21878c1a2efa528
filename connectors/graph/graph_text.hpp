#pragma once

#include <string>
#include <string_view>

namespace calgate::graph {

/// JSON text in which one odd event cannot spoil a page (R20): bare control characters become blanks, bytes that are
/// no UTF-8 and halves of surrogate pairs become U+FFFD. More than 64 levels: an empty string, which no parser takes.
std::string cleaned_json(std::string_view text);

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

}  // namespace calgate::graph
