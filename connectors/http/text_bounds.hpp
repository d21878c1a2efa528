#pragma once

#include <string_view>

namespace calgate::http {

/// Whether an answer may be built into a tree, judged before any of it is built (I26): a tree costs many times its
/// text. In one pass, without memory. What is within bounds may still be none. Depth 64, 400,000 elements and other
/// markup, 64 attributes an element; nothing that is cut off.
bool xml_within_bounds(std::string_view text);
/// Depth 64, 400,000 values; nothing that is cut off.
bool json_within_bounds(std::string_view text);

}  // namespace calgate::http
