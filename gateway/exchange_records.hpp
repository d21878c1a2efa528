#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/model.hpp"
#include "core/zone.hpp"
#include "gateway/json_input.hpp"
#include "store/store.hpp"

/// Records of an export as docs/export.md describes them. Reading throws InputError.
namespace calgate {

inline constexpr int kExportFormat = 2;  ///< 1 had no history, and no audit.

nlohmann::json exported(const Appointment&);
Appointment appointment_from_export(const nlohmann::json& record, const ZoneResolver&);
Change change_from_export(const nlohmann::json& record);
/// What the business is set to, as "name" and "value".
nlohmann::json exported_settings(const Business&, const std::string& drill_schedule);
/// Everybody that an appointment names: how often, first and last when.
nlohmann::json customers_of(const std::vector<Appointment>&);

/// The same as a booking to be made here: without its history.
Appointment booking_from_export(const nlohmann::json& record, const std::string& id, const ZoneResolver&);

/// Whether the records can be put back as they were: each is either not here yet or here and equal.
/// @param document lists "changes", "staff", "services", "versions", "appointments" of an export, or pieces of them.
/// @throws InputError that says what differs or is damaged.
void check_replay(const Reader&, const nlohmann::json& document, const ZoneResolver&, const std::string& recovery_key);
/// Puts them back, history and audit too, inside the caller's transaction; what is here stays. An import that broke off
/// can be run again. Pieces have to come in the order of the lists above.
/// Who was erased here comes back nameless (I28).
/// @return the appointments that are new here, as they stand. @throws InputError; nothing may be kept then.
std::vector<Appointment> replay(
    Writer&, const nlohmann::json& document, const ZoneResolver&, const std::string& recovery_key
);

/// Calls take(record, id) for each record of a list, if the document has it. @throws InputError when it is no list.
template <class F>
void each_record(const nlohmann::json& document, const char* name, F&& take) {
    if (!document.contains(name)) return;
    if (!document[name].is_array())
        throw InputError("The export's \"" + std::string(name) + "\" is no list; the file is damaged.");
    for (const nlohmann::json& record : document[name]) {
        if (!record.is_object() || !record.contains("id") || !record["id"].is_string())
            throw InputError("A record of \"" + std::string(name) + "\" has no id; the file is damaged.");
        take(record, record["id"].get<std::string>());
    }
}

}  // namespace calgate
