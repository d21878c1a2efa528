#pragma once

#include <string>

#include "gateway/config.hpp"
#include "gateway/config_reading.hpp"

namespace calgate::config {

/// `[policy]` and `[policy.calendar."…"]`, all but what concerns stale data.
void read_policies(Reading&, Config& out);
/// The same as text, from the second line of `[policy]` on.
std::string written_policies(const Config&);

}  // namespace calgate::config
