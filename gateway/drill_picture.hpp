#pragma once

#include <nlohmann/json.hpp>
#include <string>

/// The picture of a drill report, and what report and picture read a report with.
namespace calgate {

/// As text between tags or in a quoted attribute.
std::string html_text(const std::string& text);
/// The field, or empty when it is absent or no text.
std::string text_at(const nlohmann::json& record, const char* name);
/// The field, or 0 when it is absent or no number.
std::int64_t number_at(const nlohmann::json& record, const char* name);
/// "45 s", "12 min 30 s", "18 h 0 min".
std::string duration(std::int64_t seconds);
/// Whether the drill ran in a copy of the store and consists of steps.
bool is_rehearsal(const nlohmann::json& report);
/// Whether its time passed on a simulated clock, in a copy of the store.
bool is_simulated(const nlohmann::json& report);

/// SVG with its legend. A provider: what waited and how old the data was over time; a host: how long each target took;
/// a rehearsal: its steps one after the other.
std::string drill_picture(const nlohmann::json& report);

}  // namespace calgate
