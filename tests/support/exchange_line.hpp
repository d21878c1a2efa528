#pragma once

#include <string>

#include "connectors/http/transport.hpp"

namespace calgate::testing {

/// What was asked and answered as a line of JSON for tests/contracts/check_exchanges.py, without its end. What a form
/// that asks for a token proves itself with is covered; its names stay.
/// @param notifier the service that asked, where it is the one who notifies; empty: it was asked.
std::string exchange_line(const http::Request&, const http::Response&, const std::string& notifier = {});

}  // namespace calgate::testing
