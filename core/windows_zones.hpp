#pragma once

#include <string_view>

namespace calgate {

/// The world-wide IANA zone of a Windows zone name (CLDR territory 001); empty when CLDR does not know it.
std::string_view iana_of_windows(std::string_view windows);

}  // namespace calgate
