#pragma once

#include "core/model.hpp"
#include "store/sqlite/database.hpp"

namespace calgate::sqlite {

inline constexpr int kSchemaVersion = 13;

/// `doubted` of a mirror row, as its index and the query that uses the index both say it.
inline constexpr const char* kDoubted =
    "json_extract(body, '$.missing_since') IS NOT NULL OR json_extract(body, '$.twin_since') IS NOT NULL OR "
    "json_extract(body, '$.not_before') IS NOT NULL OR json_extract(body, '$.state') = 2 OR "
    "json_extract(body, '$.unlisted') = 1";
static_assert(static_cast<int>(MirrorState::Conflict) == 2);

/// Brings a file from whatever version it has to `target`, each step in one transaction.
/// @throws StoreFailure when the file is newer than this program.
void migrate(Database& database, int target = kSchemaVersion);

}  // namespace calgate::sqlite
