#pragma once

#include <string>
#include <utility>

#include "core/result.hpp"

namespace calgate {

/// What the gateway itself does not take, with what to do instead.
inline Error refused(std::string sentence) { return Error{ErrorCode::Rejected, std::move(sentence), {}}; }

}  // namespace calgate
