#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace calgate::architecture {

/// Includes that point the wrong way, are not written from the root, or put a foreign library where it does not belong.
/// @param path from the root of the tree, "core/event.hpp". @return sentences, each behind "path:line: ".
std::vector<std::string> wrong_includes(std::string_view path, std::string_view text);
/// Clocks, sleeps and random sources outside the files that own them (I23).
std::vector<std::string> real_time_and_chance(std::string_view path, std::string_view text);

}  // namespace calgate::architecture
