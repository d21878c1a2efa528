#pragma once

#include <string>
#include <vector>

#include "gateway/caller.hpp"
#include "gateway/commands.hpp"

/// What the drills of the command line share.
namespace calgate {

/// "bookings-anna (anna at cal.example.org)" of a record with "calendar" and "name". @param status of the API.
std::string target_label(const nlohmann::json& target, const nlohmann::json& status);
/// One target of every account that is called so (by id, user or kind), or of all, with its "label". The three are
/// what the API answers.
std::vector<nlohmann::json> targets_of(
    const nlohmann::json& status,
    const nlohmann::json& calendars,
    const nlohmann::json& accounts,
    const std::string& who
);
/// Writes the report beside each other as .json and .html, prints it, records how it ended. @return the exit code.
int finish_drill(const std::string& directory, Caller&, const DrillOptions&, nlohmann::json report);

}  // namespace calgate
