#pragma once

#include <string>

#include "core/result.hpp"
#include "store/store.hpp"

/// The list of erased customers beside the store, in erased.json: a backup of the store that is brought back does not
/// bring their names back (I28). It holds keyed hashes and times.
namespace calgate {

std::string erasure_file(const std::string& directory);
/// Brings file and store to the same list. What is new to the store is erased by the next go_on_erasing().
/// @return Rejected with a sentence when the file is damaged or cannot be written.
Status match_erasure_list(const std::string& directory, Store&);

}  // namespace calgate
