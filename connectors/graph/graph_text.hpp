#pragma once

#include <string>
#include <string_view>

#include "connectors/exchange/exchange_text.hpp"

namespace calgate::graph {

using exchange::characters;
using exchange::loose_text;
using exchange::plain_text;
using exchange::printable;
using exchange::text_of_html;

/// JSON text in which one odd event cannot spoil a page (R20): bare control characters become blanks, bytes that are
/// no UTF-8 and halves of surrogate pairs become U+FFFD. More than 64 levels: an empty string, which no parser takes.
std::string cleaned_json(std::string_view text);

}  // namespace calgate::graph
