#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "gateway/kit.hpp"

/// An export as files in open formats (docs/export.md).
namespace calgate {

/// Of what GET /v1/export answered: a list each as JSON Lines and as CSV, calendars as iCalendar, and "manifest.json"
/// with the hash of every file. Equal documents give equal bytes.
std::vector<KitFile> archive_files(const nlohmann::json& document);
/// The document again, out of a folder or a .tar that archive_files() filled.
/// @return Rejected with a sentence: no archive, a file is missing, or is not as it was exported.
Result<nlohmann::json> read_archive(const std::string& source);
bool is_archive(const std::string& source);

/// RFC 4180, with a head. A text that a spreadsheet would take for a formula gets an apostrophe before it.
std::string csv_of(const nlohmann::json& records, const std::vector<std::string>& columns);

}  // namespace calgate
