#pragma once

#include <string>

namespace calgate {

/// The public booking page: one HTML document with its style and script inside, nothing from anywhere else, no cookie.
const std::string& book_page();

/// What a browser may do with it: run this script and ask this gateway (CSP Level 3, by hash).
const std::string& book_page_policy();

}  // namespace calgate
