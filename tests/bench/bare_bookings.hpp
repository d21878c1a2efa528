#pragma once

#include <string>

namespace calgate::bench {

/// Puts the rows of one booking, as a store of this version has them, into its tables again and again, by SQLite alone:
/// prepared statements, the same indexes and triggers, the same durability, each commit for so many bookings.
/// @param path A database that is not there yet, or one that was made by this. @return bookings a second.
double bare_bookings(const std::string& path, int per_commit);

}  // namespace calgate::bench
