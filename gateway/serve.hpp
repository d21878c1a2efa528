#pragma once

#include <string>

namespace calgate {

/// Runs the gateway until SIGTERM or SIGINT. @return the exit code.
int serve(const std::string& directory);

}  // namespace calgate
