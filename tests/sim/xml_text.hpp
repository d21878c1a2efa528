#pragma once

#include <string>

namespace calgate::testing {

/// For between tags or in a quoted attribute.
std::string xml_text(const std::string& plain);

}  // namespace calgate::testing
