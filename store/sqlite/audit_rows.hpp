#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/database.hpp"

/// The change feed in the database, which is the audit too. What an entry says in words lies in a table of its own
/// under a salt; the entry has only the hash of both, so that the words can be erased and the chain still holds.
namespace calgate::sqlite {

/// Columns that read_feed() takes, in their order.
inline constexpr const char* kFeedColumns =
    "SELECT changes.body, changes.sequence, words.body FROM changes LEFT JOIN change_words AS words USING (sequence) ";
/// Every row of a bound statement that begins with kFeedColumns.
std::vector<Change> read_feed(Statement&);

/// @return its sequence.
std::int64_t append_entry(const Database&, const Change&);
std::optional<AuditHead> audit_at(const Database&, std::int64_t sequence);
AuditCheck check_audit(const Database&);

/// A list of ids in one column.
std::string pack_ids(const std::vector<AppointmentId>&);
std::vector<AppointmentId> unpack_ids(const std::string&);

/// Gives the entries of a schema before 9 their links, and their words a place of their own.
void link_entries(Database&);

}  // namespace calgate::sqlite
