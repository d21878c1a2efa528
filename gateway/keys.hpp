#pragma once

#include <string>

#include "core/clock.hpp"
#include "core/identity.hpp"
#include "core/result.hpp"

namespace calgate {

/// `n` fresh random bytes.
std::string random_bytes(Random& random, std::size_t n);

/// Fresh keys for a new gateway.
Keys make_keys(Random& random);
/// Writes keys.json, readable by its owner only. @return Rejected with a sentence when it cannot, or when it is there
/// already.
Status save_keys(const std::string& directory, const Keys& keys);
/// @return Rejected with a sentence: missing, readable by others, or damaged.
Result<Keys> load_keys(const std::string& directory);

/// Writes a file that only its owner may read, whole or not at all.
Status write_private_file(const std::string& path, const std::string& text);
/// @return Rejected with a sentence. @param most bytes.
Result<std::string> read_file(const std::string& path, std::size_t most);

}  // namespace calgate
