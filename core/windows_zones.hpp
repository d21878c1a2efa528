#pragma once

#include <string_view>

namespace calgate {

/// The world-wide IANA zone of a Windows zone name (CLDR territory 001); empty when CLDR does not know it.
std::string_view iana_of_windows(std::string_view windows);
/// The Windows name for an IANA zone, old and new spellings; empty when CLDR does not know it. Several IANA zones share
/// one.
std::string_view windows_of_iana(std::string_view iana);

}  // namespace calgate
