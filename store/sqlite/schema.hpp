#pragma once

#include "store/sqlite/database.hpp"

namespace calgate::sqlite {

inline constexpr int kSchemaVersion = 9;

/// Brings a file from whatever version it has to `target`, each step in one transaction.
/// @throws StoreFailure when the file is newer than this program.
void migrate(Database& database, int target = kSchemaVersion);

}  // namespace calgate::sqlite
