#pragma once

#include <string>
#include <vector>

namespace calgate {

/// Runs the gateway until SIGTERM or SIGINT. @param also data directories of other businesses, served by the same
/// process on the same address. @return the exit code.
int serve(const std::string& directory, const std::vector<std::string>& also = {});

}  // namespace calgate
